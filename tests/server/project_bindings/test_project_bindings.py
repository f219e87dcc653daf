"""Who is bound to a project, and who hears of it. Source: api.md 3.4, concepts.md 2.4, 6.3."""

from typing import Any

import httpx2
import pytest

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.database import Transaction
from blockyard.server.projects.model import ProjectKey
from tests.support.tenancy import GROUP_BINDING, PROJECT, PROJECT_GROUP_BINDING, PROJECT_USER_BINDING, Tenancy

pytestmark = pytest.mark.anyio
USERS = "/api/meshobjects/meshprojectbindings/userbindings"
GROUPS = "/api/meshobjects/meshprojectbindings/groupbindings"
DEV = ProjectKey("shop", "dev")


def body(name: str, role: str = "Reader", subject: str = "jane", **more: Any) -> dict[str, Any]:
    """Return a request for a binding to the project dev of the workspace shop."""
    return {
        "apiVersion": "v3",
        "kind": "meshProjectUserBinding",
        "metadata": {"name": name},
        "roleRef": {"name": f"Project {role}"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
        "subject": {"name": subject},
    } | more


async def bind(client: httpx2.AsyncClient, name: str, role: str = "Reader", subject: str = "jane", **more: Any) -> int:
    """Bind a person; return the status."""
    answer = await client.post(USERS, json=body(name, role, subject, **more), headers=PROJECT_USER_BINDING)
    return answer.status_code


async def bind_group(client: httpx2.AsyncClient, name: str, role: str = "Reader") -> httpx2.Response:
    """Bind the group devs."""
    sent = body(name, role, "devs", kind="meshProjectGroupBinding")
    return await client.post(GROUPS, json=sent, headers=PROJECT_GROUP_BINDING)


async def bind_group_to_workspace(client: httpx2.AsyncClient) -> None:
    """Make the group devs members of the workspace."""
    sent = {
        "metadata": {"name": "devs"},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "shop"},
        "subject": {"name": "devs"},
    }
    path = "/api/meshobjects/meshworkspacebindings/groupbindings"
    assert (await client.post(path, json=sent, headers=GROUP_BINDING)).status_code == 201


class Heard:
    """Listens to the people of projects."""

    def __init__(self, tenancy: Tenancy) -> None:
        self.of: list[str] = []
        tenancy.project_bindings.listeners.append(self)

    def project_people_changed(self, tx: Transaction, project: ProjectKey) -> None:
        """Note it."""
        del tx
        self.of.append(str(project))


def people(tenancy: Tenancy) -> dict[str, list[str]]:
    """Return the people of the project with their roles."""
    found: Any = tenancy.db.read_now(lambda tx: tenancy.project_bindings.people_of(tx, DEV))
    return {person["username"]: person["roles"] for person in found}


@pytest.fixture(autouse=True)
def _shop(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    tenancy.workspace("bank")
    tenancy.project("shop", "dev")
    for name in ("jane", "joe", "ann"):
        tenancy.user(name)
    tenancy.member("shop", "jane")
    tenancy.member("shop", "joe")
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "devs", "Group", ["ann", "joe"]))


async def test_a_binding_is_returned_as_it_was_sent(tenancy: Tenancy) -> None:
    admin, sent = tenancy.admin(), body("jane-reads")

    created = await admin.post(USERS, json=sent, headers=PROJECT_USER_BINDING)

    assert created.status_code == 201
    assert created.headers["content-type"] == PROJECT_USER_BINDING["Accept"]
    links = {"self": {"href": f"http://blockyard.test{USERS}/jane-reads"}}
    assert created.json() == sent | {"_links": links}
    assert (await admin.get(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)).json() == created.json()
    assert tenancy.titles()[-1] == "Project User Binding Added"


