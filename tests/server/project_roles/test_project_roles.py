"""What somebody can be in a project. Source: concepts.md 2.4, 23."""

from typing import Any

import httpx2
import pytest

from tests.support.tags import TAGS
from tests.support.tenancy import PROJECT_USER_BINDING, TAG_DEFINITION, Tenancy

pytestmark = pytest.mark.anyio
ROLES = "/api/blockyard/v1/project-roles"


def a_role(name: str = "auditor", **members: Any) -> dict[str, Any]:
    """Return a request for a role."""
    return {
        "name": name,
        "displayName": f"Project {name.title()}",
        "rank": 50,
        "description": "Looks twice.",
        "tags": {"level": ["low"]},
    } | members


@pytest.fixture(autouse=True)
def _tags(tenancy: Tenancy) -> None:
    tenancy.declare_tags("meshProjectRole", "level")


async def test_tags_are_declared_and_go_with_their_definition(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    undeclared = await admin.post(ROLES, json=a_role(tags={"none": ["a"]}))
    assert (undeclared.status_code, undeclared.json()["field"]) == (400, "/tags/none")
    await admin.post(ROLES, json=a_role())

    await admin.delete(f"{TAGS}/meshProjectRole.level", headers=TAG_DEFINITION)

    assert (await admin.get(f"{ROLES}/auditor")).json()["tags"] == {}


async def names(client: httpx2.AsyncClient) -> list[str]:
    """Return the names of all roles."""
    return [role["name"] for role in (await client.get(ROLES)).json()["_embedded"]["projectRoles"]]


async def test_a_role_is_returned_as_it_was_sent_until_it_is_changed_and_deleted(tenancy: Tenancy) -> None:
    admin = tenancy.admin()

    made = await admin.post(ROLES, json=a_role())

    assert made.status_code == 201
    assert made.json() == a_role() | {"createdOn": "2026-01-01T12:00:00Z"}
    assert (await admin.get(f"{ROLES}/auditor")).json() == made.json()
    assert (await admin.post(ROLES, json=a_role())).status_code == 409
    changed = await admin.put(f"{ROLES}/auditor", json=a_role(rank=60))
    assert changed.json() == made.json() | {"rank": 60}
    assert (await admin.put(f"{ROLES}/auditor", json=a_role(rank=60))).json() == changed.json()
    assert (await admin.delete(f"{ROLES}/auditor")).status_code == 204
    assert (await admin.delete(f"{ROLES}/auditor")).status_code == 204
    assert (await admin.get(f"{ROLES}/auditor")).status_code == 404
    assert (await admin.put(f"{ROLES}/auditor", json=a_role())).status_code == 404
    assert tenancy.titles()[-3:] == ["Project Role Created", "Project Role Modified", "Project Role Deleted"]


async def test_an_installation_without_roles_gets_the_usual_ones_once(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    tenancy.db.write_now(tenancy.project_roles.seed)
    assert await names(admin) == ["admin", "user", "reader"] or set(await names(admin)) == {"admin", "user", "reader"}

    await admin.delete(f"{ROLES}/reader")
    tenancy.db.write_now(tenancy.project_roles.seed)

    assert set(await names(admin)) == {"admin", "user"}


async def test_everybody_with_a_permission_sees_roles_and_administrators_alone_change_them(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.user("jane")
    await tenancy.admin().post(ROLES, json=a_role())
    reader = tenancy.key("shop", "PROJECT_LIST")
    saver = tenancy.key("shop", "PROJECT_LIST", "ADM_PROJECTROLE_SAVE")

    assert await names(reader) == ["auditor"]
    assert (await reader.post(ROLES, json=a_role("other"))).status_code == 403
    assert (await reader.put(f"{ROLES}/auditor", json=a_role())).status_code == 403
    assert (await saver.delete(f"{ROLES}/auditor")).status_code == 403
    assert (await saver.put(f"{ROLES}/auditor", json=a_role(rank=1))).status_code == 200
    assert (await tenancy.key("shop", "ADM_PROJECTROLE_DELETE").delete(f"{ROLES}/auditor")).status_code == 204
    assert (await tenancy.person("jane").get(ROLES)).status_code == 403
    assert (await tenancy.client.get(ROLES)).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Not A Name"}, "/name"),
        ({"displayName": " "}, "/displayName"),
        ({"rank": -1}, "/rank"),
        ({"rank": "high"}, "/rank"),
        ({"tags": {"": []}}, "/tags"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_role_is_refused_and_names_the_member(tenancy: Tenancy, change: dict[str, Any], field: str) -> None:
    answer = await tenancy.admin().post(ROLES, json=a_role() | change)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_two_roles_are_not_called_alike(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await admin.post(ROLES, json=a_role())
    await admin.post(ROLES, json=a_role("other"))

    made = await admin.post(ROLES, json=a_role("third", displayName="Project Auditor"))
    renamed = await admin.put(f"{ROLES}/other", json=a_role("other", displayName="Project Auditor"))

    assert [(answer.status_code, answer.json()["field"]) for answer in (made, renamed)] == [(409, "/displayName")] * 2


async def test_a_role_in_use_is_not_deleted_and_the_refusal_names_the_binding(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.project("shop", "dev")
    tenancy.user("jane")
    tenancy.member("shop", "jane")
    admin = tenancy.admin()
    binding = {
        "metadata": {"name": "jane-reads"},
        "roleRef": {"name": "Project Reader"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
        "subject": {"name": "jane"},
    }
    path = "/api/meshobjects/meshprojectbindings/userbindings"
    assert (await admin.post(path, json=binding, headers=PROJECT_USER_BINDING)).status_code == 201

    refused = await admin.delete(f"{ROLES}/reader")

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "InUse")
    assert "binding 'jane-reads'" in refused.json()["message"]
    await admin.delete(f"{path}/jane-reads", headers=PROJECT_USER_BINDING)
    assert (await admin.delete(f"{ROLES}/reader")).status_code == 204
