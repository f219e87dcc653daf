"""What must hold after every step, and once everything has come to rest. Each yields what is wrong, as a sentence.

A rule that comes later (approvals, schedules) adds its own here, and an actor to `simulate`.
"""

from collections import Counter
from collections.abc import Iterator

from tests.support.block_world import PLATFORM
from tests.support.simulation.compositions import awaited
from tests.support.simulation.engines import made_of
from tests.support.simulation.rows import BlockRow, Rows, RunRow
from tests.support.simulation.simulation import Simulation

_ASKED = 0.1
"""How often."""

_FOLLOWING = frozenset({"DEPENDENCY_OUTPUT_CHANGED", "PARENT_RUN_SUCCEEDED"})

_WAITS = frozenset({"WAITING_FOR_DEPENDENT_INPUT", "WAITING_FOR_OPERATOR_INPUT", "WAITING_FOR_USER_INPUT"})


def one_at_a_time(sim: Simulation, before: Rows) -> Iterator[str]:
    """A block has at most one unfinished run, and one attempt that lives."""
    del before
    unfinished = Counter(run.block_id for run in sim.rows.runs.values() if not run.is_final)
    living = Counter(sim.rows.runs[run_id].block_id for run_id, _ in sim.rows.live_attempts)
    for counted, what in ((unfinished, "unfinished runs"), (living, "living attempts")):
        yield from (f"{sim.name(block)} has {count} {what}" for block, count in counted.items() if count > 1)


def ends_are_final(sim: Simulation, before: Rows) -> Iterator[str]:
    """A run that ended, and a block that is deleted, stay so; nothing vanishes."""
    for run in before.runs.values():
        now = sim.rows.runs.get(run.id)
        if now is None:
            yield f"run {run.number} of {sim.name(run.block_id)} vanished"
        elif run.is_final and (now.status, now.finished_at) != (run.status, run.finished_at):
            yield f"run {run.number} of {sim.name(run.block_id)} was {run.status} and is {now.status}"
    for block in before.blocks.values():
        if not block.is_live and sim.rows.blocks[block.id].is_live:
            yield f"{sim.name(block.id)} lives again"


def no_order_is_lost(sim: Simulation, before: Rows) -> Iterator[str]:
    """Each order that was carried out is there, and no other."""
    del before
    yield from (f"the order {block_id} is lost" for block_id in sim.orders - sim.rows.blocks.keys())
    for block_id in sim.rows.blocks.keys() - sim.orders:
        if sim.rows.blocks[block_id].tenant_id not in sim.tenants.values():
            yield f"nobody ordered {block_id}"


def status_tells_the_truth(sim: Simulation, before: Rows) -> Iterator[str]:
    """A block is PENDING or IN_PROGRESS exactly if its latest run is, and waits only without one."""
    del before
    for block in sim.live_blocks():
        run = None if block.latest_run_id is None else sim.rows.runs[block.latest_run_id]
        unfinished = sim.rows.unfinished(block.id)
        if block.status in _WAITS:
            yield from (f"{sim.name(block.id)} is {block.status} beside run {one.number}" for one in unfinished)
        elif block.status == "PENDING" and block.is_due and unfinished:
            continue  # what people saved while a dry run is under way
        elif block.id in sim.ended and block.status == "ABORTED" and not unfinished:
            continue
        elif run is None or ("WAITING_FOR_APPROVAL" if run.awaits_approval else run.status) != block.status:
            yield f"{sim.name(block.id)} is {block.status}, its run {None if run is None else run.status}"
        if block.is_due and not unfinished:
            yield f"{sim.name(block.id)} has a run due that nothing is waited for with"


