"""What a state says exists: addresses, types and ids, no other value of anything."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.json_reader import load_large_json
from blockyard.server.tofu_state.model import MAX_ADDRESS, MAX_WORD, Resource

_PROVIDER = re.compile(r'provider\["([^"]+)"\]')
_REGISTRIES = ("registry.terraform.io/", "registry.opentofu.org/")


@dataclass(frozen=True, slots=True)
class Instance:
    """One thing that exists, with all its state says of it."""

    resource: Resource
    attributes: dict[str, Json]
    sensitive: frozenset[str]
    """Names of attributes that are sensitive, or have something in them that is."""


def resources_in(body: bytes) -> list[Resource] | None:
    """Return what a state says exists; None if nobody but its engine can read it. Slow for large ones: call it in a thread."""
    state = state_in(body)
    return None if state is None else [one.resource for one in instances_in(state)]


def state_in(body: bytes) -> dict[str, Json] | None:
    """Return a state as it is written; None if nobody but its engine can read it. Slow for large ones: call it in a thread."""
    try:
        state: object = load_large_json(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(state, dict) or "encrypted_data" in state:
        return None
    return state


def instances_in(state: dict[str, Json]) -> Iterator[Instance]:
    """Yield what a state says exists; data sources were read, not made."""
    for entry in objects_in(state.get("resources")):
        if entry.get("mode") == "managed":
            yield from _instances(entry)


def count_in(state: dict[str, Json]) -> int:
    """Return how many things a state says exist."""
    made = (entry for entry in objects_in(state.get("resources")) if entry.get("mode") == "managed")
    return sum(1 for entry in made for _ in objects_in(entry.get("instances")))


def objects_in(value: object) -> Iterator[dict[str, Json]]:
    """Yield the objects of a list."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _instances(entry: dict[str, Json]) -> Iterator[Instance]:
    type_, module = str(entry.get("type"))[:MAX_WORD], entry.get("module")
    name = str(entry.get("name"))
    begin = f"{module}." if isinstance(module, str) and module else ""
    provider = _provider(entry.get("provider"))
    for instance in objects_in(entry.get("instances")):
        key = instance.get("index_key")
        index = "" if key is None else f"[{json.dumps(key, ensure_ascii=False, default=str)}]"
        given = instance.get("attributes")
        attributes = given if isinstance(given, dict) else {}
        sensitive = frozenset(_sensitive(instance.get("sensitive_attributes")))
        id_ = attributes.get("id")
        known = isinstance(id_, str) and id_ != "" and "id" not in sensitive
        yield Instance(
            Resource(
                f"{begin}{type_}.{name}{index}"[:MAX_ADDRESS],
                type_,
                provider,
                name[:MAX_WORD],
                str(id_)[:MAX_WORD] if known else None,
            ),
            attributes,
            sensitive,
        )


def _provider(written: object) -> str:
    found = _PROVIDER.search(written) if isinstance(written, str) else None
    if found is None:
        return ""
    source = found.group(1)
    for registry in _REGISTRIES:
        source = source.removeprefix(registry)
    return source[:MAX_WORD]


def _sensitive(paths: object) -> Iterator[str]:
    """Yield the first step of each sensitive path: a part of an attribute hides all of it."""
    for path in paths if isinstance(paths, list) else ():
        step = next(objects_in(path), None)
        if step is not None and isinstance(step.get("value"), str):
            yield str(step["value"])
