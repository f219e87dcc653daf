"""Who runs again when a block does, and why: looked at before anything is changed. Source: concepts.md 8, 10.2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.server.blocks.model.block import WAITING, Block, BlockId, BlockStatus, Lifecycle
from blockyard.server.blocks.model.cascade import Cascade as RunningCascade
from blockyard.server.blocks.model.resolution import consumed_outputs
from blockyard.server.blocks.service.access import LIST, require_known, require_list
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction

MOST = 200
"""No preview shows more blocks."""


@dataclass(frozen=True, slots=True)
class Because:
    """A parent, and which of its outputs a block takes; it runs again when one of these has another value."""

    parent: BlockId
    name: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Follower:
    """A block that may run again.

    Attributes:
        depth: how many runs come before its own, at least.
        waits: it waits for a parent now, and runs as soon as that has succeeded.
    """

    block: Block
    depth: int
    waits: bool
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Cascade:
    """The blocks that may run again, each once, the nearest first; `is_cut` if there are more.

    Attributes:
        current: the cascade that the block belongs to, or began; None if it never ran.
        held: those that it would have run again if it were not stopped.
        limit: so many may run again because of one run; where it is more, they are held. 0 = any number.
    """

    followers: Sequence[Follower]
    is_cut: bool
    current: RunningCascade | None
    held: Sequence[Block]
    limit: int

    @property
    def warning(self) -> str | None:
        """What whoever starts it has to know beforehand; None if all of them would run."""
        if not self.limit or len(self.followers) <= self.limit:
            return None
        number = "1 building block" if self.limit == 1 else f"{self.limit} building blocks"
        return (
            f"One cascade may run {number} again, and these are more: what had not begun by then would be held, until somebody "
            "goes on with it."
        )


class Cascades:
    """Looks ahead; changes nothing."""

    def __init__(self, *, reading: Reading, cascading: CascadeControl) -> None:
        self._cascading = cascading
        self._reading = reading

    def preview(self, tx: Transaction, principal: Principal, block_id: UUID) -> Cascade:
        """Return who may run again because of a run of the block. Raises NotFound, Denied.

        Who takes no output does not run again, so it is not there; nor is what the principal may not see.
        """
        block = require_known(principal, BlockStore(tx).find(BlockId(block_id)), block_id)
        require_list(principal, block)
        found: dict[BlockId, Follower] = {}
        level: Mapping[BlockId, Block] = {block.id: block}
        depth = 0
        while level and len(found) <= MOST:
            depth += 1
            level = self._next(tx, level, depth, found)
        shown = [one for one in found.values() if self._may_see(principal, one.block)]
        current = self._cascading.of(tx, block)
        held = [] if current is None else BlockStore(tx).held_by(current.id, MOST + 1)
        return Cascade(
            shown[:MOST],
            is_cut=len(found) > MOST or len(held) > MOST,
            current=current,
            held=[one for one in held[:MOST] if self._may_see(principal, one)],
            limit=self._cascading.limit,
        )

    def _next(
        self, tx: Transaction, parents: Mapping[BlockId, Block], depth: int, found: dict[BlockId, Follower]
    ) -> Mapping[BlockId, Block]:
        following: dict[BlockId, Block] = {}
        for child in BlockStore(tx).children_of(list(parents), MOST + 1):
            because = self._because(tx, child, parents)
            waits = child.status is BlockStatus.WAITING_FOR_DEPENDENT_INPUT
            if (
                child.lifecycle is not Lifecycle.ACTIVE
                or not (waits or because)
                or (child.status in WAITING and not waits)
            ):
                continue
            if child.id not in found:
                following[child.id] = child
            before = found[child.id].because if child.id in found else ()
            nearest = found[child.id].depth if child.id in found else depth
            found[child.id] = Follower(child, nearest, waits, (*before, *because))
        return following

    def _because(self, tx: Transaction, child: Block, parents: Mapping[BlockId, Block]) -> tuple[Because, ...]:
        _, version = self._reading(tx).version_of(child)
        ours = [parents[parent.block_id] for parent in child.parents if parent.block_id in parents]
        reasons = [
            Because(parent.id, parent.name, consumed_outputs(version.inputs, parent.definition_id)) for parent in ours
        ]
        return tuple(reason for reason in reasons if reason.outputs)

    def _may_see(self, principal: Principal, block: Block) -> bool:
        return principal.allows(LIST, workspace=block.workspace, provider=block.provider)
