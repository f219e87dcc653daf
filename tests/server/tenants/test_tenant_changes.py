"""Other quotas and another project for a tenant that is there. Source: concepts.md 3 and 4."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from tests.support.block_world import PLATFORM, SHOP, a_value, an_input, lifecycle_of, uuid_of
from tests.support.tenant_world import MAKES_TENANT, OWN, TenantWorld

CPU: JsonObject = {
    "quotaKey": "cpu",
    "label": "CPU",
    "description": "",
    "unit": "cores",
    "minValue": 1,
    "maxValue": 64,
    "autoApprovalThreshold": 8,
}
OUTPUTS = {"id": a_value("shop-repo"), "url": a_value("https://git.example.test/shop-repo")}


def set_quotas(world: TenantWorld, tenant: Any, **quotas: int) -> Any:
    body: JsonObject = {"quotas": {key: {"value": value} for key, value in quotas.items()}}
    return world.api.send("PUT", f"{OWN}/{uuid_of(tenant)}/quotas", body, media="application/json")


def move(world: TenantWorld, tenant: Any, project: str = "prod") -> Any:
    return world.decide(tenant, "move", {"projectIdentifier": project})


def test_who_offers_the_platform_changes_quotas_within_their_range(world: TenantWorld) -> None:
    platform = world.add_platform("big", quotaDefinitions=[CPU, CPU | {"quotaKey": "memory"}])
    world.add_zone(platform=platform, quotas=[{"key": "memory", "value": 4}])
    made = world.make(platform=platform)
    world.api.be(SHOP)
    assert set_quotas(world, made, cpu=2).status_code == 403
    world.api.be(PLATFORM)

    changed = set_quotas(world, made, cpu=32)

    assert changed.json()["status"]["appliedQuotas"] == {"memory": {"value": 4}, "cpu": {"value": 32}}
    assert world.tenant(made)["status"]["appliedQuotas"] == changed.json()["status"]["appliedQuotas"]
    refused = set_quotas(world, made, cpu=65)
    assert (refused.status_code, refused.json()["field"]) == (400, "/quotas/cpu/value")
    assert set_quotas(world, made).json()["status"]["appliedQuotas"] == {"memory": {"value": 4}}
    titles = [event.title for event in world.all_events() if event.subject_id == uuid_of(made)]
    assert sorted(titles) == ["Tenant Created", *["Tenant Quotas Changed"] * 2]


def test_quotas_of_a_tenant_that_is_being_deleted_stay(world: TenantWorld) -> None:
    world.add_zone()
    made = world.make()
    world.api.be(SHOP)
    world.delete_tenant(made)
    world.api.be(PLATFORM)

    assert set_quotas(world, made).json()["errorCode"] == "TenantNotActive"


@pytest.fixture
def tenant(world: TenantWorld) -> Any:
    """A tenant with a block that has run."""
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    made = world.make()
    world.finish(OUTPUTS)
    return made


def test_a_tenant_moves_with_its_blocks_and_their_history(world: TenantWorld, tenant: Any) -> None:
    [block] = world.blocks_of(tenant)

    moved = move(world, tenant)

    assert moved.json()["metadata"]["ownedByProject"] == "prod"
    assert moved.json()["status"]["tenantName"] == "shop.prod.repos.global"
    assert move(world, tenant).status_code == 200
    for project, found in (("prod", 1), ("dev", 0)):
        blocks = world.as_admin("GET", f"/api/meshobjects/meshbuildingblocks?projectIdentifier={project}")
        assert blocks["page"]["totalElements"] == found
    assert world.latest_run(block).target.project == "prod"
    titles = [event.title for event in world.all_events() if event.subject_id == uuid_of(tenant)]
    assert titles.count("Tenant Moved") == 1
    world.delete_tenant(tenant)
    spec: Any = world.finish().document["spec"]
    assert spec["buildingBlock"]["spec"]["projectIdentifier"] == "prod"
    assert lifecycle_of(world.read(block)) == "DELETED"


def test_a_tenant_moves_only_where_there_is_none_on_its_platform_and_while_nothing_runs(
    world: TenantWorld, tenant: Any
) -> None:
    world.make("prod")
    world.add_project("qa")

    assert move(world, tenant).json()["errorCode"] == "TenantExists"
    assert (move(world, tenant, "none").status_code, move(world, tenant, "none").json()["field"]) == (
        404,
        "/projectIdentifier",
    )
    world.order_on(tenant, world.define_for_tenants("Rules", inputs={"a": an_input(defaultValue="b")}))
    assert move(world, tenant, "qa").json()["errorCode"] == "RunUnfinished"
    world.api.be(PLATFORM)
    assert move(world, tenant, "qa").status_code == 403
    assert world.tenant(tenant)["metadata"]["ownedByProject"] == "dev"
