"""Whole orders: all of it or nothing, with tenant and project, and what is told before."""

from typing import Any

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION
from blockyard.server.tags.model import TargetKind
from tests.support.block_world import DEFINITIONS, OTHER, SHOP, a_secret, an_input, an_output, definition_of, uuid_of
from tests.support.tags import declare
from tests.support.tenant_world import MAKES_TENANT, TenantWorld

ORDERS = "/api/blockyard/v1/orders"
JSON = "application/json"


def a_block(version: JsonObject, name: str | None = None, parents: Any = (), **inputs: Any) -> JsonObject:
    """Return a block of an order."""
    return {
        "definitionUuid": definition_of(version),
        "name": name,
        "inputs": {key: {"value": value} for key, value in inputs.items()},
        "parents": [{"block": parent} for parent in parents],
    }


def place(world: TenantWorld, *blocks: JsonObject, path: str = ORDERS, **more: Any) -> Any:
    """Send an order of the shop."""
    return world.api.send("POST", path, {"workspace": "shop", "blocks": [*blocks], **more}, media=JSON)


def count(world: TenantWorld) -> int:
    """Return how many blocks there are."""
    total: int = world.as_admin("GET", "/api/blockyard/v1/blocks", media=JSON)["page"]["totalElements"]
    return total


def needing(version: JsonObject) -> Any:
    """Return what makes a version depend on the definition of another."""
    return {"dependencyDefinitionRefs": [{"kind": "meshBuildingBlockDefinition", "uuid": definition_of(version)}]}


def test_several_blocks_are_ordered_at_once_each_after_what_it_needs(world: TenantWorld) -> None:
    network = world.define("Network")
    database = world.define("Database", inputs={"size": an_input("INTEGER")}, **needing(network))
    world.api.be(SHOP)

    answer = place(world, a_block(database, "db", ["net"], size=9223372036854775807), a_block(network, "net"))

    placed = answer.json()
    assert answer.status_code == 201, answer.text
    assert [block["name"] for block in placed["blocks"]] == ["db", "net"]
    assert {one["code"] for one in placed["warnings"]} == {"NoRunner"}
    block = world.read({"metadata": placed["blocks"][0]})
    assert block["spec"]["parentBuildingBlockRefs"][0]["uuid"] == placed["blocks"][1]["uuid"]
    assert block["spec"]["inputs"]["size"]["value"] == 9223372036854775807


def test_a_refused_part_leaves_nothing_behind_and_is_pointed_at(world: TenantWorld) -> None:
    version = world.define("Bucket", inputs={"size": an_input("INTEGER")})
    world.api.be(SHOP)

    value = place(world, a_block(version, size=1), a_block(version, size="big")).json()
    parent = place(world, a_block(version, parents=["nobody"], size=1)).json()
    circle = place(world, a_block(version, "a", ["b"], size=1), a_block(version, "b", ["a"], size=1)).json()
    unknown = place(world, {"definitionUuid": uuid_of(version), "inputs": {}}).json()

    assert (value["errorCode"], value["field"]) == ("InvalidValue", "/blocks/1/inputs/size/value")
    assert (parent["errorCode"], parent["field"]) == ("BadOrder", "/blocks/0/parents/0")
    assert (circle["errorCode"], circle["field"]) == ("BadOrder", "/blocks")
    assert (unknown["status"], unknown["field"]) == (404, "/blocks/0/definitionUuid")
    assert count(world) == 0


def test_a_project_a_tenant_with_its_mandatory_block_and_a_block_that_needs_it_are_made_together(
    world: TenantWorld,
) -> None:
    inputs = {**MAKES_TENANT["inputs"], "owner": an_input()}
    mandatory = world.define_for_tenants("Account", inputs=inputs, outputs=MAKES_TENANT["outputs"])
    world.add_zone("zone", mandatory=[mandatory])
    version = world.define_for_tenants("App", **needing(mandatory))
    tenant = {
        "project": "fresh",
        "newProject": {"displayName": "Fresh"},
        "platformUuid": uuid_of(world.platform),
        "landingZone": "zone",
    }
    given = {definition_of(mandatory): {"owner": {"value": "sam"}}}

    lacking = place(world, a_block(version), newTenant=tenant)
    answer = place(world, a_block(version), newTenant={**tenant, "buildingBlockInputs": given})

    assert (lacking.status_code, lacking.json()["field"]) == (400, "/newTenant/landingZone")
    placed = answer.json()
    assert answer.status_code == 201, answer.text
    assert placed["project"] == "fresh"
    block = world.read({"metadata": placed["blocks"][0]})
    on_tenant = world.blocks_of({"metadata": {"uuid": placed["tenantUuid"]}})
    (account,) = [one for one in on_tenant if uuid_of(one) != uuid_of(block)]
    assert account["spec"]["inputs"]["owner"]["value"] == "sam"
    assert block["spec"]["parentBuildingBlockRefs"][0]["uuid"] == uuid_of(account)


