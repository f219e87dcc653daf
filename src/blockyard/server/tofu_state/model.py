"""Rules of states, versions and locks. Source: hub-usage.md B4, B5; architecture.md 5."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Conflict

MAX_ADDRESS = 1000
MAX_WORD = 255
"""Of type, provider, name and id of a resource: longer ones are cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewState:
    """A state somebody wants to store, already encrypted.

    Attributes:
        md5: of the plain body, 32 hex digits.
        sealed: the body, compressed and encrypted for its block.
        resource_count: how many things it says exist; None of a large one, which is counted later, and of an encrypted one.
    """

    serial: int
    lineage: str
    md5: str
    size_bytes: int
    sealed: bytes
    resource_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateVersion:
    """A stored version, without its content. `is_current` is the one that readers get.

    Attributes:
        reason: why it was written: that of the run, or what somebody said who restored it.
        resource_count: how many things it says exist; None if that was not counted.
    """

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
    reason: str | None = None
    resource_count: int | None = None

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
                f"another state with the serial {new.serial} is stored already"
                if new.serial == self.serial
                else f"the state is older than the stored one (serial {new.serial}, stored {self.serial})",
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


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that a module has made.

    Attributes:
        provider: its source, without the name of the public registry.
        name: its label in the module.
        id: what its platform calls it; None if it has no such attribute, or a sensitive one.
    """

    address: str
    type: str
    provider: str = ""
    name: str = ""
    id: str | None = None

    @property
    def key(self) -> str:
        """What stands for the address, which may be long, in the database."""
        return hashlib.sha256(self.address.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedResource:
    """One thing that exists by the state of a block, and where that is."""

    block_id: UUID
    workspace: str
    project: str | None
    found_at: datetime
    resource: Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFilter:
    """What a list of resources is limited to. `search` is how an address, a type, a name or an id begins."""

    search: str | None = None
    type: str | None = None
    provider: str | None = None
    block_id: UUID | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReach:
    """Whose states somebody may read.

    Attributes:
        owners: workspaces for whose definitions one provides.
        workspaces: those in which one reads the states of `definitions`, in some only of the projects `only_projects`.
    """

    everything: bool = False
    owners: frozenset[str] = frozenset()
    workspaces: frozenset[str] = frozenset()
    definitions: frozenset[UUID] = frozenset()
    only_projects: Mapping[str, frozenset[str]] = field(default_factory=dict)
