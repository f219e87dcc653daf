"""What people do: those who order, and those who operate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.definitions.model import VersionId
from blockyard.server.identity.model import Principal
from blockyard.server.runs.model import RunId
from tests.support.block_world import PLATFORM, SHOP
from tests.support.simulation.actions import Action
from tests.support.simulation.rows import BlockRow
from tests.support.simulation.simulation import Simulation

T = TypeVar("T")

MAX_BLOCKS = 8

_ANSWERED = 0.6

_VALUES = ("a", "b", "c")
_TARGET = Target(kind="meshWorkspace", name="shop")


def order(sim: Simulation) -> None:
    """Order a block whose parents are there, or about to be."""
    if len(sim.rows.blocks) >= MAX_BLOCKS:
        return
    kinds = [kind for kind in sim.ground.kinds.values() if all(map(sim.live_blocks, kind.parents.values()))]
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
    """Enter another value."""
    if (block := _one_of(sim, sim.live_blocks())) is not None:
        key = sim.rng.choice(sim.kind_of(block).asked(block.version_id))
        _put(sim, SHOP, block, {key: sim.rng.choice(_VALUES)})


def upgrade(sim: Simulation) -> None:
    """Choose the newest version of a block, with what it asks for or without."""
    if (block := _one_of(sim, [block for block in sim.live_blocks() if sim.kind_of(block).adds])) is not None:
        kind = sim.kind_of(block)
        values = {key: sim.rng.choice(_VALUES) for key in kind.adds if sim.rng.random() < _ANSWERED}
        _put(sim, SHOP, replace(block, version_id=kind.versions[-1]), values)


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


def _one_of(sim: Simulation, items: Sequence[T]) -> T | None:
    """Return one of them, None if there are none."""
    return sim.rng.choice(items) if items else None


PEOPLE = (
    Action(10, order),
    Action(6, change),
    Action(2, upgrade),
    Action(5, give),
    Action(2, delete),
    Action(1, purge),
    Action(2, run),
    Action(2, plan),
    Action(2, abort),
    Action(1, end),
)
