"""Nobody changes, redraws or ends a credential that may do what they may not, nor makes themselves or others stronger."""

from collections.abc import Mapping

import httpx2
import pytest

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.permissions import ADMIN, ALL, MANAGED, PLAIN, codes_of_roles
from tests.support.tenancy import API_KEY, USER_BINDING, WORKSPACE, Tenancy

pytestmark = pytest.mark.anyio

KEYS = "/api/meshobjects/meshapikeys"
BINDINGS = "/api/meshobjects/meshworkspacebindings/userbindings"

_OF_KEYS = frozenset({"APIKEY_LIST", "APIKEY_SAVE", "APIKEY_DELETE"})
_OF_BINDINGS = frozenset(f"WORKSPACEPRINCIPALBINDING_{verb}" for verb in ("LIST", "SAVE", "DELETE"))
STRENGTHS: Mapping[str, frozenset[str]] = {
    "keys alone": _OF_KEYS,
    "keys and one more": _OF_KEYS | {"BUILDINGBLOCK_LIST"},
    "manager": codes_of_roles([WorkspaceRole.MANAGER]),
    "owner": PLAIN | MANAGED,
    "keys everywhere": frozenset({"ADM_APIKEY_LIST", "ADM_APIKEY_SAVE", "ADM_APIKEY_DELETE"}),
    "runner": frozenset({"ADM_BUILDINGBLOCKRUN_SAVE"}),
    "administrator": ADMIN,
}


def covers(actor: frozenset[str], target: frozenset[str]) -> bool:
    """Whether `actor` may do all that `target` may; an ADM_ code covers the others of its name."""
    return all(
        code in actor or (not code.startswith("ADM_") and f"ADM_{code.removeprefix('MANAGED_')}" in actor)
        for code in target
    )


async def a_key(admin: httpx2.AsyncClient, codes: frozenset[str], workspace: str = "shop") -> str:
    body = {
        "metadata": {"ownedByWorkspace": workspace},
        "spec": {"displayName": "target", "permissions": sorted(codes), "expiresAt": None},
    }
    made = await admin.post(KEYS, json=body, headers=API_KEY)
    assert made.status_code == 201, made.text
    return str(made.json()["metadata"]["uuid"])


def changed(codes: frozenset[str], **spec: object) -> dict[str, object]:
    """Return a target key with other members."""
    kept = {"displayName": "target", "permissions": sorted(codes), "expiresAt": None}
    return {"metadata": {"ownedByWorkspace": "shop"}, "spec": kept | spec}


@pytest.mark.parametrize("target", STRENGTHS)
@pytest.mark.parametrize("actor", [name for name in STRENGTHS if name != "runner"])
@pytest.mark.one_database
async def test_a_key_is_changed_redrawn_and_deleted_only_by_what_is_as_strong(
    tenancy: Tenancy, actor: str, target: str
) -> None:
    tenancy.workspace("shop")
    codes = STRENGTHS[target]
    uuid = await a_key(tenancy.admin(), codes)
    client = tenancy.key("shop", *STRENGTHS[actor])
    may = covers(STRENGTHS[actor], codes)

    answers = [
        await client.put(f"{KEYS}/{uuid}", json=changed(codes, permissions=[]), headers=API_KEY),
        await client.put(f"{KEYS}/{uuid}", json=changed(codes, displayName="renamed"), headers=API_KEY),
        await client.put(f"{KEYS}/{uuid}", json=changed(codes, expiresAt="2090-01-01"), headers=API_KEY),
        await client.delete(f"{KEYS}/{uuid}", headers=API_KEY),
    ]

    assert [answer.is_success for answer in answers] == [may] * 4
    assert may or {answer.json()["errorCode"] for answer in answers} == {"PermissionNotHeld"}
    kept = (await tenancy.admin().get(f"{KEYS}/{uuid}", headers=API_KEY)).status_code
    assert kept == (404 if may else 200)


