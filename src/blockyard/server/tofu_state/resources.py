"""What a state says exists: addresses and types, no value of anything."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.json_reader import load_large_json


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that a module has made."""

    address: str
    type: str


def resources_in(body: bytes) -> list[Resource] | None:
    """Return what a state says exists; None if nobody but its engine can read it. Slow for large ones: call it in a thread."""
    try:
        state: object = load_large_json(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(state, dict) or "encrypted_data" in state:
        return None
    return [resource for entry in _objects(state.get("resources")) for resource in _instances(entry)]


def _instances(entry: dict[str, Json]) -> Iterator[Resource]:
    """Yield the instances of a resource; data sources were read, not made."""
    if entry.get("mode") != "managed":
        return
    type_, module = str(entry.get("type")), entry.get("module")
    begin = f"{module}." if isinstance(module, str) and module else ""
    for instance in _objects(entry.get("instances")):
        key = instance.get("index_key")
        index = "" if key is None else f"[{json.dumps(key, ensure_ascii=False, default=str)}]"
        yield Resource(f"{begin}{type_}.{entry.get('name')}{index}", type_)


def _objects(value: object) -> Iterator[dict[str, Json]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