def test_a_check_tells_what_is_asked_and_what_is_wrong_and_makes_nothing(world: TenantWorld) -> None:
    inputs: Any = {
        "on": an_input("BOOLEAN", defaultValue=False),
        "days": an_input("INTEGER", condition="input.on"),
        "region": an_input("SINGLE_SELECT", selectableValues=["eu", "us"], defaultValue="eu"),
        "zone": an_input(
            "SINGLE_SELECT", optionSources=[{"condition": "input.region == 'us'", "values": ["us-1", "us-2"]}]
        ),
        "token": an_input(isSensitive=True),
    }
    message = "Zone us-2 is full"
    version = world.define(inputs=inputs, inputChecks=[{"condition": "input.zone != 'us-2'", "message": message}])
    world.api.be(SHOP)

    def check(**values: Any) -> Any:
        return place(world, a_block(version, **values), path=f"{ORDERS}/check").json()

    empty, wrong = check(), check(region="us", zone="eu-1", token=a_secret("hunter2"))
    full, right = (check(region="us", zone=zone, token=a_secret("hunter2")) for zone in ("us-2", "us-1"))

    asked = empty["blocks"][0]
    assert (asked["hidden"], asked["options"]) == (["days"], {"zone": []})
    assert asked["defaults"] == {"on": False, "region": "eu"}
    assert [one["field"] for one in empty["problems"]] == [f"/blocks/0/inputs/{key}/value" for key in ("token", "zone")]
    assert wrong["problems"][0]["message"] == "the value of input 'Zone' must be one of the options"
    assert full["problems"][0]["message"] == message
    assert (right["isSound"], right["problems"]) == (True, [])
    assert {one["code"] for one in right["warnings"]} == {"NoRunner"}
    assert "hunter2" not in str([wrong, full, right])
    assert count(world) == 0


def test_a_check_finds_what_an_order_is_refused_for(world: TenantWorld) -> None:
    network = world.define("Network", outputs={"id": an_output()})
    from_network = an_input(assignmentType="BUILDING_BLOCK_OUTPUT", argument=f"{definition_of(network)}.id")
    inputs = {"token": an_input(isSensitive=True), "net": from_network}
    version = world.define("App", inputs=inputs, **needing(network))
    once = world.define("Once", onlyApplyOncePerTenant=True)
    on_tenants = world.define_for_tenants("On tenants")
    world.api.be(SHOP)
    sound = a_block(network, "net")
    nobody = "11111111-1111-4111-8111-111111111111"
    new = {"project": "nobody", "platformUuid": uuid_of(world.platform)}
    cases: list[tuple[Any, Any, str, str]] = [
        ([a_block(network, "a", ["a"])], {}, "BadOrder", "/blocks"),
        ([a_block(network, "a", ["b"]), a_block(network, "b", ["a"])], {}, "BadOrder", "/blocks"),
        ([a_block(version, token=a_secret("hunter2"))], {}, "ParentMissing", "/blocks/0/parents"),
        ([sound, a_block(version, parents=["net"], token="text")], {}, "NotASecret", "/blocks/1/inputs/token/value"),
        (
            [sound, a_block(version, parents=["net"], token={"hash": "sha256:0"})],
            {},
            "UnknownSecretHash",
            "/blocks/1/inputs/token/value/hash",
        ),
        (
            [sound, a_block(version, parents=["net"], token=a_secret("x"), net="mine")],
            {},
            "InputNotSettable",
            "/blocks/1/inputs/net",
        ),
        ([a_block(network, foo="bar")], {}, "InputNotSettable", "/blocks/0/inputs/foo"),
        ([a_block(once), a_block(once)], {}, "AssignmentLimit", "/blocks/1/definitionUuid"),
        ([a_block(on_tenants)], {}, "WrongLevel", "/tenantUuid"),
        (
            [{**sound, "parents": [{"buildingBlockUuid": nobody}]}],
            {},
            "InvalidParent",
            "/blocks/0/parents/0",
        ),
        ([a_block(on_tenants)], {"newTenant": new}, "UnknownProject", "/newTenant/project"),
    ]

    for blocks, more, code, field in cases:
        told = place(world, *blocks, path=f"{ORDERS}/check", **more).json()
        refused = place(world, *blocks, **more).json()

        assert (refused["errorCode"], refused["field"]) == (code, field)
        assert not told["isSound"]
        assert {key: refused[key] for key in ("field", "errorCode", "message", "remedy")} in told["problems"], told
        assert "spec" not in refused["remedy"]
        assert "hunter2" not in str([told, refused])
    assert count(world) == 0


