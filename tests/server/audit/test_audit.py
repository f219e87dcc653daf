"""Reading the event log over HTTP."""

import pytest

from tests.support.tenancy import PROJECT, Tenancy

pytestmark = pytest.mark.anyio
PATH = "/api/blockyard/v1/events"


@pytest.fixture(autouse=True)
async def _history(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    for workspace in ("shop", "bank"):
        tenancy.clock.advance(3600)
        admin = tenancy.admin()
        project = {"metadata": {"name": "dev", "ownedByWorkspace": workspace}, "spec": {"displayName": "Dev"}}
        await admin.post("/api/meshobjects/meshprojects", json=project, headers=PROJECT)


async def titles(tenancy: Tenancy, query: str = "", *codes: str, workspace: str = "admin") -> list[str]:
    """Return the titles a key sees."""
    answer = await tenancy.key(workspace, *codes).get(f"{PATH}{query}")
    assert answer.status_code == 200, answer.text
    return [event["title"] for event in answer.json()["_embedded"]["events"]]


async def test_an_event_tells_who_did_what_when_to_which_thing(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().get(f"{PATH}?title=Project Created&workspaceIdentifier=bank")

    [event] = answer.json()["_embedded"]["events"]
    assert event == {
        "uuid": event["uuid"],
        "at": "2026-01-01T14:00:00Z",
        "title": "Project Created",
        "type": "Created",
        "author": event["author"],
        "workspaceIdentifier": "bank",
        "subject": {"kind": "meshProject", "identifier": "bank.dev"},
        "description": "",
        "content": {
            "displayName": "Dev",
            "tags": {},
            "paymentMethodIdentifier": None,
            "substitutePaymentMethodIdentifier": None,
        },
        "previousContent": None,
    }
    assert event["author"]["type"] == "ApiKey"


async def test_a_workspace_sees_its_own_events_only(tenancy: Tenancy) -> None:
    own = await titles(tenancy, "", "EVENTLOG_LIST", workspace="shop")

    assert own == ["API Key Created", "Project Created", "Workspace Created"]
    foreign = await titles(tenancy, "?workspaceIdentifier=bank", "EVENTLOG_LIST", workspace="shop")
    assert foreign == []


async def test_an_administrator_and_an_auditor_see_everything(tenancy: Tenancy) -> None:
    assert (await titles(tenancy, "", "ADM_EVENTLOG_LIST")).count("Project Created") == 2


async def test_without_the_permission_nothing_is_shown(tenancy: Tenancy) -> None:
    assert (await tenancy.key("shop", "PROJECT_LIST").get(PATH)).status_code == 403
    assert (await tenancy.person("jane").get(PATH)).json()["_embedded"] == {"events": []}
    assert (await tenancy.client.get(PATH)).status_code == 401


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?title=Project Created", 2),
        ("?title=Project Created&title=Workspace Created", 5),
        ("?title=Project Created&excludedTitle=Project Created", 0),
        ("?type=Created&subjectKind=meshProject", 2),
        ("?subject=shop.dev", 1),
        ("?title=Project Created&since=2026-01-01T14:00:00Z", 1),
        ("?title=Project Created&until=2026-01-01T14:00:00Z", 1),
        ("?title=Project Created&since=2026-01-01T15:00:00%2B01:00", 1),
        ("?author=nobody", 0),
        ("?title=Project Created&title=&excludedTitle=&author=&type=&since=&until=&subject=&subjectKind=", 2),
        ("?title=&workspaceIdentifier=&subject=shop.dev", 1),
    ],
)
async def test_filters_narrow_the_list(tenancy: Tenancy, query: str, count: int) -> None:
    assert len(await titles(tenancy, query)) == count


@pytest.mark.parametrize(
    "query",
    [
        "?since=yesterday",
        "?since=2026-01-01T14:00:00",
        "?type=Exploded",
        "?page=-1",
        "?size=0",
        "?size=x",
        "?author=" + "x" * 256,
        "?author=%00",
        "?" + "&".join(["title=x"] * 51),
        "?until=99999-01-01T00:00:00Z",
    ],
)
@pytest.mark.one_database
async def test_a_bad_filter_is_refused(tenancy: Tenancy, query: str) -> None:
    answer = await tenancy.admin().get(f"{PATH}{query}")

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "InvalidRequest"


async def test_the_earliest_instant_is_no_accident(tenancy: Tenancy) -> None:
    assert (await tenancy.admin().get(f"{PATH}?until=0001-01-01T00:00:00Z")).status_code == 200
    assert (await tenancy.admin().get(f"{PATH}?since=0001-01-01T00:00:00%2B23:00")).status_code == 200
    assert (await tenancy.admin().get(f"{PATH}?until=9999-12-31T23:59:59-23:00")).status_code == 200


async def test_the_list_goes_back_a_month_unless_asked_otherwise(tenancy: Tenancy) -> None:
    tenancy.clock.advance(32 * 24 * 3600)

    assert await titles(tenancy, "?title=Project Created") == []
    assert len(await titles(tenancy, "?title=Project Created&since=2025-12-01T00:00:00Z")) == 2
    assert len(await titles(tenancy, "?title=Project Created&until=2026-01-02T00:00:00Z")) == 2


async def test_links_to_other_pages_keep_the_filters(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().get(f"{PATH}?title=Project Created&title=Workspace Created&size=2")

    following = answer.json()["_links"]["next"]["href"]
    assert following.endswith("?title=Project+Created&title=Workspace+Created&page=1&size=2")
    assert (await tenancy.admin().get(following)).json()["page"]["number"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-11-01",
        "until=2026-11-01T12:00:00",
        "since=soon",
        "until=2026-13-01T12:00:00Z",
        "since=1767268800",
        "until=-1.5",
    ],
)
@pytest.mark.one_database
async def test_a_time_that_is_not_one_is_refused_with_the_form_it_has(tenancy: Tenancy, query: str) -> None:
    answer = await tenancy.admin().get(f"{PATH}?{query}")

    name = query.partition("=")[0]
    assert (answer.status_code, answer.json()["field"]) == (400, f"query/{name}")
    assert answer.json()["message"] == f"query/{name} must be a time with its zone, such as 2026-12-31T12:00:00Z"
