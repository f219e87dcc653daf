"""What differs between two objects in the form of files. A member without a value is as good as one that is not there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from blockyard.cli.output import plain
from blockyard.protocol.jsontypes import Json

_SETS = frozenset(
    {
        "permissions",
        "dependencyDefinitionRefs",
        "supportedPlatforms",
        "notificationSubscriberUsernames",
        "selectableValues",
        "contributingWorkspaces",
        "restrictedToWorkspaces",
        "quotaDefinitions",
    }
)
"""Lists whose order says nothing. Source: api.md 3.9, 3.16, 3.17."""

_VALUES = frozenset({"argument", "defaultValue", "valueType"})
"""Members where `false`, `0`, an empty text and an empty object are values."""

_MOST = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """A member that is to be changed, with the names on the way to it."""

    path: tuple[str, ...]
    before: Json
    after: Json

    @property
    def name(self) -> str:
        """The path of the member, as people read it."""
        return ".".join(self.path)

    def __str__(self) -> str:
        return f"{self.name}: {_short(self.before)} -> {_short(self.after)}"


def differences(before: Json, after: Json, path: tuple[str, ...] = ()) -> list[Difference]:
    """Return the members that differ, in the order of the second object."""
    name = path[-1] if path else ""
    if isinstance(before, dict) and isinstance(after, dict) and name not in _VALUES:
        names = [*after, *(name for name in before if name not in after)]
        return [found for name in names for found in differences(before.get(name), after.get(name), (*path, name))]
    if _same(before, after, name):
        return []
    return [Difference(path, before, after)]


def _same(before: Json, after: Json, name: str) -> bool:
    if name not in _VALUES and _is_blank(before) and _is_blank(after):
        return True
    if name in _SETS and isinstance(before, list) and isinstance(after, list):
        return sorted(map(_written, before)) == sorted(map(_written, after))
    return _written(before) == _written(after)


def _is_blank(value: Json) -> bool:
    if isinstance(value, Mapping):
        return all(_is_blank(item) for item in value.values())
    return not value


def _written(value: Json) -> str:
    return json.dumps(_number(value), sort_keys=True)


def _number(value: Json) -> Json:
    """Return a value with whole numbers written in one way: YAML has `1`, the server may have `1.0`."""
    if isinstance(value, dict):
        return {name: _number(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_number(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _short(value: Json) -> str:
    if value is None:
        return "nothing"
    said = plain(json.dumps(value, ensure_ascii=False))
    return said if len(said) <= _MOST else said[: _MOST - 1] + "…"
