"""Runs that follow from one run, because outputs that blocks take have changed. Source: concepts.md 8."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from blockyard.server.blocks.model.block import BlockId


class StopReason(StrEnum):
    """Why a cascade goes no further."""

    FAILED = "FAILED"
    """A run of it failed, and the installation stops cascades then."""
    LIMIT = "LIMIT"
    """It has started as many runs as the installation allows."""
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True)
class Cascade:
    """The runs that follow from the run with this id, and whether any more do.

    Attributes:
        started: how many blocks were run again so far.
        message: who stopped it, or what did, as a sentence.
    """

    id: UUID
    started: int = 0
    stopped_at: datetime | None = None
    reason: StopReason | None = None
    message: str | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether no more runs follow."""
        return self.stopped_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why several blocks have their turn to run again.

    Attributes:
        id: the run of the parent, or the resumption of a cascade.
        parent_id: the parent; None where a cascade goes on with what it held.
        changed: the outputs of the parent that have another value.
    """

    id: UUID
    cascade: UUID
    parent_id: BlockId | None = None
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Turn:
    """A block that a cascade has yet to come to."""

    cause: Cause
    block_id: BlockId


@dataclass(frozen=True, slots=True)
class Stop:
    """How far the runs of a stopped cascade are taken back: its blocks pass by in the order of their ids, those first that are parked.

    Attributes:
        behind: the last block that has passed; None before the first one.
        again: something was taken back in this pass, so another one follows: meanwhile more may have come to be taken back.
    """

    cascade: UUID
    parked: bool = True
    behind: UUID | None = None
    again: bool = False

    def passed(self, last: UUID) -> "Stop":
        """Return this one after some blocks."""
        return replace(self, behind=last)

    def over(self) -> "Stop | None":
        """Return this one after the last of the blocks; None after the last pass."""
        if self.parked:
            return replace(self, parked=False, behind=None)
        return Stop(self.cascade) if self.again else None


@dataclass(frozen=True, slots=True)
class CascadeLimits:
    """What the installation allows: so many runs (0 = any number), and whether the first failure stops it.

    Attributes:
        keep: how long what was counted and why it was stopped is kept once nothing follows any more.
    """

    runs: int = 0
    stops_at_failure: bool = False
    keep: timedelta = timedelta(days=30)
