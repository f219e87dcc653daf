"""Every list: sorted by creation, up to an instant, with a link to itself, empty or not; and no object as plain JSON."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.whole_server import Request, Tenancy, WholeServer

ROOT = Path(__file__).parents[2]
VERSIONS = "/api/meshobjects/meshbuildingblockdefinitionversions"
AS_JSON_TOO = {"/api/meshobjects/meshbuildingblockruns/{run_id}/logs"}
"""What is no object, and is answered as plain JSON to those who ask for that."""


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    return paths


def _parameters(operation: Any) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", ())}


LISTS = {
    path: item["get"]
    for path, item in _paths().items()
    if "get" in item and "page" in _parameters(item["get"]) and "{" not in path
}
"""The lists of things; what a thing has inside, such as the results of a job, comes in its order."""

OBJECTS = {
    path: item["get"] for path, item in _paths().items() if "get" in item and path.startswith("/api/meshobjects")
}


def ask(server: WholeServer, path: str, query: str) -> Any:
    """Return the answer of a list to the administrator."""
    media = next(iter(LISTS[path]["responses"]["200"]["content"]))
    return server.send(Request("GET", f"{path}?{query}", media=media))


def dates(document: Any) -> list[str]:
    """Return when the objects of a list were created, as far as they tell."""
    [items] = document["_embedded"].values()
    found = [item.get("createdAt") or item.get("metadata", {}).get("createdOn") for item in items]
    return [date for date in found if date]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_a_link_to_itself_and_its_objects(server: WholeServer, tenancy: Tenancy, path: str) -> None:
    del tenancy
    nothing = ask(server, path, "page=0&size=3&until=1990-01-01T00:00:00Z&unknown=x")

    assert nothing.status_code == 200, nothing.text
    document = nothing.json()
    assert [*document["_embedded"].values()] == [[]]
    assert document["page"] == {"size": 3, "totalElements": 0, "totalPages": 0, "number": 0}
    assert document["_links"]["self"]["href"].startswith(f"http://blockyard.test{path}?")
    assert "until=1990" in document["_links"]["self"]["href"]


@pytest.mark.parametrize("path", sorted(LISTS.keys() - {VERSIONS}))
def test_every_list_is_sorted_by_creation_where_that_is_asked_for(
    server: WholeServer, tenancy: Tenancy, path: str
) -> None:
    del tenancy
    newest, oldest = (ask(server, path, f"size=1000&sort=createdAt,{way}").json() for way in ("desc", "asc"))

    [ids, reverse] = [
        [json.dumps(item) for item in next(iter(found["_embedded"].values()))] for found in (newest, oldest)
    ]
    assert newest["page"]["totalElements"] == oldest["page"]["totalElements"] == len(ids)
    assert ids == reverse[::-1]
    assert dates(newest) == sorted(dates(newest), reverse=True)
    refused = ask(server, path, "sort=name,desc")
    assert (refused.status_code, refused.json()["field"]) == (400, "query/sort")


def test_versions_have_one_order_only(server: WholeServer, tenancy: Tenancy) -> None:
    del tenancy
    refused = ask(server, VERSIONS, "sort=createdAt,desc")

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "NotSortable")
    assert "sort" not in _parameters(LISTS[VERSIONS])


@pytest.mark.parametrize("path", sorted(OBJECTS.keys() - AS_JSON_TOO))
def test_no_object_is_answered_as_plain_json(server: WholeServer, tenancy: Tenancy, path: str) -> None:
    del tenancy
    address = re.sub(r"\{[^}]*}", "0f0f0f0f-0000-4000-8000-000000000000", path)
    answer = server.send(Request("GET", address, media="application/json"))

    assert (answer.status_code, answer.json()["errorCode"]) == (406, "NotAcceptable")
