"""Policies that relate workspaces and projects to the landing zones of their tenants. Source: concepts.md 20."""

from typing import Any

import pytest

from blockyard.protocol.kinds import LANDING_ZONE, POLICY, POLICY_VIOLATION, PROJECT, TENANT
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import SHOP
from tests.support.tags import declare
from tests.support.tenant_world import TENANTS, TenantWorld


@pytest.fixture(autouse=True)
def _policy(world: TenantWorld) -> None:
    """Landing zones have the tier of a project."""
    for kind in (TargetKind.PROJECT, TargetKind.LANDING_ZONE):
        declare(world.db, world.services.tag_definitions, kind, "tier")
    affected = {"kind": "meshLandingZone", "tag": "tier"}
    spec = {"name": "Tiers", "strategy": "SUBSET", "authoritative": {"kind": "meshProject", "tag": "tier"}}
    world.as_admin("POST", POLICY.collection, {"spec": spec | {"affected": affected}}, media=POLICY.media)
    world.add_project("paid", tags={"tier": ["gold"]})
    world.add_zone("golden", tags={"tier": ["gold"]})


def violated(world: TenantWorld) -> list[Any]:
    """Return what violates a policy, as administrators see it."""
    listed = world.as_admin("GET", POLICY_VIOLATION.collection, media=POLICY_VIOLATION.media)
    found: list[Any] = listed["_embedded"]["policyViolations"]
    return found


def change_zone(world: TenantWorld, *tiers: str) -> None:
    path = LANDING_ZONE.path("golden")
    zone = world.as_admin("GET", path, media=LANDING_ZONE.media)
    zone["metadata"]["tags"] = {"tier": [*tiers]}
    world.as_admin("PUT", path, zone, media=LANDING_ZONE.media)


def test_a_tenant_is_refused_where_the_tags_of_project_and_landing_zone_do_not_fit(world: TenantWorld) -> None:
    world.api.be(SHOP)

    refused = world.refuse(409)

    assert (refused["errorCode"], refused["field"]) == ("PolicyViolated", "/spec/landingZoneRef/name")
    assert "landing zone 'golden'" in refused["message"]
    assert world.api.ok("GET", TENANTS, media=TENANT.media)["page"]["totalElements"] == 0
    world.make("paid")
    assert violated(world) == []


def test_what_does_not_fit_any_more_is_listed_until_the_tenant_is_gone(world: TenantWorld) -> None:
    tenant = world.make("paid")

    change_zone(world, "silver")
    [found] = violated(world)
    assert (found["workspaceIdentifier"], found["affected"]["name"]) == ("shop", "landing zone 'golden'")
    path = PROJECT.path("shop.paid")
    project = world.as_admin("GET", path, media=PROJECT.media)
    project["spec"]["tags"] = {"tier": ["gold", "silver"]}
    world.as_admin("PUT", path, project, media=PROJECT.media)
    assert violated(world) == []
    change_zone(world, "tin")
    assert len(violated(world)) == 1

    world.delete_tenant(tenant)

    assert violated(world) == []


def test_tenants_from_before_a_policy_are_looked_through(world: TenantWorld) -> None:
    world.make("dev")  # an administrator may
    [before] = violated(world)
    assert before["policy"]["name"] == "Tiers"

    spec = {"name": "Anew", "strategy": "INTERSECTION", "authoritative": {"kind": "meshProject", "tag": "tier"}}
    spec |= {"affected": {"kind": "meshLandingZone", "tag": "tier"}}
    world.as_admin("POST", POLICY.collection, {"spec": spec}, media=POLICY.media)
    while world.db.write_now(world.services.policies.sweep):
        pass

    assert {one["policy"]["name"] for one in violated(world)} == {"Tiers", "Anew"}
