"""Links between resources: one table of URL templates, filled under the public base URL. Source: api.md 1.7, runner.md 1.5.4."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import Kind
from blockyard.server.kit.paging import Page

_OBJECTS = "/api/meshobjects"
_OWN = "/api/blockyard/v1"

TEMPLATES: Mapping[str, str] = {
    "base": "",
    "workspace": _OBJECTS + "/meshworkspaces/{name}",
    "workspace_user_binding": _OBJECTS + "/meshworkspacebindings/userbindings/{name}",
    "workspace_group_binding": _OBJECTS + "/meshworkspacebindings/groupbindings/{name}",
    "api_key": _OBJECTS + "/meshapikeys/{uuid}",
    "runner": _OBJECTS + "/meshbuildingblockrunners/{uuid}",
    "runners": _OBJECTS + "/meshbuildingblockrunners",
    "integration": _OBJECTS + "/meshintegrations/{uuid}",
    "integrations": _OBJECTS + "/meshintegrations",
    "definition": _OBJECTS + "/meshbuildingblockdefinitions/{uuid}",
    "definitions": _OBJECTS + "/meshbuildingblockdefinitions",
    "version": _OBJECTS + "/meshbuildingblockdefinitionversions/{uuid}",
    "versions": _OBJECTS + "/meshbuildingblockdefinitionversions",
    "block": _OBJECTS + "/meshbuildingblocks/{uuid}",
    "blocks": _OBJECTS + "/meshbuildingblocks",
    "run": _OBJECTS + "/meshbuildingblockruns/{uuid}",
    "runs": _OBJECTS + "/meshbuildingblockruns",
    "run_logs": _OBJECTS + "/meshbuildingblockruns/{uuid}/logs",
    "register_source": _OBJECTS + "/meshbuildingblockruns/{uuid}/status/source",
    "update_source": _OBJECTS + "/meshbuildingblockruns/{uuid}/status/source/{{sourceId}}",
    "plan_artifact": _OBJECTS + "/meshbuildingblockruns/{uuid}/planartifact",
    "run_log_upload": _OWN + "/runs/{uuid}/log",
    "run_heartbeat": _OWN + "/runs/{uuid}/heartbeat",
    "run_release": _OWN + "/runs/{uuid}/release",
    "block_list": _OWN + "/blocks",
    "own_runs": _OWN + "/runs",
    "block_detail": _OWN + "/blocks/{uuid}",
    "block_events": _OWN + "/blocks/{uuid}/events",
    "run_page": "/runs/{uuid}",
    "block_page": "/blocks/{uuid}",
    "users": _OWN + "/users",
    "events": _OWN + "/events",
    "workspaces": _OWN + "/workspaces",
    "state": "/api/terraform/state/workspace/{workspace}/buildingBlock/{uuid}",
}

Query = Mapping[str, str | Sequence[str]]
"""The filters of a list; one that is given several times has several values."""


class Links:
    """Fills the templates under one public base URL (no trailing slash)."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    def href(self, name: str, /, **values: object) -> str:
        """Return the absolute URL of the resource `name`; values are percent-encoded as path segments."""
        encoded = {key: quote(str(value), safe="") for key, value in values.items()}
        return self.base_url + TEMPLATES[name].format(**encoded)

    def of(self, kind: Kind, key: object) -> str:
        """Return the absolute URL of an object."""
        return self.base_url + kind.path(key)

    def page_of(self, kind: Kind, page: Page[JsonObject], query: Query) -> JsonObject:
        """Return the HAL document of a list of objects of one kind."""
        return _page(self.base_url + kind.collection, kind.plural, page, query)

    def link(self, name: str, /, **values: object) -> JsonObject:
        """Return a HAL link object."""
        return {"href": self.href(name, **values)}

    def collection(self, name: str, embedded: str, page: Page[JsonObject], query: Query) -> JsonObject:
        """Return the HAL document of a list: always with `embedded`, and with links to other pages if there are any."""
        return _page(self.href(name), embedded, page, query)


def _page(address: str, embedded: str, page: Page[JsonObject], query: Query) -> JsonObject:
    number, size, pages = page.request.number, page.request.limit, page.pages
    filters = {name: value for name, value in query.items() if name not in {"page", "size"}}

    def link(number: int) -> JsonObject:
        return {"href": f"{address}?{urlencode({**filters, 'page': number, 'size': size}, doseq=True)}"}

    targets = {"self": number}
    if pages > 1:
        targets |= {"first": 0, "last": pages - 1}
        targets |= {"prev": number - 1} if number > 0 else {}
        targets |= {"next": number + 1} if number < pages - 1 else {}
    items: list[Json] = list(page.items)
    return {
        "_embedded": {embedded: items},
        "_links": {rel: link(target) for rel, target in targets.items()},
        "page": {"size": size, "totalElements": page.total, "totalPages": pages, "number": number},
    }
