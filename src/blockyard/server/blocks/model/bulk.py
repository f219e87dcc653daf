"""The same thing done to many blocks: a job with a row for each of them. Source: concepts.md 10.3."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.model.block import BlockId
from blockyard.server.events.model import Author
from blockyard.server.identity.model import AccessLevel, Principal

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


class JobState(StrEnum):
    """How far a job is as a whole."""

    HELD = "HELD"
    """It is made, and nobody has started it."""
    UNDER_WAY = "UNDER_WAY"
    STOPPED = "STOPPED"
    OVER = "OVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReach:
    """How far the request went that started a job: no row does what that request could not have done.

    Attributes:
        level: of the program that asked for a person.
        workspaces: where whoever asked held anything.
        everywhere: whether they held anything for every workspace.
    """

    level: AccessLevel
    workspaces: frozenset[str]
    everywhere: bool

    @classmethod
    def of(cls, principal: Principal) -> "JobReach":
        """Return how far a principal goes."""
        return cls(level=principal.level, workspaces=frozenset(principal.grants), everywhere=bool(principal.everywhere))

    def limited(self, principal: Principal) -> Principal:
        """Return the maker of a job as they are now, and no further."""
        now = principal.limited(self.level, None, everywhere=True)
        grants = {name: codes for name, codes in now.grants.items() if name in self.workspaces}
        return replace(now, grants=grants, everywhere=now.everywhere if self.everywhere else frozenset())

    def document(self) -> JsonObject:
        """Return the stored form."""
        return {"level": self.level.value, "workspaces": [*sorted(self.workspaces)], "everywhere": self.everywhere}

    @classmethod
    def read(cls, stored: JsonObject) -> "JobReach":
        """Return what a stored form says."""
        names = stored["workspaces"]
        return cls(
            level=AccessLevel(str(stored["level"])),
            workspaces=frozenset(map(str, names)) if isinstance(names, list) else frozenset(),
            everywhere=stored["everywhere"] is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkJob:
    """A job; whoever made it starts, stops and reads it, nobody else.

    Attributes:
        next_at: when the server goes on with it, unless one of its replicas does now; None of one that is held or has ended.
        ended_at: when its last row was settled, or it was stopped.
        reach: how far the request went that started it; None of one that is held.
    """

    id: BulkJobId
    action: BulkAction
    author: Author
    created_at: datetime
    next_at: datetime | None = None
    ended_at: datetime | None = None
    reach: JobReach | None = None


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

    @property
    def state(self) -> JobState:
        """How far the job is."""
        if self.job.next_at is not None:
            return JobState.UNDER_WAY
        if self.job.ended_at is None:
            return JobState.HELD
        return JobState.STOPPED if self.counts.get(RowState.STOPPED) else JobState.OVER
