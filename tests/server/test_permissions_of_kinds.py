"""Each verb on each kind of object needs its own permission, and no other helps."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol import kinds
from blockyard.server.identity.model import NewUser, WorkspaceRole
from blockyard.server.identity.permissions import ALL
from blockyard.server.kit.database import Database
from blockyard.server.projects.model import ProjectKey, ProjectSpec
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import BindingKind, NewBinding
from tests.support.clock import FixedClock
from tests.support.definitions import a_definition, an_integration
from tests.support.http import client_for
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    properties,
)
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.routes import Routes
from tests.support.runner_keys import a_runner_key
from tests.support.tags import a_tag, declare
from tests.support.world import BASE_URL, World, world_of

OBJECTS = "/api/meshobjects"
PLATFORM = UUID("0f0c0000-0000-4000-8000-000000000001")
"""The platform of the landing zones."""
FOREIGN = UUID("0f0c0000-0000-4000-8000-000000000002")
"""The platform of the tenants: who offers it may look at all of them."""


@dataclass(frozen=True)
class Row:
    """A kind as requests see it.

    Attributes:
        path: where its objects are made.
        codes: what its permissions begin with.
        body: what makes and changes the object of a name.
        address: what addresses an object below `path`; None for its id.
        listed_at: where the objects are listed; empty for `path`, None where nobody lists them.
        changes: whether an object can be changed.
        owner: the workspace of the key that asks.
        prefix: what begins the permission to look.
    """

    path: str
    media: str
    codes: str
    body: Callable[[str], Any]
    address: str | None = None
    listed_at: str | None = ""
    changes: bool = True
    owner: str = "team"
    prefix: str = ""


def a_workspace(name: str) -> Any:
    return {
        "apiVersion": "v2",
        "kind": "meshWorkspace",
        "metadata": {"name": name, "tags": {}},
        "spec": {"displayName": name, "platformBuilderAccessEnabled": False},
    }


def a_payment_method(name: str) -> Any:
    return {
        "apiVersion": "v2",
        "kind": "meshPaymentMethod",
        "metadata": {"name": name, "ownedByWorkspace": "team"},
        "spec": {"displayName": name, "expirationDate": None, "amount": 1, "tags": {}},
    }


def a_policy(name: str) -> Any:
    subjects = {
        "authoritative": {"kind": "meshWorkspace", "tag": "stages"},
        "affected": {"kind": "meshProject", "tag": "stage"},
    }
    return {"spec": {"name": name, "strategy": "SUBSET", **subjects}}


def a_project(name: str) -> Any:
    return {
        "apiVersion": "v2",
        "kind": "meshProject",
        "metadata": {"name": name, "ownedByWorkspace": "team"},
        "spec": {
            "displayName": name,
            "tags": {},
            "paymentMethodIdentifier": None,
            "substitutePaymentMethodIdentifier": None,
        },
    }


def a_binding(name: str) -> Any:
    return {
        "apiVersion": "v2",
        "kind": "meshWorkspaceUserBinding",
        "metadata": {"name": name},
        "roleRef": {"name": "Workspace Member"},
        "targetRef": {"name": "team"},
        "subject": {"name": "jane"},
    }


def a_project_binding(name: str) -> Any:
    return {
        "apiVersion": "v3",
        "kind": "meshProjectUserBinding",
        "metadata": {"name": name},
        "roleRef": {"name": "Project Reader"},
        "targetRef": {"name": "dev", "ownedByWorkspace": "team"},
        "subject": {"name": "jane"},
    }


def an_api_key(name: str) -> Any:
    return {
        "apiVersion": "v1-preview",
        "kind": "meshApiKey",
        "metadata": {"ownedByWorkspace": "team"},
        "spec": {"displayName": name, "permissions": []},
    }


def a_runner(name: str) -> Any:
    return {
        "apiVersion": "v1-preview",
        "kind": "meshBuildingBlockRunner",
        "metadata": {"ownedByWorkspace": "team"},
        "spec": {"displayName": name, "publicKey": a_runner_key().public_pem, "implementationType": "TERRAFORM"},
    }


ROWS = {
    "workspaces": Row(
        f"{OBJECTS}/meshworkspaces",
        kinds.WORKSPACE.media,
        "WORKSPACE",
        a_workspace,
        address="first",
        listed_at=None,
        owner="first",
    ),
    "tag definitions": Row(
        kinds.TAG_DEFINITION.collection,
        kinds.TAG_DEFINITION.media,
        "TAGDEFINITION",
        lambda name: a_tag(key=name),
        address="meshProject.first",
        prefix="ADM_",
    ),
    "policies": Row(
        kinds.POLICY.collection,
        kinds.POLICY.media,
        "TAGDEFINITION",
        a_policy,
        prefix="ADM_",
    ),
    "payment methods": Row(
        kinds.PAYMENT_METHOD.collection,
        kinds.PAYMENT_METHOD.media,
        "PAYMENTMETHOD",
        a_payment_method,
        address="first",
    ),
    "projects": Row(kinds.PROJECT.collection, kinds.PROJECT.media, "PROJECT", a_project, address="team.first"),
    "bindings": Row(
        f"{OBJECTS}/meshworkspacebindings/userbindings",
        kinds.WORKSPACE_USER_BINDING.media,
        "WORKSPACEPRINCIPALBINDING",
        a_binding,
        address="first",
        listed_at="/api/blockyard/v1/workspaces/team/bindings",
        changes=False,
    ),
    "project bindings": Row(
        kinds.PROJECT_USER_BINDING.collection,
        kinds.PROJECT_USER_BINDING.media,
        "PROJECTPRINCIPALROLE",
        a_project_binding,
        address="first",
        listed_at="/api/blockyard/v1/projects/team.dev/bindings",
        changes=False,
    ),
    "API keys": Row(f"{OBJECTS}/meshapikeys", kinds.API_KEY.media, "APIKEY", an_api_key, listed_at=None),
    "runners": Row(f"{OBJECTS}/meshbuildingblockrunners", kinds.RUNNER.media, "BUILDINGBLOCKRUNNER", a_runner),
    "integrations": Row(
        f"{OBJECTS}/meshintegrations",
        kinds.INTEGRATION.media,
        "INTEGRATION",
        lambda _name: an_integration(),
    ),
    "definitions": Row(
        f"{OBJECTS}/meshbuildingblockdefinitions",
        kinds.DEFINITION.media,
        "BUILDINGBLOCKDEFINITION",
        lambda _name: a_definition(),
    ),
    "locations": Row(
        kinds.LOCATION.collection,
        kinds.LOCATION.media,
        "PLATFORMINSTANCE",
        lambda name: a_location(f"at-{name}"),
        address="at-first",
    ),
    "platform types": Row(
        kinds.PLATFORM_TYPE.collection,
        kinds.PLATFORM_TYPE.media,
        "PLATFORMINSTANCE",
        lambda name: a_platform_type(name.upper()),
        address="FIRST",
    ),
    "platforms": Row(
        kinds.PLATFORM.collection,
        kinds.PLATFORM.media,
        "PLATFORMINSTANCE",
        lambda name: a_platform(name, config=KUBERNETES),
    ),
    "landing zones": Row(
        kinds.LANDING_ZONE.collection,
        kinds.LANDING_ZONE.media,
        "LANDINGZONE",
        lambda name: a_landing_zone(str(PLATFORM), name, platformProperties=properties("kubernetes")),
        address="first",
    ),
    "tenants": Row(
        kinds.TENANT.collection,
        kinds.TENANT.media,
        "TENANT",
        lambda name: a_tenant(str(FOREIGN), {"first": "of-tenants-a", "second": "of-tenants-b"}[name]),
        changes=False,
    ),
}


def requests(row: Row, one: str) -> list[tuple[str, str, Any, str]]:
    """Return a request for each verb, and the end of the code it needs."""
    found = [("GET", one, None, "LIST"), ("POST", row.path, row.body("second"), "SAVE")]
    if row.changes:
        found.append(("PUT", one, row.body("first"), "SAVE"))
    if row.listed_at is not None:
        found.append(("GET", row.listed_at or row.path, None, "LIST"))
    return [*found, ("DELETE", one, None, "DELETE")]


_MEMBERSHIP = NewBinding(
    kind=BindingKind.USER,
    name="jane-in-team",
    role=WorkspaceRole.MEMBER,
    workspace="team",
    subject="jane",
    expires_on=None,
)
_DEV = ProjectSpec(
    display_name="Dev", tags={}, payment_method_identifier=None, substitute_payment_method_identifier=None
)


@pytest.fixture
def world(database: Database, clock: FixedClock) -> World:
    world = world_of(database, clock)
    world.add_workspaces("admin", "team", "demo-partner")
    services, jane = world.services, NewUser(username="jane", first_name="Jane", last_name="", email="", admin=False)
    public_key = a_runner_key().public_pem
    declare(world.db, services.tag_definitions, TargetKind.WORKSPACE, "stages")
    declare(world.db, services.tag_definitions, TargetKind.PROJECT, "stage")
    world.db.write_now(lambda tx: services.users.seed(tx, jane, "four random words"))
    world.db.write_now(services.project_roles.seed)
    world.db.write_now(lambda tx: services.bindings.create(tx, ADMINISTRATOR, _MEMBERSHIP))
    world.db.write_now(lambda tx: services.projects.create(tx, ADMINISTRATOR, ProjectKey("team", "dev"), _DEV))
    world.db.write_now(lambda tx: services.runners.seed_shared(tx, workspace="demo-partner", public_key=public_key))
    for seeded in (services.locations, services.platform_types):
        world.db.write_now(partial(seeded.seed, workspace="admin"))
    platforms = Routes(world, media=kinds.PLATFORM.media, principal=ADMINISTRATOR)
    drawn = world.new_id
    for name, workspace, uuid in (("of-zones", "team", PLATFORM), ("of-tenants", "demo-partner", FOREIGN)):
        first = iter([uuid])
        world.new_id = lambda first=first: next(first, None) or drawn()  # type: ignore[misc]  # bound now
        platforms.ok("POST", kinds.PLATFORM.collection, a_platform(name, workspace, config=KUBERNETES))
    world.new_id = drawn
    for name in ("a", "b"):
        platforms.ok("POST", kinds.PROJECT.collection, a_project(f"of-tenants-{name}"), media=kinds.PROJECT.media)
    return world


def made(row: Row, api: Routes) -> str:
    """Make the first object and return its address."""
    metadata = api.ok("POST", row.path, row.body("first"))["metadata"]
    return f"{row.path}/{row.address or metadata['uuid']}"


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.one_database
def test_each_verb_needs_its_own_permission_and_what_one_holds_none_for_is_not_there(world: World, row: Row) -> None:
    api = Routes(world, media=row.media, principal=ADMINISTRATOR)
    one = made(row, api)
    others = {code for code in ALL if f"_{row.codes}_" not in f"_{code}"}

    for method, path, body, verb in requests(row, one):
        code = f"{row.codes}_{verb}"
        api.be(a_key(row.owner, *(ALL - {code, f"MANAGED_{code}", f"ADM_{code}"})))
        assert api.send(method, path, body).status_code == 403, (method, path)
        api.be(a_key(row.owner, *others))
        is_secret = path == one and row.codes != "WORKSPACE"  # which is known to all who hold anything there
        assert api.send(method, path, body).status_code == (404 if is_secret else 403), (method, path)
        api.be(a_key(row.owner, *ALL))
        assert api.send(method, path, body).is_success, (method, path)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.one_database
def test_its_own_permission_is_enough_for_who_may_know_of_the_object(world: World, row: Row) -> None:
    api = Routes(world, media=row.media, principal=ADMINISTRATOR)

    for method, path, body, verb in requests(row, made(row, api)):
        api.be(a_key(row.owner, f"{row.codes}_LIST", f"{row.codes}_{verb}", f"ADM_{row.codes}_{verb}"))
        assert api.send(method, path, body).is_success, (method, path)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.one_database
def test_who_may_only_look_looks_and_changes_nothing(world: World, row: Row) -> None:
    api = Routes(world, media=row.media, principal=ADMINISTRATOR)
    one = made(row, api)
    api.be(a_key(row.owner, f"{row.prefix}{row.codes}_LIST"))

    for method, path, body, verb in requests(row, one):
        assert api.send(method, path, body).status_code == (200 if verb == "LIST" else 403), (method, path)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.anyio
@pytest.mark.one_database
async def test_nobody_without_a_credential_is_answered(world: World, row: Row) -> None:
    one = made(row, Routes(world, media=row.media, principal=ADMINISTRATOR))

    async with client_for(world.app, BASE_URL) as client:
        headers = {"Accept": row.media, "Content-Type": row.media}
        for method, path, body, _ in requests(row, one):
            answer = await client.request(method, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["errorCode"]) == (401, "Unauthenticated"), (method, path)
