"""What needs somebody, what is found, what somebody used last, and how names are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_KEPT = 100
"""How many things are remembered of a person."""

SOON = timedelta(days=30)
"""What ends within this time is said to end soon. Source: concepts.md 27.2."""


class Kind(StrEnum):
    """What can be found, pinned and gone back to."""

    WORKSPACE = "workspace"
    PROJECT = "project"
    TENANT = "tenant"
    BLOCK = "block"
    DEFINITION = "definition"


class Why(StrEnum):
    """Why something needs somebody."""

    INPUT = "INPUT"
    OPERATOR_INPUT = "OPERATOR_INPUT"
    APPROVAL = "APPROVAL"
    FAILED = "FAILED"
    REQUEST = "REQUEST"
    TENANT_DELETION = "TENANT_DELETION"
    ACCESS_ENDS = "ACCESS_ENDS"
    EXPIRES = "EXPIRES"
    VIOLATION = "VIOLATION"
    DRIFT = "DRIFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that needs the principal.

    Attributes:
        id: of what it is about: a block, a request, a tenant, a binding.
        since: when it began; of what ends, when it does.
        detail: what else there is to say.
    """

    why: Why
    workspace: str
    id: str
    name: str
    since: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs the principal, most urgent first, and how much that is in all; `items` may be cut."""

    items: Sequence[Need]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that can be found: its kind, its id, what it is called, and where it is."""

    kind: Kind
    id: str
    name: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A thing that a person used, and whether it is pinned."""

    kind: Kind
    id: str
    name: str
    where: str
    visited_at: datetime
    is_pinned: bool = False


_SHORTEST_WITH_ERROR, _SHORTEST_WITH_TWO = 4, 9
"""Characters of a text from which on one typing error is forgiven, and two."""

_PARTS = ((4, 2), (6, 3), (9, 4))
"""Into how many parts a text is cut, from which length on."""


def pieces(text: str) -> Sequence[str]:
    """Return texts one of which nearly every name has in it that fits `text` with a typing error, or two.

    An error spoils one of them, or two if letters are in the wrong order where it is cut.
    """
    plain = text.casefold().strip()
    parts = max((count for length, count in _PARTS if len(plain) >= length), default=1)
    step = max(1, -(-len(plain) // parts))
    return [plain[start : start + step] for start in range(0, max(len(plain), 1), step)]


def rank(text: str, name: str) -> float | None:
    """Return how well a name fits: 0 is exact, then prefixes, parts of it, and typing errors; None if it does not fit."""
    wanted, known = text.casefold().strip(), name.casefold()
    if wanted == known:
        return 0
    if known.startswith(wanted):
        return 1
    if any(word.startswith(wanted) for word in known.replace("-", " ").replace("_", " ").split()):
        return 2
    if wanted in known:
        return 3
    errors = _errors(wanted, known)
    return None if errors is None else 4 + errors


def _errors(wanted: str, known: str) -> int | None:
    """Return how many typing errors turn a part of `known` into `wanted`; None if these are too many."""
    if len(wanted) < _SHORTEST_WITH_ERROR:
        return None
    most = 1 if len(wanted) < _SHORTEST_WITH_TWO else 2
    before = [0] * (len(known) + 1)  # a part may begin anywhere
    older = before
    for row, letter in enumerate(wanted, 1):
        line = [row]
        for column, other in enumerate(known, 1):
            cost = min(before[column] + 1, line[-1] + 1, before[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == known[column - 2] and wanted[row - 2] == other:
                cost = min(cost, older[column - 2] + 1)  # two letters in the wrong order are one error
            line.append(cost)
        older, before = before, line
    fewest = min(before)
    return fewest if fewest <= most else None
