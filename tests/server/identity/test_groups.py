"""Groups of people, and what their members may do. Source: concepts.md 2.1."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx2
import pytest

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.permissions import codes_of_roles
from blockyard.server.kit.database import Transaction
from tests.support.principals import ADMINISTRATOR
from tests.support.tenancy import GROUP_BINDING, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
GROUPS = "/api/blockyard/v1/groups"
_PATIENCE_SECONDS = 20.0
BINDINGS = "/api/meshobjects/meshworkspacebindings/groupbindings"
SHOP = "/api/meshobjects/meshworkspaces/shop"


def a_group(name: str = "devs", *members: str, workspace: str | None = None) -> dict[str, Any]:
    """Return a request for a group."""
    return {"name": name, "displayName": name.title(), "workspaceIdentifier": workspace, "members": [*members]}


async def bind(
    client: httpx2.AsyncClient, group: str, role: str = "Member", workspace: str = "shop"
) -> httpx2.Response:
    """Give a group a role in a workspace."""
    sent = {
        "metadata": {"name": f"{group}-{workspace}"},
        "roleRef": {"name": f"Workspace {role}"},
        "targetRef": {"name": workspace},
        "subject": {"name": group},
    }
    return await client.post(BINDINGS, json=sent, headers=GROUP_BINDING)


class Heard:
    """Listens to the people of workspaces."""

    def __init__(self, tenancy: Tenancy) -> None:
        self.of: list[str] = []
        tenancy.services.bindings._people.listeners.append(self)

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Note it."""
        del tx
        self.of.append(workspace)


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    for name in ("jane", "joe", "ann"):
        tenancy.user(name)


