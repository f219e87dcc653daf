"""Roles that several people give together. Source: concepts.md 2.5."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from blockyard.protocol.kinds import PROJECT_USER_BINDING, WORKSPACE_GROUP_BINDING
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.kit.database import Database
from tests.support.clock import FixedClock
from tests.support.tenancy import PROJECT, USER_BINDING, WORKSPACE, Tenancy, vendor

pytestmark = pytest.mark.anyio
GROUPS = "/api/blockyard/v1/groups"
DEVS = f"{GROUPS}/devs"
REQUESTS = "/api/blockyard/v1/binding-requests"
BINDINGS = "/api/meshobjects/meshworkspacebindings/userbindings"
IN_PROJECTS = "/api/meshobjects/meshprojectbindings/userbindings"
PROJECT_BINDING = vendor(PROJECT_USER_BINDING.media)
IN_DEV: dict[str, Any] = {
    "kind": "meshProjectUserBinding",
    "role": "Project Reader",
    "projectIdentifier": "dev",
    "expiryDate": None,
}
"""What makes a request one for a role in a project."""


@pytest.fixture
def tenancy(database: Database, clock: FixedClock, ids: Callable[[], UUID]) -> Tenancy:
    """A server where two have to want a role, with a workspace of one owner and two managers."""
    tenancy = Tenancy(database, clock, ids, min_approval_count=2)
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    for name in ("olga", "mary", "max", "bob", "anna"):
        tenancy.user(name)
    tenancy.member("shop", "olga", WorkspaceRole.OWNER)
    tenancy.member("shop", "mary", WorkspaceRole.MANAGER)
    tenancy.member("shop", "max", WorkspaceRole.MANAGER)
    tenancy.member("shop", "bob")
    tenancy.project("shop", "dev")
    return tenancy


def asked(role: str = "Member", subject: str = "anna", **members: Any) -> dict[str, Any]:
    """Return a request for a role in the workspace shop."""
    return {
        "kind": "meshWorkspaceUserBinding",
        "name": f"{subject}-asked",
        "role": role if role.startswith("Project") else f"Workspace {role}",
        "workspaceIdentifier": "shop",
        "subject": subject,
        "expiryDate": "2026-06-30",
        "projectIdentifier": None,
        "reason": "new in the team",
    } | members


async def ask(client: httpx2.AsyncClient, **members: Any) -> str:
    """Make a request; return its address."""
    made = await client.post(REQUESTS, json=asked(**members))
    assert made.status_code == 201, made.text
    return f"{REQUESTS}/{made.json()['uuid']}"


async def is_bound(tenancy: Tenancy, name: str = "anna-asked") -> bool:
    """Whether the binding was made."""
    return (await tenancy.admin().get(f"{BINDINGS}/{name}", headers=USER_BINDING)).status_code == 200


async def test_the_approval_that_completes_the_count_gives_the_role(tenancy: Tenancy) -> None:
    mary, max_ = tenancy.person("mary"), tenancy.person("max")

    made = await mary.post(REQUESTS, json=asked())

    uuid = made.json()["uuid"]
    open_ = {"uuid": uuid, "state": "REQUESTED", "requestedBy": "mary", "approvals": ["mary"]}
    assert made.json() == asked() | open_ | {"decidedBy": None, "decidedOn": None, "createdOn": "2026-01-01T12:00:00Z"}
    path = f"{REQUESTS}/{uuid}"
    assert (await mary.post(f"{path}/approve")).json()["state"] == "REQUESTED"
    assert not await is_bound(tenancy)
    assert (await max_.get(f"{REQUESTS}?state=REQUESTED&workspaceIdentifier=shop")).json()["_embedded"] == {
        "bindingRequests": [made.json()]
    }
    done = await max_.post(f"{path}/approve")
    assert (done.json()["state"], done.json()["approvals"], done.json()["decidedBy"]) == (
        "APPROVED", ["mary", "max"], "max"
    )  # fmt: skip
    assert await is_bound(tenancy)
    assert (await max_.post(f"{path}/approve")).json() == done.json()
    assert (await tenancy.person("olga").post(f"{path}/decline")).json()["errorCode"] == "RequestDecided"
    titles = [f"Workspace User Binding {word}" for word in ("Requested", "Approved", "Added")]
    assert [title for title in tenancy.titles() if title in titles][-3:] == titles


async def test_nobody_gives_a_role_past_the_others_but_who_may_bind_everywhere(tenancy: Tenancy) -> None:
    binding = {
        "metadata": {"name": "direct"},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "anna"},
    }
    for client in (tenancy.person("olga"), tenancy.person("mary"), tenancy.key("shop", *(PLAIN | MANAGED))):
        refused = await client.post(BINDINGS, json=binding, headers=USER_BINDING)
        assert (refused.status_code, refused.json()["errorCode"]) == (403, "ApprovalNeeded")

    assert (await tenancy.admin().post(BINDINGS, json=binding, headers=USER_BINDING)).status_code == 201
    assert (await tenancy.person("mary").delete(f"{BINDINGS}/direct", headers=USER_BINDING)).status_code == 204


async def test_nobody_gives_the_roles_of_a_group_by_putting_somebody_into_it(tenancy: Tenancy) -> None:
    mary, max_, admin = tenancy.person("mary"), tenancy.person("max"), tenancy.admin()
    new = {"name": "devs", "displayName": "Devs", "workspaceIdentifier": "shop", "members": ["bob"]}
    assert (await mary.post(GROUPS, json=new)).status_code == 201
    assert (await mary.put(f"{GROUPS}/devs/members/max")).status_code == 204  # has no role yet

    path = await ask(mary, subject="devs", kind="meshWorkspaceGroupBinding")
    assert (await max_.post(f"{path}/approve")).json()["state"] == "APPROVED"
    everybody = {"displayName": "Devs", "members": ["bob", "max", "anna"]}
    for client in (mary, max_, tenancy.person("olga"), tenancy.key("shop", *(PLAIN | MANAGED))):
        added, changed = await client.put(f"{GROUPS}/devs/members/anna"), await client.put(DEVS, json=everybody)
        for refused, field in ((added, None), (changed, "/members")):
            assert (refused.status_code, refused.json()["errorCode"]) == (403, "ApprovalNeeded")
            assert refused.json().get("field") == field
            assert "group 'devs' has a role in workspace 'shop'" in refused.json()["message"]

    assert (await mary.put(f"{GROUPS}/devs/members/bob")).status_code == 204  # is in it
    assert (await mary.put(DEVS, json={"displayName": "Builders", "members": ["bob"]})).status_code == 200
    assert (await mary.get(DEVS)).json()["members"] == ["bob"]
    assert (await admin.put(f"{GROUPS}/devs/members/anna")).status_code == 204


async def test_a_role_of_a_group_in_a_project_is_not_given_by_putting_somebody_into_it(tenancy: Tenancy) -> None:
    mary, max_, admin = tenancy.person("mary"), tenancy.person("max"), tenancy.admin()
    new = {"name": "devs", "displayName": "Devs", "workspaceIdentifier": "shop", "members": []}
    assert (await mary.post(GROUPS, json=new)).status_code == 201
    for wanted in ({}, IN_DEV | {"kind": "meshProjectGroupBinding", "name": "devs-in-dev"}):
        path = await ask(mary, **{"subject": "devs", "kind": "meshWorkspaceGroupBinding"} | wanted)
        assert (await max_.post(f"{path}/approve")).json()["state"] == "APPROVED"
    of_groups = vendor(WORKSPACE_GROUP_BINDING.media)
    gone = await mary.delete("/api/meshobjects/meshworkspacebindings/groupbindings/devs-asked", headers=of_groups)
    assert gone.status_code == 204

    refused = await mary.put(f"{GROUPS}/devs/members/bob")

    assert (refused.status_code, refused.json()["errorCode"]) == (403, "ApprovalNeeded")
    assert "project 'shop.dev'" in refused.json()["message"]
    assert (await admin.put(f"{GROUPS}/devs/members/bob")).status_code == 204


async def test_an_administrator_decides_alone(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"))

    assert (await tenancy.admin().post(f"{path}/approve")).json()["state"] == "APPROVED"

    assert await is_bound(tenancy)
    made = await tenancy.admin().post(REQUESTS, json=asked(subject="bob", role="Manager"))
    assert made.json()["state"] == "APPROVED"


async def test_one_who_declines_ends_a_request_and_its_maker_takes_it_back(tenancy: Tenancy) -> None:
    mary, max_ = tenancy.person("mary"), tenancy.person("max")
    first, second = await ask(mary), await ask(mary, name="second", role="Manager")

    assert (await max_.post(f"{second}/cancel")).status_code == 403
    assert (await mary.post(f"{second}/cancel")).json()["state"] == "CANCELLED"
    assert (await mary.post(f"{second}/cancel")).json()["state"] == "CANCELLED"
    assert (await max_.post(f"{first}/decline")).json()["state"] == "REJECTED"

    for path in (first, second):
        again = await max_.post(f"{path}/approve")
        assert (again.status_code, again.json()["errorCode"]) == (409, "RequestDecided")
    assert not await is_bound(tenancy)
    assert {"Workspace User Binding Rejected", "Workspace User Binding Cancelled"} <= set(tenancy.titles())


async def test_where_there_are_fewer_than_the_count_all_of_them_are_enough(tenancy: Tenancy) -> None:
    tenancy.member("bank", "olga", WorkspaceRole.OWNER)

    made = await tenancy.person("olga").post(REQUESTS, json=asked(workspaceIdentifier="bank"))

    assert made.json()["state"] == "APPROVED"
    owner = await tenancy.person("olga").post(REQUESTS, json=asked("Owner", "anna", name="second-owner"))
    assert owner.json()["state"] == "APPROVED"  # managers have no say about owners


async def test_what_people_decide_no_key_and_no_member_decides(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"))
    key, bob, anna = tenancy.key("shop", *(PLAIN | MANAGED)), tenancy.person("bob"), tenancy.person("anna")

    assert (await key.post(REQUESTS, json=asked(name="by-a-key"))).json()["errorCode"] == "PersonNeeded"
    assert (await key.post(f"{path}/approve")).json()["errorCode"] == "PersonNeeded"
    assert (await bob.post(REQUESTS, json=asked(name="by-bob"))).status_code == 403
    assert (await bob.post(f"{path}/approve")).status_code == 403
    assert (await bob.get(path)).status_code == 200
    assert (await anna.get(path)).status_code == 404
    assert (await anna.post(f"{path}/approve")).status_code == 404
    assert (await tenancy.person("max").post(REQUESTS, json=asked("Owner", name="o"))).status_code == 403
    assert (await bob.get(f"{REQUESTS}/{uuid4()}")).status_code == 404


async def test_the_approval_of_who_has_left_does_not_count(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"))
    await tenancy.admin().delete(f"{BINDINGS}/mary-shop", headers=USER_BINDING)

    assert (await tenancy.person("max").post(f"{path}/approve")).json()["state"] == "REQUESTED"
    assert (await tenancy.person("olga").post(f"{path}/approve")).json()["state"] == "APPROVED"


async def test_an_approval_is_checked_like_a_new_binding_and_leaves_nothing_half_done(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"))
    tenancy.clock.advance(200 * 24 * 3600)

    late = await tenancy.person("max").post(f"{path}/approve")

    assert (late.status_code, late.json()["errorCode"]) == (400, "PastExpiryDate")
    assert (await tenancy.person("max").get(path)).json()["approvals"] == ["mary"]
    assert not await is_bound(tenancy)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"role": "Project Admin"}, 400, "/role"),
        ({"subject": "nobody"}, 422, "/subject"),
        ({"reason": ""}, 400, "/reason"),
        ({"reason": " "}, 400, "/reason"),
        ({"name": "a/b"}, 400, "/name"),
        ({"kind": "meshProject"}, 400, "/kind"),
        ({"kind": "meshProjectUserBinding"}, 400, "/projectIdentifier"),
        ({"projectIdentifier": "dev"}, 400, "/projectIdentifier"),
        ({"kind": "meshProjectUserBinding", "projectIdentifier": "dev"}, 400, "/expiryDate"),
        (IN_DEV | {"projectIdentifier": "prod"}, 404, "/projectIdentifier"),
        (IN_DEV | {"role": "Project Boss"}, 400, "/role"),
        (IN_DEV, 422, "/subject"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_request_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await tenancy.person("mary").post(REQUESTS, json=asked(**change))

    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_the_same_is_asked_for_once_at_a_time(tenancy: Tenancy) -> None:
    mary, max_ = tenancy.person("mary"), tenancy.person("max")
    path = await ask(mary)
    in_project = await ask(mary, subject="bob", **IN_DEV)

    for client, change in ((mary, {}), (max_, {"name": "another"}), (max_, {"subject": "bob"} | IN_DEV)):
        twin = await client.post(REQUESTS, json=asked(**change))
        assert (twin.status_code, twin.json()["errorCode"]) == (409, "AlreadyRequested")
        assert (in_project if change.get("projectIdentifier") else path).rpartition("/")[2] in twin.json()["message"]

    await ask(max_, role="Manager", name="another")
    assert (await mary.post(f"{path}/cancel")).status_code == 200
    assert await ask(max_) != path


@pytest.mark.parametrize("where", [{}, IN_DEV | {"subject": "bob"}])
async def test_the_same_is_asked_for_once_when_several_ask_at_once(tenancy: Tenancy, where: dict[str, Any]) -> None:
    people = [tenancy.person(name) for name in ("mary", "max")]

    answers = await asyncio.gather(
        *(
            person.post(REQUESTS, json=asked(**where | {"name": f"{at}-{who}"}))
            for at in range(3)
            for who, person in enumerate(people)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json().get("errorCode") for answer in answers} == {None, "AlreadyRequested"}


async def test_open_requests_end_with_their_workspace(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"))
    await tenancy.admin().delete("/api/meshobjects/meshprojects/shop.dev", headers=PROJECT)

    shop = "/api/meshobjects/meshworkspaces/shop"
    assert (await tenancy.admin().delete(shop, headers=WORKSPACE)).status_code == 204

    assert (await tenancy.admin().get(path)).json()["state"] == "CANCELLED"


async def test_a_request_ends_with_whom_it_is_for(tenancy: Tenancy) -> None:
    mary, max_, admin = tenancy.person("mary"), tenancy.person("max"), tenancy.admin()
    await admin.post("/api/blockyard/v1/groups", json={"name": "devs", "displayName": "Devs", "members": []})
    of_anna = await ask(mary)
    of_devs = await ask(mary, subject="devs", kind="meshWorkspaceGroupBinding")
    anna = tenancy.user("anna").id

    await admin.delete(f"/api/blockyard/v1/users/{anna}")
    await admin.delete("/api/blockyard/v1/groups/devs")
    tenancy.user("anna")
    approved = await max_.post(f"{of_anna}/approve")

    assert [(await mary.get(path)).json()["state"] for path in (of_anna, of_devs)] == ["CANCELLED"] * 2
    assert approved.json()["errorCode"] == "RequestDecided"
    assert not await is_bound(tenancy)
    assert tenancy.titles().count("Workspace User Binding Cancelled") == 1


async def test_a_role_in_a_project_is_given_by_several_as_one_in_a_workspace_is(tenancy: Tenancy) -> None:
    mary, max_, bob = tenancy.person("mary"), tenancy.person("max"), tenancy.person("bob")
    binding = {
        "metadata": {"name": "direct"},
        "roleRef": {"name": "Project Reader"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
        "subject": {"name": "bob"},
    }
    for client in (tenancy.person("olga"), mary, tenancy.key("shop", *(PLAIN | MANAGED))):
        refused = await client.post(IN_PROJECTS, json=binding, headers=PROJECT_BINDING)
        assert (refused.status_code, refused.json()["errorCode"]) == (403, "ApprovalNeeded")

    path = await ask(mary, subject="bob", **IN_DEV)

    assert (await bob.get(path)).status_code == 404  # members know of the projects they are in
    assert (await bob.get(REQUESTS)).json()["_embedded"] == {"bindingRequests": []}
    assert (await bob.post(f"{path}/approve")).status_code == 404
    listed = (await max_.get(f"{REQUESTS}?projectIdentifier=dev")).json()["_embedded"]["bindingRequests"]
    assert [(one["role"], one["projectIdentifier"], one["state"]) for one in listed] == [
        ("Project Reader", "dev", "REQUESTED")
    ]
    key = tenancy.key("shop", *(PLAIN | MANAGED))
    assert (await key.post(f"{path}/approve")).json()["errorCode"] == "PersonNeeded"
    assert (await max_.post(f"{path}/approve")).json()["state"] == "APPROVED"
    made = await max_.get(f"{IN_PROJECTS}/bob-asked", headers=PROJECT_BINDING)
    assert (made.json()["roleRef"]["name"], made.json()["subject"]["name"]) == ("Project Reader", "bob")
    titles = [f"Project User Binding {word}" for word in ("Requested", "Approved", "Added")]
    assert [title for title in tenancy.titles() if title in titles][-3:] == titles
    assert (await bob.get(path)).status_code == 200
    alone = await tenancy.admin().post(IN_PROJECTS, json=binding, headers=PROJECT_BINDING)
    assert alone.status_code == 201
    assert (await mary.delete(f"{IN_PROJECTS}/direct", headers=PROJECT_BINDING)).status_code == 204


async def test_open_requests_for_a_project_end_with_it(tenancy: Tenancy) -> None:
    path = await ask(tenancy.person("mary"), subject="bob", **IN_DEV)

    deleted = await tenancy.admin().delete("/api/meshobjects/meshprojects/shop.dev", headers=PROJECT)

    assert deleted.status_code == 204
    assert (await tenancy.person("mary").get(path)).json()["state"] == "CANCELLED"
    assert (await tenancy.person("max").post(f"{path}/approve")).json()["errorCode"] == "RequestDecided"
