"""What runners do with a run: one request after the other, each of which may fail, come late or come twice."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from blockyard.server.identity.model import Principal


class Phase(IntEnum):
    """How far an engine is."""

    CLAIMED = 0
    REGISTERED = 1
    LOCKED = 2
    WRITTEN = 3
    UNLOCKED = 4
    REPORTED = 5


@dataclass(eq=False)
class Engine:
    """A process that executes one attempt of a run.

    Attributes:
        inputs: what the run document says.
        serial: that of the state it writes.
        heard_at: when the server heard of it last.
        plan_serial: that of the state with which the plan was made that it applies; None if it applies none.
        restores: the version of the state with which it plans in place of the current one.
        silent: nobody hears of it for the time being; it goes on with nothing.
    """

    principal: Principal
    run_id: UUID
    block_id: UUID
    number: int
    attempt: int
    behavior: str
    inputs: dict[str, str]
    heard_at: datetime
    plan_serial: int | None = None
    restores: int | None = None
    phase: Phase = Phase.CLAIMED
    serial: int = 0
    silent: bool = False
    told_to_stop: bool = False
    has_ordered: bool = False
    """Of a composition: what it orders is there."""

    @property
    def label(self) -> str:
        """What the trace calls it."""
        return f"run {self.number}.{self.attempt}"

    @property
    def lock_id(self) -> str:
        """How it calls its lock."""
        return f"{self.run_id}-{self.attempt}"

    @property
    def holds_lock(self) -> bool:
        """Whether it believes to hold the lock of the state."""
        return self.phase in {Phase.LOCKED, Phase.WRITTEN}


@dataclass(frozen=True)
class Plan:
    """What a dry run has found, as the server was told.

    Attributes:
        made: what the block would give.
        changes: what would change, in its own words: `made`, and what was changed by hand.
    """

    made: str
    changes: tuple[str, ...]


def made_of(kind: str, inputs: dict[str, str]) -> str:
    """Return what an engine makes of inputs, and nothing else: equal inputs, equal output."""
    return f"{kind}({','.join(f'{key}={value}' for key, value in sorted(inputs.items()))})"
