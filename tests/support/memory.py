"""Takes down what objects hold and puts it back: what a test leaves in a server that is kept does not reach the next one."""

from collections import deque
from collections.abc import Iterable
from types import FunctionType, MethodType

OURS = ("blockyard.", "tests.")
"""Objects of these packages are looked into; what others hold is their own matter."""


class Memory:
    """What is held by the objects of our own that can be reached from `roots`, and by the collections they hold.

    What is reached only by way of the objects `but` stays out.
    """

    def __init__(self, *roots: object, but: Iterable[object] = ()) -> None:
        self._seen: dict[int, object] = {id(apart): apart for apart in but}
        """By identity; kept, so that no identity is given twice."""
        self._members: list[tuple[dict[str, object], dict[str, object]]] = []
        self._lists: list[tuple[list[object] | deque[object], list[object]]] = []
        self._sets: list[tuple[set[object], set[object]]] = []
        self._dicts: list[tuple[dict[object, object], dict[object, object]]] = []
        for root in roots:
            self._look_into(root)

    def put_back(self) -> None:
        """Let every object hold again what it held."""
        for members, before in self._members:
            _refill(members, before)
        for listed, items in self._lists:
            listed.clear()
            listed.extend(items)
        for group, elements in self._sets:
            group.clear()
            group.update(elements)
        for mapping, entries in self._dicts:
            _refill(mapping, entries)

    def _look_into(self, value: object) -> None:
        if id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, list | deque):
            self._lists.append((value, list(value)))
            self._look_into_all(value)
        elif isinstance(value, set):
            self._sets.append((value, set(value)))
            self._look_into_all(value)
        elif isinstance(value, dict):
            self._dicts.append((value, dict(value)))
            self._look_into_all(value.values())
        elif isinstance(value, tuple | frozenset):
            self._look_into_all(value)
        elif isinstance(value, MethodType):
            self._look_into(value.__self__)
        elif type(value).__module__.startswith(OURS) and not isinstance(value, type | FunctionType):
            self._look_into_object(value)

    def _look_into_object(self, value: object) -> None:
        members = getattr(value, "__dict__", None)
        if members is not None:
            self._members.append((members, dict(members)))
            self._look_into_all(members.values())
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        self._look_into_all(getattr(value, name, None) for name in slots if name != "__weakref__")

    def _look_into_all(self, values: Iterable[object]) -> None:
        for value in list(values):
            self._look_into(value)


def _refill(
    mapping: dict[object, object] | dict[str, object], entries: dict[object, object] | dict[str, object]
) -> None:
    mapping.clear()
    mapping.update(entries)  # type: ignore[arg-type]  # both have keys of one kind: they were copied from each other
