"""Chooses which points are carried out: a spread part of all, the same each time."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from chaos.graphs.points import graph_points, plan_points
from chaos.points import Point, points, replaced_points

STACKS = ("sqlite", "postgres", "replicas")
"""One server on SQLite, one on PostgreSQL, two on PostgreSQL."""

DEFAULT_POINTS = 360
PIECE = 30
"""So many points are carried out on one stack, then another is started."""

_SHARES = {"sqlite": 5, "postgres": 5, "replicas": 2}

GRAPH_STACKS = {"quick/sqlite": 4, "quick/replicas": 5, "engine/sqlite": 2, "engine/replicas": 1}
"""Where graphs are killed in, and their shares: most without an engine, which takes the most time of a run."""

PLAN_STACKS = {"quick/sqlite": 5, "quick/replicas": 4, "engine/sqlite": 3}
"""The same for plans."""

Work = list[tuple[str, list[Point]]]


def choose(stacks: Sequence[str], number: int | None, only: str | None, *, lost: bool = True) -> Work:
    """Return which points to carry out on which stack; those of lost runners come last, apart.

    `number` is how many in all, None: every one; `only` is what their names contain.
    """
    work = _choose(stacks, _SHARES, points, number, only)
    replaced = _named(replaced_points(), only) if lost else []
    return [*work, (stacks[0], replaced)] if replaced else work


def choose_of_graphs(stacks: Sequence[str], number: int | None, only: str | None) -> Work:
    """Return which points of graphs to carry out on which stack."""
    return _choose(stacks, GRAPH_STACKS, graph_points, number, only)


def choose_of_plans(stacks: Sequence[str], number: int | None, only: str | None) -> Work:
    """Return which points of plans, approvals and restored states to carry out on which stack."""
    return _choose(stacks, PLAN_STACKS, plan_points, number, only)


def _choose(
    stacks: Sequence[str],
    shares: Mapping[str, int],
    points_of: Callable[[str], list[Point]],
    number: int | None,
    only: str | None,
) -> Work:
    every = sum(shares[name] for name in stacks)
    work: Work = []
    for name in stacks:
        some = _named(points_of(name), only)
        work.append((name, spread(some, len(some) if number is None or only else number * shares[name] // every)))
    return [(name, some) for name, some in work if some]


def _named(some: list[Point], only: str | None) -> list[Point]:
    if only is None:
        return some
    return [point for point in some if point.name == only] or [point for point in some if only in point.name]


def in_pieces(work: Work) -> Work:
    """Return the work in small pieces, the stacks in turn."""
    pieces = [[(name, some[at : at + PIECE]) for at in range(0, len(some), PIECE)] for name, some in work]
    return [piece for turn in zip_longest(*pieces) for piece in turn if piece is not None]


def spread(some: Sequence[Point], number: int) -> list[Point]:
    """Return so many points: one of each place of each action before a second one, victims and moments evenly."""
    groups: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for point in some:
        groups[point.action, point.place].append(point)
    chance = random.Random(len(some))  # noqa: S311  the same order each time
    used: Counter[object] = Counter()
    chosen: list[Point] = []
    while len(chosen) < number and groups:
        for key in chance.sample(sorted(groups), len(groups)):
            best = min(groups[key], key=lambda point: (*_uses(used, point), chance.random()))
            groups[key].remove(best)
            if not groups[key]:
                del groups[key]
            used.update([(best.victims, best.moment), best.victims, best.moment])
            chosen.append(best)
    return chosen[:number]


def _uses(used: Counter[object], point: Point) -> tuple[int, int, int]:
    return used[point.victims, point.moment], used[point.victims], used[point.moment]
