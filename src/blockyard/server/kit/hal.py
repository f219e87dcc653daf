"""Links between resources, under the public base URL of the installation. Source: api.md 1.7."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import OWN, Kind
from blockyard.server.kit.paging import Page

Query = Mapping[str, str | Sequence[str]]
"""The filters of a list; one that is given several times has several values."""


class Links:
    """Knows the public base URL (no trailing slash); every segment of a path is percent-encoded."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    def to(self, *segments: object) -> str:
        """Return the absolute URL of a path."""
        return "/".join((self.base_url, *(quote(str(segment), safe="") for segment in segments)))

    def of(self, kind: Kind, *segments: object) -> str:
        """Return the absolute URL of an object, or of what is below it."""
        return self.base_url + kind.path(*segments)

    def own(self, *segments: object) -> str:
        """Return the absolute URL of something in Blockyard's own interface."""
        return self.base_url + "/".join((OWN, *(quote(str(segment), safe="") for segment in segments)))

    def page_of(self, kind: Kind, page: Page[JsonObject], query: Query) -> JsonObject:
        """Return the HAL document of a list of objects of one kind."""
        return page_at(self.of(kind), kind.plural, page, query)


def link(url: str) -> JsonObject:
    """Return a HAL link object."""
    return {"href": url}


def page_at(address: str, embedded: str, page: Page[JsonObject], query: Query) -> JsonObject:
    """Return the HAL document of a list: always with `embedded`, and with links to other pages if there are any."""
    number, size, pages = page.request.number, page.request.limit, page.pages
    filters = {name: value for name, value in query.items() if name not in {"page", "size"}}

    def at(number: int) -> JsonObject:
        return {"href": f"{address}?{urlencode({**filters, 'page': number, 'size': size}, doseq=True)}"}

    targets = {"self": number}
    if pages > 1:
        targets |= {"first": 0, "last": pages - 1}
        targets |= {"prev": number - 1} if number > 0 else {}
        targets |= {"next": number + 1} if number < pages - 1 else {}
    items: list[Json] = list(page.items)
    return {
        "_embedded": {embedded: items},
        "_links": {rel: at(target) for rel, target in targets.items()},
        "page": {"size": size, "totalElements": page.total, "totalPages": pages, "number": number},
    }
