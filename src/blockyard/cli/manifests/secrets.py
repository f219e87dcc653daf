"""Secrets of versions and platforms: files say where one is, `${env:NAME}` or `${file:PATH}`, and never what it is."""

import os
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
_OF_CONFIG = frozenset({"secretKey", "ssoAccessToken", "accessToken", "credential"})
"""Secrets of the configurations of platforms; `credential` is an object with secrets, too. Source: api.md 2.2."""

KEPT = "(secret)"
"""Stands for every secret where files and server are compared."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs in the specification of a version or a platform: the names on the way, the last one that of the member."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path as people read it."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The name of the environment variable that an export proposes."""
        words = [word for word in self.path if word not in {"inputs", "argument", "implementation", "config"}]
        return re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")


def places(spec: JsonObject) -> Iterator[Place]:
    """Yield where the specification of a version or a platform has a secret, or says where one is."""
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
    yield from _in_config(members(spec, "config"), ("config",))


def _in_config(settings: JsonObject, path: tuple[str, ...]) -> Iterator[Place]:
    for name, value in settings.items():
        if _is_secret(name, value):
            yield Place((*path, name))
        elif isinstance(value, dict):
            yield from _in_config(value, (*path, name))


def _is_secret(name: str, value: Json) -> bool:
    """Whether a member of a configuration is a secret, or says where one is; also one that nobody knows here."""
    if isinstance(value, dict):
        return bool(value) and set(value) <= {"hash", "plaintext"}
    return isinstance(value, str) and (name in _OF_CONFIG or _PLACE.fullmatch(value) is not None)


def replaced(spec: JsonObject, values: Mapping[Place, Json]) -> JsonObject:
    """Return a specification with other values at some places."""
    result = spec
    for place, value in values.items():
        result = _with(result, place.path, value)
    return result


def kept_on_server(spec: JsonObject) -> Mapping[Place, JsonObject]:
    """Return the secrets that a version or a platform on the server has, as hashes."""
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


def require(spec: JsonObject, kept: Mapping[Place, JsonObject], folder: Path, where: str) -> None:
    """Refuse secrets that are neither on the server nor where a file says. Raises Failure (usage)."""
    lacking = [place for place in places(spec) if place not in kept and _read(spec, place, folder) is None]
    if lacking:
        place = lacking[0]
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise usage(
            f"{where}: the secret '{place.name}' is not there{more}: {text(spec, *place.path)}",
            "Set the variable, or write the file.",
        )


def sent(spec: JsonObject, folder: Path, before: JsonObject) -> Mapping[Place, Json]:
    """Return what is sent for each secret: itself, where it can be read, else the hash of what the server had `before`."""
    kept = kept_on_server(before)
    values: dict[Place, Json] = {}
    for place in places(spec):
        found = _read(spec, place, folder)
        values[place] = kept.get(place, {}) if found is None else {"plaintext": found}
    return values


def _read(spec: JsonObject, place: Place, folder: Path) -> str | None:
    """Return the secret that a place refers to; None if it is not there."""
    found = _PLACE.fullmatch(text(spec, *place.path))
    if found is None:
        return None
    how, where = found.groups()
    if how == "env":
        return os.environ.get(where)
    try:
        return (folder / Path(where).expanduser()).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _with(value: JsonObject, path: tuple[str, ...], new: Json) -> JsonObject:
    name, *others = path
    return {**value, name: _with(members(value, name), tuple(others), new) if others else new}
