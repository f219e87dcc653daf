"""How much of large bodies the process holds at once: a budget of bytes, and what one request has taken of it.

A body counts from where its route has let it in until its request has been answered: as long as it is declared to be, or, where it
does not say, as long as it has become.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from starlette.types import Scope

from blockyard.server.kit.http import HttpRefusal

TOTAL_BYTES = 256 * 1024 * 1024
"""What all large bodies may take together: four of the largest that a route lets in."""

SHARE_BYTES = 128 * 1024 * 1024
"""What those of one caller may take, so that nobody takes the room of everybody else."""

RETRY_SECONDS = 5
"""Most large bodies are read within a few seconds."""

_ROOM = "blockyard.body_room"


class BodyBudget:
    """The bytes of large bodies that a process may hold. Only the event loop uses it."""

    def __init__(self, total_bytes: int = TOTAL_BYTES, share_bytes: int = SHARE_BYTES) -> None:
        self._total_bytes, self._share_bytes = total_bytes, share_bytes
        self._taken: Counter[str] = Counter()

    @property
    def taken_bytes(self) -> int:
        """How much is taken."""
        return self._taken.total()

    @contextmanager
    def room(self, scope: Scope) -> Iterator["Room"]:
        """Give a request its room, empty at first, and take back what it holds in the end."""
        room = scope[_ROOM] = Room(self)
        try:
            yield room
        finally:
            room.leave()

    def take(self, caller: str, size: int) -> None:
        """Give `caller` another `size` bytes. Raises HttpRefusal (503)."""
        if self.taken_bytes + size > self._total_bytes:
            raise _busy("the server is reading as many large bodies as it can hold")
        if self._taken[caller] + size > self._share_bytes:
            raise _busy("the server is reading as many large bodies of yours as it holds at once")
        self._taken[caller] += size

    def give_back(self, caller: str, size: int) -> None:
        """Take `size` bytes back from `caller`."""
        self._taken[caller] -= size
        if self._taken[caller] <= 0:
            del self._taken[caller]


class Room:
    """What one request holds of the budget."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._caller = ""
        self.size = 0

    def admit(self, caller: str, size: int) -> None:
        """Hold `size` bytes for a large body of `caller`, if it does not hold as much. Raises HttpRefusal (503)."""
        if self.size == 0:
            self._caller = caller
        self.grow_to(size)

    def grow_to(self, size: int) -> None:
        """Hold `size` bytes in all. Raises HttpRefusal (503)."""
        if size > self.size:
            self._budget.take(self._caller, size - self.size)
            self.size = size

    def leave(self) -> None:
        """Give everything back."""
        self._budget.give_back(self._caller, self.size)
        self.size = 0


def room_of(scope: Scope) -> Room | None:
    """Return the room of a request; None where no `BodyGuard` stands before the application."""
    room = scope.get(_ROOM)
    return room if isinstance(room, Room) else None


def _busy(message: str) -> HttpRefusal:
    return HttpRefusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Busy",
        message,
        remedy=f"Send the request again in {RETRY_SECONDS} seconds; send large bodies one after the other.",
        retry_after_seconds=RETRY_SECONDS,
    )
