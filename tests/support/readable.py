"""All that can be read: every list and every object of the OpenAPI document, with the filters of the lists, and what directories read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.matrix_bodies import NEEDED

_DOCUMENT: Any = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
OPERATIONS: Mapping[str, Any] = {
    path: methods["get"]
    for path, methods in _DOCUMENT["paths"].items()
    if "get" in methods and path.startswith("/api/")
}
_SCIM = "/api/blockyard/scim/v2"
DIRECTORIES: Mapping[str, Sequence[str]] = {
    f"{_SCIM}/Users": ('userName eq "nora"', 'externalId eq "1"'),
    f"{_SCIM}/Groups": ('displayName eq "Devs"', 'externalId eq "1"'),
}
"""The lists that directories read, which no document describes, with their filters."""

_NO_FILTERS = {"page", "size", "sort", "until", "oldestFirst", "includeAllPublished", "with", "before"}
_VALUES: Mapping[str, str] = {
    "versionNumber": "1",
    "targetRefKind": "meshWorkspace",
    "status": "SUCCEEDED",
    "kind": "meshPlatform",
    "/api/blockyard/v1/brakes kind": "STOP",
    "eventType": "Created",
    "from": "2026-01-01T00:00:00Z",
    "since": "2026-01-01T00:00:00Z",
    "tenantUuid": "meshtenants",
    "buildingBlockUuid": "meshbuildingblocks",
    "definitionUuid": "meshbuildingblockdefinitions",
    "managedByDefinitionUuid": "meshbuildingblockdefinitions",
    "buildingBlockDefinitionUuid": "meshbuildingblockdefinitions",
    "versionUuid": "meshbuildingblockdefinitionversions",
    "objectUuid": "meshbuildingblockdefinitions",
    "policyUuid": "policies",
    "platformUuid": "meshplatforms",
}
"""What filters, or those of one list, take that do not take any text, or the word for a thing of the matrix."""


def _parameters(path: str) -> Mapping[str, Any]:
    found = OPERATIONS[path].get("parameters", ()) if path in OPERATIONS else ()
    return {one["name"]: one["schema"] for one in found if one["in"] == "query"}


LISTS: Sequence[str] = [*(path for path in OPERATIONS if "page" in _parameters(path)), *DIRECTORIES]
READABLE: Sequence[str] = [*OPERATIONS, *DIRECTORIES, *(f"{path}/{{uuid}}" for path in DIRECTORIES)]


def media_of(path: str) -> str:
    """Return the media type of what is read."""
    if path.startswith(_SCIM):
        return "application/scim+json"
    return next(iter(OPERATIONS[path]["responses"]["200"].get("content", {})), "*/*")


def needed_by(path: str, things: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters without which nothing is read."""
    known = {**NEEDED, "with": things["runs"], "before": "1"}
    return {name: known[name] for name in _parameters(path) if name in known}


def first_page(path: str, size: int) -> Mapping[str, str]:
    """Return what asks for the first page of a list."""
    if path in DIRECTORIES:
        return {"count": str(size)}
    return {"size": str(size)} if path in LISTS else {}


def orders_of(path: str) -> Sequence[Mapping[str, str]]:
    """Return what asks for a list in each of its orders."""
    if "sort" not in _parameters(path):
        return [{}]
    return [{"sort": f"createdAt,{way}"} for way in ("asc", "desc")]


def filters_of(path: str, things: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each filter of a list with a value."""
    yield from (("filter", text) for text in DIRECTORIES.get(path, ()))
    for name, schema in _parameters(path).items():
        if name not in _NO_FILTERS:
            usual = "shop" if "orkspace" in name else _value(schema)
            value = _VALUES.get(f"{path} {name}") or _VALUES.get(name, usual)
            yield name, things.get(value, value)


def _value(schema: Any) -> str:  # Any: JSON schema
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return str(_DOCUMENT["components"]["schemas"][one["$ref"].rpartition("/")[2]]["enum"][0])
        if one.get("type") == "boolean":
            return "true"
    return "anything"
