"""Who is bound to a workspace, and what that gives them. Source: api.md 3.2, concepts.md 2.2."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.workspaces.model import Binding, BindingId, BindingKind
from blockyard.server.workspaces.store import BindingStore
from tests.support.tenancy import GROUP_BINDING, USER_BINDING, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
USERS = "/api/meshobjects/meshworkspacebindings/userbindings"
GROUPS = "/api/meshobjects/meshworkspacebindings/groupbindings"


def body(name: str, role: str = "Member", subject: str = "jane", **more: Any) -> dict[str, Any]:
    """Return a request for a binding to the workspace shop."""
    return {
        "apiVersion": "v2",
        "kind": "meshWorkspaceUserBinding",
        "metadata": {"name": name},
        "roleRef": {"name": f"Workspace {role}"},
        "targetRef": {"name": "shop"},
        "subject": {"name": subject},
    } | more


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    for name in ("jane", "joe", "ann"):
        tenancy.user(name)
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "my-user-group", "Group", ["ann", "joe", "nobody"]))


async def bind(client: httpx2.AsyncClient, name: str, role: str = "Member", subject: str = "jane", **more: Any) -> int:
    """Bind a person; return the status."""
    answer = await client.post(USERS, json=body(name, role, subject, **more), headers=USER_BINDING)
    return answer.status_code


async def test_a_binding_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    sent = body("jane-member", expiryDate="2027-01-31")

    created = await admin.post(USERS, json=sent, headers=USER_BINDING)

    assert created.status_code == 201
    assert created.headers["content-type"] == USER_BINDING["Accept"]
    links = {"self": {"href": f"http://blockyard.test{USERS}/jane-member"}}
    assert created.json() == sent | {"_links": links}
    assert (await admin.get(f"{USERS}/jane-member", headers=USER_BINDING)).json() == created.json()
    unlimited = await admin.post(USERS, json=body("x"), headers=USER_BINDING)
    assert unlimited.json()["expiryDate"] is None


async def test_a_group_is_bound_alike_under_names_of_its_own(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "same-name") == 201
    sent = body("same-name", "Manager", "my-user-group", kind="meshWorkspaceGroupBinding")

    created = await admin.post(GROUPS, json=sent, headers=GROUP_BINDING)

    assert created.status_code == 201
    assert created.json()["kind"] == "meshWorkspaceGroupBinding"
    assert created.json()["subject"] == {"name": "my-user-group"}
    assert (await admin.get(f"{GROUPS}/same-name", headers=USER_BINDING)).status_code == 406
    assert (await tenancy.person("joe").get("/api/meshobjects/meshworkspaces/shop", headers=WORKSPACE)).is_success


async def test_a_name_is_unique_while_its_binding_lives(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "one") == 201
    assert await bind(admin, "one", subject="joe") == 409

    assert (await admin.delete(f"{USERS}/one", headers=USER_BINDING)).status_code == 204
    assert (await admin.delete(f"{USERS}/one", headers=USER_BINDING)).status_code == 204
    assert (await admin.get(f"{USERS}/one", headers=USER_BINDING)).status_code == 404
    assert (await admin.delete(f"{USERS}/never", headers=USER_BINDING)).status_code == 404

    assert await bind(admin, "one", subject="joe") == 201
    assert (await admin.get(f"{USERS}/one", headers=USER_BINDING)).json()["subject"] == {"name": "joe"}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"subject": {"name": "nobody"}}, 422, "/subject/name"),
        ({"subject": {"name": "my-user-group"}}, 422, "/subject/name"),
        ({"subject": {}}, 400, "/subject/name"),
        ({"subject": None}, 400, "/subject"),
        ({"roleRef": {"name": "Project Admin"}}, 400, "/roleRef/name"),
        ({"roleRef": {"name": ""}}, 400, "/roleRef/name"),
        ({"targetRef": {"name": "nowhere"}}, 404, "/targetRef/name"),
        ({"metadata": {"name": ""}}, 400, "/metadata/name"),
        ({"metadata": {"name": "x" * 46}}, 400, "/metadata/name"),
        ({"metadata": {}}, 400, "/metadata/name"),
        ({"expiryDate": "2025-12-31"}, 400, "/expiryDate"),
        ({"expiryDate": "soon"}, 400, "/expiryDate"),
        ({"expiryDate": "0000-00-00"}, 400, "/expiryDate"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_binding_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await tenancy.admin().post(USERS, json=body("x") | change, headers=USER_BINDING)

    assert answer.status_code == status
    assert answer.json()["field"] == field


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a?b", "a#b", "50%", ".", "..", " a", "a ", "a\nb", "\u00a0"])
@pytest.mark.one_database
async def test_a_name_that_cannot_be_part_of_an_address_is_refused(tenancy: Tenancy, name: str) -> None:
    admin = tenancy.admin()

    for path, headers in ((USERS, USER_BINDING), (GROUPS, GROUP_BINDING)):
        answer = await admin.post(path, json=body(name), headers=headers)

        assert answer.status_code == 400
        assert answer.json()["errorCode"] == "InvalidName"
        assert answer.json()["field"] == "/metadata/name"
        assert "is part of its address" in answer.json()["message"]


@pytest.mark.parametrize("name", ["jane@example.org", "Jane Doe: member", "ä_b+c~(1)", "...", "x" * 45])
async def test_any_other_name_is_found_again_where_its_link_says(tenancy: Tenancy, name: str) -> None:
    admin = tenancy.admin()

    made = (await admin.post(USERS, json=body(name), headers=USER_BINDING)).json()
    address = made["_links"]["self"]["href"]

    assert (await admin.get(address, headers=USER_BINDING)).json() == made
    assert (await admin.delete(address, headers=USER_BINDING)).status_code == 204


@pytest.mark.parametrize("name", ["a/b", "/a//b/", "a?b#c", "50%"])
async def test_a_binding_that_is_older_than_the_rule_for_names_can_be_read_and_deleted(
    tenancy: Tenancy, name: str
) -> None:
    old = Binding(
        id=BindingId(uuid4()),
        kind=BindingKind.USER,
        name=name,
        role=WorkspaceRole.MEMBER,
        workspace="shop",
        subject="jane",
        expires_on=None,
        created_at=tenancy.clock(),
    )
    tenancy.db.write_now(lambda tx: BindingStore(tx).add(old))
    admin, address = tenancy.admin(), f"{USERS}/{quote(name, safe='')}"

    assert (await admin.get(address, headers=USER_BINDING)).json()["metadata"] == {"name": name}
    assert (await admin.delete(address, headers=USER_BINDING)).status_code == 204
    assert (await admin.get(address, headers=USER_BINDING)).status_code == 404


async def test_an_unknown_group_is_refused(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(GROUPS, json=body("x", subject="no-group"), headers=GROUP_BINDING)

    assert answer.status_code == 422


async def test_a_group_cannot_own_a_workspace(tenancy: Tenancy) -> None:
    answer = await tenancy.admin().post(GROUPS, json=body("x", "Owner", "my-user-group"), headers=GROUP_BINDING)

    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "OwnerGroup"


async def test_a_workspace_has_at_most_two_owners(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "first", "Owner", "jane") == 201
    assert await bind(admin, "again", "Owner", "jane") == 201
    assert await bind(admin, "second", "Owner", "joe") == 201

    assert await bind(admin, "third", "Owner", "ann") == 409


async def test_an_owner_whose_time_is_over_leaves_room(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "first", "Owner", "jane") == 201
    assert await bind(admin, "second", "Owner", "joe", expiryDate="2026-01-01") == 201
    assert await bind(admin, "third", "Owner", "ann") == 409

    tenancy.clock.advance(24 * 3600)

    assert await bind(tenancy.admin(), "third", "Owner", "ann") == 201


async def test_only_an_owner_makes_owners(tenancy: Tenancy) -> None:
    key = tenancy.key("shop", *PLAIN, *MANAGED)
    assert await bind(key, "first", "Owner", "jane") == 403
    assert await bind(tenancy.admin(), "first", "Owner", "jane") == 201
    assert await bind(key, "manager", "Manager", "joe") == 201

    assert await bind(key, "second", "Owner", "ann") == 403
    assert await bind(tenancy.person("joe"), "second", "Owner", "joe") == 403
    assert (await key.delete(f"{USERS}/first", headers=USER_BINDING)).status_code == 403
    assert (await tenancy.person("joe").delete(f"{USERS}/first", headers=USER_BINDING)).status_code == 403
    assert await bind(tenancy.person("jane"), "second", "Owner", "ann") == 201
    assert await bind(tenancy.person("joe"), "member", "Member", "ann") == 201


async def test_the_last_owner_stays_unless_an_administrator_says_otherwise(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "first", "Owner", "jane")
    await bind(admin, "second", "Owner", "joe")
    jane = tenancy.person("jane")
    assert (await jane.delete(f"{USERS}/second", headers=USER_BINDING)).status_code == 204

    refused = await jane.delete(f"{USERS}/first", headers=USER_BINDING)

    assert refused.status_code == 409
    assert refused.json()["errorCode"] == "LastOwner"
    assert (await admin.delete(f"{USERS}/first", headers=USER_BINDING)).status_code == 204


async def test_who_alone_owns_a_workspace_is_not_deleted_unless_a_directory_says_so(tenancy: Tenancy) -> None:
    admin, jane = tenancy.admin(), tenancy.user("jane").id
    await bind(admin, "first", "Owner", "jane")
    path = f"/api/blockyard/v1/users/{jane}"

    refused = await admin.delete(path)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "LastOwner")
    assert "'jane' is the only owner of workspace 'shop'" in refused.json()["message"]
    await bind(admin, "second", "Owner", "joe")
    assert (await admin.delete(path)).status_code == 204
    directory = await admin.delete(f"/api/blockyard/scim/v2/Users/{tenancy.user('joe').id}")
    assert directory.status_code == 204


async def test_a_role_gives_rights_until_the_end_of_its_last_day(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "m", "Member", "jane", expiryDate="2026-01-01")
    shop = "/api/meshobjects/meshworkspaces/shop"
    assert (await tenancy.person("jane").get(shop, headers=WORKSPACE)).status_code == 200
    assert (await tenancy.person("jane").delete(shop, headers=WORKSPACE)).status_code == 403

    tenancy.clock.advance(12 * 3600)

    assert (await tenancy.person("jane").get(shop, headers=WORKSPACE)).status_code == 404
    listed = await tenancy.admin().get("/api/blockyard/v1/workspaces/shop/bindings")
    assert [one["metadata"]["name"] for one in listed.json()["_embedded"]["meshWorkspaceUserBindings"]] == ["m"]


async def test_removing_a_binding_ends_its_rights_at_once(tenancy: Tenancy) -> None:
    admin, jane = tenancy.admin(), tenancy.person("jane")
    await bind(admin, "m", "Manager", "jane")
    shop = "/api/meshobjects/meshworkspaces/shop"
    assert (await jane.get(shop, headers=WORKSPACE)).status_code == 200

    await admin.delete(f"{USERS}/m", headers=USER_BINDING)

    assert (await jane.get(shop, headers=WORKSPACE)).status_code == 404


async def test_a_foreign_binding_is_not_found_and_cannot_be_made(tenancy: Tenancy) -> None:
    await bind(tenancy.admin(), "m")
    stranger = tenancy.key(
        "bank",
        "WORKSPACEPRINCIPALBINDING_LIST",
        "WORKSPACEPRINCIPALBINDING_SAVE",
        "WORKSPACEPRINCIPALBINDING_DELETE",
    )

    assert await bind(stranger, "x") == 403
    assert await bind(stranger, "x", targetRef={"name": "nowhere"}) == 403
    assert (await stranger.get(f"{USERS}/m", headers=USER_BINDING)).status_code == 404
    assert (await stranger.delete(f"{USERS}/m", headers=USER_BINDING)).status_code == 404
    assert (await stranger.get("/api/blockyard/v1/workspaces/shop/bindings")).status_code == 404


async def test_the_people_of_a_workspace_are_sorted_with_their_sorted_roles(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "b1", "Owner", "joe") == 201
    assert await bind(admin, "b2", "Manager", "jane") == 201
    assert await bind(admin, "b3", "Member", "jane", expiryDate="2026-01-01") == 201
    group = body("g", "Member", "my-user-group")
    assert (await admin.post(GROUPS, json=group, headers=GROUP_BINDING)).status_code == 201
    jane = tenancy.user("jane")

    def people() -> list[dict[str, Any]]:
        return tenancy.db.read_now(lambda tx: tenancy.workspaces.people_of(tx, "shop"))

    assert [(one["username"], one["roles"]) for one in people()] == [
        ("ann", ["Workspace Member"]),
        ("jane", ["Workspace Manager", "Workspace Member"]),
        ("joe", ["Workspace Member", "Workspace Owner"]),
    ]
    assert people()[1] == {
        "meshIdentifier": str(jane.id),
        "username": "jane",
        "firstName": "Jane",
        "lastName": "Doe",
        "email": "jane@x.test",
        "euid": None,
        "roles": ["Workspace Manager", "Workspace Member"],
    }
    tenancy.clock.advance(24 * 3600)
    assert people()[1]["roles"] == ["Workspace Manager"]
    assert tenancy.db.read_now(lambda tx: tenancy.workspaces.people_of(tx, "bank")) == []


def test_roles_come_from_the_person_and_from_their_groups(tenancy: Tenancy) -> None:
    directory = tenancy.bindings._directory
    tenancy.db.write_now(lambda tx: tenancy.workspaces.seed(tx, "lab", "Lab", owner="ann"))

    roles = tenancy.db.read_now(lambda tx: directory.roles_of(tx, "ann", tenancy.clock()))

    assert roles == {"lab": frozenset({WorkspaceRole.OWNER})}
    assert tenancy.db.read_now(lambda tx: directory.roles_of(tx, "nobody", tenancy.clock())) == {}


def test_a_group_is_seeded_anew_with_exactly_its_people(tenancy: Tenancy) -> None:
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "my-user-group", "Other", ["jane"]))

    members = tenancy.db.read_now(lambda tx: tenancy.groups.usernames(tx, ["my-user-group", "none"]))

    assert members == {"my-user-group": ["jane"], "none": []}


async def test_events_tell_who_was_bound(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "m", "Manager", "jane")
    await admin.delete(f"{USERS}/m", headers=USER_BINDING)

    events = [event for event in tenancy.all_events() if event.subject_id == "m"]

    assert [(event.title, event.type.value) for event in events] == [
        ("Workspace User Binding Added", "Added"),
        ("Workspace User Binding Removed", "Removed"),
    ]
    assert events[0].content == {
        "name": "m",
        "role": "Workspace Manager",
        "subject": "jane",
        "expiryDate": None,
    }