async def test_a_group_is_made_shown_changed_listed_and_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    made = await admin.post(GROUPS, json=a_group("devs", "joe", "ann"))

    assert made.status_code == 201
    shown = a_group("devs", "ann", "joe") | {"uuid": made.json()["uuid"], "createdOn": "2026-01-01T12:00:00Z"}
    assert made.json() == shown
    assert (await admin.get(f"{GROUPS}/devs")).json() == shown
    listed = (await admin.get(GROUPS)).json()["_embedded"]["groups"]
    assert listed == [{key: value for key, value in shown.items() if key != "members"}]
    assert (await admin.post(GROUPS, json=a_group())).status_code == 409
    changed = await admin.put(f"{GROUPS}/devs", json={"displayName": "Developers", "members": ["jane"]})
    assert changed.json() == shown | {"displayName": "Developers", "members": ["jane"]}
    assert (await admin.put(f"{GROUPS}/devs/members/joe")).status_code == 204
    assert (await admin.put(f"{GROUPS}/devs/members/joe")).status_code == 204
    assert (await admin.delete(f"{GROUPS}/devs/members/jane")).status_code == 204
    assert (await admin.get(f"{GROUPS}/devs")).json()["members"] == ["joe"]
    assert (await admin.delete(f"{GROUPS}/devs")).status_code == 204
    assert (await admin.delete(f"{GROUPS}/devs")).status_code == 204
    assert (await admin.get(f"{GROUPS}/devs")).status_code == 404
    members = "Group Members Modified"
    told = ["Group Created", members, "Group Modified", members, members, members, "Group Deleted"]
    assert tenancy.titles()[-7:] == told


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"name": "a/b"}, 400, "/name"),
        ({"displayName": " "}, 400, "/displayName"),
        ({"members": ["nobody"]}, 400, "/members"),
        ({"members": "joe"}, 400, "/members"),
        ({"workspaceIdentifier": "nowhere"}, 404, "/metadata/ownedByWorkspace"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_group_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await tenancy.admin().post(GROUPS, json=a_group() | change)

    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_a_workspace_manages_its_own_groups_and_sees_those_of_the_installation(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(GROUPS, json=a_group("all", "jane"))
    await admin.post(GROUPS, json=a_group("bankers", "joe", workspace="bank"))
    manager = tenancy.key("shop", *codes_of_roles([WorkspaceRole.MANAGER]))

    assert (await manager.post(GROUPS, json=a_group("shoppers", "ann", workspace="shop"))).status_code == 201
    assert (await manager.post(GROUPS, json=a_group("more"))).status_code == 403
    assert (await manager.post(GROUPS, json=a_group("more", workspace="bank"))).status_code == 403
    listed = (await manager.get(GROUPS)).json()["_embedded"]["groups"]
    assert [group["name"] for group in listed] == ["all", "shoppers"]
    filtered = (await manager.get(f"{GROUPS}?workspaceIdentifier=shop")).json()["_embedded"]["groups"]
    assert [group["name"] for group in filtered] == ["shoppers"]
    assert (await manager.get(f"{GROUPS}/all")).json()["members"] is None
    assert (await manager.get(f"{GROUPS}/shoppers")).json()["members"] == ["ann"]
    assert (await manager.get(f"{GROUPS}/bankers")).status_code == 404
    assert (await manager.delete(f"{GROUPS}/bankers")).status_code == 404
    assert (await manager.put(f"{GROUPS}/all/members/ann")).status_code == 403
    assert (await tenancy.key("shop", "PROJECT_LIST").get(GROUPS)).status_code == 403


async def test_a_group_of_a_workspace_is_bound_there_alone(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(GROUPS, json=a_group("bankers", "joe", workspace="bank"))

    assert (await bind(admin, "bankers")).status_code == 422
    assert (await bind(admin, "bankers", workspace="bank")).status_code == 201


async def test_members_have_the_roles_of_their_group_until_they_leave_it(tenancy: Tenancy) -> None:
    admin, heard = tenancy.admin(), Heard(tenancy)
    await admin.post(GROUPS, json=a_group("devs", "joe"))
    await bind(admin, "devs")
    assert heard.of == ["shop"]

    await admin.put(f"{GROUPS}/devs/members/jane")
    assert heard.of == ["shop"] * 2
    assert (await tenancy.person("jane").get(SHOP, headers=WORKSPACE)).status_code == 200
    await admin.put(f"{GROUPS}/devs/members/jane")
    assert heard.of == ["shop"] * 2
    await admin.delete(f"{GROUPS}/devs")

    assert (await tenancy.person("jane").get(SHOP, headers=WORKSPACE)).status_code == 404
    assert (await admin.get(f"{BINDINGS}/devs-shop", headers=GROUP_BINDING)).status_code == 404
    assert heard.of == ["shop"] * 3


async def test_nobody_puts_themselves_into_a_stronger_group(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(GROUPS, json=a_group("leads", "joe", workspace="shop"))
    assert (await bind(admin, "leads", "Manager")).status_code == 201
    weak = tenancy.key("shop", "WORKSPACEPRINCIPALBINDING_SAVE", "WORKSPACEUSERGROUP_LIST")
    strong = tenancy.key("shop", *codes_of_roles([WorkspaceRole.MANAGER]))

    refused = await weak.put(f"{GROUPS}/leads/members/jane")

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "PermissionNotHeld")
    assert (await strong.put(f"{GROUPS}/leads/members/jane")).status_code == 204


async def test_groups_go_with_their_workspace(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(GROUPS, json=a_group("shoppers", "ann", workspace="shop"))

    assert (await admin.delete(SHOP, headers=WORKSPACE)).status_code == 204

    assert (await admin.get(f"{GROUPS}/shoppers")).status_code == 404


async def test_who_joins_while_another_leaves_stays(tenancy: Tenancy) -> None:
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "devs", "Devs", ["jane"]))
    groups = tenancy.groups
    left, may_commit = Event(), Event()

    def leave(tx: Transaction) -> None:
        groups.remove(tx, ADMINISTRATOR, "devs", "jane")
        left.set()
        assert may_commit.wait(_PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as threads:
        leaving = threads.submit(tenancy.db.write_now, leave)
        assert left.wait(_PATIENCE_SECONDS)
        joining = threads.submit(tenancy.db.write_now, lambda tx: groups.add(tx, ADMINISTRATOR, "devs", "joe"))
        may_commit.set()
        leaving.result(_PATIENCE_SECONDS)
        joining.result(_PATIENCE_SECONDS)

    assert tenancy.db.read_now(lambda tx: groups.usernames(tx, ["devs"])) == {"devs": ["joe"]}
