"""Pages of a list, as the wire counts them: from 0, 20 a page unless asked, 1000 at the most. Source: api.md 1.7.

Every list can be sorted by creation, either way, and be limited to what was created before an instant, so that a client that
turns pages is not disturbed by what comes meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

DEFAULT_SIZE = 20
MAX_SIZE = 1000

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of which size; sizes above the maximum are lowered to it.

    Attributes:
        newest_first: the order of the list; None for its own one.
        until: only what was created before this instant.
        is_counted: whether somebody wants to know how many there are in all; if not, the total of a page is what it has.
    """

    number: int = 0
    size: int = DEFAULT_SIZE
    newest_first: bool | None = None
    until: datetime | None = None
    is_counted: bool = True

    @property
    def limit(self) -> int:
        """How many rows at most."""
        return min(self.size, MAX_SIZE)

    @property
    def offset(self) -> int:
        """How many rows to skip."""
        return self.number * self.limit


@dataclass(frozen=True, slots=True)
class PageFrom(PageRequest):
    """Up to `size` items from the item number `start` on, counted from 0: a page that need not begin where another ends."""

    start: int = 0

    @property
    def offset(self) -> int:
        """How many rows to skip."""
        return self.start


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page and how many items there are in all."""

    items: Sequence[T]
    total: int
    request: PageRequest

    @property
    def pages(self) -> int:
        """How many pages there are in all; 0 for an empty list."""
        return -(-self.total // self.request.limit)

    @classmethod
    def of(cls, items: Sequence[T], count: Callable[[], int], request: PageRequest) -> "Page[T]":
        """Return a page that is counted only if somebody wants to know, and if it does not tell itself: by where it ends."""
        if not request.is_counted:
            return cls(items, len(items), request)
        is_last = len(items) < request.limit and (items or not request.offset)
        return cls(items, request.offset + len(items) if is_last else count(), request)

    def map(self, convert: Callable[[T], U]) -> "Page[U]":
        """Return the same page with every item converted."""
        return Page([convert(item) for item in self.items], self.total, self.request)
