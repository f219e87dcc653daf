"""The shapes of graphs: which blocks there are, and whose outputs each takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """One block of a graph. Parents come before their children."""

    name: str
    parents: tuple[str, ...] = ()


Shape = tuple[Node, ...]

DIAMOND: Shape = (
    Node("root"),
    Node("left", ("root",)),
    Node("right", ("root",)),
    Node("join", ("left", "right")),
    Node("leaf", ("join",)),
)
CHAIN: Shape = (
    Node("root"),
    Node("second", ("root",)),
    Node("third", ("second",)),
    Node("fourth", ("third",)),
    Node("leaf", ("fourth",)),
)
FAN: Shape = (Node("root"), *(Node(name, ("root",)) for name in ("one", "two", "three", "four")))

SHAPES = {"diamond": DIAMOND, "chain": CHAIN, "fan": FAN}


def trail_of(shape: Shape, name: str, seed: str) -> str:
    """Return what a block gives in the end: its name, and in brackets what its parents give; the root's is `seed`."""
    node = next(node for node in shape if node.name == name)
    given = [trail_of(shape, parent, seed) for parent in node.parents] or [seed]
    return f"{name}({','.join(given)})"
