"""The same thing done to many blocks: a job with a row for each of them. Source: concepts.md 10.3."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.events.model import Author

BulkJobId = NewType("BulkJobId", UUID)

MAX_BLOCKS = 10_000
"""How many blocks one job has at most."""


class BulkAction(StrEnum):
    """What is done to each block."""

    RUN = "RUN"
    UPGRADE = "UPGRADE"
    DELETE = "DELETE"
    PURGE = "PURGE"


class RowState(StrEnum):
    """How far a job is with one block."""

    OPEN = "OPEN"
    DONE = "DONE"
    UNCHANGED = "UNCHANGED"
    """There was nothing to do."""
    REFUSED = "REFUSED"
    STOPPED = "STOPPED"
    """The job was stopped before its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkJob:
    """A job; whoever made it goes on with it and reads it, nobody else."""

    id: BulkJobId
    action: BulkAction
    author: Author
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """One block of a job: `code` and `message` say what came of it."""

    position: int
    block_id: BlockId
    name: str
    state: RowState = RowState.OPEN
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """A job, and how many of its rows are in which state."""

    job: BulkJob
    counts: Mapping[RowState, int]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.counts.get(RowState.OPEN)
