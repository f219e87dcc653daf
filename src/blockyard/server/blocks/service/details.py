"""Blocks for people: with everything around them, and in lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from blockyard.server.blocks.model.block import Block, BlockHead
from blockyard.server.blocks.model.deletion import DeletionEffect
from blockyard.server.blocks.model.first_order import Offer
from blockyard.server.blocks.service.adapting import Looked
from blockyard.server.blocks.service.views import BlockView
from blockyard.server.definitions.model import InputSpec, Version
from blockyard.server.events.model import Author
from blockyard.server.runs.model import Run, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDetail:
    """A block for people.

    Attributes:
        missing: keys of the inputs that people still have to fill in.
        runs: the latest ones first.
        latest: the newer released version the block may be changed to; None if there is none.
        waits: each thing that keeps the block, or its latest run, from going on.
        may_save, may_run, may_delete, may_purge, operator: what the principal may do.
        changeable: the inputs that the principal may change, in the order of the definition; hidden ones as well, which other
            changes may bring to light. Selects have all options that they may have, whatever other inputs say.
        hidden: keys of the inputs that are hidden now.
        looked: the lists that options come from.
        deletion: what deleting it now would do.
        offers: what the principal can do where its first order failed.
    """

    view: BlockView
    missing: frozenset[str]
    parents: Sequence[Block]
    children: Sequence[Block]
    runs: Sequence[Run]
    latest: Version | None
    waits: Sequence[Wait]
    may_save: bool
    may_run: bool
    may_delete: bool
    may_purge: bool
    operator: bool
    changeable: Sequence[InputSpec]
    hidden: frozenset[str]
    looked: Looked
    deletion: DeletionEffect
    offers: Sequence[Offer] = ()

    @property
    def editable(self) -> Sequence[InputSpec]:
        """The inputs that the principal may change and that are asked for now."""
        return [spec for spec in self.changeable if spec.key not in self.hidden]

    @property
    def waits_for(self) -> Sequence[str]:
        """The sentences of the waits."""
        return [wait.message for wait in self.waits]


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A block in a list of people; `is_yours` says that the principal can give the input it waits for."""

    block: BlockHead
    definition: str
    is_yours: bool


@dataclass(frozen=True, slots=True)
class LastChange:
    """When a block was changed last, and by whom; or ordered, if nothing was done since."""

    at: datetime
    author: Author
    is_order: bool = True
