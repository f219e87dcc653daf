"""What must hold of plans, drift, states and the ends of blocks. Each yields what is wrong, as a sentence."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.support.simulation.ground import NOISE
from tests.support.simulation.rows import EXPIRED, SOON, BlockRow, Rows, RunRow, instant
from tests.support.simulation.simulation import Simulation

_DAY = timedelta(days=1)
_DETECTS, _RECONCILES = "SCHEDULED_DRIFT_DETECTION", "SCHEDULED_DRIFT_RECONCILIATION"


def a_plan_is_the_newest(sim: Simulation, before: Rows) -> Iterator[str]:
    """No plan is applied after something else was, and one of another state only once the state is that one."""
    for engine in sim.claimed:
        run = sim.rows.runs[engine.run_id]
        if run.plan_run_id is None:
            continue
        plan = before.runs[run.plan_run_id]
        between = [one for one in before.runs.values() if plan.number < one.number < run.number]
        for one in between:
            if (one.block_id, one.behavior, one.status) == (run.block_id, "APPLY", "SUCCEEDED"):
                yield f"{engine.label} of {sim.name(run.block_id)} applies a plan that is older than run {one.number}"
    for run in _begun(sim, before):
        restores = None if run.plan_run_id is None else sim.rows.runs[run.plan_run_id].restores
        if restores is None:
            continue
        states = sim.rows.states.get(run.block_id, ())
        wanted = [one.md5 for one in before.states.get(run.block_id, ()) if one.number == restores]
        if [one.md5 for one in states if one.is_current] != wanted:
            yield f"run {run.number} of {sim.name(run.block_id)} applies the plan of a state that is not the current one"


def nothing_is_checked_twice(sim: Simulation, before: Rows) -> Iterator[str]:
    """A block is checked at most once between two of its moments, not while that is paused, and no check is left out."""
    for run in _fresh(sim, before):
        if run.behavior == "DETECT" and run.reason in {_DETECTS, _RECONCILES}:
            name, begin = sim.name(run.block_id), _moment(run.block_id, run.created)
            for one in before.runs.values():
                is_check = (one.block_id, one.behavior, one.reason) == (run.block_id, "DETECT", run.reason)
                if is_check and _moment(one.block_id, one.created) == begin:
                    yield f"{name} is checked by run {one.number} and again by run {run.number}"
            watch = before.watches[run.block_id]
            if watch.is_paused or sim.rows.blocks[run.block_id].definition_id in before.unchecked:
                yield f"{name} is checked although that is paused"
    for watch in sim.rows.watches.values():
        looked = max(sim.checked_at.get(watch.block_id, instant(watch.created_at)), instant(watch.created_at))
        if instant(watch.due_at) > max(_moment(watch.block_id, looked) + _DAY, sim.clock.now + timedelta(hours=1)):
            yield f"the check of {sim.name(watch.block_id)} is left out"


def drift_is_told_as_it_is(sim: Simulation, before: Rows) -> Iterator[str]:
    """What is known of a block is what the newest check or application says."""
    for watch in sim.rows.watches.values():
        if watch == before.watches.get(watch.block_id) or watch.run_id is None:
            continue
        run, name = sim.rows.runs[watch.run_id], sim.name(watch.block_id)
        later = [
            one.number
            for one in sim.rows.runs.values()
            if (one.block_id, one.behavior, one.status) == (run.block_id, "APPLY", "SUCCEEDED")
        ]
        if max(later, default=0) > run.number:
            yield f"what is known of {name} is older than its run {max(later)}"
        plan = sim.plans.get(run.id)
        changes = () if run.behavior == "APPLY" or plan is None else plan.changes
        drifted = "DRIFTED" if set(changes) - {NOISE} else "CLEAN"
        wanted = "FAILED" if run.status == "FAILED" else drifted
        if watch.state != wanted:
            yield f"{name} is {watch.state}, and run {run.number} has found {list(changes)}"


def nothing_is_repaired_twice(sim: Simulation, before: Rows) -> Iterator[str]:
    """What a check finds is repaired once at most, only where that is wanted, and not what is to be left alone."""
    for run in _fresh(sim, before):
        if (run.behavior, run.reason) != ("APPLY", _RECONCILES):
            continue
        block, plan = sim.rows.blocks[run.block_id], run.plan_run_id
        name, kind, watch = sim.name(block.id), sim.kind_of(block), sim.rows.watches.get(block.id)
        if plan is None or plan not in sim.plans:
            yield f"run {run.number} of {name} repairs without a check"
            continue
        others = [one for one in before.runs.values() if one.plan_run_id == plan]
        yield from (f"run {run.number} of {name} repairs what run {one.number} has repaired" for one in others)
        if not set(sim.plans[plan].changes) - {NOISE}:
            yield f"run {run.number} of {name} repairs what is no drift"
        if not (kind.repairs or run.awaits_approval):
            yield f"run {run.number} of {name} repairs what nobody wants to be repaired by itself"
        ignored = None if watch is None else watch.ignored_until
        is_paused = watch is None or watch.is_paused or block.definition_id in sim.rows.unchecked
        if is_paused or (ignored is not None and instant(ignored) > sim.clock.now):
            yield f"run {run.number} of {name} repairs what is to be left alone"


def nothing_ends_unannounced(sim: Simulation, before: Rows) -> Iterator[str]:
    """A block ends by itself at its time, not before, and after people were warned, if there was time for that."""
    for block_id in sim.rows.blocks:
        key = (str(block_id), EXPIRED)
        if sim.rows.told[key] == before.told[key]:
            continue
        name, (at, said) = sim.name(block_id), _end_of(sim, sim.rows.blocks[block_id])
        if at > sim.clock.now:
            yield f"{name} is deleted before its end"
        if at - said > _DAY and not sim.rows.told[str(block_id), SOON] > sim.warned.get(block_id, 0):
            yield f"{name} is deleted, and nobody was warned"
        taken_back = sim.taken_back.get(block_id, said)
        if taken_back > said and sim.clock.now - taken_back < _DAY:
            yield f"{name} is deleted again although somebody took that back"


def _end_of(sim: Simulation, block: BlockRow) -> tuple[datetime, datetime]:
    """Return when a block ends, and when that was said."""
    days, made = sim.kind_of(block).days, instant(block.created_at)
    return sim.ends.get(block.id) or (made + timedelta(days=days or 0), made)


def what_is_taken_back_is_as_it_was(sim: Simulation, before: Rows) -> Iterator[str]:
    """Nothing is destroyed within the undo window, and a deletion that is taken back leaves everything as it was."""
    for engine in sim.claimed:
        block, run = sim.rows.blocks[engine.block_id], sim.rows.runs[engine.run_id]
        window = timedelta(minutes=sim.kind_of(block).undo)
        if (
            engine.behavior == "DESTROY"
            and run.reason == "BUILDING_BLOCK_DELETION"
            and sim.clock.now < run.created + window
        ):
            yield f"{sim.name(block.id)} is destroyed within its undo window"
    for block in before.blocks.values():
        now = sim.rows.blocks[block.id]
        if block.lifecycle == "ACTIVE" and now.lifecycle == "MARKED_FOR_DELETION":
            sim.marked[block.id] = block
        if block.lifecycle == "MARKED_FOR_DELETION" and now.lifecycle == "ACTIVE":
            sim.taken_back[block.id] = sim.clock.now
            yield from (f"{sim.name(now.id)}: {what}" for what in _other(sim.marked[block.id], now))


def _other(was: BlockRow, now: BlockRow) -> Iterator[str]:
    for member in ("version_id", "applied_at", "inputs", "outputs", "follows", "tenant_id"):
        if getattr(was, member) != getattr(now, member):
            yield f"its {member} was {getattr(was, member)} before the deletion that was taken back, and is {getattr(now, member)}"


def _fresh(sim: Simulation, before: Rows) -> list[RunRow]:
    return [run for run in sim.rows.runs.values() if run.id not in before.runs]


def _begun(sim: Simulation, before: Rows) -> list[RunRow]:
    """Return the runs that a runner has got for the first time."""
    return [
        run
        for run in sim.rows.runs.values()
        if (run.attempt, run.status) == (1, "IN_PROGRESS")
        and (run.id not in before.runs or before.runs[run.id].attempt == 0)
    ]


def _moment(block_id: UUID, at: datetime) -> datetime:
    """Return the last moment up to `at` at which a block was due to be checked, computed from its id."""
    seconds = int.from_bytes(hashlib.sha256(block_id.bytes).digest()[:8]) % 86400
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
    moment = midnight + timedelta(seconds=seconds)
    return moment if moment <= at else moment - _DAY


PROMISES = (
    a_plan_is_the_newest,
    nothing_is_checked_twice,
    drift_is_told_as_it_is,
    nothing_is_repaired_twice,
    nothing_ends_unannounced,
    what_is_taken_back_is_as_it_was,
)


def who_is_applied_is_checked(sim: Simulation) -> Iterator[str]:
    """Each block that was applied, of a definition with a schedule, is checked, and no other."""
    for block in sim.live_blocks():
        is_wanted = sim.kind_of(block).schedule is not None and block.applied_at is not None
        if block.lifecycle == "ACTIVE" and is_wanted != (block.id in sim.rows.watches):
            yield f"{sim.name(block.id)} is {'not ' if is_wanted else ''}checked for drift"


def nothing_outlives_its_end(sim: Simulation) -> Iterator[str]:
    """A block whose time is over is gone, unless it has children or is on hold."""
    parents = {parent for child in sim.live_blocks() for parent in sim.rows.parents.get(child.id, ())}
    for block_id, expiry in sim.rows.expiries.items():
        block = sim.rows.blocks[block_id]
        is_kept = block_id in parents or block_id in sim.rows.on_hold(sim.clock.now)
        if (
            block.lifecycle == "ACTIVE"
            and not is_kept
            and instant(expiry.try_at) < sim.clock.now - timedelta(minutes=30)
        ):
            yield f"{sim.name(block_id)} outlives its end"


def stale_plans_are_made_anew(sim: Simulation) -> Iterator[str]:
    """What could not be applied because the world had changed is planned anew where a plan comes first."""
    stale = sim.ground.db.raw.execute("SELECT run_id, attempt FROM run_failures WHERE code = 'PLAN_STALE'")
    failed = {(UUID(run_id), attempt) for run_id, attempt in stale}
    for block in sim.live_blocks():
        run = None if block.latest_run_id is None else sim.rows.runs[block.latest_run_id]
        if (
            run is None
            or (run.id, run.attempt) not in failed
            or (block.lifecycle, block.status) != ("ACTIVE", "FAILED")
        ):
            continue  # it may also wait for a parent before another plan can be made
        if run.id in sim.approved:
            yield f"run {run.number} of {sim.name(block.id)} had a stale plan, and no other one was made"


AT_PEACE = (who_is_applied_is_checked, nothing_outlives_its_end, stale_plans_are_made_anew)
