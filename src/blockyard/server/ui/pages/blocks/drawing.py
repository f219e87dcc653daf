"""Draws a graph without cycles in columns, parents left of their children. Source: Sugiyama et al. 1981, without crossings counted.

Every edge leads to the right. Blocks of a column are ordered by where their neighbours in the column before stand, to and fro a
few times, which leaves few crossings in graphs of the size that is drawn.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from blockyard.server.ui.frame import words

Key = TypeVar("Key", bound=UUID)

_WIDTH, _HEIGHT = 208, 56
_ACROSS, _DOWN = 72, 16
"""Between columns, and between the blocks of one."""

_MARGIN = 8
_SWEEPS = 4
_LONGEST_NAME = 22
"""Characters of a name in its box; the whole one is its title, and stands in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A block of the drawing, with the corner of its box."""

    id: UUID
    name: str
    label: str
    badge: words.Badge
    x: int
    y: int
    is_center: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, and the paths between them."""

    width: int
    height: int
    node_width: int
    node_height: int
    nodes: Sequence[Node]
    paths: Sequence[str]


def drawn(
    names: Mapping[Key, str],
    badges: Mapping[Key, words.Badge],
    edges: Collection[tuple[Key, Key]],
    *,
    center: Key,
) -> Drawing:
    """Return the drawing of a graph; edges are pairs of a parent and its child."""
    columns = _ordered(_columns(names, edges), edges)
    tallest = max(len(column) for column in columns)
    height = tallest * (_HEIGHT + _DOWN) - _DOWN
    places: dict[Key, tuple[int, int]] = {}
    for index, column in enumerate(columns):
        top = _MARGIN + (height - len(column) * (_HEIGHT + _DOWN) + _DOWN) // 2
        for row, key in enumerate(column):
            places[key] = (_MARGIN + index * (_WIDTH + _ACROSS), top + row * (_HEIGHT + _DOWN))
    return Drawing(
        width=len(columns) * (_WIDTH + _ACROSS) - _ACROSS + 2 * _MARGIN,
        height=height + 2 * _MARGIN,
        node_width=_WIDTH,
        node_height=_HEIGHT,
        nodes=[
            Node(
                id=key,
                name=names[key],
                label=_shortened(names[key]),
                badge=badges[key],
                x=x,
                y=y,
                is_center=key == center,
            )
            for key, (x, y) in places.items()
        ],
        paths=[_path(places[parent], places[child]) for parent, child in edges],
    )


def _columns(keys: Collection[Key], edges: Collection[tuple[Key, Key]]) -> list[list[Key]]:
    """Return the blocks by how many others are above them at most, those without parents as near to their children as can be."""
    level = dict.fromkeys(keys, 0)
    for _ in keys:
        late = {child: level[parent] + 1 for parent, child in edges if level[child] <= level[parent]}
        if not late:
            break
        level |= late
    children: dict[Key, list[Key]] = {}
    for parent, child in edges:
        children.setdefault(parent, []).append(child)
    has_parent = {child for _, child in edges}
    for key in keys:
        if key not in has_parent and key in children:
            level[key] = min(level[child] for child in children[key]) - 1
    columns: list[list[Key]] = [[] for _ in range(max(level.values()) + 1)]
    for key in keys:
        columns[level[key]].append(key)
    return [column for column in columns if column]


def _ordered(columns: list[list[Key]], edges: Collection[tuple[Key, Key]]) -> list[list[Key]]:
    neighbours: dict[Key, list[Key]] = {}
    for parent, child in edges:
        neighbours.setdefault(parent, []).append(child)
        neighbours.setdefault(child, []).append(parent)
    place = {key: float(row) for column in columns for row, key in enumerate(column)}

    def middle(key: Key, beside: Collection[Key]) -> float:
        found = [place[other] for other in neighbours.get(key, ()) if other in beside]
        return sum(found) / len(found) if found else place[key]

    for sweep in range(_SWEEPS):
        order = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for index in order:
            beside = frozenset(columns[index - 1] if sweep % 2 == 0 else columns[index + 1])
            middles = {key: middle(key, beside) for key in columns[index]}
            columns[index].sort(key=middles.__getitem__)
            place |= {key: float(row) for row, key in enumerate(columns[index])}
    return columns


def _path(parent: tuple[int, int], child: tuple[int, int]) -> str:
    begin, end = (parent[0] + _WIDTH, parent[1] + _HEIGHT // 2), (child[0], child[1] + _HEIGHT // 2)
    half = (end[0] - begin[0]) // 2
    return f"M{begin[0]} {begin[1]}C{begin[0] + half} {begin[1]} {end[0] - half} {end[1]} {end[0]} {end[1]}"


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"
