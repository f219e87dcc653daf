"""What lower features ask of higher ones, which add what they know while the application is wired; nobody imports upwards."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict

K = TypeVar("K")
T = TypeVar("T")

Ask = Callable[[Transaction, K], Sequence[str]]
"""Returns one phrase for each thing that uses the thing with this key, such as "version 2 of 'Bucket'"."""

LISTED = 10
"""How many uses a refusal names; the others are counted."""


NAMED = 5
"""How many things of one kind `named` takes the names of where there may be many."""


class Above(Generic[T]):
    """A place for what one higher feature does for a lower one; the application puts it there once all are made."""

    def __init__(self) -> None:
        self._one: T | None = None

    def put(self, one: T) -> None:
        """Let `one` do it."""
        self._one = one

    def __call__(self) -> T:
        """Return who does it."""
        if self._one is None:
            raise RuntimeError("nothing was put here when the application was wired")
        return self._one


class Uses(Generic[K]):
    """Who may still use things of one kind. `verb` links a thing and its uses in a refusal."""

    def __init__(self, verb: str = "is still used by") -> None:
        self._verb = verb
        self._ask: list[Ask[K]] = []

    def add(self, *asks: Ask[K]) -> None:
        """Ask these, too, before something is deleted."""
        self._ask.extend(asks)

    def of(self, tx: Transaction, key: K) -> Sequence[str]:
        """Return one phrase for each use."""
        return [use for ask in self._ask for use in ask(tx, key)]

    def refuse_used(self, tx: Transaction, key: K, what: str) -> None:
        """Refuse while something uses `what`, such as "project 'dev'". Raises Conflict."""
        if uses := self.of(tx, key):
            raise Conflict(f"{what} {self._verb} {listed(uses)}", code="InUse", remedy="Delete or change these first.")


def listed(uses: Sequence[str]) -> str:
    """Return the first uses and how many more there are."""
    more = f" and {len(uses) - LISTED} more" if len(uses) > LISTED else ""
    return ", ".join(uses[:LISTED]) + more


def named(one: str, names: Sequence[object], total: int) -> Sequence[str]:
    """Return the phrases for the first of the `total` things that use something, by their names, and for the others."""
    return [*(f"{one} '{name}'" for name in names), *counted(total - len(names), f"more {one}")]


def counted(number: int, one: str) -> Sequence[str]:
    """Return the phrase for `number` things that use something, such as "3 runners"; none for 0."""
    return [] if number == 0 else [f"{number} {one}{'' if number == 1 else 's'}"]
