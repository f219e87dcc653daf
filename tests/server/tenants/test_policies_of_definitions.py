"""Policies that relate projects to the definitions of the blocks on their tenants. Source: concepts.md 20."""

from typing import Any

import pytest

from blockyard.protocol.kinds import DEFINITION, POLICY, POLICY_VIOLATION
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import BLOCKS, SHOP, an_order, uuid_of
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare
from tests.support.tenant_world import OWN, TenantWorld


@pytest.fixture(autouse=True)
def _policy(world: TenantWorld) -> None:
    """Definitions have the tier of a project."""
    for kind in (TargetKind.PROJECT, TargetKind.DEFINITION):
        declare(world.db, world.services.tag_definitions, kind, "tier")
    affected = {"kind": "meshBuildingBlockDefinition", "tag": "tier"}
    spec = {"name": "Tiers", "strategy": "SUBSET", "authoritative": {"kind": "meshProject", "tag": "tier"}}
    world.as_admin("POST", POLICY.collection, {"spec": spec | {"affected": affected}}, media=POLICY.media)
    world.add_project("paid", tags={"tier": ["gold"]})


def violated(world: TenantWorld) -> list[Any]:
    """Return which things do not fit together."""
    listed = world.as_admin("GET", POLICY_VIOLATION.collection, media=POLICY_VIOLATION.media)
    found: list[Any] = listed["_embedded"]["policyViolations"]
    return [(one["authoritative"]["name"], one["affected"]["name"]) for one in found]


def golden(world: TenantWorld, tier: str = "gold") -> Any:
    """Return a version of a definition for tenants with a tier."""
    version: Any = world.define_for_tenants()
    change(world, version, tier)
    return version


def change(world: TenantWorld, version: Any, tier: str) -> None:
    path = DEFINITION.path(version["spec"]["buildingBlockDefinitionRef"]["uuid"])
    definition = world.as_admin("GET", path, media=DEFINITION.media)
    definition["metadata"]["tags"] = {"tier": [tier]}
    world.as_admin("PUT", path, definition, media=DEFINITION.media)


def test_a_block_whose_definition_does_not_fit_the_project_is_refused_or_listed(world: TenantWorld) -> None:
    version, poor, paid = golden(world), world.make("dev"), world.make("paid")
    world.api.be(SHOP)

    refused = world.api.send("POST", BLOCKS, an_order(version, tenant=poor))
    fits = world.order_on(paid, version)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "PolicyViolated")
    assert "project 'shop.dev'" in refused.json()["message"]
    assert violated(world) == []
    change(world, version, "silver")
    assert violated(world) == [("project 'shop.paid'", "definition 'Repository'")]
    world.api.be(ADMINISTRATOR)
    assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(fits)}/purge").is_success
    assert violated(world) == []


def test_what_a_moved_tenant_brings_and_leaves_is_looked_at(world: TenantWorld) -> None:
    version, tenant = golden(world), world.make("paid")
    world.order_on(tenant, version)
    world.finish()
    path = f"{OWN}/{uuid_of(tenant)}/move"

    world.as_admin("POST", path, {"projectIdentifier": "dev"}, media="application/json")
    moved = violated(world)
    world.as_admin("POST", path, {"projectIdentifier": "paid"}, media="application/json")

    assert (moved, violated(world)) == ([("project 'shop.dev'", "definition 'Repository'")], [])


def test_blocks_from_before_a_policy_are_looked_through(world: TenantWorld) -> None:
    version = golden(world, "tin")
    world.order_on(world.make("dev"), version)
    relation = world.services.tags.guard.relation((TargetKind.PROJECT, TargetKind.DEFINITION))
    assert relation is not None

    (pair,) = world.db.read_now(lambda tx: relation.pairs(tx, "", 5))

    assert (pair.authoritative.name, pair.affected.name) == ("project 'shop.dev'", "definition 'Repository'")
    assert world.db.read_now(lambda tx: relation.pairs(tx, pair.place, 5)) == []
