"""Orders on tenants: which ones fit, and how a tenant and a project are made along with a block."""

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.database import Database
from tests.support.block_world import an_input, definition_of, uuid_of
from tests.support.browser_form import Control
from tests.support.clock import FixedClock
from tests.support.page_world import PageWorld, Person, words_of
from tests.support.tenant_world import MAKES_TENANT, TenantWorld


class PlacesWorld(TenantWorld, PageWorld):
    """A platform, projects, pages and people."""


@pytest.fixture
def places(database: Database, clock: FixedClock) -> PlacesWorld:
    """A world with places and pages."""
    return PlacesWorld(database, clock)


def order(person: Person, path: str, *, intent: str = "order", **changes: str) -> str:
    """Fill the form in and press a button; return what the answer says, or where it leads."""
    form = person.form(path).fill(changes)
    form.controls.append(Control("hidden", "intent", intent))
    answer = person.submit(form, at=path)
    return answer.headers.get("location") or words_of(answer)


def path_of(version: JsonObject) -> str:
    """Return where a version is ordered."""
    return f"/order/{definition_of(version)}"


def test_the_only_tenant_that_fits_is_taken(places: PlacesWorld) -> None:
    version, tenant = places.define_for_tenants(), places.make()

    at = order(places.person("sam"), path_of(version))

    block = places.as_admin("GET", f"/api/meshobjects/meshbuildingblocks/{at.rpartition('/')[2]}")
    assert block["spec"]["targetRef"]["uuid"] == uuid_of(tenant)


def test_a_tenant_on_another_kind_of_platform_is_shown_with_the_reason(places: PlacesWorld) -> None:
    places.add_type("OTHER")
    config: JsonObject = {
        "type": "custom",
        "custom": {"platformTypeRef": {"name": "OTHER", "kind": "meshPlatformType"}},
    }
    other = places.add_platform("other", config=config)
    version = places.define_for_tenants()
    places.make("prod", platform=other)
    places.make("dev")

    page = places.person("sam").read(path_of(version))

    assert "prod on other.global: another kind of platform" in page
    assert "dev on repos.global" in page


def test_a_tenant_and_a_project_are_made_along_with_the_block(places: PlacesWorld) -> None:
    version, sam = places.define_for_tenants(), places.person("sam")
    path = path_of(version)

    first = order(sam, path, intent="change", project_place="new")
    assert "Identifier of the new project" in first
    draft = order(sam, f"{path}?place=new&project_place=new", project_name="fresh", project_display_name="Fresh")

    block = places.as_admin("GET", f"/api/meshobjects/meshbuildingblocks/{draft.rpartition('/')[2]}")
    tenants = places.as_admin(
        "GET", "/api/meshobjects/meshtenants", media="application/vnd.meshcloud.api.meshtenant.v4.hal+json"
    )
    made = tenants["_embedded"]["meshTenants"][0]
    assert block["spec"]["targetRef"]["uuid"] == made["metadata"]["uuid"]
    assert made["metadata"]["ownedByProject"] == "fresh"


def test_the_mandatory_block_of_a_new_tenant_is_asked_for_in_the_same_form(places: PlacesWorld) -> None:
    inputs = {**MAKES_TENANT["inputs"], "owner": an_input(displayName="Owner")}
    mandatory = places.define_for_tenants("Account", inputs=inputs, outputs=MAKES_TENANT["outputs"])
    places.add_zone("zone", mandatory=[mandatory])
    needing = [{"kind": "meshBuildingBlockDefinition", "uuid": definition_of(mandatory)}]
    version, sam = places.define_for_tenants("App", dependencyDefinitionRefs=needing), places.person("sam")
    path = f"{path_of(version)}?place=new&project_place=new&project_name=fresh"

    asked = sam.read(path)
    lacking = order(sam, path)
    name = f"parent.{definition_of(mandatory)}.input.owner"
    at = order(sam, path, **{name: "sam"})

    assert "Account comes with the new tenant" in asked
    assert "It comes with this order." in asked
    assert "orders/" in lacking
    block = places.as_admin("GET", f"/api/meshobjects/meshbuildingblocks/{at.rpartition('/')[2]}")
    parent = block["spec"]["parentBuildingBlockRefs"][0]["uuid"]
    account = places.as_admin("GET", f"/api/meshobjects/meshbuildingblocks/{parent}")
    assert account["spec"]["inputs"]["owner"]["value"] == "sam"


def test_a_project_that_cannot_be_made_leaves_nothing_behind(places: PlacesWorld) -> None:
    version, sam = places.define_for_tenants(), places.person("sam")
    path = f"{path_of(version)}?place=new&project_place=new"

    taken = order(sam, path, project_name="dev")

    assert "already" in taken
    assert "Identifier of the project" in taken
    assert places.as_admin("GET", "/api/blockyard/v1/blocks")["page"]["totalElements"] == 0
