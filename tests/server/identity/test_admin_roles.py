"""Who may do what everywhere. Source: concepts.md 2.3."""

from typing import Any
from uuid import uuid4

import pytest

from blockyard.server.identity.model.admin_roles import ADMIN_ROLES, AdminRole
from blockyard.server.identity.permissions import ADMIN
from tests.support.tenancy import WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio
BINDINGS = "/api/blockyard/v1/admin-bindings"
ROLES = "/api/blockyard/v1/admin-roles"


def a_binding(role: str = "Auditor", name: str = "jane", kind: str = "user", **members: Any) -> dict[str, Any]:
    """Return a request for an admin binding."""
    return {"role": role, "subject": {"kind": kind, "name": name}, "expiryDate": None} | members


def codes(*roles: AdminRole) -> set[str]:
    """Return the codes that any of these roles gives."""
    return set().union(*(ADMIN_ROLES[role] for role in roles))


def test_the_table_gives_codes_that_exist_and_no_role_but_the_first_everything() -> None:
    assert ADMIN_ROLES[AdminRole.ORGANIZATION_ADMIN] == ADMIN
    assert set(ADMIN_ROLES) == set(AdminRole)
    for role, given in ADMIN_ROLES.items():
        assert given
        assert given <= ADMIN
        assert given < ADMIN or role is AdminRole.ORGANIZATION_ADMIN


def test_the_table_says_what_the_contract_says() -> None:
    admin, user, engineer = AdminRole.ORGANIZATION_ADMIN, AdminRole.ORGANIZATION_USER, AdminRole.PLATFORM_ENGINEER
    having = {code: {role for role in AdminRole if code in ADMIN_ROLES[role]} for code in ADMIN}

    assert ADMIN_ROLES[AdminRole.AUDITOR] == {"ADM_EVENTLOG_LIST"}
    assert having["ADM_EVENTLOG_LIST"] == {admin, user, AdminRole.AUDITOR}
    assert having["ADM_WORKSPACE_LIST"] == set(AdminRole) - {AdminRole.AUDITOR}
    assert having["ADM_WORKSPACE_SAVE"] == having["ADM_WORKSPACE_DELETE"] == having["ADM_APIKEY_SAVE"] == {admin}
    assert having["ADM_USER_LIST"] == {admin, user, AdminRole.ONBOARDING_SUPPORT}
    assert having["ADM_USER_SAVE"] == having["ADM_REVIEW_PUBLICATION"] == {admin, user}
    assert having["ADM_TAGDEFINITION_SAVE"] == {admin, AdminRole.COMPLIANCE_MANAGER}
    assert having["ADM_PAYMENTMETHOD_SAVE"] == {admin, user, AdminRole.FINOPS_MANAGER}
    assert having["ADM_LANDINGZONE_SAVE"] == having["ADM_BUILDINGBLOCK_DELETE"] == {admin, user, engineer}
    assert having["ADM_BUILDINGBLOCK_SAVE"] == {
        admin, user, engineer, AdminRole.OPS_SUPPORT, AdminRole.REPLICATION_OPERATOR
    }  # fmt: skip
    assert "ADM_TFSTATE_LIST" not in codes(*set(AdminRole) - {admin})


