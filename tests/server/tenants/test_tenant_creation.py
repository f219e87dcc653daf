"""Making and importing tenants. Source: api.md 3.11, concepts.md 3 and 4."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import TENANT, TENANT_PREVIEW, WORKSPACE
from blockyard.server.kit.errors import Conflict
from blockyard.server.platforms.model import PlatformId
from blockyard.server.projects.model import ProjectKey
from blockyard.server.tags.model import TargetKind
from blockyard.server.tenants.model import TenantSpec
from tests.support.block_world import SHOP, a_value, an_input, definition_of, status_of, uuid_of
from tests.support.principals import ADMINISTRATOR, a_key
from tests.support.tags import declare
from tests.support.tenant_world import MAKES_TENANT, MANUAL_TENANT, TENANTS, TenantWorld

CPU: JsonObject = {
    "quotaKey": "cpu",
    "label": "CPU",
    "description": "",
    "unit": "cores",
    "minValue": 1,
    "maxValue": 64,
    "autoApprovalThreshold": 8,
}
MEMORY: JsonObject = CPU | {"quotaKey": "memory", "autoApprovalThreshold": 0}


def test_a_tenant_is_answered_in_the_shape_of_its_version(world: TenantWorld) -> None:
    world.add_zone(quotas=[])
    world.api.be(SHOP)

    made = world.make()

    assert made == {
        "apiVersion": "v4",
        "kind": "meshTenant",
        "metadata": made["metadata"] | {"ownedByWorkspace": "shop", "ownedByProject": "dev"},
        "spec": {
            "platformRef": {"uuid": uuid_of(world.platform), "kind": "meshPlatform"},
            "landingZoneRef": {"name": "default", "kind": "meshLandingZone"},
            "platformTenantId": None,
        },
        "status": {
            "tenantName": "shop.dev.repos.global",
            "platformTypeIdentifier": "GIT",
            "platformWorkspaceId": None,
            "tags": {},
            "appliedQuotas": {},
            "lifecycle": {"state": "ACTIVE", "markedForDeletion": None},
        },
        "_links": {"self": {"href": f"http://blockyard.test{TENANTS}/{uuid_of(made)}"}},
    }
    assert world.tenant(made) == made
    preview = world.api.ok("GET", f"{TENANTS}/{uuid_of(made)}", media=TENANT_PREVIEW.media)
    assert preview == made | {"apiVersion": "v4-preview"}
    assert [event.title for event in world.all_events() if event.subject_id == uuid_of(made)] == ["Tenant Created"]


def test_a_manual_block_of_the_landing_zone_makes_the_tenant_known_at_once(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MANUAL_TENANT)])
    world.api.be(SHOP)

    made = world.make()

    assert made["spec"]["platformTenantId"] == "test-tenant-id"
    [block] = world.blocks_of(made)
    assert block["spec"]["targetRef"] == {"kind": "meshTenant", "uuid": uuid_of(made), "name": None}
    assert (status_of(block), block["metadata"]["ownedByWorkspace"]) == ("SUCCEEDED", "shop")
    assert world.shown(made)["replicationStatus"] == "SUCCESSFUL"


def test_a_module_makes_the_tenant_known_and_says_where_people_sign_in(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    made = world.make()
    assert (made["spec"]["platformTenantId"], world.shown(made)["replicationStatus"]) == (None, "IN_PROGRESS")

    run = world.finish({"id": a_value("shop-repo"), "url": a_value("https://git.example.test/shop-repo")})

    spec: Any = run.document["spec"]
    block = spec["buildingBlock"]["spec"]
    assert (block["projectIdentifier"], block["fullPlatformIdentifier"]) == ("dev", "repos.global")
    assert world.tenant(made)["spec"]["platformTenantId"] == "shop-repo"
    shown = world.shown(made)
    assert (shown["signInUrl"], shown["replicationStatus"]) == ("https://git.example.test/shop-repo", "SUCCESSFUL")


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"url": a_value("https://x.test")}, "'id' was expected"),
        ({"id": a_value(""), "url": a_value("https://x.test")}, "printable characters"),
        ({"id": a_value("two words"), "url": a_value("https://x.test")}, "no blanks"),
    ],
)
def test_a_run_that_gives_no_usable_id_fails_and_so_does_the_tenant(
    world: TenantWorld, outputs: dict[str, Any], message: str
) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    made = world.make()

    world.finish(outputs)

    [block] = world.blocks_of(made)
    assert status_of(block) == "FAILED"
    assert message in str(world.latest_run(block).summary)
    assert world.tenant(made)["spec"]["platformTenantId"] is None
    assert world.shown(made)["replicationStatus"] == "FAILED"


def test_the_id_of_a_tenant_never_changes(world: TenantWorld) -> None:
    world.add_zone(mandatory=[world.define_for_tenants(**MAKES_TENANT)])
    made = world.make()
    world.finish({"id": a_value("shop-repo"), "url": a_value("https://x.test")})
    [block] = world.blocks_of(made)

    world.api.send(
        "POST", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/trigger-run", media="application/json"
    )
    world.finish({"id": a_value("other-repo"), "url": a_value("https://y.test")})

    assert "never changes" in str(world.latest_run(block).summary)
    assert world.tenant(made)["spec"]["platformTenantId"] == "shop-repo"
    assert world.shown(made)["signInUrl"] == "https://x.test"


def test_one_project_has_one_tenant_on_a_platform(world: TenantWorld) -> None:
    world.add_zone()
    first = world.make()

    error = world.refuse(409)

    assert (error["errorCode"], error["field"]) == ("TenantExists", "/spec/platformRef/uuid")
    assert uuid_of(world.make("prod")) != uuid_of(first)
    assert uuid_of(world.make(platform=world.add_platform("others"))) != uuid_of(first)


def test_parallel_requests_make_one_tenant(world: TenantWorld) -> None:
    world.add_zone()
    spec = TenantSpec(platform_id=PlatformId(UUID(uuid_of(world.platform))))

    def make(_: int) -> str:
        try:
            world.db.write_now(lambda tx: world.tenants.create(tx, ADMINISTRATOR, ProjectKey("shop", "dev"), spec))
        except Conflict as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as threads:
        results = sorted(threads.map(make, range(4)))

    assert results == ["TenantExists"] * 3 + ["made"]


def test_the_only_usable_landing_zone_is_taken_and_among_several_one_is_named(world: TenantWorld) -> None:
    world.add_zone("hidden", restricted=True)
    world.api.be(SHOP)
    assert world.refuse(400)["errorCode"] == "LandingZoneNeeded"

    world.add_zone("open")
    assert world.make()["spec"]["landingZoneRef"]["name"] == "open"

    world.add_zone("other")
    error = world.refuse(400, "prod")
    assert (error["errorCode"], error["field"]) == ("LandingZoneNeeded", "/spec/landingZoneRef/name")
    assert "landing zone 'open', landing zone 'other'" in error["message"]
    assert world.refuse(400, "prod", landingZoneRef={"name": "hidden", "kind": "meshLandingZone"})["field"] == (
        "/spec/landingZoneRef/name"
    )
    world.as_admin("POST", "/api/blockyard/v1/landingzones/other/disable", media="application/json")
    assert world.make("prod")["spec"]["landingZoneRef"]["name"] == "open"


def test_quotas_are_those_of_the_landing_zone_overlaid_by_what_is_requested(world: TenantWorld) -> None:
    platform = world.add_platform("big", quotaDefinitions=[CPU, MEMORY])
    world.add_zone(platform=platform, quotas=[{"key": "memory", "value": 4}])
    world.api.be(SHOP)

    made = world.make(platform=platform, requestedQuotas={"cpu": {"value": 8}})

    assert made["status"]["appliedQuotas"] == {"memory": {"value": 4}, "cpu": {"value": 8}}


@pytest.mark.parametrize(
    ("requested", "words", "of_admin"),
    [
        ({"cpu": {"value": 65}}, "is out of range", 400),
        ({"cpu": {"value": 0}}, "is out of range", 400),
        ({"disk": {"value": 1}}, "has no quota 'disk'", 400),
        ({"cpu": {"value": 9}}, "needs an approval", 201),
        ({"memory": {"value": 5}}, "needs an approval", 201),
    ],
)
@pytest.mark.one_database
def test_a_quota_out_of_range_is_refused_to_all_and_one_that_needs_an_approval_to_others_than_administrators(
    world: TenantWorld, requested: dict[str, Any], words: str, of_admin: int
) -> None:
    platform = world.add_platform("big", quotaDefinitions=[CPU, MEMORY])
    world.add_zone(platform=platform, quotas=[{"key": "memory", "value": 4}])
    body = world.a_tenant(platform=platform, requestedQuotas=requested)

    assert world.api.send("POST", TENANTS, body, media=TENANT.media).status_code == of_admin
    world.api.be(SHOP)
    error = world.refuse(400, "prod", platform=platform, requestedQuotas=requested)
    assert words in error["message"]
    assert error["field"].startswith("/spec/requestedQuotas/")


def test_inputs_that_somebody_would_have_to_fill_in_are_named(world: TenantWorld) -> None:
    needy = world.define_for_tenants(
        inputs={
            "name": an_input(displayName="Repository name"),
            "size": an_input(displayName="Size", defaultValue="small"),
            "ticket": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT"),
        }
    )
    world.add_zone(mandatory=[needy])

    error = world.refuse(400)

    assert (error["errorCode"], error["field"]) == ("InputsNeeded", "/spec/landingZoneRef")
    assert "'Repository name' of 'Repository'" in error["message"]
    assert "Size" not in error["message"]
    assert world.as_admin("GET", TENANTS, media=TENANT.media)["page"]["totalElements"] == 0


def test_inputs_of_the_blocks_of_the_landing_zone_come_with_the_tenant(world: TenantWorld) -> None:
    needy = world.define_for_tenants(
        inputs={"name": an_input(), "token": an_input(isSensitive=True), "size": an_input("INTEGER")}
    )
    world.add_zone(mandatory=[needy])
    world.api.be(SHOP)
    sent: JsonObject = {"name": {"value": "tea"}, "token": {"value": {"plaintext": "s3cret"}}, "size": {"value": 3}}

    made = world.make(buildingBlockInputs={definition_of(needy): sent})

    [block] = world.blocks_of(made)
    inputs = block["spec"]["inputs"]
    assert (inputs["name"]["value"], inputs["size"]["value"], status_of(block)) == ("tea", 3, "PENDING")
    assert inputs["token"]["value"].keys() == {"hash"}
    assert "buildingBlockInputs" not in made["spec"]


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"size": {"value": 3}}, "InputsNeeded", "/spec/landingZoneRef"),
        ({"name": {"value": 3}}, "InvalidValue", "/spec/buildingBlockInputs/{}/name/value"),
        ({"name": {"value": "a"}, "colour": {"value": "b"}}, "InputNotSettable", "/spec/buildingBlockInputs/{}/colour"),
        ({"name": "a"}, "InvalidRequest", "/spec/buildingBlockInputs/{}/name"),
        (None, "NotOfLandingZone", "/spec/buildingBlockInputs/{}"),
    ],
)
@pytest.mark.one_database
def test_inputs_that_do_not_fit_are_refused_with_their_place(
    world: TenantWorld, sent: JsonObject | None, code: str, field: str
) -> None:
    needy, other = (
        world.define_for_tenants(name, inputs={"name": an_input(), "size": an_input("INTEGER", isOptional=True)})
        for name in ("One", "Two")
    )
    world.add_zone(mandatory=[needy])
    definition = definition_of(other if sent is None else needy)
    given: JsonObject = {definition_of(needy): {"name": {"value": "a"}}, definition: sent or {}}

    error = world.refuse(400, buildingBlockInputs=given)

    assert (error["errorCode"], error["field"]) == (code, field.format(definition))
    assert world.as_admin("GET", TENANTS, media=TENANT.media)["page"]["totalElements"] == 0


def test_a_draft_works_for_tenants_of_its_own_workspace_and_is_left_out_for_others(world: TenantWorld) -> None:
    world.add_project("own", workspace="platform")
    draft = world.define_for_tenants(released=False, **MANUAL_TENANT)
    world.add_zone(mandatory=[draft])

    own, others = world.make("own", workspace="platform"), world.make()

    assert [block["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] for block in world.blocks_of(own)] == [
        uuid_of(draft)
    ]
    assert world.blocks_of(others) == []
    assert own["spec"]["platformTenantId"] == "test-tenant-id"


def test_blocks_of_the_landing_zone_that_need_others_come_after_them(world: TenantWorld) -> None:
    repository = world.define_for_tenants(**MANUAL_TENANT)
    source = {"argument": f"{definition_of(repository)}.tenant_id"}
    rules = world.define_for_tenants(
        "Rules",
        dependencyDefinitionRefs=[{"uuid": definition_of(repository), "kind": "meshBuildingBlockDefinition"}],
        inputs={"repo": an_input("STRING", "BUILDING_BLOCK_OUTPUT", **source)},
    )
    world.add_zone(mandatory=[rules, repository])

    made = world.make()

    blocks = {block["spec"]["displayName"]: block for block in world.blocks_of(made)}
    [parent] = blocks["Rules"]["spec"]["parentBuildingBlockRefs"]
    assert parent["uuid"] == uuid_of(blocks["Repository"])
    assert world.claimed().inputs["repo"]["value"] == "test-tenant-id"


def test_an_import_needs_its_permission_and_a_landing_zone_without_blocks(world: TenantWorld) -> None:
    world.add_zone()
    known = {"platformTenantId": "already-there"}
    world.api.be(SHOP)
    assert world.refuse(403, **known)["errorCode"] == "MissingPermission"
    world.api.be(ADMINISTRATOR)
    assert world.refuse(400, platformTenantId="two words")["field"] == "/spec/platformTenantId"

    imported = world.make(**known)

    assert imported["spec"]["platformTenantId"] == "already-there"
    assert world.shown(imported)["replicationStatus"] == "SUCCESSFUL"
    world.add_zone("strict", mandatory=[world.define_for_tenants(**MANUAL_TENANT)])
    strict = {"name": "strict", "kind": "meshLandingZone"}
    assert world.refuse(400, "prod", landingZoneRef=strict, **known)["errorCode"] == "ImportWithBlocks"


def test_a_tenant_has_the_tags_of_its_project_then_of_its_payment_method_then_of_its_workspace(
    world: TenantWorld,
) -> None:
    world.add_zone()
    declare(world.db, world.services.tag_definitions, TargetKind.PROJECT, "env", "both")
    declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, "team", options=("blue", "red"))
    declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, "both")
    world.add_project("tagged", tags={"env": ["qa"], "both": ["project"]})
    workspace = world.as_admin("GET", WORKSPACE.path("shop"), media=WORKSPACE.media)
    workspace["metadata"]["tags"] = {"team": ["blue", "red"], "both": ["workspace"]}
    world.as_admin("PUT", WORKSPACE.path("shop"), workspace, media=WORKSPACE.media)

    made = world.make("tagged")

    assert made["status"]["tags"] == {"env": ["qa"], "both": ["project"], "team": ["blue", "red"]}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"metadata": {"ownedByWorkspace": "nowhere", "ownedByProject": "dev"}}, 404, "/metadata/ownedByWorkspace"),
        ({"metadata": {"ownedByWorkspace": "shop", "ownedByProject": "none"}}, 404, "/metadata/ownedByProject"),
        ({"metadata": {"ownedByWorkspace": "shop"}}, 400, "/metadata/ownedByProject"),
        ({"spec": {}}, 400, "/spec/platformRef"),
        ({"spec": {"platformRef": {"uuid": "x"}}}, 400, "/spec/platformRef/uuid"),
        ({"spec": {"platformRef": {"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}}}, 400, "/spec/platformRef/uuid"),
    ],
)
@pytest.mark.one_database
def test_what_is_not_there_or_malformed_is_refused_with_its_place(
    world: TenantWorld, change: dict[str, Any], status: int, field: str
) -> None:
    answer = world.api.send("POST", TENANTS, world.a_tenant() | change, media=TENANT.media)

    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_only_who_may_make_tenants_does_and_only_on_platforms_for_them(world: TenantWorld) -> None:
    world.add_zone()
    private = world.add_platform("mine", availability={"restriction": "PRIVATE", "publicationState": "PUBLISHED"})
    world.api.be(a_key("shop", "TENANT_LIST", "TENANT_DELETE"))
    assert world.refuse(403)["errorCode"] == "MissingPermission"
    world.api.be(a_key("shop", "TENANT_SAVE"))

    assert world.refuse(400, platform=private)["field"] == "/spec/platformRef/uuid"
    assert world.make()["status"]["lifecycle"]["state"] == "ACTIVE"