async def test_a_group_of_the_workspace_is_bound_alike_under_names_of_its_own(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "same-name") == 201
    refused = await bind_group(admin, "same-name")
    assert (refused.status_code, refused.json()["errorCode"]) == (422, "NotOfTheWorkspace")
    await bind_group_to_workspace(admin)

    created = await bind_group(admin, "same-name")

    assert created.status_code == 201
    assert created.json()["kind"] == "meshProjectGroupBinding"
    assert people(tenancy) == {"ann": ["reader"], "jane": ["reader"], "joe": ["reader"]}
    listed = (await admin.get("/api/blockyard/v1/projects/shop.dev/bindings")).json()["_embedded"]
    assert {kind: [one["metadata"]["name"] for one in found] for kind, found in listed.items()} == {
        "meshProjectUserBindings": ["same-name"],
        "meshProjectGroupBindings": ["same-name"],
    }


async def test_a_name_is_unique_while_its_binding_lives(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    assert await bind(admin, "one") == 201
    assert await bind(admin, "one", subject="joe") == 409

    assert (await admin.delete(f"{USERS}/one", headers=PROJECT_USER_BINDING)).status_code == 204
    assert (await admin.delete(f"{USERS}/one", headers=PROJECT_USER_BINDING)).status_code == 204
    assert (await admin.get(f"{USERS}/one", headers=PROJECT_USER_BINDING)).status_code == 404
    assert (await admin.delete(f"{USERS}/never", headers=PROJECT_USER_BINDING)).status_code == 404
    assert tenancy.titles()[-1] == "Project User Binding Removed"

    assert await bind(admin, "one", subject="joe") == 201


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"subject": {"name": "nobody"}}, 422, "/subject/name"),
        ({"subject": {"name": "devs"}}, 422, "/subject/name"),
        ({"subject": {"name": "ann"}}, 422, "/subject/name"),
        ({"subject": {}}, 400, "/subject/name"),
        ({"roleRef": {"name": "Workspace Member"}}, 400, "/roleRef/name"),
        ({"targetRef": {"name": "nothing", "ownedByWorkspace": "shop"}}, 404, "/targetRef/name"),
        ({"targetRef": {"name": "dev", "ownedByWorkspace": "nowhere"}}, 404, "/targetRef/ownedByWorkspace"),
        ({"targetRef": {"name": "dev"}}, 400, "/targetRef/ownedByWorkspace"),
        ({"metadata": {"name": "a/b"}}, 400, "/metadata/name"),
        ({"metadata": {"name": "x" * 46}}, 400, "/metadata/name"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_binding_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await tenancy.admin().post(USERS, json=body("x") | change, headers=PROJECT_USER_BINDING)

    assert (answer.status_code, answer.json()["field"]) == (status, field)


@pytest.mark.one_database
async def test_who_gives_roles_in_a_project_is_not_told_which_accounts_there_are(tenancy: Tenancy) -> None:
    keeper = tenancy.key("shop", "PROJECTPRINCIPALROLE_SAVE")

    foreign, unknown = [
        (await keeper.post(USERS, json=body("x", subject=name), headers=PROJECT_USER_BINDING))
        for name in ("ann", "nemo")
    ]

    assert (foreign.status_code, unknown.status_code) == (422, 422)
    assert foreign.text.replace("ann", "nemo") == unknown.text


async def test_others_neither_see_nor_touch_a_binding(tenancy: Tenancy) -> None:
    await bind(tenancy.admin(), "jane-reads")
    foreign = tenancy.key(
        "bank", "PROJECTPRINCIPALROLE_LIST", "PROJECTPRINCIPALROLE_SAVE", "PROJECTPRINCIPALROLE_DELETE"
    )

    assert await bind(foreign, "x") == 403
    assert (await foreign.get(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)).status_code == 404
    assert (await foreign.delete(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)).status_code == 404
    assert (await foreign.get("/api/blockyard/v1/projects/shop.dev/bindings")).status_code == 404


async def test_a_role_is_shown_by_its_present_name(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "jane-reads")

    await admin.put("/api/blockyard/v1/project-roles/reader", json={"displayName": "Project Guest"})

    read = await admin.get(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)
    assert read.json()["roleRef"] == {"name": "Project Guest"}
    assert people(tenancy) == {"jane": ["reader"]}


async def test_who_leaves_the_workspace_leaves_its_projects(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "jane-reads")
    await bind(admin, "joe-reads", subject="joe")
    heard = Heard(tenancy)

    path = "/api/meshobjects/meshworkspacebindings/userbindings/jane-shop"
    headers = {"Accept": "application/vnd.meshcloud.api.meshWorkspaceUserBinding.v2.hal+json"}
    assert (await admin.delete(path, headers=headers)).status_code == 204

    assert people(tenancy) == {"joe": ["reader"]}
    assert heard.of == ["shop.dev"]
    assert (await admin.get(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)).status_code == 200


async def test_others_hear_of_new_people_and_roles_and_of_nothing_else(tenancy: Tenancy) -> None:
    admin, heard = tenancy.admin(), Heard(tenancy)

    await bind(admin, "jane-reads")
    assert heard.of == ["shop.dev"]
    await bind(admin, "jane-reads-again")
    assert heard.of == ["shop.dev"]
    await bind(admin, "jane-works", "User")
    assert heard.of == ["shop.dev"] * 2
    await admin.delete(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)
    assert heard.of == ["shop.dev"] * 2
    await admin.delete(f"{USERS}/jane-reads-again", headers=PROJECT_USER_BINDING)
    assert heard.of == ["shop.dev"] * 3
    assert people(tenancy) == {"jane": ["user"]}


async def test_bindings_go_with_their_project(tenancy: Tenancy) -> None:
    admin = tenancy.admin()
    await bind(admin, "jane-reads")

    assert (await admin.delete("/api/meshobjects/meshprojects/shop.dev", headers=PROJECT)).status_code == 204

    assert (await admin.get(f"{USERS}/jane-reads", headers=PROJECT_USER_BINDING)).status_code == 404
    tenancy.project("shop", "dev")
    assert people(tenancy) == {}
    assert await bind(admin, "jane-reads") == 201


async def test_members_see_the_projects_they_are_bound_to_and_managers_all(tenancy: Tenancy) -> None:
    admin, jane, projects = tenancy.admin(), tenancy.person("jane"), "/api/meshobjects/meshprojects"
    tenancy.project("shop", "prod")
    tenancy.project("bank", "dev")
    tenancy.member("bank", "jane", WorkspaceRole.MANAGER)

    async def listed(client: httpx2.AsyncClient) -> list[str]:
        found = (await client.get(projects, headers=PROJECT)).json()["_embedded"]["meshProjects"]
        return [f"{one['metadata']['ownedByWorkspace']}.{one['metadata']['name']}" for one in found]

    assert await listed(jane) == ["bank.dev"]
    assert (await jane.get(f"{projects}/shop.dev", headers=PROJECT)).status_code == 404
    await bind(admin, "jane-reads")
    await bind_group_to_workspace(admin)
    await bind_group(admin, "devs-read")

    assert await listed(jane) == ["shop.dev", "bank.dev"]
    assert await listed(tenancy.person("ann")) == ["shop.dev"]
    assert (await jane.get(f"{projects}/shop.dev", headers=PROJECT)).status_code == 200
    assert (await jane.get(f"{projects}/shop.prod", headers=PROJECT)).status_code == 404
    assert (await jane.get("/api/blockyard/v1/projects/shop.prod/bindings")).status_code == 404
    assert (await jane.delete(f"{projects}/shop.prod", headers=PROJECT)).status_code == 404
    assert (await jane.delete(f"{projects}/shop.dev", headers=PROJECT)).status_code == 403
    assert (await jane.get("/api/blockyard/v1/projects/shop.dev/bindings")).status_code == 200
    only = (await jane.get(f"{projects}?workspaceIdentifier=shop", headers=PROJECT)).json()
    assert only["page"]["totalElements"] == 1
    assert await listed(tenancy.key("shop", "PROJECT_LIST")) == ["shop.dev", "shop.prod"]
    assert await listed(admin) == ["shop.dev", "shop.prod", "bank.dev"]
