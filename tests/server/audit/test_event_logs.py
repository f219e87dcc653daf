"""The event log of the meshObject API. Source: api.md 3.21."""

from typing import Any
from uuid import uuid4

import pytest

from blockyard.protocol.kinds import EVENT_LOG
from blockyard.server.events.model import EventType
from tests.support.tenancy import PROJECT, Tenancy, vendor

pytestmark = pytest.mark.anyio
PATH = EVENT_LOG.collection
ACCEPT = vendor(EVENT_LOG.media)


def a_project(name: str) -> Any:
    return {"metadata": {"name": "dev", "ownedByWorkspace": "shop"}, "spec": {"displayName": name}}


@pytest.fixture(autouse=True)
async def _history(tenancy: Tenancy) -> None:
    for workspace in ("shop", "bank"):
        tenancy.workspace(workspace)
    tenancy.clock.advance(3600)
    admin = tenancy.admin()
    await admin.post("/api/meshobjects/meshprojects", json=a_project("Dev"), headers=PROJECT)
    tenancy.clock.advance(3600)
    jane = tenancy.user("jane").author
    tenancy.db.write_now(
        lambda tx: tenancy.events.append(
            tx,
            jane,
            "X",
            EventType.CREATED,
            workspace=None,
            subject_kind="k",
            subject_id="s",
            description="forty% of all",
        )
    )
    await tenancy.admin().put("/api/meshobjects/meshprojects/shop.dev", json=a_project("Development"), headers=PROJECT)


async def listed(tenancy: Tenancy, query: str = "", *codes: str, workspace: str = "admin") -> list[Any]:
    """Return the events a key sees."""
    answer = await tenancy.key(workspace, *codes).get(f"{PATH}{query}", headers=ACCEPT)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["_embedded"]["meshEventLogs"]
    return items


def titles(events: list[Any]) -> list[str]:
    return [event["spec"]["title"] for event in events]


async def test_an_event_tells_who_did_what_when_and_what_was_before(tenancy: Tenancy) -> None:
    [event] = await listed(tenancy, "?title=Project Modified")

    content: dict[str, Any] = {"tags": {}, "paymentMethodIdentifier": None, "substitutePaymentMethodIdentifier": None}
    assert event == {
        "apiVersion": "v1",
        "kind": "meshEventLog",
        "metadata": {"uuid": event["metadata"]["uuid"]},
        "spec": {
            "title": "Project Modified",
            "description": "",
            "eventType": "Changed",
            "workspaceRef": {"kind": "meshWorkspace", "name": "shop"},
            "content": {"displayName": "Development", **content},
            "previousContent": {"displayName": "Dev", **content},
        },
        "status": {
            "created": {
                "timestamp": "2026-01-01T14:00:00Z",
                "author": {
                    "type": "ApiKey",
                    "identifier": event["status"]["created"]["author"]["identifier"],
                    "displayName": "key of admin",
                    "username": None,
                    "email": None,
                    "euid": None,
                },
            }
        },
        "_links": {"self": {"href": f"http://blockyard.test{PATH}/{event['metadata']['uuid']}"}},
    }
    read = await tenancy.admin().get(event["_links"]["self"]["href"], headers=ACCEPT)
    assert (read.headers["content-type"], read.json()) == (EVENT_LOG.media, event)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?title=Project Created", 1),
        ("?title=Project Created&title=Project Modified", 2),
        ("?workspaceIdentifier=shop&excludeTitle=Project Created&excludeTitle=API Key Created", 2),
        ("?eventType=Changed", 1),
        ("?eventType=CHANGED", 0),
        ("?eventType=Exploded", 0),
        ("?title=Project Created&authorType=ApiKey", 1),
        ("?title=Project Created&authorType=User", 0),
        ("?authorIdentifier=nobody", 0),
        ("?workspaceIdentifier=shop&title=Project Created", 1),
        ("?workspaceName=shop&title=Project Created", 1),
        ("?workspaceName=shop&workspaceIdentifier=shop&title=Project Created", 1),
        ("?workspaceName=shop&workspaceIdentifier=bank", 0),
        ("?workspaceIdentifier=nowhere", 0),
        ("?title=Project Created&from=2026-01-01T13:00:00Z", 1),
        ("?title=Project Created&from=2026-01-01T13:00:01Z", 0),
        ("?title=Project Created&until=2026-01-01T13:00:00Z", 0),
        ("?description=FORTY%25", 1),
        ("?description=_", 0),
        ("?title=&excludeTitle=&eventType=Changed", 1),
        ("?eventType=&authorType=&description=&title=Project Created", 1),
    ],
)
async def test_filters_narrow_the_list(tenancy: Tenancy, query: str, count: int) -> None:
    assert len(await listed(tenancy, query)) == count


async def test_the_newest_comes_first_unless_asked_otherwise(tenancy: Tenancy) -> None:
    query = "?title=Project Created&title=Project Modified"

    assert titles(await listed(tenancy, query)) == ["Project Modified", "Project Created"]
    assert titles(await listed(tenancy, f"{query}&sort=createdAt,asc")) == ["Project Created", "Project Modified"]
    assert titles(await listed(tenancy, f"{query}&sort=createdAt,desc&size=1&page=1")) == ["Project Created"]


async def test_a_workspace_reads_its_own_events_only(tenancy: Tenancy) -> None:
    [foreign] = await listed(tenancy, "?title=Project Created")
    path = f"{PATH}/{foreign['metadata']['uuid']}"
    own, other = tenancy.key("shop", "EVENTLOG_LIST"), tenancy.key("bank", "EVENTLOG_LIST")
    unable = tenancy.key("shop", "PROJECT_LIST")

    assert "Project Created" in titles(await listed(tenancy, "", "EVENTLOG_LIST", workspace="shop"))
    assert "Project Created" not in titles(await listed(tenancy, "", "EVENTLOG_LIST", workspace="bank"))
    statuses = [(await client.get(path, headers=ACCEPT)).status_code for client in (own, other, unable, tenancy.client)]
    assert statuses == [200, 404, 404, 401]
    assert (await unable.get(PATH, headers=ACCEPT)).status_code == 403
    assert (await own.get(f"{PATH}/{uuid4()}", headers=ACCEPT)).status_code == 404


async def test_what_happened_in_no_workspace_is_for_administrators(tenancy: Tenancy) -> None:
    [created] = await listed(tenancy, "?title=User Created")

    assert created["spec"]["workspaceRef"] is None
    path = f"{PATH}/{created['metadata']['uuid']}"
    assert (await tenancy.key("shop", "EVENTLOG_LIST").get(path, headers=ACCEPT)).status_code == 404
    assert (await tenancy.key("shop", "ADM_EVENTLOG_LIST").get(path, headers=ACCEPT)).status_code == 200


@pytest.mark.one_database
@pytest.mark.parametrize("query", ["?from=yesterday", "?until=2026-01-01", "?sort=title,asc", "?page=-1"])
async def test_a_bad_filter_is_refused(tenancy: Tenancy, query: str) -> None:
    answer = await tenancy.admin().get(f"{PATH}{query}", headers=ACCEPT)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidRequest")
