"""What blocks need from a feature above them; the application passes it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from blockyard.server.kit.database import Transaction


class Existing(Protocol):
    """One thing that exists by the state of a block."""

    @property
    def address(self) -> str:
        """Its place in the module."""

    @property
    def type(self) -> str:
        """What it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateContents:
    """What the current state of a block says exists.

    Attributes:
        mark: stands for that state; another one has another mark.
        exists: whether there is a state here.
        resources: None if nobody but the engine can tell.
    """

    mark: str
    exists: bool
    resources: Sequence[Existing] | None


class StateRemoval(Protocol):
    """Removes the state of blocks that are gone. Implemented by tofu_state."""

    def remove(self, tx: Transaction, block_id: UUID) -> None:
        """Remove the state of the block, all versions; nothing to do if there is none."""


class BlockStates(StateRemoval, Protocol):
    """What blocks ask of states. Implemented by tofu_state."""

    def mark(self, tx: Transaction, block_id: UUID) -> str:
        """Return what stands for the current state of a block: another state has another mark, and so has none."""

    def contents(self, tx: Transaction, block_id: UUID) -> StateContents:
        """Return what the current state of a block says exists."""
