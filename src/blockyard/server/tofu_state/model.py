"""Rules of states, versions and locks. Source: hub-usage.md B4, B5; architecture.md 5."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class NewState:
    """A state somebody wants to store, already encrypted.

    Attributes:
        md5: of the plain body, 32 hex digits.
        sealed: the body, compressed and encrypted for its block.
    """

    serial: int
    lineage: str
    md5: str
    size_bytes: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StateVersion:
    """A stored version, without its content. `is_current` is the one that readers get."""

    block_id: UUID
    number: int
    serial: int
    lineage: str
    md5: str
    size_bytes: int
    created_at: datetime
    author: str
    run_id: UUID | None = None
    attempt: int | None = None
    is_current: bool = False

    def follow(self, new: NewState) -> bool:
        """Whether `new` is to be stored after this current version; False if it is the same state again.

        Raises:
            Conflict: it is of another lineage, or no newer.
        """
        if new.md5 == self.md5 and new.size_bytes == self.size_bytes:
            return False
        if new.lineage != self.lineage:
            raise Conflict(
                f"the state has another lineage than the stored one ({new.lineage} instead of {self.lineage})",
                code="StateLineage",
                remedy="Find out where this state comes from; delete the stored one first if it is worthless.",
            )
        if new.serial <= self.serial:
            raise Conflict(
                f"the state is older than the stored one (serial {new.serial}, stored {self.serial})",
                code="StateSerial",
                remedy="Read the state again and repeat the operation on it.",
            )
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLock:
    """A held lock.

    Attributes:
        id: chosen by the engine; one per command.
        info: what the engine said, returned to others as it was.
    """

    block_id: UUID
    id: str
    info: JsonObject
    created_at: datetime
    author: str
    run_id: UUID | None = None
    attempt: int | None = None


class Locked(Conflict):
    """Somebody else holds the lock; HTTP answers 423 with `holder.info`."""

    code = "StateLocked"

    def __init__(self, holder: StateLock) -> None:
        super().__init__(
            f"the state is locked by {holder.author} since {holder.created_at:%Y-%m-%d %H:%M:%S} UTC",
            remedy="Wait until it is released.",
        )
        self.holder = holder


def to_prune(numbers: Sequence[int], kept: int) -> Sequence[int]:
    """Return which of the version `numbers` go when only the last `kept` stay."""
    return sorted(numbers)[:-kept]
