"""Policies about workspaces and the definitions of their blocks. Source: concepts.md 20."""

from typing import Any

from blockyard.protocol.kinds import DEFINITION, POLICY, POLICY_VIOLATION, WORKSPACE
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import BLOCKS, BlockWorld, an_order, uuid_of
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tags import declare

REGIONS = ["eu", "us"]


def a_policy() -> Any:
    """Return a policy: a workspace uses what is for its regions."""
    subjects = {
        "authoritative": {"kind": "meshWorkspace", "tag": "region"},
        "affected": {"kind": "meshBuildingBlockDefinition", "tag": "region"},
    }
    return {"spec": {"name": "Regions", "strategy": "INTERSECTION", "hint": "Stay at home.", **subjects}}


def prepared(world: BlockWorld) -> Any:
    """Make the policy, and a version of a definition for eu; shop is in us."""
    for kind in (TargetKind.WORKSPACE, TargetKind.DEFINITION):
        declare(world.db, world.services.tag_definitions, kind, "region", options=REGIONS)
    version: Any = world.define()
    tag_definition(world, version, "eu")
    shop = {"metadata": {"name": "shop", "tags": {"region": ["us"]}}, "spec": {"displayName": "Shop"}}
    world.as_admin("PUT", WORKSPACE.path("shop"), shop, media=WORKSPACE.media)
    world.as_admin("POST", POLICY.collection, a_policy(), media=POLICY.media)
    return version


def tag_definition(world: BlockWorld, version: Any, *regions: str) -> None:
    path = DEFINITION.path(version["spec"]["buildingBlockDefinitionRef"]["uuid"])
    definition = world.as_admin("GET", path, media=DEFINITION.media)
    definition["metadata"]["tags"] = {"region": [*regions]}
    world.as_admin("PUT", path, definition, media=DEFINITION.media)


def violations(world: BlockWorld) -> list[str]:
    listed = world.as_admin("GET", POLICY_VIOLATION.collection, media=POLICY_VIOLATION.media)
    return [found["reason"] for found in listed["_embedded"]["policyViolations"]]


def test_an_order_cannot_violate_a_policy_but_an_administrators_can_and_is_listed(world: BlockWorld) -> None:
    version = prepared(world)
    reason = (
        "tag 'region' of definition 'Bucket' has 'eu', but tag 'region' of workspace 'shop' allows at least one of 'us'"
    )

    world.api.be(a_key("shop"))
    refused = world.api.send("POST", BLOCKS, an_order(version))
    world.api.be(ADMINISTRATOR)
    assert violations(world) == []
    block = world.order(version)

    assert (refused.status_code, refused.json()["errorCode"]) == (409, "PolicyViolated")
    assert (refused.json()["message"], refused.json()["remedy"]) == (
        f"policy 'Regions' forbids this: {reason}",
        "Stay at home.",
    )
    assert refused.json()["field"] == "/spec/buildingBlockDefinitionVersionRef"
    assert violations(world) == [reason]
    tag_definition(world, version, "us")
    assert violations(world) == []
    tag_definition(world, version)
    assert len(violations(world)) == 1
    assert world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}/purge").is_success
    assert violations(world) == []


def test_definitions_in_use_before_a_policy_are_found(world: BlockWorld) -> None:
    version = prepared(world)
    world.order(version)
    world.order(version)
    (found,) = violations(world)
    relation = world.services.tags.guard.relation((TargetKind.WORKSPACE, TargetKind.DEFINITION))
    assert relation is not None

    (pair,) = world.db.read_now(lambda tx: relation.pairs(tx, "", 5))
    rest = world.db.read_now(lambda tx: relation.pairs(tx, pair.place, 5))

    assert (pair.authoritative.name, pair.affected.name) == ("workspace 'shop'", "definition 'Bucket'")
    assert rest == []
    assert found.startswith("tag 'region' of definition 'Bucket'")
