"""How tenants end. Source: concepts.md 3 and 23, api.md 3.11 (deletion)."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import (
    BLOCKS,
    OTHER,
    PLATFORM,
    SHOP,
    a_value,
    an_input,
    definition_of,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tenant_world import MAKES_TENANT, MANUAL_TENANT, TENANTS, TenantWorld, state_of

OUTPUTS = {"id": a_value("shop-repo"), "url": a_value("https://git.example.test/shop-repo")}


@pytest.fixture
def tenant(world: TenantWorld) -> Any:
    """A tenant of the shop that a module has made."""
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    made = world.make()
    world.finish(OUTPUTS)
    return made


def titles(world: TenantWorld, tenant: JsonObject) -> list[str]:
    return [event.title for event in world.all_events() if event.subject_id == uuid_of(tenant)]


def test_the_provider_approves_and_a_run_destroys_what_the_module_made(world: TenantWorld, tenant: Any) -> None:
    [block] = world.blocks_of(tenant)
    world.api.be(SHOP)

    assert world.delete_tenant(tenant).status_code == 202
    waiting = world.tenant(tenant)
    assert state_of(waiting) == "MARKED_FOR_DELETION"
    assert waiting["status"]["lifecycle"]["markedForDeletion"]["timestamp"]
    assert world.shown(tenant)["statusText"] == "Requires approval"
    assert world.claim() is None
    assert world.decide(tenant, "approve-deletion").status_code == 403

    world.api.be(PLATFORM)
    assert world.decide(tenant, "approve-deletion").json()["statusText"] == "Pending deletion"
    assert world.finish().behavior == "DESTROY"

    gone = world.tenant(tenant)
    assert (state_of(gone), gone["spec"]["platformTenantId"]) == ("DELETED", "shop-repo")
    assert (lifecycle_of(world.read(block)), world.shown(tenant)["signInUrl"]) == ("DELETED", None)
    assert (
        world.as_admin("GET", TENANTS, media="application/vnd.meshcloud.api.meshTenant.v4.hal+json")["page"][
            "totalElements"
        ]
        == 0
    )
    assert sorted(titles(world, tenant)) == [
        "Tenant Created",
        "Tenant Deleted",
        "Tenant Deletion Request Approved",
        "Tenant Deletion Request Submitted",
    ]
    world.api.be(SHOP)
    assert uuid_of(world.make()) != uuid_of(tenant)


def test_nobody_has_to_approve_what_an_administrator_asks_for(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MANUAL_TENANT)], automateDeletionReplication=False)
    tenant = world.make()
    [block] = world.blocks_of(tenant)

    assert world.delete_tenant(tenant).status_code == 202

    assert state_of(world.tenant(tenant)) == "DELETED"
    assert lifecycle_of(world.read(block)) == "DELETED"
    assert world.delete_tenant(tenant).status_code == 202


def test_the_landing_zone_may_approve_by_itself(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)], automateDeletionApproval=True)
    tenant = world.make()
    world.finish(OUTPUTS)
    world.api.be(SHOP)

    world.delete_tenant(tenant)

    assert world.finish().behavior == "DESTROY"
    assert state_of(world.tenant(tenant)) == "DELETED"


def test_what_no_run_destroys_is_confirmed_by_hand_unless_the_landing_zone_says_otherwise(world: TenantWorld) -> None:
    manual = world.define_for_tenants(**MANUAL_TENANT)
    world.add_zone(mandatory=[manual], automateDeletionApproval=True, automateDeletionReplication=False)
    world.api.be(SHOP)
    tenant = world.make()

    world.delete_tenant(tenant)

    assert (state_of(world.tenant(tenant)), world.blocks_of(tenant)) == ("MARKED_FOR_DELETION", [])
    assert world.shown(tenant)["confirmedByHand"] is True
    assert world.decide(tenant, "confirm-deletion").status_code == 403
    world.api.be(PLATFORM)
    assert world.decide(tenant, "confirm-deletion").json()["statusText"] == "Deleted"


def test_a_block_that_people_added_keeps_the_tenant_and_is_named(world: TenantWorld, tenant: Any) -> None:
    added = world.order_on(tenant, world.define_for_tenants("Board", inputs={}), name="our board")
    world.finish()

    for principal in (SHOP, ADMINISTRATOR):
        world.api.be(principal)
        for answer in (world.delete_tenant(tenant), world.decide(tenant, "purge")):
            assert (answer.status_code, answer.json()["errorCode"]) == (409, "HasBuildingBlocks")
            assert f"'our board' ({uuid_of(added)})" in answer.json()["message"]
            assert "Repository" not in answer.json()["message"]
    assert state_of(world.tenant(tenant)) == "ACTIVE"

    world.delete(added)
    world.finish()
    world.api.be(SHOP)
    assert world.delete_tenant(tenant).status_code == 202


def test_a_run_under_way_keeps_the_tenant(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    tenant = world.make()

    answer = world.delete_tenant(tenant)

    assert (answer.status_code, answer.json()["errorCode"]) == (409, "RunUnfinished")


def test_children_are_destroyed_before_their_parents(world: TenantWorld) -> None:
    repository = world.define_for_tenants(**MAKES_TENANT)
    rules = world.define_for_tenants(
        "Rules",
        dependencyDefinitionRefs=[{"uuid": definition_of(repository), "kind": "meshBuildingBlockDefinition"}],
        inputs={"repo": an_input("STRING", "BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(repository)}.id")},
    )
    world.add_zone(mandatory=[repository, rules])
    tenant = world.make()
    world.finish(OUTPUTS)
    world.finish()

    world.delete_tenant(tenant)

    documents: list[Any] = [world.finish().document for _ in range(2)]
    names = [document["spec"]["buildingBlock"]["spec"]["displayName"] for document in documents]
    assert names == ["Rules", "Repository"]
    assert state_of(world.tenant(tenant)) == "DELETED"


def test_a_failed_destruction_keeps_the_tenant_until_it_succeeds_or_the_tenant_is_purged(
    world: TenantWorld, tenant: Any
) -> None:
    world.delete_tenant(tenant)
    world.finish(status=RunStatus.FAILED)
    assert (state_of(world.tenant(tenant)), world.shown(tenant)["replicationStatus"]) == (
        "MARKED_FOR_DELETION",
        "FAILED",
    )
    assert world.claim() is None

    world.api.be(SHOP)
    world.delete_tenant(tenant)
    assert world.finish(status=RunStatus.FAILED).behavior == "DESTROY"
    assert world.decide(tenant, "decline-deletion", {"comment": "no"}).status_code == 403
    world.api.be(PLATFORM)
    assert world.decide(tenant, "decline-deletion", {"comment": "no"}).json()["errorCode"] == "DeletionApproved"

    assert world.decide(tenant, "purge").json()["statusText"] == "Deleted"
    assert titles(world, tenant).count("Tenant Purged") == 1
    assert world.decide(tenant, "purge").status_code == 200
    assert titles(world, tenant).count("Tenant Purged") == 1


def test_a_destruction_that_somebody_starts_by_hand_ends_the_tenant_too(world: TenantWorld, tenant: Any) -> None:
    [block] = world.blocks_of(tenant)
    world.delete_tenant(tenant)
    world.finish(status=RunStatus.FAILED)

    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run", media="application/json")
    world.finish()

    assert state_of(world.tenant(tenant)) == "DELETED"


def test_a_declined_tenant_can_be_used_again_and_says_why(world: TenantWorld, tenant: Any) -> None:
    world.api.be(SHOP)
    world.delete_tenant(tenant)
    world.api.be(PLATFORM)
    for comment in ("", " ", "x" * 256):
        assert world.decide(tenant, "decline-deletion", {"comment": comment}).status_code == 400

    declined = world.decide(tenant, "decline-deletion", {"comment": "still has customers"}).json()

    assert (declined["statusText"], declined["declineComment"]) == ("Active", "still has customers")
    assert state_of(world.tenant(tenant)) == "ACTIVE"
    assert world.decide(tenant, "approve-deletion").json()["errorCode"] == "NoDeletionRequest"
    world.api.be(SHOP)
    assert status_of(world.order_on(tenant, world.define_for_tenants("Board", inputs={}))) == "PENDING"


def test_nothing_is_ordered_on_a_tenant_that_is_being_deleted(world: TenantWorld, tenant: Any) -> None:
    board = world.define_for_tenants("Board", inputs={})
    world.api.be(SHOP)
    world.delete_tenant(tenant)

    with pytest.raises(AssertionError, match="TenantNotActive"):
        world.order_on(tenant, board)


def test_only_an_administrator_an_owner_and_the_provider_purge(world: TenantWorld, tenant: Any) -> None:
    world.api.be(a_key("shop", "TENANT_DELETE", "TENANT_LIST"))
    assert world.decide(tenant, "purge").status_code == 403
    world.api.be(OTHER)
    assert world.decide(tenant, "purge").status_code == 404

    world.api.be(a_key("shop", "TENANT_DELETE", "PROJECT_DELETE"))
    assert world.decide(tenant, "purge").status_code == 200
    assert state_of(world.tenant(tenant)) == "DELETED"


def test_the_team_that_uses_a_tenant_does_not_delete_what_makes_it(world: TenantWorld, tenant: Any) -> None:
    [block] = world.blocks_of(tenant)
    world.api.be(SHOP)

    assert world.delete(block).json()["errorCode"] == "OfLandingZone"

    world.api.be(PLATFORM)
    assert world.delete(block).status_code == 202


def test_projects_platforms_and_landing_zones_stay_while_they_have_tenants(world: TenantWorld, tenant: Any) -> None:
    things = [
        "/api/meshobjects/meshprojects/shop.dev",
        f"/api/meshobjects/meshplatforms/{uuid_of(world.platform)}",
        "/api/meshobjects/meshlandingzones/default",
    ]
    medias = [
        f"application/vnd.meshcloud.api.{kind}.hal+json"
        for kind in ("meshProject.v2", "meshPlatform.v2", "meshLandingZone.v1")
    ]
    for path, media in zip(things, medias, strict=True):
        answer = world.api.send("DELETE", path, media=media)
        assert (answer.status_code, "shop.dev.repos.global" in answer.text) == (409, True), answer.text

    document: Any = world.platform
    moved = {"spec": document["spec"] | {"locationRef": {"name": "openshift", "kind": "meshLocation"}}}
    answer = world.api.send("PUT", things[1], document | moved, media=medias[1])
    assert (answer.status_code, "keeps its location" in answer.text) == (409, True), answer.text

    world.delete_tenant(tenant)
    world.finish()

    for position in (0, 2, 1):
        assert world.api.send("DELETE", things[position], media=medias[position]).status_code == 204
