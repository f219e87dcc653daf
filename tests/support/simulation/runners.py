"""What runners do: claim, work, report; and what becomes of them on the way."""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runners.model import SHARED_RUNNER
from blockyard.server.runs.model import Claimer, Run, RunId
from blockyard.server.runs.model.task import TaskKind
from blockyard.server.runs.service import Claim, plan_context
from blockyard.server.tofu_state.model import NewState
from blockyard.server.tofu_state.service import StateAddress
from tests.support.approvals import a_resource
from tests.support.block_world import Claimed, a_value
from tests.support.principals import ADMINISTRATOR, a_run_token
from tests.support.simulation.actions import Action
from tests.support.simulation.compositions import order_tenant, orders, waits
from tests.support.simulation.engines import Engine, Phase, Plan, made_of
from tests.support.simulation.ground import NOISE
from tests.support.simulation.simulation import Answer, Simulation

_NOT_IN_VAIN = 0.9
"""Most claims that would find nothing are left out: they take time and change nothing."""

_LATE, _TWICE = 0.1, 0.1
_FAILS = {"APPLY": 0.15, "DESTROY": 0.15, "DETECT": 0.03}
"""Much follows from plans, and nothing from those that fail."""

_REGISTRATION = SourceRegistration.model_validate(
    {"source": {"id": "runner"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
)
_CLAIM = Claim(runner_id=SHARED_RUNNER, claimer=Claimer.BLOCKYARD)
_ERRORS = ("Error: 503 Service Unavailable", "Error: Unsupported argument")
"""One that passes by itself, and one that does not."""
_STALE = "Error: Saved plan is stale"
_NOISE: JsonObject = {"path": NOISE, "before": 1, "after": 2}
_DRIFT: JsonObject = {"path": "size", "before": 1, "after": 2}


def claim(sim: Simulation) -> bool:
    """Take the next run; tell whether there was one."""
    held = [engine for engine in sim.engines if not engine.silent]
    is_full = len(held) >= sim.slots
    if is_full and not any(waits(sim, engine) for engine in held):
        return False
    if all(run.status != "PENDING" for run in sim.rows.runs.values()) and sim.rng.random() < _NOT_IN_VAIN:
        return False
    answer = sim.ask("runner", "claims", lambda tx: _claimed(sim, tx, held if is_full else []))
    engine = answer.happened
    if engine is None:
        return False
    sim.claimed.append(engine)
    sim.accepted(engine, "claim")
    engine.silent = answer.value is None  # of a claim whose answer was lost no process knows
    sim.trace[-1] += f": {engine.label} ({engine.behavior}) of {sim.name(engine.block_id)} with {engine.inputs}"
    if not engine.silent:
        sim.engines.append(engine)
    return True


def _claimed(sim: Simulation, tx: Transaction, held: Sequence[Engine]) -> Engine | None:
    """Claim; a runner that is full says what it executes, and may lend the slot of a run that only waits."""
    services = sim.ground.services
    asked = replace(_CLAIM, held=frozenset(engine.run_id for engine in held), slots=sim.slots)
    document = services.claims.claim(tx, ADMINISTRATOR, asked).document
    if document is None:
        return None
    claimed = Claimed(document, ADMINISTRATOR)
    grant = services.runs.grant_of(tx, claimed.token)
    run = services.runs.by_id(tx, claimed.run_id)
    assert grant is not None
    principal = a_run_token(run.id, block_id=run.block_id, workspace=run.workspace, attempt=grant.attempt)
    saved = _planned(sim, tx, principal, run)
    return Engine(
        principal=principal,
        run_id=run.id,
        block_id=run.block_id,
        number=run.number,
        attempt=grant.attempt,
        behavior=claimed.behavior,
        inputs={key: str(item["value"]) for key, item in claimed.inputs.items()} if saved is None else saved["inputs"],
        heard_at=sim.clock.now,
        plan_serial=None if saved is None else saved["serial"],
        restores=run.task.version if run.task is not None and run.task.kind is TaskKind.RESTORE_PLAN else None,
    )


def _planned(sim: Simulation, tx: Transaction, principal: Principal, run: Run) -> Any:
    """Return what the plan that a run applies was made of, inputs and the serial of the state; None if it applies none."""
    if run.plan_run_id is None:
        return None
    sealed = sim.ground.services.reports.artifact(tx, principal, run.plan_run_id)
    assert sealed is not None
    plan = sim.ground.services.master_key.decrypt(sealed, context=plan_context(run.plan_run_id))
    return json.loads(plan)


def work(sim: Simulation) -> None:
    """Let one engine do its next step."""
    if (engine := _awake(sim)) is not None:
        step(sim, engine)


def finish(sim: Simulation) -> None:
    """Let one engine do all that is left, unless it hears nothing or has to wait."""
    if (engine := _awake(sim)) is None:
        return
    last: Phase | None = None
    while engine in sim.engines and engine.phase is not last:
        last = engine.phase
        step(sim, engine)


def step(sim: Simulation, engine: Engine) -> None:
    """Send the next request of an engine; one that was not answered is sent again."""
    if engine.phase is not Phase.CLAIMED and not engine.told_to_stop and (orders(sim, engine) or waits(sim, engine)):
        if orders(sim, engine):
            order_tenant(sim, engine)
        return
    following, status, error = _next_step(sim, engine)
    has_applied = following is Phase.REPORTED and status is RunStatus.SUCCEEDED and engine.behavior != "DETECT"
    if has_applied and not sim.is_over(engine):
        sim.tampered.pop(engine.block_id, None)  # the world is again as it shall be, whoever hears of it
    requests: dict[Phase, Callable[[Transaction], object]] = {
        Phase.REGISTERED: lambda tx: (
            sim.ground.services.reports.register(tx, engine.principal, RunId(engine.run_id), _REGISTRATION).run_aborted
        ),
        Phase.LOCKED: lambda tx: _lock(sim, engine, tx),
        Phase.WRITTEN: lambda tx: _write(sim, engine, tx),
        Phase.UNLOCKED: lambda tx: _unlock(sim, engine, tx),
        Phase.REPORTED: lambda tx: _report(sim, engine, tx, status, error),
    }
    what = following.name.lower() if following is not Phase.REPORTED else f"reported {status} {error}"
    answer = send(sim, engine, what, requests[following])
    if answer is None or (answer.value is None and answer.refusal is None):
        return  # nothing was heard: it tries again
    if following is Phase.REPORTED:
        engine.phase = following
        sim.engines.remove(engine)
    elif answer.refusal is not None:
        engine.told_to_stop = engine.told_to_stop or answer.refusal != "StateLocked"
    else:
        engine.told_to_stop = answer.value is True
        engine.phase = following


def _next_step(sim: Simulation, engine: Engine) -> tuple[Phase, RunStatus, str]:
    """Return what an engine does next: how far it comes, and how it ends if that is its end."""
    if engine.told_to_stop:
        return Phase.REPORTED, RunStatus.ABORTED, ""
    if _is_stale(sim, engine):
        return Phase.REPORTED, RunStatus.FAILED, _STALE
    if sim.stormy and engine.phase is not Phase.CLAIMED and sim.rng.random() < _FAILS[engine.behavior]:
        return Phase.REPORTED, RunStatus.FAILED, sim.rng.choice(_ERRORS)
    if not sim.stormy and engine.phase is Phase.REGISTERED:
        return Phase.REPORTED, RunStatus.SUCCEEDED, ""  # nothing to change: what is left of the state shows without it
    if engine.behavior == "DETECT" and engine.phase is Phase.LOCKED:
        return Phase.UNLOCKED, RunStatus.SUCCEEDED, ""  # it writes nothing
    return Phase(engine.phase + 1), RunStatus.SUCCEEDED, ""


def _is_stale(sim: Simulation, engine: Engine) -> bool:
    """Whether an engine finds that the state is not the one any more with which its plan was made."""
    looks = engine.phase in {Phase.REGISTERED, Phase.LOCKED} and engine.plan_serial is not None
    return looks and sim.rows.serial_of(engine.block_id) != engine.plan_serial


def send(sim: Simulation, engine: Engine, what: str, request: Callable[[Transaction], object]) -> Answer[object] | None:
    """Send a request of an engine; None if it comes late. Some come once more, much later."""
    who, what = "engine", f"{engine.label} of {sim.name(engine.block_id)} {what}"

    def deliver() -> Answer[object]:
        answer = sim.ask(who, what, request)
        if answer.happened is not None:
            engine.heard_at = sim.clock.now
        return answer

    if sim.stormy and sim.rng.random() < _LATE:
        sim.note(who, what, "comes late")
        sim.wire.append((what, deliver))
        return None
    if sim.stormy and sim.rng.random() < _TWICE:
        sim.wire.append((what, deliver))
    return deliver()


def _lock(sim: Simulation, engine: Engine, tx: Transaction) -> bool:
    state = sim.ground.services.state
    state.lock(tx, engine.principal, _address(engine), {"ID": engine.lock_id}, engine.lock_id)
    current = state.read(tx, engine.principal, _address(engine))
    if engine.phase is Phase.REGISTERED:
        engine.serial = 1 if current is None else current.version.serial + 1
    sim.accepted(engine, "lock")
    return False


def _write(sim: Simulation, engine: Engine, tx: Transaction) -> bool:
    size = engine.number * 100 + engine.attempt  # no two are alike
    new = NewState(serial=engine.serial, lineage="one", md5=engine.run_id.hex, size_bytes=size, sealed=b"")
    sim.ground.services.state.write(tx, engine.principal, _address(engine), new, engine.lock_id)
    sim.accepted(engine, "write")
    return False


def _unlock(sim: Simulation, engine: Engine, tx: Transaction) -> bool:
    sim.ground.services.state.unlock(tx, engine.principal, _address(engine), engine.lock_id)
    return False


def _report(sim: Simulation, engine: Engine, tx: Transaction, status: RunStatus, error: str) -> bool:
    kind = sim.kind_of(sim.rows.blocks[engine.block_id])
    is_applied = status is RunStatus.SUCCEEDED and engine.behavior == "APPLY"
    outputs: JsonObject = {"out": a_value(made_of(kind.name, engine.inputs))} if is_applied else {}
    step_: JsonObject = {"id": "apply", "status": status.value, "userMessage": error or "done", "outputs": outputs}
    document: JsonObject = {"status": status.value, "steps": [step_]}
    plan = _found(sim, engine) if status is RunStatus.SUCCEEDED and engine.behavior == "DETECT" else None
    if plan is not None:
        document |= _told(sim, engine, plan)
    update = StatusUpdate.model_validate(document)
    is_new = sim.ground.services.runs.by_id(tx, RunId(engine.run_id)).finished_at is None
    told = sim.ground.services.reports.report(tx, engine.principal, RunId(engine.run_id), "runner", update)
    if plan is not None and is_new:
        sim.plans[engine.run_id] = plan
    return told.run_aborted


def _found(sim: Simulation, engine: Engine) -> Plan:
    """Return what an engine finds: nothing changes if what is there was made of the same, and nobody has changed it by hand."""
    block = sim.rows.blocks[engine.block_id]
    made = made_of(sim.kind_of(block).name, engine.inputs)
    by_hand = sim.tampered.get(block.id)
    sent_back = None if engine.restores is None or engine.run_id.int % 2 else f"state {engine.restores}"
    changes = (None if block.out == made else "made", by_hand, sent_back)
    return Plan(made, tuple(one for one in changes if one is not None))


def _told(sim: Simulation, engine: Engine, plan: Plan) -> JsonObject:
    """Return what an engine tells of its plan."""
    attribute = _NOISE if plan.changes == (NOISE,) else _DRIFT
    resource: JsonObject = {**a_resource("thing.it", "update"), "attributes": [attribute]}
    serial = sim.rows.serial_of(engine.block_id, engine.restores)
    return {
        "artifact": b64encode(json.dumps({"inputs": engine.inputs, "serial": serial}).encode()).decode(),
        "changesDetected": bool(plan.changes),
        "planChanges": {
            "resources": [resource] if plan.changes else [],
            "digest": sha256(repr(plan).encode()).hexdigest(),
        },
    }


def beat(sim: Simulation) -> None:
    """Give a sign of life."""
    if (engine := _awake(sim)) is not None:
        show_life(sim, engine)


def show_life(sim: Simulation, engine: Engine) -> None:
    """Tell the server that an engine lives, and hear whether it shall stop."""
    reports, run_id = sim.ground.services.reports, RunId(engine.run_id)
    answer = send(sim, engine, "lives", lambda tx: reports.heartbeat(tx, engine.principal, run_id).run_aborted)
    engine.told_to_stop |= answer is not None and (answer.value is True or sim.is_over(engine))


def release(sim: Simulation) -> None:
    """Hand a run back: the machine goes down in order."""
    if (engine := _awake(sim)) is not None:
        reports = sim.ground.services.reports
        run_id = RunId(engine.run_id)
        send(sim, engine, "released", lambda tx: reports.release(tx, engine.principal, run_id, "down").run_aborted)
        sim.engines.remove(engine)


def vanish(sim: Simulation) -> None:
    """Let an engine be silent: it is dead, or cut off and comes back much later."""
    if (engine := _awake(sim)) is not None:
        sim.note("engine", f"{engine.label} of {sim.name(engine.block_id)} is not heard of any more")
        engine.silent = True


def come_back(sim: Simulation) -> None:
    """Let one that was silent go on as if nothing had been."""
    silent = [engine for engine in sim.engines if engine.silent]
    if silent:
        engine = sim.rng.choice(silent)
        sim.note("engine", f"{engine.label} of {sim.name(engine.block_id)} is back")
        engine.silent = False


def deliver(sim: Simulation) -> None:
    """Let something arrive that was under way for long; nothing comes in order."""
    if sim.wire:
        what, request = sim.wire.pop(sim.rng.randrange(len(sim.wire)))
        sim.note("wire", f"late or again: {what}")
        request()


def _address(engine: Engine) -> StateAddress:
    return StateAddress(None, engine.block_id)


def _awake(sim: Simulation) -> Engine | None:
    awake = [engine for engine in sim.engines if not engine.silent]
    return sim.rng.choice(awake) if awake else None


RUNNERS = (
    Action(14, claim),
    Action(40, work),
    Action(3, beat),
    Action(1, release),
    Action(2, vanish),
    Action(2, come_back),
    Action(4, deliver),
)
