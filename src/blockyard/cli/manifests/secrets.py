"""Secrets of a version: files say where one is, `${env:NAME}` or `${file:PATH}`, and never what it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from blockyard.cli.documents import flag, member, members, text
from blockyard.cli.exits import usage
from blockyard.protocol.jsontypes import Json, JsonObject

_PLACE = re.compile(r"\$\{(env|file):([^}]+)\}")
_OF_IMPLEMENTATION = ("sshPrivateKey", "pipelineTriggerToken")
_OF_INPUT = ("argument", "defaultValue")

KEPT = "(secret)"
"""Stands for every secret where files and server are compared."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs in the specification of a version: the names on the way, the last one that of the member."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path as people read it."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The name of the environment variable that an export proposes."""
        words = [word for word in self.path if word not in {"inputs", "argument", "implementation"}]
        return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")


def places(spec: JsonObject) -> Iterator[Place]:
    """Yield where the specification of a version has a secret, or says where one is."""
    for key, item in members(spec, "inputs").items():
        if flag(item, "isSensitive"):
            yield from (Place(("inputs", key, name)) for name in _OF_INPUT if member(item, name) is not None)
    implementation = members(spec, "implementation")
    for variant, settings in implementation.items():
        yield from (
            Place(("implementation", variant, name))
            for name in _OF_IMPLEMENTATION
            if member(settings, name) is not None
        )


def replaced(spec: JsonObject, values: Mapping[Place, Json]) -> JsonObject:
    """Return a specification with other values at some places."""
    result = spec
    for place, value in values.items():
        result = _with(result, place.path, value)
    return result


def kept_on_server(spec: JsonObject) -> Mapping[Place, JsonObject]:
    """Return the secrets that a version on the server has, as hashes."""
    return {place: members(spec, *place.path) for place in places(spec)}


def check(spec: JsonObject, where: str) -> None:
    """Refuse secrets that stand in the files themselves. Raises Failure (usage)."""
    for place in places(spec):
        value = member(spec, *place.path)
        if not isinstance(value, str) or _PLACE.fullmatch(value) is None:
            raise usage(
                f"{where}: '{place.name}' is a secret, and must say where it is",
                "Write ${env:NAME} or ${file:PATH}; whoever reads the repository would read the secret.",
            )


def read(spec: JsonObject, place: Place, folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the secret that a place refers to; None if it is not there."""
    found = _PLACE.fullmatch(text(spec, *place.path))
    if found is None:
        return None
    how, where = found.groups()
    if how == "env":
        return environ.get(where)
    try:
        return (folder / Path(where).expanduser()).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _with(value: JsonObject, path: tuple[str, ...], new: Json) -> JsonObject:
    name, *others = path
    return {**value, name: _with(members(value, name), tuple(others), new) if others else new}
