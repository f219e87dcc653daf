"""Pages and links. Source: api.md 1.7."""

from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PROJECT, WORKSPACE
from blockyard.server.kit.hal import Links, link
from blockyard.server.kit.paging import Page, PageRequest

LINKS = Links("https://blockyard.test/prefix/")


def page(number: int, size: int, total: int) -> Page[JsonObject]:
    """Return a page with one item."""
    return Page([{"n": 1}] if total else [], total, PageRequest(number, size))


@pytest.mark.parametrize(
    ("number", "size", "limit", "offset"), [(0, 20, 20, 0), (3, 20, 20, 60), (2, 5000, 1000, 2000), (0, 1, 1, 0)]
)
def test_a_size_above_the_maximum_is_lowered(number: int, size: int, limit: int, offset: int) -> None:
    request = PageRequest(number, size)

    assert (request.limit, request.offset) == (limit, offset)


@pytest.mark.parametrize(("total", "size", "pages"), [(0, 20, 0), (1, 20, 1), (20, 20, 1), (21, 20, 2), (5, 9999, 1)])
def test_pages_are_counted_by_the_real_size(total: int, size: int, pages: int) -> None:
    assert page(0, size, total).pages == pages


@pytest.mark.parametrize(
    ("number", "relations"),
    [
        (0, {"self", "first", "last", "next"}),
        (1, {"self", "first", "last", "prev", "next"}),
        (2, {"self", "first", "last", "prev"}),
    ],
)
def test_links_lead_to_the_other_pages(number: int, relations: set[str]) -> None:
    document = LINKS.page_of(PROJECT, page(number, 10, 25), {})

    links = document["_links"]
    assert isinstance(links, dict)
    assert set(links) == relations
    assert document["page"] == {"size": 10, "totalElements": 25, "totalPages": 3, "number": number}


def test_an_empty_list_has_its_key_and_one_link() -> None:
    assert LINKS.page_of(PROJECT, page(0, 20, 0), {"a": "1 & 2"}) == {
        "_embedded": {"meshProjects": []},
        "_links": {
            "self": {"href": "https://blockyard.test/prefix/api/meshobjects/meshprojects?a=1+%26+2&page=0&size=20"}
        },
        "page": {"size": 20, "totalElements": 0, "totalPages": 0, "number": 0},
    }


def test_a_link_encodes_each_value_as_one_segment() -> None:
    base = "https://blockyard.test/prefix"

    assert LINKS.of(WORKSPACE, "a/b?c d") == f"{base}/api/meshobjects/meshworkspaces/a%2Fb%3Fc%20d"
    assert LINKS.of(PROJECT, "a.b", UUID(int=1)).endswith("/a.b/00000000-0000-0000-0000-000000000001")
    assert LINKS.own("runs", "ü", "log") == f"{base}/api/blockyard/v1/runs/%C3%BC/log"
    assert LINKS.to("a b", 1) == f"{base}/a%20b/1"
    assert link(LINKS.to()) == {"href": base}


def test_a_page_is_converted_item_by_item() -> None:
    converted = page(1, 10, 25).map(len)

    assert (list(converted.items), converted.total, converted.request.number) == ([1], 25, 1)
