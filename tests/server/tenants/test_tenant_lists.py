"""Which tenants are listed, and who sees which. Source: api.md 3.11, 2.7, concepts.md 2.2."""

from typing import Any

import pytest

from blockyard.protocol.kinds import TENANT
from tests.support.block_world import OTHER, PLATFORM, SHOP, uuid_of
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tenant_world import MANUAL_TENANT, OWN, TENANTS, TenantWorld


@pytest.fixture
def tenants(world: TenantWorld) -> dict[str, Any]:
    """Three tenants, by the name of their project."""
    world.add_project("dev", workspace="other")
    world.add_zone(mandatory=[world.define_for_tenants(**MANUAL_TENANT)])
    big = world.add_platform("big")
    world.add_zone("large", platform=big)
    return {
        "dev": world.make("dev"),
        "big": world.make("dev", platform=big),
        "other": world.make("dev", workspace="other"),
    }


def listed(world: TenantWorld, path: str = TENANTS, **filters: str) -> set[str]:
    answer = world.api.send("GET", path, media=TENANT.media if path == TENANTS else "application/json", params=filters)
    assert answer.status_code == 200, answer.text
    return {uuid_of(tenant) for tenant in answer.json()["_embedded"]["meshTenants"]}


def test_every_filter_filters(world: TenantWorld, tenants: dict[str, Any]) -> None:
    dev, big, other = (uuid_of(tenants[name]) for name in ("dev", "big", "other"))
    for filters, expected in (
        ({}, {dev, big, other}),
        ({"workspaceIdentifier": "shop"}, {dev, big}),
        ({"workspaceIdentifier": "nowhere"}, set()),
        ({"projectIdentifier": "dev"}, {dev, big, other}),
        ({"projectIdentifier": "dev", "workspaceIdentifier": "other"}, {other}),
        ({"platformIdentifier": "repos.global"}, {dev, other}),
        ({"workspaceIdentifier": "shop", "projectIdentifier": "dev", "platformIdentifier": "repos.global"}, {dev}),
        ({"platformTypeIdentifier": "GIT"}, {dev, big, other}),
        ({"platformTypeIdentifier": "AWS"}, set()),
        ({"landingZoneIdentifier": "large"}, {big}),
        ({"platformTenantId": "test-tenant-id"}, {dev, other}),
        ({"platformTenantId": "", "workspaceIdentifier": ""}, {dev, big, other}),
    ):
        assert listed(world, **filters) == expected, filters


def test_a_list_shows_the_own_tenants_and_an_administrator_all(world: TenantWorld, tenants: dict[str, Any]) -> None:
    own = {uuid_of(tenants["dev"]), uuid_of(tenants["big"])}
    world.api.be(SHOP)
    assert listed(world) == own
    world.api.be(PLATFORM)
    assert listed(world) == set()
    assert listed(world, OWN) == {uuid_of(tenant) for tenant in tenants.values()}
    world.api.be(a_key("shop", "PROJECT_LIST"))
    assert world.api.send("GET", TENANTS, media=TENANT.media).status_code == 403


def test_the_list_of_people_shows_what_waits_for_an_approval(world: TenantWorld, tenants: dict[str, Any]) -> None:
    world.api.be(SHOP)
    world.delete_tenant(tenants["big"])

    assert listed(world) == {uuid_of(tenants["dev"])}
    assert listed(world, OWN) == {uuid_of(tenants["dev"]), uuid_of(tenants["big"])}
    world.api.be(PLATFORM)
    assert listed(world, OWN, awaitsApproval="true") == {uuid_of(tenants["big"])}
    assert listed(world, OWN, workspaceIdentifier="other") == {uuid_of(tenants["other"])}


def test_who_may_not_know_of_a_tenant_is_told_that_there_is_none(world: TenantWorld, tenants: dict[str, Any]) -> None:
    path = f"{TENANTS}/{uuid_of(tenants['dev'])}"
    for principal, status in (
        (OTHER, 404),
        (a_key("shop", "PROJECT_LIST"), 404),
        (a_key("shop", "TENANT_SAVE"), 403),
        (a_key("shop", "TENANT_LIST"), 200),
        (a_key("platform", "PLATFORMINSTANCE_LIST"), 200),
        (a_key("platform", "LANDINGZONE_LIST"), 200),
        (a_key("platform", "PROJECT_LIST"), 404),
        (ADMINISTRATOR, 200),
    ):
        world.api.be(principal)
        assert world.api.send("GET", path, media=TENANT.media).status_code == status, principal
    world.api.be(OTHER)
    assert world.delete_tenant(tenants["dev"]).status_code == 404
    world.api.be(a_key("shop", "TENANT_LIST"))
    assert world.delete_tenant(tenants["dev"]).status_code == 403


def test_a_list_is_paged(world: TenantWorld, tenants: dict[str, Any]) -> None:
    pages = [
        world.api.send("GET", TENANTS, media=TENANT.media, params={"page": str(number), "size": "2"}).json()
        for number in range(2)
    ]

    assert [page["page"]["totalElements"] for page in pages] == [3, 3]
    found = [uuid_of(tenant) for page in pages for tenant in page["_embedded"]["meshTenants"]]
    assert sorted(found) == sorted(uuid_of(tenant) for tenant in tenants.values())
