"""What people do: those who order, and those who operate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from blockyard.server.blocks.model.block import BlockId, Follows
from blockyard.server.blocks.model.bulk import BulkAction
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.brakes.model import BrakeScope, Calendar, Recurrence
from blockyard.server.brakes.service import BrakeOrder
from blockyard.server.definitions.model import VersionId
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId
from tests.support.block_world import PLATFORM, SHOP
from tests.support.principals import ADMINISTRATOR
from tests.support.simulation.actions import Action
from tests.support.simulation.rows import BlockRow, RunRow
from tests.support.simulation.simulation import Simulation

T = TypeVar("T")

MAX_BLOCKS = 8

_ANSWERED = 0.6

_GOES_ON = 0.5

_VALUES = ("a", "b", "c")
_TARGET = Target(kind="meshWorkspace", name="shop")


def order(sim: Simulation) -> None:
    """Order a block whose parents are there, or about to be."""
    if len(sim.rows.blocks) >= MAX_BLOCKS:
        return
    offered = [kind for kind in sim.ground.kinds.values() if not kind.on_tenants]
    kinds = [kind for kind in offered if all(map(sim.live_blocks, kind.parents.values()))]
    kind = kinds[-1] if sim.rng.random() < 0.5 else sim.rng.choice(kinds)
    parents = tuple(sim.rng.choice(sim.live_blocks(parent)).id for parent in kind.parents.values())
    version_id = sim.rng.choice(kind.versions)
    request = BlockRequest(
        version_id=VersionId(version_id),
        target=_TARGET,
        display_name=kind.name,
        inputs={key: SentInput(sim.rng.choice(_VALUES)) for key in kind.asked(version_id)},
        parents=parents,
    )
    ordered = sim.ask(
        "shop",
        f"orders {kind.name} below {[sim.name(parent) for parent in parents]}",
        lambda tx: sim.ground.services.blocks.order(tx, SHOP, request).block.id,
    )
    if ordered.happened is not None:
        sim.orders.add(ordered.happened)


def change(sim: Simulation) -> None:
    """Enter another value, or what a version asks for that came by itself."""
    if (block := _one_of(sim, [block for block in sim.live_blocks() if sim.kind_of(block).user])) is not None:
        asked = sim.kind_of(block).asked(block.version_id)
        key = sim.rng.choice([key for key in asked if key not in block.inputs] or asked)
        _put(sim, SHOP, block, {key: sim.rng.choice(_VALUES)})


def upgrade(sim: Simulation) -> None:
    """Choose the newest version of a block, with what it asks for or without."""
    if (block := _one_of(sim, [block for block in sim.live_blocks() if sim.kind_of(block).adds])) is not None:
        kind = sim.kind_of(block)
        values = {key: sim.rng.choice(_VALUES) for key in kind.adds if sim.rng.random() < _ANSWERED}
        _put(sim, SHOP, replace(block, version_id=kind.versions[-1]), values)


def follow(sim: Simulation) -> None:
    """Let a block change its version by itself from now on, or no more."""
    if (block := _one_of(sim, [block for block in sim.live_blocks() if sim.kind_of(block).adds])) is not None:
        blocks, follows = sim.ground.services.blocks, sim.rng.choice((Follows.RELEASES, Follows.PINNED))
        what = f"lets {sim.name(block.id)} follow {follows}"
        sim.ask("shop", what, lambda tx: blocks.follow(tx, SHOP, block.id, follows))


def give(sim: Simulation) -> None:
    """Enter what operators have to."""
    if (block := _one_of(sim, _lacking(sim))) is not None:
        (key,) = sim.kind_of(block).operator
        _put(sim, PLATFORM, block, {key: sim.rng.choice(_VALUES)})


def _lacking(sim: Simulation) -> list[BlockRow]:
    """Return the blocks that wait for operators; if there are none, those of which they enter something."""
    asked = [block for block in sim.live_blocks() if sim.kind_of(block).operator]
    return [block for block in asked if block.status == "WAITING_FOR_OPERATOR_INPUT"] or asked


def _put(sim: Simulation, who: Principal, block: BlockRow, values: dict[str, str]) -> None:
    request = BlockRequest(
        version_id=VersionId(block.version_id),
        target=_TARGET,
        inputs={key: SentInput(value) for key, value in values.items()},
    )
    version = sim.kind_of(block).versions.index(block.version_id) + 1
    blocks, what = sim.ground.services.blocks, f"sets {values} of {sim.name(block.id)} in version {version}"
    sim.ask(who.author.identifier, what, lambda tx: blocks.update(tx, who, block.id, request))


def delete(sim: Simulation) -> None:
    """Delete a block."""
    blocks = sim.ground.services.blocks
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        sim.ask("shop", f"deletes {sim.name(block.id)}", lambda tx: blocks.delete(tx, SHOP, block.id))


def purge(sim: Simulation) -> None:
    """Forget a block, whatever it does."""
    blocks = sim.ground.services.blocks
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        sim.ask("platform", f"purges {sim.name(block.id)}", lambda tx: blocks.purge(tx, PLATFORM, block.id))


def run(sim: Simulation) -> None:
    """Start a run by hand."""
    blocks = sim.ground.services.blocks
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        sim.ask("platform", f"runs {sim.name(block.id)}", lambda tx: blocks.trigger_run(tx, PLATFORM, block.id))


def plan(sim: Simulation) -> None:
    """Start a dry run."""
    blocks = sim.ground.services.blocks
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        sim.ask("platform", f"plans {sim.name(block.id)}", lambda tx: blocks.detect(tx, PLATFORM, block.id))


def stop_cascade(sim: Simulation) -> None:
    """Let no more runs follow from a block, or go on where that was stopped."""
    blocks = sim.ground.services.blocks
    follows = _about_to_follow(sim)
    if (block := _one_of(sim, follows or sim.live_blocks())) is not None:
        if not follows and sim.rng.random() < _GOES_ON:
            what = f"goes on with the cascade of {sim.name(block.id)}"
            sim.ask("shop", what, lambda tx: blocks.resume_cascade(tx, SHOP, block.id))
        else:
            what = f"stops the cascade of {sim.name(block.id)}"
            sim.ask("shop", what, lambda tx: blocks.stop_cascade(tx, SHOP, block.id, "enough"))


def _about_to_follow(sim: Simulation) -> list[BlockRow]:
    """Return the blocks that a cascade is about to run again: a stop has most to do there."""
    there = [block for block in sim.live_blocks() if block.cascade is not None and block.applied_at is not None]
    return [block for block in there if block.status == "PENDING" and block.cascade not in sim.rows.stopped]


def start_bulk_job(sim: Simulation) -> None:
    """Do the same to several blocks at once."""
    blocks = sim.live_blocks()
    if not blocks:
        return
    chosen = sim.rng.sample(blocks, sim.rng.randint(1, len(blocks)))
    action = sim.rng.choices([*BulkAction], weights=(6, 6, 2, 1))[0]
    what = f"{action} of {[sim.name(block.id) for block in chosen]}"
    sim.ask("keeper", f"starts {what}", lambda tx: _started(sim, tx, action, [BlockId(block.id) for block in chosen]))


def _started(sim: Simulation, tx: Transaction, action: BulkAction, chosen: Sequence[BlockId]) -> object:
    bulk, keeper = sim.ground.services.bulk, sim.ground.keeper
    job = bulk.create(tx, keeper, action, chosen).job
    return bulk.start(tx, keeper, job.id)


def stop_bulk_job(sim: Simulation) -> None:
    """Stop a job, or go on with one that was stopped."""
    if (job_id := _one_of(sim, [*sim.rows.jobs])) is not None:
        bulk, keeper = sim.ground.services.bulk, sim.ground.keeper
        does, what = sim.rng.choice([(bulk.stop, "stops"), (bulk.start, "goes on with")])
        sim.ask("keeper", f"{what} a bulk job", lambda tx: does(tx, keeper, job_id))


def end(sim: Simulation) -> None:
    """End whatever a block waits for."""
    blocks = sim.ground.services.blocks
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        asked = sim.ask("platform", f"ends {sim.name(block.id)}", lambda tx: blocks.end(tx, PLATFORM, block.id, "old"))
        if asked.happened is not None:
            sim.ended.add(block.id)


def abort(sim: Simulation) -> None:
    """Abort a run that is not over."""
    if (run := _one_of(sim, [run for run in sim.rows.runs.values() if not run.is_final])) is not None:
        runs = sim.ground.services.runs
        sim.ask(
            "platform",
            f"aborts run {run.number} of {sim.name(run.block_id)}",
            lambda tx: runs.abort(tx, PLATFORM, RunId(run.id)),
        )


def approve(sim: Simulation) -> None:
    """Approve what a run would change."""
    if (run := _one_of(sim, [run for run in sim.rows.runs.values() if run.awaits_approval])) is not None:
        _approve(sim, run)


def approve_all(sim: Simulation) -> None:
    """Approve whatever waits for it."""
    for run in [run for run in sim.rows.runs.values() if run.awaits_approval]:
        _approve(sim, run)


def _approve(sim: Simulation, run: RunRow) -> None:
    plan, approvals = run.plan_run_id, sim.ground.services.runs.approvals
    assert plan is not None
    asked = sim.ask(
        "platform",
        f"approves run {run.number} of {sim.name(run.block_id)}",
        lambda tx: approvals.approve(tx, PLATFORM, RunId(run.id), plan=RunId(plan)),
    )
    if asked.happened is not None:
        sim.approved[run.id] = plan


def decline(sim: Simulation) -> None:
    """Decline what a run would change."""
    if (run := _one_of(sim, [run for run in sim.rows.runs.values() if run.awaits_approval])) is not None:
        approvals = sim.ground.services.runs.approvals
        what = f"declines run {run.number} of {sim.name(run.block_id)}"
        sim.ask("platform", what, lambda tx: approvals.decline(tx, PLATFORM, RunId(run.id), "no"))


def hold(sim: Simulation) -> None:
    """Put a block on hold, or lift that."""
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        holding, who = sim.ground.services.blocks.holding, sim.rng.choice((SHOP, PLATFORM))
        name, until = sim.name(block.id), _until(sim)
        if sim.rng.random() < _GOES_ON:
            sim.ask(_called(who), f"lifts holds of {name}", lambda tx: len(holding.lift(tx, who, block.id, "done")))
        else:
            what = f"puts {name} on hold until {until}"
            sim.ask(_called(who), what, lambda tx: holding.hold(tx, who, block.id, "audit", until))


def stop_applies(sim: Simulation) -> None:
    """Stop new applies of something, freeze them each day, or lift that."""
    brakes = sim.ground.services.brakes
    placed = [brake for brake in sim.rows.brakes if brake.scope != "BLOCK"]
    if placed and sim.rng.random() < _GOES_ON:
        chosen = sim.rng.choice(placed)
        sim.ask(
            "admin", f"lifts a brake on {chosen.scope}", lambda tx: brakes.lift(tx, ADMINISTRATOR, chosen.id, "done")
        )
        return
    definition = str(sim.rng.choice([*sim.ground.kinds.values()]).definition_id)
    scope, subject = sim.rng.choice(
        [(BrakeScope.EVERYTHING, None), (BrakeScope.WORKSPACE, "shop"), (BrakeScope.DEFINITION, definition)]
    )
    is_freeze = sim.rng.random() < _GOES_ON
    begin, end = sim.rng.choice([("12:00", "13:00"), ("12:30", "11:30"), ("13:00", "16:00")])
    calendar = Calendar(recurrence=Recurrence.DAILY, time_zone="UTC", begin=begin, end=end) if is_freeze else None
    until = None if is_freeze else _until(sim)
    order = BrakeOrder(scope=scope, subject=subject, reason="storm", until=until, calendar=calendar)
    what = f"{'freezes' if is_freeze else 'stops'} {scope} {begin if is_freeze else until}"
    sim.ask("admin", what, lambda tx: brakes.create(tx, ADMINISTRATOR, order))


def break_the_glass(sim: Simulation) -> None:
    """Let a run that waits pass."""
    if (run := _one_of(sim, [run for run in sim.rows.runs.values() if run.status == "PENDING"])) is not None:
        let_pass, run_id = sim.ground.services.runs.brakes.let_pass, run.id
        what = f"lets run {run.number} of {sim.name(run.block_id)} pass"
        sim.ask("admin", what, lambda tx: let_pass(tx, ADMINISTRATOR, run_id, "outage"))


def lift_all(sim: Simulation) -> None:
    """Lift what does not end by itself."""
    services = sim.ground.services
    for brake in sim.rows.brakes:
        if brake.block_id is not None and brake.closes_at is None:
            block_id = brake.block_id
            sim.ask(
                "admin",
                "lifts a hold",
                partial(services.blocks.holding.lift, principal=ADMINISTRATOR, block_id=block_id, reason=""),
            )
        elif brake.scope != "BLOCK" and (brake.closes_at is None or brake.calendar is not None):
            sim.ask(
                "admin",
                "lifts a brake",
                partial(services.brakes.lift, principal=ADMINISTRATOR, brake_id=brake.id, reason=""),
            )


def _until(sim: Simulation) -> datetime | None:
    return sim.rng.choice([None, sim.clock.now + timedelta(seconds=sim.rng.choice((20, 400, 4000)))])


def _called(who: Principal) -> str:
    return who.author.identifier


def _one_of(sim: Simulation, items: Sequence[T]) -> T | None:
    """Return one of them, None if there are none."""
    return sim.rng.choice(items) if items else None


PEOPLE = (
    Action(10, order),
    Action(6, change),
    Action(2, upgrade),
    Action(2, follow),
    Action(5, give),
    Action(2, delete),
    Action(1, purge),
    Action(2, run),
    Action(2, plan),
    Action(2, abort),
    Action(6, approve),
    Action(1, decline),
    Action(1, end),
    Action(2, stop_cascade),
    Action(2, start_bulk_job),
    Action(1, stop_bulk_job),
    Action(2, hold),
    Action(2, stop_applies),
    Action(1, break_the_glass),
)
