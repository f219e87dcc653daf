"""Tags of people and groups, and policies that relate workspaces, projects and roles to them. Source: concepts.md 20."""

from typing import Any

import httpx2
import pytest

from blockyard.protocol.kinds import POLICY, POLICY_VIOLATION, PROJECT_USER_BINDING
from blockyard.server.identity.model import WorkspaceRole
from tests.support.tenancy import PROJECT, TAG_DEFINITION, USER_BINDING, WORKSPACE, Tenancy, vendor

pytestmark = pytest.mark.anyio
OWN = "/api/blockyard/v1"
BINDINGS = "/api/meshobjects/meshworkspacebindings/userbindings"
IN_PROJECTS = "/api/meshobjects/meshprojectbindings/userbindings"
MEDIA = vendor(POLICY.media)
BOUND = {
    "meshWorkspace": (BINDINGS, USER_BINDING, {"name": "shop"}, "Workspace Member"),
    "meshProject": (
        IN_PROJECTS,
        vendor(PROJECT_USER_BINDING.media),
        {"name": "dev", "ownedByWorkspace": "shop"},
        "Project Reader",
    ),
}
BOUND["meshProjectRole"] = BOUND["meshProject"]
NAMES = {
    "meshWorkspace": "workspace 'shop'",
    "meshProject": "project 'shop.dev'",
    "meshProjectRole": "project role 'Project Reader'",
}


@pytest.fixture
def tenancy(tenancy: Tenancy) -> Tenancy:
    """The shop with its project dev, for people who are cleared for `secret`; mary manages it, anna belongs to it."""
    tenancy.workspace("shop")
    tenancy.project("shop", "dev")
    for kind in ("meshWorkspace", "meshProject", "meshProjectRole", "meshPrincipal"):
        tenancy.declare_tags(kind, "clearance", options=["open", "secret"])
    for name in ("mary", "anna", "bob"):
        tenancy.user(name)
    tenancy.member("shop", "mary", WorkspaceRole.MANAGER)
    tenancy.member("shop", "anna")
    return tenancy


async def tag(tenancy: Tenancy, username: str, *values: str) -> httpx2.Response:
    """Give a person tags."""
    path = f"{OWN}/users/{tenancy.user(username).id}/tags"
    return await tenancy.admin().put(path, json={"tags": {"clearance": [*values]} if values else {}})


async def needs(tenancy: Tenancy, kind: str, *values: str) -> None:
    """Let the shop, its project or the role have tags."""
    admin, tags = tenancy.admin(), {"clearance": [*values]}
    if kind == "meshWorkspace":
        body: Any = {"metadata": {"name": "shop", "tags": tags}, "spec": {"displayName": "Shop"}}
        answer = await admin.put("/api/meshobjects/meshworkspaces/shop", json=body, headers=WORKSPACE)
    elif kind == "meshProject":
        body = {
            "metadata": {"name": "dev", "ownedByWorkspace": "shop"},
            "spec": {"displayName": "dev", "tags": tags},
        }
        answer = await admin.put("/api/meshobjects/meshprojects/shop.dev", json=body, headers=PROJECT)
    else:
        body = {"displayName": "Project Reader", "rank": 10, "tags": tags}
        answer = await admin.put(f"{OWN}/project-roles/reader", json=body)
    assert answer.status_code == 200, answer.text


async def policy(tenancy: Tenancy, kind: str) -> None:
    """Make a policy: people have no clearance that what they are bound to does not have."""
    spec = {
        "name": "Clearance",
        "strategy": "SUBSET",
        "authoritative": {"kind": kind, "tag": "clearance"},
        "affected": {"kind": "meshPrincipal", "tag": "clearance"},
    }
    made = await tenancy.admin().post(POLICY.collection, json={"spec": spec}, headers=MEDIA)
    assert made.status_code == 201, made.text


async def violations(tenancy: Tenancy) -> list[tuple[str, str]]:
    """Return which things do not fit together."""
    listed = await tenancy.admin().get(POLICY_VIOLATION.collection, headers=MEDIA)
    found = listed.json()["_embedded"]["policyViolations"]
    return sorted((one["authoritative"]["name"], one["affected"]["name"]) for one in found)


async def bind(client: httpx2.AsyncClient, kind: str, subject: str, name: str = "bound") -> httpx2.Response:
    """Bind a person to the shop, or to its project."""
    path, headers, target, role = BOUND[kind]
    body = {"metadata": {"name": name}, "roleRef": {"name": role}, "targetRef": target, "subject": {"name": subject}}
    return await client.post(path, json=body, headers=headers)