def no_child_before_its_parents(sim: Simulation, before: Rows) -> Iterator[str]:
    """A child is applied only after all its parents were, and outlived by each of them."""
    for engine in sim.claimed:
        for parent_id in sim.rows.parents.get(engine.block_id, ()):
            if engine.behavior == "APPLY" and before.blocks[parent_id].applied_at is None:
                yield f"{sim.name(engine.block_id)} is applied before its parent {sim.name(parent_id)}"
    for block in sim.live_blocks():
        for parent_id in sim.rows.parents.get(block.id, ()):
            if sim.rows.blocks[parent_id].lifecycle != "ACTIVE":
                yield f"{sim.name(parent_id)} is leaving before its child {sim.name(block.id)}"
    fresh = [run for run in sim.rows.runs.values() if run.id not in before.runs and run.behavior == "APPLY"]
    for run in fresh:
        for parent_id in sim.rows.parents.get(run.block_id, ()):
            parent = sim.rows.blocks[parent_id]
            fresh_run = parent.latest_run_id not in before.runs and parent.applied_at is not None
            goes_on = fresh_run or parent.applied_at != before.blocks[parent_id].applied_at
            """It succeeded, and in the same moment its next run began, or waits for what a newer version asks."""
            if parent.status != "SUCCEEDED" and not goes_on:
                yield f"a run of {sim.name(run.block_id)} was requested beside an unready {sim.name(parent_id)}"


def who_follows_is_up_to_date(sim: Simulation, before: Rows) -> Iterator[str]:
    """A run that applies a block is of the block's version; of one that follows, the newest; of one that does not, as it was."""
    for run in sim.rows.runs.values():
        block = sim.rows.blocks[run.block_id]
        if run.id in before.runs or run.behavior != "APPLY" or block.latest_run_id != run.id:
            continue
        newest = sim.kind_of(block).versions[-1]
        if run.version_id != block.version_id:
            yield f"run {run.number} of {sim.name(block.id)} is of another version than the block"
        is_on_hold = block.id in before.on_hold(sim.clock.now)
        if block.follows == "RELEASES" and not is_on_hold and run.version_id != newest and run.plan_run_id is None:
            yield f"run {run.number} of {sim.name(block.id)}, which follows releases, is not of the newest version"
    for block in before.blocks.values():
        after = sim.rows.blocks[block.id]
        if block.version_id != after.version_id and after.version_id != sim.kind_of(after).versions[-1]:
            yield f"{sim.name(block.id)} went back to an older version"


def what_is_done_to_many_is_done_once(sim: Simulation, before: Rows) -> Iterator[str]:
    """A row of a bulk job that is settled stays so: nothing is done to a block twice."""
    for key, state in before.job_rows.items():
        now = sim.rows.job_rows[key]
        if now != state and state not in {"OPEN", "STOPPED"}:
            yield f"row {key[1]} of a bulk job was {state} and is {now}"


def a_stop_withdraws(sim: Simulation, before: Rows) -> Iterator[str]:
    """Nothing that only a stopped cascade wants waits for a runner or for another run; who was held says so, until it runs."""
    for block in sim.live_blocks():
        run = None if block.latest_run_id is None else sim.rows.runs[block.latest_run_id]
        if (
            block.cascade not in sim.rows.stopped - sim.rows.stopping
            or block.lifecycle != "ACTIVE"
            or block.applied_at is None
            or run is None
        ):
            continue
        earlier = [one for one in sim.rows.runs.values() if one.block_id == block.id and one.number < run.number]
        is_upgrade = all(one.version_id != run.version_id for one in earlier if one.attempt > 0)
        unclaimed = run.status == "PENDING" and run.attempt == 0 and run.reason in _FOLLOWING
        if unclaimed and not block.is_due and not is_upgrade:
            yield f"run {run.number} of {sim.name(block.id)} waits for a runner although its cascade is stopped"
    for cascade in before.stopped & sim.rows.stopped:
        for block in before.blocks.values():
            now = sim.rows.blocks[block.id]
            if (
                block.held_by == cascade
                and now.held_by is None
                and now.is_live
                and now.status in {"SUCCEEDED", "FAILED"}
            ):
                yield f"{sim.name(block.id)} is held no more, and did not run"