def test_a_check_finds_all_at_once_that_is_wrong_with_several_blocks(world: TenantWorld) -> None:
    network = world.define("Network", inputs={"size": an_input("INTEGER")})
    version = world.define("App", **needing(network))
    world.api.be(SHOP)

    told = place(
        world,
        a_block(network, "net", size="big", foo=1),
        a_block(version),
        a_block(version, parents=["net"]),
        path=f"{ORDERS}/check",
    ).json()

    assert [(one["errorCode"], one["field"]) for one in told["problems"]] == [
        ("InvalidValue", "/blocks/0/inputs/size/value"),
        ("InputNotSettable", "/blocks/0/inputs/foo"),
        ("ParentMissing", "/blocks/1/parents"),
    ]
    assert count(world) == 0


def test_who_may_not_order_for_a_workspace_is_pointed_at_the_workspace(world: TenantWorld) -> None:
    version = world.define("Bucket")
    world.api.be(OTHER)

    answers = [place(world, a_block(version), path=path) for path in (ORDERS, f"{ORDERS}/check")]

    assert [(one.status_code, one.json()["field"]) for one in answers] == [(403, "/workspace")] * 2


def test_only_those_who_may_order_for_a_workspace_check_and_order_for_it(world: TenantWorld) -> None:
    version = world.define(outputs={"name": an_output()})
    world.api.be(OTHER)

    answers = [place(world, a_block(version), path=path) for path in (ORDERS, f"{ORDERS}/check")]

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert count(world) == 0


def test_the_marketplace_is_searched_with_a_typing_error(world: TenantWorld) -> None:
    world.define("Kubernetes namespace")
    world.define("Database")

    found = world.as_admin("GET", "/api/blockyard/v1/marketplace?search=kubernets", media=JSON)

    (item,) = found["_embedded"]["definitions"]
    assert (item["displayName"], item["ownedByWorkspace"]) == ("Kubernetes namespace", "platform")
    assert (item["succeededRuns"], item["usualSeconds"]) == (0, None)


def test_the_marketplace_is_filtered_by_a_value_of_one_tag(world: TenantWorld) -> None:
    definitions = world.services.tag_definitions
    declare(world.db, definitions, TargetKind.DEFINITION, "region", "stage", options=["eu", "us", "dev"])
    world.define("Plain")
    tags: dict[str, JsonObject] = {
        "Both": {"region": ["eu", "us"], "stage": ["dev"]},
        "One": {"region": ["eu"], "stage": ["dev", "us"]},
    }
    made = {name: definition_of(world.define(name)) for name in tags}
    for name, uuid in made.items():
        definition = world.as_admin("GET", f"{DEFINITIONS}/{uuid}", media=DEFINITION.media)
        definition["metadata"]["tags"] = tags[name]
        world.as_admin("PUT", f"{DEFINITIONS}/{uuid}", definition, media=DEFINITION.media)

    def named(tag: str) -> list[str]:
        found = world.as_admin("GET", f"/api/blockyard/v1/marketplace?tag={tag}", media=JSON)
        return [item["displayName"] for item in found["_embedded"]["definitions"]]

    assert [named(tag) for tag in ("region:us", "region:eu", "stage:us", "region:dev", "us")] == [
        ["Both"],
        ["Both", "One"],
        ["One"],
        [],
        [],
    ]
    assert world.api.send("DELETE", f"{DEFINITIONS}/{made['Both']}", media=DEFINITION.media).is_success
    assert named("region:us") == []
