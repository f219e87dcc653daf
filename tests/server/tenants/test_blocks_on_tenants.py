"""Building blocks on tenants: where they may be ordered, what their inputs get, what makes them run. Source: concepts.md 6.3, 8, 10."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from blockyard.protocol.kinds import (
    LANDING_ZONE,
    PAYMENT_METHOD,
    PROJECT,
    PROJECT_USER_BINDING,
    WORKSPACE,
    WORKSPACE_USER_BINDING,
    Kind,
)
from blockyard.protocol.kinds import OWN as OWN_API
from blockyard.server.identity.model import NewUser
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OTHER,
    OWN,
    PLATFORM,
    SHOP,
    a_change,
    a_value,
    an_input,
    an_order,
    definition_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tags import declare
from tests.support.tenant_world import MAKES_TENANT, MANUAL_TENANT, TenantWorld

OUTPUTS = {"id": a_value("shop-repo"), "url": a_value("https://git.example.test/shop-repo")}


@pytest.fixture
def tenant(world: TenantWorld) -> Any:
    """A tenant of the shop whose id is known."""
    world.add_zone(mandatory=[world.define_for_tenants(**MANUAL_TENANT)])
    return world.make()


def test_blocks_that_are_done_as_soon_as_they_are_ordered_do_not_wait_for_each_other(
    world: TenantWorld, tenant: Any
) -> None:
    version = world.define_for_tenants("Board", **MANUAL_TENANT)

    with ThreadPoolExecutor(4) as pool:
        blocks = [*pool.map(lambda _: world.order_on(tenant, version), range(4))]

    assert {status_of(block) for block in blocks} == {"SUCCEEDED"}


def test_members_find_what_is_in_their_projects_or_in_none(world: TenantWorld, tenant: Any) -> None:
    version, outside = world.define_for_tenants("Board", inputs={}), world.order(world.define(inputs={}))
    own, hidden = world.order_on(tenant, version), world.order_on(world.make("prod"), version)
    world.api.be(replace(SHOP, only_projects={"shop": frozenset({"dev"})}))

    for path, media in ((BLOCKS, None), (OWN, "application/json"), (f"{OWN_API}/runs", "application/json")):
        listed = world.api.send("GET", path, media=media).text
        assert [uuid_of(block) in listed for block in (own, outside, hidden)] == [True, True, False]
    assert world.api.send("GET", f"{BLOCKS}/{uuid_of(own)}").status_code == 200
    run = world.read(hidden)["status"]["latestRunUuid"]
    for method, path in (
        ("GET", f"{BLOCKS}/{uuid_of(hidden)}"),
        ("DELETE", f"{BLOCKS}/{uuid_of(hidden)}"),
        ("GET", f"{OWN_API}/runs/{run}"),
        ("POST", f"{OWN_API}/runs/{run}/abort"),
        ("GET", f"/api/terraform/state/workspace/shop/buildingBlock/{uuid_of(hidden)}"),
    ):
        media = None if path.startswith(BLOCKS) else "application/json"
        assert world.api.send(method, path, media=media).status_code == 404, (method, path)


def test_every_source_of_a_tenant_gives_its_value(world: TenantWorld, tenant: Any) -> None:
    sources = {
        "PLATFORM_TENANT_ID": "test-tenant-id",
        "MESHSTACK_TENANT_UUID": uuid_of(tenant),
        "WORKSPACE_IDENTIFIER": "shop",
        "PROJECT_IDENTIFIER": "dev",
        "FULL_PLATFORM_IDENTIFIER": "repos.global",
    }
    inputs = {name.lower(): an_input("STRING", name) for name in (*sources, "TENANT_BUILDING_BLOCK_UUID")}
    people = {"people": an_input("CODE", "USER_PERMISSIONS")}
    version = world.define_for_tenants("Board", inputs=inputs | people)
    world.api.be(SHOP)

    block = world.order_on(tenant, version)

    given = {key: item["value"] for key, item in world.claimed().inputs.items()}
    expected = {name.lower(): value for name, value in sources.items()}
    assert given == expected | {"tenant_building_block_uuid": uuid_of(block), "people": "[]"}
    shown = {key: item["value"] for key, item in world.read(block)["spec"]["inputs"].items()}
    assert shown == given


def test_a_block_on_a_tenant_reads_the_tags_of_what_the_tenant_belongs_to(world: TenantWorld) -> None:
    owners = ("WORKSPACE", "PROJECT", "PAYMENT_METHOD", "LANDING_ZONE")
    for owner in owners:
        declare(world.db, world.services.tag_definitions, TargetKind[owner], "stage")
    about = PaymentSpec(
        display_name="Cost center", expiration_date=None, amount=None, tags={"stage": ["of the method"]}
    )
    paying = partial(world.services.payment_methods.create, workspace="shop", name="cc-1", spec=about)
    world.db.write_now(lambda tx: paying(tx, ADMINISTRATOR))
    world.add_project("paid", paymentMethodIdentifier="cc-1", tags={"stage": ["of the project"]})
    world.add_zone(tags={"stage": ["of the zone"]})
    paid, plain = (world.make(project) for project in ("paid", "dev"))
    inputs = {owner.lower(): an_input("CODE", "TAG", argument=f"{owner}.stage") for owner in owners}
    version = world.define_for_tenants("Board", inputs=inputs)

    block = world.order_on(paid, version)
    given = {key: item["value"] for key, item in world.claimed().inputs.items()}
    other = world.order_on(plain, version)

    of_zone = {"workspace": "null", "landing_zone": '["of the zone"]'}
    assert given == of_zone | {"project": '["of the project"]', "payment_method": '["of the method"]'}
    listed = world.as_admin("GET", BLOCKS)["_embedded"]["meshBuildingBlocks"]
    shown = {uuid_of(one): {key: item["value"] for key, item in one["spec"]["inputs"].items()} for one in listed}
    unpaid = of_zone | {"project": "null", "payment_method": "null"}
    assert shown == {uuid_of(block): given, uuid_of(other): unpaid}


@pytest.mark.parametrize("owner", ["WORKSPACE", "PROJECT", "PAYMENT_METHOD", "LANDING_ZONE", "OTHER_METHOD"])
def test_a_block_on_a_tenant_runs_again_when_a_tag_that_it_reads_changes(world: TenantWorld, owner: str) -> None:
    read = "PAYMENT_METHOD" if owner == "OTHER_METHOD" else owner
    for kind in ("WORKSPACE", "PROJECT", "PAYMENT_METHOD", "LANDING_ZONE"):
        declare(world.db, world.services.tag_definitions, TargetKind[kind], "stage")
    method: Any = {"displayName": "cc", "expirationDate": None, "amount": None, "tags": {"stage": ["old"]}}
    for name in ("cc-1", "cc-2"):
        body = {"metadata": {"name": name, "ownedByWorkspace": "shop"}, "spec": method}
        world.as_admin("POST", PAYMENT_METHOD.collection, body, media=PAYMENT_METHOD.media)
    project: Any = world.add_project("paid", paymentMethodIdentifier="cc-1", tags={"stage": ["old"]})
    zone: Any = world.add_zone(tags={"stage": ["old"]})
    version = world.define_for_tenants("Board", inputs={"stage": an_input("CODE", "TAG", argument=f"{read}.stage")})
    world.order_on(world.make("paid"), version)
    world.finish()

    for value in ("old", "new"):
        tags: Any = {"stage": [value]}
        name = "cc-2" if owner == "OTHER_METHOD" and value == "new" else "cc-1"
        changed_method: Any = {
            "metadata": {"name": "cc-1", "ownedByWorkspace": "shop"},
            "spec": {**method, "tags": tags},
        }
        changes: Any = {
            "WORKSPACE": (
                WORKSPACE,
                "shop",
                {"metadata": {"name": "shop", "tags": tags}, "spec": {"displayName": "Shop"}},
            ),
            "PROJECT": (PROJECT, "shop.paid", {**project, "spec": {**project["spec"], "tags": tags}}),
            "PAYMENT_METHOD": (PAYMENT_METHOD, "cc-1", changed_method),
            "LANDING_ZONE": (LANDING_ZONE, "default", {**zone, "metadata": {**zone["metadata"], "tags": tags}}),
            "OTHER_METHOD": (
                PROJECT,
                "shop.paid",
                {**project, "spec": {**project["spec"], "paymentMethodIdentifier": name}},
            ),
        }
        if owner == "OTHER_METHOD" and value == "new":
            other: Any = {"metadata": {"name": "cc-2", "ownedByWorkspace": "shop"}, "spec": {**method, "tags": tags}}
            world.as_admin("PUT", PAYMENT_METHOD.path("cc-2"), other, media=PAYMENT_METHOD.media)
        assert world.claim() is None
        kind, key, body = changes[owner]
        world.as_admin("PUT", kind.path(key), body, media=kind.media)
        if owner == "WORKSPACE" and value == "old":
            world.finish()  # the workspace had no tags before

    assert world.claimed().inputs["stage"]["value"] == '["new"]'


def test_a_block_waits_for_the_id_of_its_tenant_and_runs_once_it_is_known(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    tenant = world.make()
    version = world.define_for_tenants("Board", inputs={"id": an_input("STRING", "PLATFORM_TENANT_ID")})
    block = world.order_on(tenant, version)
    assert status_of(block) == "WAITING_FOR_DEPENDENT_INPUT"
    [sentence] = world.as_admin("GET", f"/api/blockyard/v1/blocks/{uuid_of(block)}", media="application/json")[
        "waitsFor"
    ]
    assert "which the platform has not given yet" in sentence

    world.finish(OUTPUTS)

    run = world.claimed()
    assert run.inputs["id"]["value"] == "shop-repo"
    document: Any = run.document
    assert document["spec"]["trigger"]["reason"] == "PLATFORM_TENANT_ID_UPDATE"


def test_a_definition_is_ordered_on_its_own_level_and_on_platforms_it_supports(world: TenantWorld, tenant: Any) -> None:
    of_workspaces, of_tenants = world.define("Bucket"), world.define_for_tenants("Board")
    world.add_type("AWS")
    other_type: list[Any] = [{"kind": "meshPlatformType", "name": "AWS"}]
    elsewhere = world.define("Account", about={"targetType": "TENANT_LEVEL", "supportedPlatforms": other_type})

    for order, code, field in (
        (an_order(of_workspaces, tenant=tenant), "WrongLevel", "/spec/targetRef/kind"),
        (an_order(of_tenants), "WrongLevel", "/spec/targetRef/kind"),
        (an_order(elsewhere, tenant=tenant), "UnsupportedPlatform", "/spec/buildingBlockDefinitionVersionRef"),
    ):
        error = world.api.refused(400, "POST", BLOCKS, order)
        assert (error["errorCode"], error["field"]) == (code, field)


def test_a_tenant_that_one_may_not_know_of_is_not_there(world: TenantWorld, tenant: Any) -> None:
    order = an_order(world.define_for_tenants("Board"), tenant=tenant)
    for principal, status in ((OTHER, 404), (a_key("shop", "TENANT_LIST"), 403), (SHOP, 201)):
        world.api.be(principal)
        assert world.api.send("POST", BLOCKS, order).status_code == status


def test_the_target_of_a_block_never_changes(world: TenantWorld, tenant: Any) -> None:
    block = world.order_on(tenant, world.define_for_tenants("Board", inputs={}))
    change: Any = a_change(block)
    for target in (
        {"kind": "meshWorkspace", "name": "shop", "uuid": None},
        {"kind": "meshTenant", "uuid": uuid_of(block)},
    ):
        error = world.api.refused(
            400, "PUT", f"{BLOCKS}/{uuid_of(block)}", change | {"spec": change["spec"] | {"targetRef": target}}
        )
        assert error["errorCode"] == "TargetImmutable"
    assert world.change(block, name="new name")["spec"]["displayName"] == "new name"


def test_once_per_tenant_means_each_tenant(world: TenantWorld, tenant: Any) -> None:
    version = world.define_for_tenants("Board", inputs={}, onlyApplyOncePerTenant=True)
    world.order_on(tenant, version)

    error = world.api.refused(409, "POST", BLOCKS, an_order(version, tenant=tenant))

    assert error["errorCode"] == "AssignmentLimit"
    assert status_of(world.order_on(world.make("prod"), version)) == "PENDING"


def test_parents_are_on_the_same_tenant_or_in_the_workspace(world: TenantWorld, tenant: Any) -> None:
    [repository] = world.blocks_of(tenant)
    foreign = world.blocks_of(world.make("prod"))[0]
    bucket = world.order(world.define("Bucket", implementation=MANUAL, deletionMode="PURGE", inputs={}))
    refs = [
        {"uuid": uuid, "kind": "meshBuildingBlockDefinition"}
        for uuid in (
            str(world.stored(repository).definition_id),
            str(world.stored(bucket).definition_id),
        )
    ]
    version = world.define_for_tenants("Board", inputs={}, dependencyDefinitionRefs=refs)

    error = world.api.refused(400, "POST", BLOCKS, an_order(version, tenant=tenant, parents=[foreign, bucket]))
    assert (error["errorCode"], error["field"]) == ("InvalidParent", "/spec/parentBuildingBlockRefs/0")
    assert status_of(world.order_on(tenant, version, parents=[repository, bucket])) == "PENDING"
    alone = world.define("Alone", inputs={})
    error = world.api.refused(400, "POST", BLOCKS, an_order(alone, parents=[repository]))
    assert error["errorCode"] == "InvalidParent"


def test_what_comes_with_landing_zones_only_is_ordered_by_its_own_team_alone(world: TenantWorld, tenant: Any) -> None:
    version = world.define_for_tenants("Base", about={"useInLandingZonesOnly": True}, inputs={})
    world.api.be(SHOP)
    assert world.api.refused(409, "POST", BLOCKS, an_order(version, tenant=tenant))["errorCode"] == "LandingZonesOnly"
    world.api.be(ADMINISTRATOR)
    assert status_of(world.order_on(tenant, version)) == "PENDING"


def test_lists_of_blocks_filter_by_what_their_tenant_is(world: TenantWorld, tenant: Any) -> None:
    [repository] = world.blocks_of(tenant)
    bucket = world.order(world.define("Bucket"))
    here, there = {uuid_of(repository)}, {uuid_of(bucket)}
    for filters, expected in (
        ({"tenantUuid": uuid_of(tenant)}, here),
        ({"tenantUuid": uuid_of(bucket)}, set()),
        ({"projectIdentifier": "dev"}, here),
        ({"projectIdentifier": "prod"}, set()),
        ({"platformIdentifier": "repos.global"}, here),
        ({"targetRefKind": "meshTenant"}, here),
        ({"targetRefKind": "meshWorkspace"}, there),
        ({"targetRefKind": "meshWorkspace", "projectIdentifier": "dev"}, set()),
        ({"definitionUuid": str(world.stored(repository).definition_id)}, here),
        ({}, here | there),
    ):
        listed = world.api.send("GET", BLOCKS, params=filters).json()["_embedded"]["meshBuildingBlocks"]
        assert {uuid_of(block) for block in listed} == expected, filters


def test_a_manual_block_that_gives_an_unusable_id_fails(world: TenantWorld) -> None:
    manual = MANUAL_TENANT | {"inputs": {"tenant_id": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT")}}
    world.add_zone(mandatory=[world.define_for_tenants(**manual)])
    tenant = world.make()
    [block] = world.blocks_of(tenant)
    assert status_of(block) == "WAITING_FOR_OPERATOR_INPUT"

    assert status_of(world.change(block, inputs={"tenant_id": "two words"})) == "FAILED"
    assert "no blanks" in str(world.latest_run(block).summary)
    assert status_of(world.change(block, inputs={"tenant_id": "made-by-hand"})) == "SUCCEEDED"
    assert world.tenant(tenant)["spec"]["platformTenantId"] == "made-by-hand"


def test_a_sign_in_address_goes_with_the_block_that_gave_it(world: TenantWorld) -> None:
    first = world.define_for_tenants(**MAKES_TENANT)
    world.add_zone(mandatory=[first])
    tenant = world.make()
    world.finish(OUTPUTS)
    portal = world.define_for_tenants(
        "Portal",
        inputs={},
        outputs={"url": MAKES_TENANT["outputs"]["url"]},
    )
    world.clock.advance(5)
    block = world.order_on(tenant, portal)
    world.finish({"url": a_value("https://portal.test")})
    assert world.shown(tenant)["signInUrl"] == "https://portal.test"

    world.delete(block)
    world.finish()

    assert world.shown(tenant)["signInUrl"] == "https://git.example.test/shop-repo"
    assert definition_of(first) != definition_of(portal)


def test_the_people_of_the_project_reach_the_module_until_the_deletion_of_the_tenant_is_asked_for(
    world: TenantWorld,
) -> None:
    new = NewUser(username="ada", first_name="Ada", last_name="L", email="ada@x.test", admin=False)
    world.db.write_now(lambda tx: world.services.users.seed(tx, new, "four random words"))
    world.db.write_now(world.services.project_roles.seed)
    bind(world, WORKSPACE_USER_BINDING, "in-shop", "Workspace Member", {"name": "shop"})
    people = {"people": an_input("CODE", "USER_PERMISSIONS")}
    world.add_zone(mandatory=[world.define_for_tenants(inputs=people, outputs=MAKES_TENANT["outputs"])])
    tenant = world.make()
    assert world.finish(OUTPUTS).inputs["people"]["value"] == "[]"

    bind(world, PROJECT_USER_BINDING, "in-dev", "Project User", {"name": "dev", "ownedByWorkspace": "shop"})
    run = world.finish(OUTPUTS)
    document: Any = run.document
    assert document["spec"]["trigger"]["reason"] == "PROJECT_PERMISSIONS_CHANGE"
    assert '"username":"ada"' in str(run.inputs["people"]["value"])

    world.api.be(SHOP)
    assert world.delete_tenant(tenant).status_code == 202
    run = world.finish(OUTPUTS)
    assert (run.behavior, run.inputs["people"]["value"]) == ("APPLY", "[]")
    world.api.be(PLATFORM)
    world.decide(tenant, "decline-deletion", {"comment": "not yet"})
    assert '"username":"ada"' in str(world.finish(OUTPUTS).inputs["people"]["value"])


def bind(world: TenantWorld, kind: Kind, name: str, role: str, target: dict[str, str]) -> None:
    body = {"metadata": {"name": name}, "roleRef": {"name": role}, "targetRef": target, "subject": {"name": "ada"}}
    world.as_admin("POST", kind.collection, body, media=kind.media)
