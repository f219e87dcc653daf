"""The end of bindings: by their last day, with their person, by a lock. Source: concepts.md 2.2, 6.3."""

from typing import Any

import httpx2
import pytest

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.database import Transaction
from tests.support.tenancy import USER_BINDING, Tenancy

pytestmark = pytest.mark.anyio
USERS = "/api/meshobjects/meshworkspacebindings/userbindings"
ACCOUNTS = "/api/blockyard/v1/users"
DAY = 24 * 3600


class Heard:
    """Listens to the people of workspaces."""

    def __init__(self, tenancy: Tenancy) -> None:
        self.of: list[str] = []
        tenancy.services.bindings._people.listeners.append(self)

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Note it."""
        del tx
        self.of.append(workspace)


async def bind(tenancy: Tenancy, name: str, subject: str, last_day: str | None, workspace: str = "shop") -> None:
    """Make somebody a member until the end of a day."""
    sent: dict[str, Any] = {
        "metadata": {"name": name},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": workspace},
        "subject": {"name": subject},
        "expiryDate": last_day,
    }
    assert (await tenancy.admin().post(USERS, json=sent, headers=USER_BINDING)).status_code == 201


def people(tenancy: Tenancy) -> list[object]:
    """Return the usernames of the people of the workspace."""
    found = tenancy.db.read_now(lambda tx: tenancy.workspaces.people_of(tx, "shop"))
    return [person["username"] for person in found]


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    for name in ("jane", "joe"):
        tenancy.user(name)


async def test_an_end_by_the_date_has_the_effects_of_a_deletion_exactly_once(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", "2026-01-01")
    await bind(tenancy, "jane-bank", "jane", "2026-01-01", "bank")
    await bind(tenancy, "joe", "joe", "2026-01-02")
    heard, end_due = Heard(tenancy), tenancy.bindings.end_due
    assert tenancy.db.write_now(end_due) == 0

    tenancy.clock.advance(12 * 3600)

    assert people(tenancy) == ["joe"]
    assert heard.of == []
    assert [tenancy.db.write_now(end_due), tenancy.db.write_now(end_due)] == [2, 0]
    assert sorted(heard.of) == ["bank", "shop"]
    assert tenancy.titles().count("Workspace User Binding Expired") == 2
    assert (await tenancy.admin().get(f"{USERS}/jane", headers=USER_BINDING)).json()["expiryDate"] == "2026-01-01"
    tenancy.clock.advance(DAY)
    assert tenancy.db.write_now(end_due) == 1
    assert people(tenancy) == []


async def test_an_end_that_could_not_be_written_is_told_by_the_next_round(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", "2026-01-01")
    tenancy.clock.advance(DAY)
    heard = Heard(tenancy)

    def crash(tx: Transaction) -> None:
        assert tenancy.bindings.end_due(tx) == 1
        raise RuntimeError("the server died")

    with pytest.raises(RuntimeError):
        tenancy.db.write_now(crash)
    assert tenancy.titles().count("Workspace User Binding Expired") == 0
    assert tenancy.db.write_now(tenancy.bindings.end_due) == 1

    assert tenancy.titles().count("Workspace User Binding Expired") == 1
    assert heard.of == ["shop", "shop"]


async def test_an_end_that_takes_nobody_away_is_no_news(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", "2026-01-01")
    await bind(tenancy, "jane-for-good", "jane", None)
    heard = Heard(tenancy)
    tenancy.clock.advance(DAY)

    assert tenancy.db.write_now(tenancy.bindings.end_due) == 1

    assert heard.of == []


async def test_a_deleted_person_loses_all_roles_and_a_new_one_of_that_name_has_none(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", None)
    heard, admin, jane = Heard(tenancy), tenancy.admin(), tenancy.user("jane")
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "devs", "Devs", ["jane", "joe"]))

    assert (await admin.delete(f"{ACCOUNTS}/{jane.id}")).status_code == 204

    assert heard.of == ["shop"]
    assert (await admin.get(f"{USERS}/jane", headers=USER_BINDING)).status_code == 404
    assert tenancy.db.read_now(lambda tx: tenancy.groups.usernames(tx, ["devs"])) == {"devs": ["joe"]}
    assert tenancy.titles()[-2:] == ["Workspace User Binding Removed", "User Deleted"]
    tenancy.user("jane")
    assert people(tenancy) == []
    assert (await admin.delete(f"{ACCOUNTS}/{jane.id}")).status_code == 204
    assert (await tenancy.key("admin", "ADM_USER_SAVE").delete(f"{ACCOUNTS}/{jane.id}")).status_code == 403


async def test_who_is_locked_is_not_among_the_people(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", None)
    heard, admin, jane = Heard(tenancy), tenancy.admin(), tenancy.user("jane")

    await admin.put(f"{ACCOUNTS}/{jane.id}/lock", json={"disabled": True})
    assert (people(tenancy), heard.of) == ([], ["shop"])
    await admin.put(f"{ACCOUNTS}/{jane.id}/lock", json={"disabled": False})
    assert (people(tenancy), heard.of) == (["jane"], ["shop"] * 2)
    profile = {"firstName": "J", "lastName": "R", "email": "other@x.test", "euid": "7"}
    changed = await admin.put(f"{ACCOUNTS}/{jane.id}", json=profile)

    assert changed.json() == (await admin.get(f"{ACCOUNTS}/{jane.id}")).json()
    assert (changed.json()["email"], changed.json()["euid"], heard.of) == ("other@x.test", "7", ["shop"] * 3)
    taken = await admin.put(f"{ACCOUNTS}/{jane.id}", json=profile | {"email": "JOE@x.test"})
    assert (taken.status_code, taken.json()["errorCode"]) == (409, "EmailTaken")


async def change_end(client: httpx2.AsyncClient, name: str, day: str | None, kind: str = "User") -> httpx2.Response:
    """Let a role end on another day."""
    body = {"kind": f"meshWorkspace{kind}Binding", "name": name, "expiryDate": day}
    return await client.put("/api/blockyard/v1/binding-ends", json=body)


async def test_a_role_ends_on_another_day_which_is_no_news_of_people(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", "2026-01-02")
    tenancy.member("shop", "joe", WorkspaceRole.MANAGER)
    heard, joe = Heard(tenancy), tenancy.person("joe")

    later = await change_end(joe, "jane", "2026-02-01")
    same = await change_end(joe, "jane", "2026-02-01")
    for_good = await change_end(joe, "jane", None)

    assert [(answer.status_code, answer.json().get("expiryDate")) for answer in (later, same, for_good)] == [
        (200, "2026-02-01"),
        (200, "2026-02-01"),
        (200, None),
    ]
    assert heard.of == []
    assert tenancy.titles()[-2:] == ["Workspace User Binding Modified"] * 2
    tenancy.clock.advance(2 * DAY)
    assert "jane" in people(tenancy)


async def test_a_role_that_has_ended_is_given_anew_and_no_day_of_the_past_is_taken(tenancy: Tenancy) -> None:
    await bind(tenancy, "jane", "jane", "2026-01-02")
    past = await change_end(tenancy.admin(), "jane", "2025-12-31")
    tenancy.clock.advance(2 * DAY)

    over = await change_end(tenancy.admin(), "jane", "2026-03-01")

    assert (past.status_code, past.json()["errorCode"]) == (400, "PastExpiryDate")
    assert (over.status_code, over.json()["errorCode"]) == (409, "RoleEnded")
    assert "jane" not in people(tenancy)


async def test_the_last_owner_gets_no_end_and_who_may_not_give_a_role_does_not_lengthen_it(tenancy: Tenancy) -> None:
    tenancy.member("shop", "jane", WorkspaceRole.OWNER)
    tenancy.member("shop", "joe", WorkspaceRole.MANAGER)
    for name, workspace in (("kim", "bank"), ("lee", "shop")):
        tenancy.user(name)
        tenancy.member(workspace, name)

    last = await change_end(tenancy.person("jane"), "jane-shop", "2026-02-01")
    by_manager = await change_end(tenancy.person("joe"), "jane-shop", "2026-02-01")
    by_member = await change_end(tenancy.person("lee"), "joe-shop", None)
    outside = await change_end(tenancy.person("kim"), "joe-shop", None)
    nowhere = await change_end(tenancy.person("joe"), "nobody", None)
    kindless = await change_end(tenancy.person("joe"), "joe-shop", None, kind="Other")

    assert last.status_code == 409
    assert by_manager.status_code == by_member.status_code == 403
    assert outside.status_code == nowhere.status_code == 404
    assert kindless.status_code == 400