async def test_a_role_gives_its_codes_until_the_binding_is_deleted(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    tenancy.workspace("shop")
    admin, jane, shop = tenancy.admin(), tenancy.person("jane"), "/api/meshobjects/meshworkspaces/shop"
    assert (await jane.get(shop, headers=WORKSPACE)).status_code == 404

    made = await admin.post(BINDINGS, json=a_binding("Ops Support"))

    assert made.status_code == 201
    uuid = made.json()["uuid"]
    assert made.json() == a_binding("Ops Support") | {"uuid": uuid, "createdOn": "2026-01-01T12:00:00Z"}
    assert (await admin.get(f"{BINDINGS}/{uuid}")).json() == made.json()
    assert (await admin.get(f"{BINDINGS}?subject=jane")).json()["_embedded"]["adminBindings"] == [made.json()]
    assert (await admin.get(f"{BINDINGS}?subject=joe")).json()["_embedded"]["adminBindings"] == []
    everywhere = (await jane.get("/api/blockyard/v1/me")).json()["everywhere"]
    assert {f"ADM_{code}" for code in everywhere} == codes(AdminRole.OPS_SUPPORT)
    assert (await jane.get(shop, headers=WORKSPACE)).status_code == 200
    users = (await admin.get("/api/blockyard/v1/users")).json()["_embedded"]["users"]
    assert [(one["adminRoles"], one["admin"]) for one in users] == [(["Ops Support"], False)]
    assert (await admin.delete(f"{BINDINGS}/{uuid}")).status_code == 204
    assert (await admin.delete(f"{BINDINGS}/{uuid}")).status_code == 204
    assert (await admin.delete(f"{BINDINGS}/{uuid4()}")).status_code == 404
    assert (await admin.get(f"{BINDINGS}/{uuid}")).status_code == 404
    assert (await jane.get(shop, headers=WORKSPACE)).status_code == 404
    assert tenancy.titles()[-2:] == ["Admin Binding Created", "Admin Binding Deleted"]


async def test_a_group_of_the_installation_has_admin_roles_and_its_members_have_them(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    tenancy.workspace("shop")
    admin = tenancy.admin()
    tenancy.db.write_now(lambda tx: tenancy.groups.seed(tx, "auditors", "Auditors", ["jane"]))
    own = {"name": "own", "displayName": "Own", "workspaceIdentifier": "shop"}
    assert (await admin.post("/api/blockyard/v1/groups", json=own)).status_code == 201

    assert (await admin.post(BINDINGS, json=a_binding(name="auditors", kind="group"))).status_code == 201
    assert (await admin.post(BINDINGS, json=a_binding(name="own", kind="group"))).status_code == 422

    assert (await tenancy.person("jane").get("/api/blockyard/v1/me")).json()["everywhere"] == ["EVENTLOG_LIST"]
    weak = tenancy.key("admin", "ADM_USER_SAVE", "ADM_WORKSPACEUSERGROUP_LIST")
    assert (await weak.put("/api/blockyard/v1/groups/auditors/members/jane")).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"role": "Workspace Owner"}, 400, "/role"),
        ({"subject": {"kind": "user", "name": "nobody"}}, 422, "/subject/name"),
        ({"subject": {"kind": "robot", "name": "jane"}}, 400, "/subject/kind"),
        ({"expiryDate": "2025-12-31"}, 400, "/expiryDate"),
    ],
)
@pytest.mark.one_database
async def test_a_bad_admin_binding_is_refused_and_names_the_member(
    tenancy: Tenancy, change: dict[str, Any], status: int, field: str
) -> None:
    tenancy.user("jane")

    answer = await tenancy.admin().post(BINDINGS, json=a_binding() | change)

    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_nobody_gives_or_takes_a_role_that_may_do_more_than_they(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    keys = [f"ADM_APIKEY_{verb}" for verb in ("LIST", "SAVE", "DELETE")]
    auditor, helper = tenancy.key("admin", *keys, "ADM_EVENTLOG_LIST"), tenancy.key("admin", "ADM_USER_SAVE")
    boss = (await tenancy.admin().post(BINDINGS, json=a_binding("Organization User"))).json()["uuid"]

    assert (await auditor.post(BINDINGS, json=a_binding())).status_code == 201
    assert (await auditor.post(BINDINGS, json=a_binding("Organization User"))).status_code == 403
    assert (await auditor.delete(f"{BINDINGS}/{boss}")).status_code == 403
    assert (await helper.post(BINDINGS, json=a_binding())).status_code == 403
    assert (await helper.get(BINDINGS)).status_code == 403
    assert (await tenancy.client.get(ROLES)).status_code == 401
    listed = (await helper.get(ROLES)).json()["adminRoles"]
    assert {"name": "Auditor", "permissions": ["ADM_EVENTLOG_LIST"]} in listed


async def test_one_person_stays_organization_admin(tenancy: Tenancy) -> None:
    root = tenancy.user("root", admin=True)
    admin = tenancy.admin()
    uuid = (await admin.get(BINDINGS)).json()["_embedded"]["adminBindings"][0]["uuid"]

    kept = [await admin.delete(f"{BINDINGS}/{uuid}"), await admin.delete(f"/api/blockyard/v1/users/{root.id}")]

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in kept] == [(409, "LastAdministrator")] * 2
    tenancy.user("jane", admin=True)
    assert (await admin.delete(f"/api/blockyard/v1/users/{root.id}")).status_code == 204
    assert len((await admin.get(BINDINGS)).json()["_embedded"]["adminBindings"]) == 1


async def test_a_role_ends_with_its_last_day_and_the_log_says_so_once(tenancy: Tenancy) -> None:
    tenancy.user("jane")
    await tenancy.admin().post(BINDINGS, json=a_binding(expiryDate="2026-01-01"))
    end_due = tenancy.services.admin_bindings.end_due
    assert tenancy.db.write_now(end_due) == 0

    tenancy.clock.advance(12 * 3600)

    assert (await tenancy.person("jane").get("/api/blockyard/v1/me")).json()["everywhere"] == []
    assert [tenancy.db.write_now(end_due), tenancy.db.write_now(end_due)] == [1, 0]
    assert tenancy.titles().count("Admin Binding Expired") == 1
    assert len((await tenancy.admin().get(BINDINGS)).json()["_embedded"]["adminBindings"]) == 1