def nothing_is_claimed_against_a_brake(sim: Simulation, before: Rows) -> Iterator[str]:
    """No attempt that applies or destroys begins against a hold, a stop or a freeze, unless somebody let its run pass."""
    for engine in sim.claimed:
        block = before.blocks[engine.block_id]
        on_it = before.brakes_on(block, sim.clock.now)
        if on_it and engine.behavior != "DETECT" and not before.runs[engine.run_id].passes:
            yield f"{engine.label} of {sim.name(block.id)} is claimed against a brake on {on_it[0].scope}"


def a_block_on_hold_stays(sim: Simulation, before: Rows) -> Iterator[str]:
    """Nobody begins to delete a block on hold, and it keeps its version."""
    for block_id in before.on_hold(sim.clock.now):
        if block_id in before.blocks:
            was, now = before.blocks[block_id], sim.rows.blocks[block_id]
            if was.lifecycle == "ACTIVE" != now.lifecycle:
                yield f"{sim.name(block_id)} is leaving although it is on hold"
            if was.version_id != now.version_id:
                yield f"{sim.name(block_id)} has another version although it is on hold"


def every_wait_has_an_owner(sim: Simulation, before: Rows) -> Iterator[str]:
    """Whatever waits says why, and who can end it; asked of one block now and then."""
    del before
    waiting = _waiting(sim)
    if waiting and sim.rng.random() < _ASKED:
        yield from _unowned(sim, sim.rng.choice(waiting))


def _waiting(sim: Simulation) -> list[BlockRow]:
    return [
        block
        for block in sim.live_blocks()
        if block.status in {*_WAITS, "PENDING", "WAITING_FOR_APPROVAL"} or block.is_held
    ]


def _unowned(sim: Simulation, block: BlockRow) -> Iterator[str]:
    blocks = sim.ground.services.blocks
    waits = sim.ground.db.read_now(lambda tx: blocks.detail(tx, PLATFORM, block.id)).waits
    if not waits:
        yield f"{sim.name(block.id)} is {block.status}, and nothing says why"
    yield from (f"{sim.name(block.id)}: nothing ends '{wait.message}'" for wait in waits if not wait.ends)


def only_what_was_approved_is_applied(sim: Simulation, before: Rows) -> Iterator[str]:
    """Where a policy asks for it, a plan is applied only if it was approved, or changes nothing; and no approval is lost."""
    for engine in sim.claimed:
        run, block = sim.rows.runs[engine.run_id], before.blocks[engine.block_id]
        kind = sim.kind_of(block)
        if not kind.approved or engine.behavior != "APPLY":
            continue
        is_same = block.out == made_of(kind.name, engine.inputs)
        applied = {
            one.number: one.version_id
            for one in sim.rows.runs.values()
            if (one.block_id, one.behavior, one.status) == (block.id, "APPLY", "SUCCEEDED")
        }
        is_upgrade = bool(applied) and applied[max(applied)] != run.version_id
        unseen = {"anyInputChanges": bool(applied) and not is_same, "versionUpgrade": is_upgrade}
        if run.plan_run_id is None and any(unseen[policy] for policy in kind.approved):
            yield f"{engine.label} of {sim.name(block.id)} applies what nobody has seen"
        if run.plan_run_id is None:
            continue
        by_schedule = run.reason == "SCHEDULED_DRIFT_RECONCILIATION" and "anyInputChanges" in kind.approved
        if (not is_same or (by_schedule and sim.plans[run.plan_run_id].changes)) and not _is_approved(sim, run):
            yield f"{engine.label} of {sim.name(block.id)} applies a plan that nobody has approved"
    for run_id in sim.approved:
        if sim.rows.runs[run_id].awaits_approval:
            yield f"run {sim.rows.runs[run_id].number} waits although it was approved"


def _is_approved(sim: Simulation, run: RunRow) -> bool:
    """Whether somebody approved the plan of a run, or one before that did the same and could not be applied."""
    assert run.plan_run_id is not None
    if sim.approved.get(run.id) == run.plan_run_id:
        return True
    plan, others = sim.plans[run.plan_run_id], [sim.rows.runs[one] for one in sim.approved]
    failed = [one for one in others if (one.block_id, one.status) == (run.block_id, "FAILED")]
    return any(sim.plans[sim.approved[one.id]] == plan for one in failed)