async def test_tags_of_people_and_groups_are_declared_and_come_back(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(f"{OWN}/groups", json={"name": "devs", "displayName": "Devs", "members": []})

    for path in (f"{OWN}/users/{tenancy.user('anna').id}/tags", f"{OWN}/groups/devs/tags"):
        assert (await admin.get(path)).json() == {"tags": {}}
        set_ = await admin.put(path, json={"tags": {"clearance": ["secret"]}})
        assert (set_.status_code, set_.json()) == (200, {"tags": {"clearance": ["secret"]}})
        assert (await admin.get(path)).json() == {"tags": {"clearance": ["secret"]}}
        unknown = await admin.put(path, json={"tags": {"height": ["2 m"]}})
        assert (unknown.status_code, unknown.json()["field"]) == (400, "/metadata/tags/height")
        stranger, known = tenancy.key("shop", "PROJECT_LIST"), 403 if "groups" in path else 404
        for client, status in ((stranger, 404), (tenancy.person("mary"), known)):
            assert (await client.get(path)).status_code == status
            assert (await client.put(path, json={"tags": {}})).status_code == status
    assert tenancy.titles().count("Principal Tags Modified") == 2

    gone = await admin.delete("/api/meshobjects/meshtagdefinitions/meshPrincipal.clearance", headers=TAG_DEFINITION)
    assert gone.status_code == 204
    assert (await admin.get(f"{OWN}/groups/devs/tags")).json() == {"tags": {}}


async def test_tags_go_with_the_person_and_with_the_group(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await tag(tenancy, "bob", "secret")
    await admin.delete(f"{OWN}/users/{tenancy.user('bob').id}")
    again = tenancy.user("bob").id
    body = {"name": "devs", "displayName": "Devs", "members": []}
    await admin.post(f"{OWN}/groups", json=body)
    await admin.put(f"{OWN}/groups/devs/tags", json={"tags": {"clearance": ["open"]}})
    await admin.delete(f"{OWN}/groups/devs")

    assert (await admin.get(f"{OWN}/groups/devs/tags")).status_code == 404
    await admin.post(f"{OWN}/groups", json=body)
    for path in (f"{OWN}/users/{again}/tags", f"{OWN}/groups/devs/tags"):
        assert (await admin.get(path)).json() == {"tags": {}}


@pytest.mark.parametrize("kind", BOUND)
async def test_who_does_not_fit_is_bound_by_administrators_only_and_is_listed(tenancy: Tenancy, kind: str) -> None:
    subject = "bob" if kind == "meshWorkspace" else "anna"
    if kind == "meshWorkspace":  # or mary and anna would violate it
        for name in ("mary", "anna"):
            await tag(tenancy, name, "open")
    await needs(tenancy, kind, "open")
    await policy(tenancy, kind)
    await tag(tenancy, subject, "secret")

    refused = await bind(tenancy.person("mary"), kind, subject)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "PolicyViolated")
    assert (refused.json()["field"], f"user '{subject}'" in refused.json()["message"]) == ("/subject/name", True)
    assert await violations(tenancy) == []
    assert (await bind(tenancy.admin(), kind, subject)).status_code == 201
    assert await violations(tenancy) == [(NAMES[kind], f"user '{subject}'")]
    await tag(tenancy, subject, "open")
    assert await violations(tenancy) == []
    await needs(tenancy, kind, "secret")
    assert (NAMES[kind], f"user '{subject}'") in await violations(tenancy)
    path, headers, *_ = BOUND[kind]
    assert (await tenancy.admin().delete(f"{path}/bound", headers=headers)).status_code == 204
    assert (NAMES[kind], f"user '{subject}'") not in await violations(tenancy)


@pytest.mark.parametrize("kind", BOUND)
async def test_who_was_bound_before_a_policy_is_found_and_forgotten_with_the_person(
    tenancy: Tenancy, kind: str
) -> None:
    await needs(tenancy, kind, "open")
    subject = "bob" if kind == "meshWorkspace" else "anna"
    assert (await bind(tenancy.admin(), kind, subject)).status_code == 201
    await policy(tenancy, kind)

    while tenancy.db.write_now(tenancy.services.policies.sweep):
        pass

    assert (NAMES[kind], f"user '{subject}'") in await violations(tenancy)
    (relation,) = [one for one in tenancy.services.tags.guard.relations if one.kinds == (kind, "meshPrincipal")]
    pairs = tenancy.db.read_now(lambda tx: relation.pairs(tx, "", 50))
    rest = tenancy.db.read_now(lambda tx: relation.pairs(tx, pairs[0].place, 50))
    assert [pair.affected.name for pair in pairs[1:]] == [pair.affected.name for pair in rest]
    await tenancy.admin().delete(f"{OWN}/users/{tenancy.user(subject).id}")
    assert (NAMES[kind], f"user '{subject}'") not in await violations(tenancy)


async def test_a_second_binding_keeps_what_is_violated(tenancy: Tenancy) -> None:
    await needs(tenancy, "meshProject", "open")
    await policy(tenancy, "meshProject")
    for name in ("one", "two"):
        assert (await bind(tenancy.admin(), "meshProject", "anna", name)).status_code == 201
    path, headers, *_ = BOUND["meshProject"]

    await tenancy.admin().delete(f"{path}/one", headers=headers)
    between = await violations(tenancy)
    await tenancy.admin().delete(f"{path}/two", headers=headers)

    assert (between, await violations(tenancy)) == ([("project 'shop.dev'", "user 'anna'")], [])