@pytest.mark.parametrize("role", list(WorkspaceRole))
@pytest.mark.parametrize(
    ("codes", "gives"),
    [
        (_OF_BINDINGS, set()),
        (codes_of_roles([WorkspaceRole.MEMBER]) | _OF_BINDINGS, {WorkspaceRole.MEMBER}),
        (codes_of_roles([WorkspaceRole.MANAGER]), {WorkspaceRole.MEMBER, WorkspaceRole.MANAGER}),
        (PLAIN | MANAGED, {WorkspaceRole.MEMBER, WorkspaceRole.MANAGER}),
        ({f"ADM_{code}" for code in _OF_BINDINGS}, set(WorkspaceRole)),
    ],
    ids=["bindings alone", "member", "manager", "owner's codes", "administrator of bindings"],
)
@pytest.mark.one_database
async def test_a_key_gives_and_takes_no_role_that_may_do_more_than_the_key(
    tenancy: Tenancy, codes: frozenset[str], gives: set[WorkspaceRole], role: WorkspaceRole
) -> None:
    tenancy.workspace("shop")
    tenancy.user("ann")
    client = tenancy.key("shop", *codes)

    given = await client.post(BINDINGS, json=a_binding("given", role), headers=USER_BINDING)

    assert given.status_code == (201 if role in gives else 403), given.text
    if not given.is_success:
        await bound(tenancy, "given", role)
    taken = await client.delete(f"{BINDINGS}/given", headers=USER_BINDING)
    assert taken.status_code == (204 if role in gives else 403), taken.text


async def test_nobody_becomes_the_owner_of_a_workspace_without_one_but_through_an_administrator(
    tenancy: Tenancy,
) -> None:
    tenancy.workspace("shop")
    manager = tenancy.person("mallory")
    await bound(tenancy, "manager", WorkspaceRole.MANAGER, "mallory")

    refused = await manager.post(BINDINGS, json=a_binding("own", WorkspaceRole.OWNER, "mallory"), headers=USER_BINDING)

    assert refused.status_code == 403
    assert (await tenancy.admin().post(
        BINDINGS, json=a_binding("own", WorkspaceRole.OWNER, "mallory"), headers=USER_BINDING
    )).status_code == 201  # fmt: skip


async def test_a_workspace_that_holds_a_stronger_key_is_not_deleted_with_it(tenancy: Tenancy) -> None:
    tenancy.workspace("shop")
    uuid = await a_key(tenancy.admin(), ALL)
    owner = tenancy.person("ann")
    await bound(tenancy, "owner", WorkspaceRole.OWNER)

    refused = await owner.delete("/api/meshobjects/meshworkspaces/shop", headers=WORKSPACE)

    assert refused.status_code == 403
    assert refused.json()["errorCode"] == "PermissionNotHeld"
    assert (await tenancy.admin().get(f"{KEYS}/{uuid}", headers=API_KEY)).status_code == 200


async def test_an_account_is_taken_over_only_by_who_may_do_all_it_may_and_ended_by_who_manages_people(
    tenancy: Tenancy,
) -> None:
    tenancy.workspace("shop")
    ann = tenancy.user("ann")
    support = tenancy.key("admin", "ADM_USER_LIST", "ADM_USER_SAVE")
    path = f"/api/blockyard/v1/users/{ann.id}"
    password = {"password": "nine green kettles in a row"}
    assert (await support.put(f"{path}/password", json=password)).status_code == 204

    await bound(tenancy, "owner", WorkspaceRole.OWNER)

    assert (await support.put(f"{path}/password", json=password)).status_code == 403
    assert (await tenancy.admin().put(f"{path}/password", json=password)).status_code == 204
    assert (await support.put(f"{path}/lock", json={"disabled": True})).status_code == 200
    root = tenancy.user("root", admin=True)
    assert (await support.put(f"/api/blockyard/v1/users/{root.id}/lock", json={"disabled": True})).status_code == 403


def a_binding(name: str, role: WorkspaceRole, subject: str = "ann") -> dict[str, object]:
    return {
        "metadata": {"name": name},
        "roleRef": {"name": role.value},
        "targetRef": {"name": "shop"},
        "subject": {"name": subject},
    }


async def bound(tenancy: Tenancy, name: str, role: WorkspaceRole, subject: str = "ann") -> None:
    made = await tenancy.admin().post(BINDINGS, json=a_binding(name, role, subject), headers=USER_BINDING)
    assert made.status_code == 201, made.text
