"""The order of tests for several processes: whole installations first, since one of them at the end is all that is waited for."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_shares(items: Sequence[T], processes: int, long_one: Callable[[T], Hashable | None]) -> list[T]:
    """Return the items so that each process begins with its share of the long ones.

    Processes get equal parts of the list, one after the other. `long_one` names what long items have in common and should
    stay together, such as their module; None for all others, which keep their order.
    """
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[long_one(item)].append(item)
    rest = groups.pop(None, [])
    shares: list[list[T]] = [[] for _ in range(processes)]
    for group in sorted(groups.values(), key=len, reverse=True):
        min(shares, key=len).extend(group)
    ordered: list[T] = []
    for left, share in zip(range(processes, 0, -1), shares, strict=True):
        room = max((len(items) - len(ordered)) // left - len(share), 0)
        ordered += [*share, *rest[:room]]
        rest = rest[room:]
    return ordered + rest