ALWAYS = (
    only_what_was_approved_is_applied,
    one_at_a_time,
    ends_are_final,
    no_order_is_lost,
    status_tells_the_truth,
    no_child_before_its_parents,
    who_follows_is_up_to_date,
    what_is_done_to_many_is_done_once,
    a_stop_withdraws,
    nothing_is_claimed_against_a_brake,
    a_block_on_hold_stays,
    every_wait_has_an_owner,
)


def no_slot_waits_for_itself(sim: Simulation) -> Iterator[str]:
    """A runner that has nothing to do but wait leaves nothing lying that is waited for, and not braked: it lends the slots."""
    for engine in sim.engines:
        if sim.is_over(engine):
            continue  # it learns that when it shows that it lives
        for block in awaited(sim, engine):
            run = None if block.latest_run_id is None else sim.rows.runs[block.latest_run_id]
            if run is None or sim.rows.brakes_on(block, sim.clock.now):
                continue
            if run.status == "PENDING" and run.number == 1 and run.attempt == 0:
                yield f"{engine.label} of {sim.name(engine.block_id)} waits for {sim.name(block.id)}, which nobody runs"


def nothing_is_left(sim: Simulation) -> Iterator[str]:
    """No run is unfinished or due, no attempt lives, no lock is held."""
    yield from (
        f"run {run.number} of {sim.name(run.block_id)} is {run.status}"
        for run in sim.rows.runs.values()
        if not run.is_final
    )
    yield from (f"a run of {sim.name(block.id)} is due" for block in sim.live_blocks() if block.is_due)
    yield from (f"bulk job {job_id} is under way" for job_id, ended in sim.rows.jobs.items() if not ended)
    if sim.rows.turns:
        yield f"{sim.rows.turns} blocks have their turn still"
    yield from (f"the stop of cascade {cascade} goes on still" for cascade in sim.rows.stopping)
    yield from (f"an attempt of run {run_id} lives" for run_id, _ in sim.rows.live_attempts)
    yield from (f"the state of {sim.name(block_id)} is locked" for block_id, _ in sim.rows.locks)


def waits_are_needed(sim: Simulation) -> Iterator[str]:
    """A block waits only for what is missing indeed."""
    for block in sim.live_blocks():
        kind = sim.kind_of(block)
        parents = [sim.rows.blocks[parent] for parent in sim.rows.parents.get(block.id, ())]
        ready = all(parent.status == "SUCCEEDED" and parent.out is not None for parent in parents) and not block.is_held
        missing = {key for key in (*kind.asked(block.version_id), *kind.operator) if key not in block.inputs}
        needed = {
            "WAITING_FOR_DEPENDENT_INPUT": not ready,
            "WAITING_FOR_OPERATOR_INPUT": bool(missing & {*kind.operator}),
            "WAITING_FOR_USER_INPUT": bool(missing),
        }
        if not needed.get(block.status, True):
            yield f"{sim.name(block.id)} is {block.status} although nothing is missing"


def outputs_follow(sim: Simulation) -> Iterator[str]:
    """What a block that succeeded gives is made of its inputs and of what its parents give now."""
    for block in sim.live_blocks():
        if block.status != "SUCCEEDED" or block.lifecycle != "ACTIVE" or block.is_held:
            continue
        kind = sim.kind_of(block)
        inputs = {key: str(stored["value"]) for key, stored in block.inputs.items() if stored.get("value") is not None}
        parents = {
            sim.kind_of(sim.rows.blocks[one]).name: sim.rows.blocks[one] for one in sim.rows.parents.get(block.id, ())
        }
        inputs |= {key: str(parents[name].out) for key, name in kind.parents.items()}
        if block.out != (made := made_of(kind.name, inputs)):
            yield f"{sim.name(block.id)} gives {block.out} and should give {made}"


def all_waits_have_owners(sim: Simulation) -> Iterator[str]:
    """What still waits says why, and who can end it."""
    for block in _waiting(sim):
        yield from _unowned(sim, block)


AT_REST = (nothing_is_left, waits_are_needed, outputs_follow, all_waits_have_owners)
