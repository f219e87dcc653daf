"""Ordering blocks over HTTP: what is echoed, what is waited for, what is refused."""

import json
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OTHER,
    PLATFORM,
    SHOP,
    BlockWorld,
    a_secret,
    a_value,
    an_input,
    an_order,
    an_output,
    definition_of,
    dump,
    lifecycle_of,
    status_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR, a_key

INPUTS = {
    "name": an_input(valueValidationRegex="[a-z-]+"),
    "size": an_input("INTEGER", defaultValue=25, updateableByConsumer=True),
    "token": an_input(isSensitive=True),
    "region": an_input(assignment="STATIC", argument="eu"),
    "workspace": an_input(assignment="WORKSPACE_IDENTIFIER"),
    "id": an_input(assignment="TENANT_BUILDING_BLOCK_UUID"),
    "author": an_input("CODE", "AUTHOR"),
    "password": an_input(assignment="STATIC", isSensitive=True, argument={"plaintext": "static-s3cret"}),
}
OUTPUTS = {"url": an_output(assignment="RESOURCE_URL"), "count": an_output("INTEGER")}
ASKED: JsonObject = {"name": "invoices", "token": a_secret("t0p-s3cret")}


def test_an_order_is_echoed_with_all_inputs_and_its_first_run_is_pending(world: BlockWorld) -> None:
    version = world.define(inputs=INPUTS, outputs=OUTPUTS)
    world.api.be(ADMINISTRATOR)

    block = world.order(version, ASKED, name="invoices bucket")

    inputs = block["spec"].pop("inputs")
    run = block["status"].pop("latestRunUuid")
    assert run == str(world.latest_run(block).id)
    assert {key: item["value"] for key, item in inputs.items() if not item["isSensitive"]} == {
        "name": "invoices",
        "size": 25,
        "region": "eu",
        "workspace": "shop",
        "id": uuid_of(block),
        "author": inputs["author"]["value"],
    }
    assert inputs["size"] == {
        "value": 25,
        "valueType": "INTEGER",
        "assignmentType": "USER_INPUT",
        "isSensitive": False,
    }
    assert '"identifier":"admin-key"' in inputs["author"]["value"]
    for key in ("token", "password"):
        assert list(inputs[key]["value"]) == ["hash"]
        assert inputs[key]["value"]["hash"].startswith("sha256:")
    assert block == {
        "apiVersion": "v2-preview",
        "kind": "meshBuildingBlock",
        "metadata": {"uuid": uuid_of(block), "ownedByWorkspace": "shop"},
        "spec": {
            "buildingBlockDefinitionVersionRef": {
                "uuid": uuid_of(version),
                "kind": "meshBuildingBlockDefinitionVersion",
            },
            "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": "shop"},
            "displayName": "invoices bucket",
            "parentBuildingBlockRefs": [],
            "parentBuildingBlocks": [],
        },
        "status": {
            "status": "PENDING",
            "outputs": {},
            "forcePurge": False,
            "lifecycle": {"state": "ACTIVE"},
            "latestDryRunUuid": None,
        },
        "_links": block["_links"],
    }
    assert world.titles(block) == ["Building Block Created"]


def test_a_read_returns_the_same_document_as_the_order(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)

    assert world.read(block) == block


def test_a_successful_run_gives_the_declared_outputs(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS, outputs=OUTPUTS), ASKED)

    claimed = world.claimed()
    assert status_of(world.read(block)) == "IN_PROGRESS"
    world.report(
        claimed,
        outputs={"url": a_value("https://x.test"), "count": a_value(0, "INTEGER"), "undeclared": a_value("x")},
    )

    after = world.read(block)
    assert status_of(after) == "SUCCEEDED"
    assert after["status"]["outputs"] == {
        "url": {"value": "https://x.test", "valueType": "STRING", "assignmentType": "RESOURCE_URL"},
        "count": {"value": 0, "valueType": "INTEGER", "assignmentType": "NONE"},
    }
    assert after["status"]["latestRunUuid"] == block["status"]["latestRunUuid"]


def test_secrets_reach_the_runner_sealed_and_are_stored_and_shown_nowhere(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS), ASKED)

    claimed = world.claimed()

    token, password = claimed.inputs["token"], claimed.inputs["password"]
    assert (token["isSensitive"], password["isSensitive"]) == (True, True)
    assert world.key.open(str(token["value"])) == "t0p-s3cret"
    assert world.key.open(str(password["value"])) == "static-s3cret"
    world.read(block)
    world.api.ok("GET", BLOCKS)
    world.api.send("GET", f"/api/blockyard/v1/blocks/{uuid_of(block)}", media="application/json")
    for secret in ("t0p-s3cret", "static-s3cret"):
        assert secret not in dump(world.db)
        assert all(secret not in answer for answer in world.api.answers)


def test_a_refused_secret_is_not_repeated(world: BlockWorld) -> None:
    version = world.define(inputs={"token": an_input(isSensitive=True, valueValidationRegex="[0-9]+")})

    error = world.api.refused(400, "POST", BLOCKS, an_order(version, {"token": a_secret("t0p-s3cret")}))

    assert "t0p-s3cret" not in str(error)
    assert error["field"] == "/spec/inputs/token/value/plaintext"


def test_a_run_gets_the_values_of_the_moment_it_is_claimed(world: BlockWorld) -> None:
    world.api.be(SHOP)
    block = world.order(world.define(inputs=INPUTS), ASKED, name="{{name}} bucket")

    claimed = world.claimed()

    spec: Any = claimed.document["spec"]
    assert {key: item["value"] for key, item in claimed.inputs.items() if not item["isSensitive"]} == {
        "name": "invoices",
        "size": 25,
        "region": "eu",
        "workspace": "shop",
        "id": uuid_of(block),
        "author": claimed.inputs["author"]["value"],
    }
    assert spec["buildingBlock"]["spec"]["displayName"] == "invoices bucket"
    assert spec["buildingBlock"]["spec"]["workspaceIdentifier"] == "shop"
    assert spec["buildingBlock"]["spec"]["parentBuildingBlocks"] == []
    assert spec["buildingBlockDefinition"]["spec"]["workspaceIdentifier"] == "platform"
    assert spec["buildingBlockDefinition"]["spec"]["version"] == 1
    assert spec["buildingBlockDefinition"]["spec"]["implementation"]["type"] == "TERRAFORM"
    assert spec["trigger"]["reason"] == "BUILDING_BLOCK_CREATION"
    assert world.read(block)["spec"]["displayName"] == "{{name}} bucket"


def test_a_manual_block_is_done_at_once_and_gives_its_inputs_back(world: BlockWorld) -> None:
    version = world.define(
        implementation=MANUAL,
        inputs={
            "name": an_input(),
            "kind": an_input("SINGLE_SELECT", selectableValues=["a", "b"], defaultValue="a"),
            "tags": an_input("MULTI_SELECT", selectableValues=["x", "y"]),
            "region": an_input(assignment="STATIC", argument="eu"),
            "token": an_input(isSensitive=True),
        },
    )

    block = world.order(version, {"name": "n", "tags": ["y"], "token": a_secret("t0p-s3cret")})

    assert status_of(block) == "SUCCEEDED"
    assert block["status"]["latestRunUuid"]
    assert {key: (item["value"], item["valueType"]) for key, item in block["status"]["outputs"].items()} == {
        "name": ("n", "STRING"),
        "kind": ("a", "STRING"),
        "tags": (["y"], "CODE"),
        "region": ("eu", "STRING"),
        "token": (None, "STRING"),
    }
    assert world.claim() is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_block_without_a_user_input_waits_for_it(world: BlockWorld, value: str | None) -> None:
    world.api.be(SHOP)

    block = world.order(world.define(inputs={"name": an_input()}), {"name": value})

    assert status_of(block) == "WAITING_FOR_USER_INPUT"
    assert block["status"]["latestRunUuid"] is None
    assert world.claim() is None
    world.change(block, inputs={"name": "n"})
    assert status_of(world.read(block)) == "PENDING"


def test_an_operator_input_is_waited_for_and_saving_it_starts_the_run(world: BlockWorld) -> None:
    version = world.define(inputs={"name": an_input(), "quota": an_input("INTEGER", "PLATFORM_OPERATOR_MANUAL_INPUT")})
    world.api.be(SHOP)
    block = world.order(version, {})
    assert status_of(block) == "WAITING_FOR_OPERATOR_INPUT"

    refusal = world.api.refused(403, "PUT", f"{BLOCKS}/{uuid_of(block)}", _with(block, quota=5))
    assert "you don't have sufficient permissions" in refusal["message"]
    world.api.be(PLATFORM)
    after = world.api.ok("PUT", f"{BLOCKS}/{uuid_of(block)}", _with(block, quota=5))

    assert status_of(after) == "WAITING_FOR_USER_INPUT"
    world.api.be(SHOP)
    assert status_of(world.change(block, inputs={"name": "n"})) == "PENDING"
    assert {key: item["value"] for key, item in world.claimed().inputs.items()} == {"name": "n", "quota": 5}


def _with(block: Any, **values: Any) -> Any:
    sent = {key: {"value": value, "isSensitive": False} for key, value in values.items()}
    return {**block, "spec": {**block["spec"], "inputs": sent}}


def test_people_who_may_not_order_are_refused(world: BlockWorld) -> None:
    version = world.define()
    for principal in (OTHER, PLATFORM, a_key("shop", "BUILDINGBLOCK_LIST")):
        world.api.be(principal)

        error = world.api.refused(403, "POST", BLOCKS, an_order(version))

        assert error["errorCode"] == "MissingPermission"


@pytest.mark.parametrize("transparent", [True, False])
def test_everybody_who_reads_a_block_sees_the_id_of_its_run_but_not_always_the_run(
    world: BlockWorld, *, transparent: bool
) -> None:
    version = world.define(transparent=transparent)
    world.api.be(SHOP)

    block = world.order(version)

    run = block["status"]["latestRunUuid"]
    assert run == str(world.latest_run(block).id)
    assert block["_links"]["latestRun"]["href"].endswith(f"/api/meshobjects/meshbuildingblockruns/{run}")
    assert "latestDryRun" not in block["_links"]
    read = world.api.send("GET", f"{RUN.path(run)}", media=RUN.media)
    assert read.status_code == (200 if transparent else 403)


def test_an_order_without_metadata_is_no_object(world: BlockWorld) -> None:
    order = an_order(world.define())
    del order["metadata"]

    refused = world.api.refused(400, "POST", BLOCKS, order)

    assert (refused["errorCode"], refused["field"]) == ("HttpMessageNotReadable", "/metadata")


def test_drafts_are_for_their_owner_and_administrators(world: BlockWorld) -> None:
    draft = world.define(released=False, inputs={})

    world.api.be(SHOP)
    assert world.api.send("POST", BLOCKS, an_order(draft)).status_code in {404, 409}
    world.api.be(PLATFORM)
    assert status_of(world.order(draft, workspace="platform")) == "PENDING"
    world.api.be(ADMINISTRATOR)
    assert status_of(world.order(draft)) == "PENDING"


def test_a_definition_may_allow_one_block_per_workspace_only(world: BlockWorld) -> None:
    version = world.define(onlyApplyOncePerTenant=True)
    world.order(version)

    assert world.api.refused(409, "POST", BLOCKS, an_order(version))["errorCode"] == "AssignmentLimit"
    world.order(version, workspace="other")


BAD: list[tuple[str, JsonObject, str, str]] = [
    ("unknown input", {"nme": "x"}, "InputNotSettable", "/spec/inputs/nme"),
    ("static input", {"region": "us"}, "InputNotSettable", "/spec/inputs/region"),
    ("computed input", {"workspace": "x"}, "InputNotSettable", "/spec/inputs/workspace"),
    ("wrong type", {"size": "5"}, "InvalidValue", "/spec/inputs/size/value"),
    ("fraction", {"size": 5.5}, "InvalidValue", "/spec/inputs/size/value"),
    ("boolean as number", {"size": True}, "InvalidValue", "/spec/inputs/size/value"),
    ("pattern", {"name": "UPPER"}, "PatternMismatch", "/spec/inputs/name/value"),
    ("secret in clear", {"token": "x"}, "SensitivityMismatch", "/spec/inputs/token/isSensitive"),
    ("foreign hash", {"token": {"hash": "sha256:0"}}, "UnknownSecretHash", "/spec/inputs/token/value/hash"),
]


@pytest.mark.parametrize(("_what", "inputs", "code", "field"), BAD, ids=[row[0] for row in BAD])
@pytest.mark.one_database
def test_bad_inputs_are_refused_with_code_place_and_remedy(
    world: BlockWorld,
    _what: str,
    inputs: JsonObject,
    code: str,
    field: str,
) -> None:
    error = world.api.refused(400, "POST", BLOCKS, an_order(world.define(inputs=INPUTS), inputs))

    assert (error["errorCode"], error["field"]) == (code, field)
    assert error["remedy"]


MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("no display name", {"displayName": ""}, "/spec/displayName"),
    ("long display name", {"displayName": "x" * 256}, "/spec/displayName"),
    ("no version", {"buildingBlockDefinitionVersionRef": None}, "/spec/buildingBlockDefinitionVersionRef"),
    (
        "wrong kind",
        {"buildingBlockDefinitionVersionRef": {"uuid": "x", "kind": "meshTenant"}},
        "/spec/buildingBlockDefinitionVersionRef/uuid",
    ),
    ("inputs as list", {"inputs": []}, "/spec/inputs"),
    (
        "tenant",
        {"targetRef": {"kind": "meshTenant", "uuid": None, "name": "shop.dev.repos.global"}},
        "/spec/targetRef",
    ),
    ("no target", {"targetRef": {"kind": "meshWorkspace", "uuid": None, "name": None}}, "/spec/targetRef"),
    (
        "two targets",
        {"targetRef": {"kind": "meshWorkspace", "uuid": "0f0f0f0f-0000-4000-8000-000000000000", "name": "shop"}},
        "/spec/targetRef",
    ),
    (
        "many parents",
        {"parentBuildingBlockRefs": [{"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}] * 21},
        "/spec/parentBuildingBlockRefs",
    ),
    (
        "parents that differ",
        {"parentBuildingBlocks": [{"buildingBlockUuid": "0f0f0f0f-0000-4000-8000-000000000000"}]},
        "/spec/parentBuildingBlocks",
    ),
    (
        "unknown parent",
        {"parentBuildingBlockRefs": [{"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}]},
        "/spec/parentBuildingBlockRefs/0",
    ),
]


@pytest.mark.parametrize(("_what", "spec", "field"), MALFORMED, ids=[row[0] for row in MALFORMED])
@pytest.mark.one_database
def test_malformed_orders_are_refused_with_their_place(
    world: BlockWorld,
    _what: str,
    spec: dict[str, Any],
    field: str,
) -> None:
    order: Any = an_order(world.define())

    error = world.api.refused(400, "POST", BLOCKS, {**order, "spec": {**order["spec"], **spec}})

    assert error["field"] == field
    assert error["remedy"]


def test_unknown_versions_and_workspaces_are_not_found(world: BlockWorld) -> None:
    version = world.define()

    unknown = an_order({"metadata": {"uuid": "0f0f0f0f-0000-4000-8000-000000000000"}})
    assert world.api.send("POST", BLOCKS, unknown).status_code == 404
    assert world.api.send("POST", BLOCKS, an_order(version, workspace="nowhere")).status_code == 404


def test_other_media_types_are_refused(world: BlockWorld) -> None:
    order = an_order(world.define())

    assert world.api.send("POST", BLOCKS, order, media="application/json").status_code == 406
    assert world.api.send("GET", BLOCKS, media="application/json").status_code == 406


def test_a_run_without_its_outputs_fails_and_names_them(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS, outputs=OUTPUTS), ASKED)

    world.finish({"url": a_value(["x"]), "count": a_value(None, "INTEGER")})

    assert status_of(world.read(block)) == "FAILED"
    run = world.latest_run(block)
    assert run.status == "FAILED"
    assert run.summary is not None
    assert "Output 'count' was expected but not provided" in run.summary
    assert "Output 'url' cannot be used" in run.summary
    assert world.read(block)["status"]["outputs"] == {}


def test_a_run_may_leave_optional_outputs_out_and_children_find_them_absent(world: BlockWorld) -> None:
    optional = {name: {**output, "isOptional": True} for name, output in OUTPUTS.items()}
    block = world.order(world.define(inputs=INPUTS, outputs=optional), ASKED)

    world.finish({"url": a_value(None)})

    assert status_of(world.read(block)) == "SUCCEEDED"
    assert world.read(block)["status"]["outputs"] == {}


def test_a_link_that_is_no_address_is_kept_as_the_text_it_is(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS, outputs=OUTPUTS), ASKED)

    world.finish({"url": a_value("gs://logs"), "count": a_value(1, "INTEGER")})

    assert status_of(world.read(block)) == "SUCCEEDED"
    assert world.read(block)["status"]["outputs"]["url"]["value"] == "gs://logs"


def test_the_usage_of_versions_and_definitions_is_counted(world: BlockWorld) -> None:
    version = world.define(implementation=MANUAL)
    block = world.order(version)
    world.order(version, workspace="other")

    definition = f"/api/meshobjects/meshbuildingblockdefinitions/{definition_of(version)}"
    media = "application/vnd.meshcloud.api.meshBuildingBlockDefinition.v1-preview.hal+json"
    assert world.api.send("DELETE", definition, media=media).status_code == 409
    assert world.db.read_now(lambda tx: world.usage.of_workspace(tx, "shop")) == ["1 building block"]
    world.delete(block)
    assert lifecycle_of(world.read(block)) == "DELETED"
    assert world.db.read_now(lambda tx: world.usage.of_workspace(tx, "shop")) == []


def test_a_list_comes_back_as_it_was_sent_and_reaches_the_run_as_text(world: BlockWorld) -> None:
    regions: list[Json] = ["eu", 1, {"zone": None}]
    inputs = {"regions": an_input("LIST", updateableByConsumer=True)}
    block = world.order(world.define("Server", inputs=inputs), {"regions": regions})

    assert block["spec"]["inputs"]["regions"]["value"] == regions
    claimed = world.claimed()
    assert claimed.inputs["regions"]["value"] == '["eu",1,{"zone":null}]'
    world.report(claimed)
    unchanged = world.change(block, inputs={"regions": regions})
    assert (status_of(unchanged), unchanged["spec"]["inputs"]["regions"]["value"]) == ("SUCCEEDED", regions)


def test_a_list_of_a_manual_block_is_an_output_of_type_code(world: BlockWorld) -> None:
    version = world.define("Server", implementation=MANUAL, inputs={"regions": an_input("LIST")})

    block = world.order(version, {"regions": ["eu"]})

    assert block["status"]["outputs"]["regions"] == {
        "value": ["eu"],
        "valueType": "CODE",
        "assignmentType": "NONE",
    }


@pytest.mark.parametrize("written", [{}, {"a": [1, None]}, [], [1], 5, 1.5, True, False, "{}", '{"a": 1}'])
@pytest.mark.one_database
def test_code_of_a_definition_may_be_written_as_json_and_runs_get_it_as_text(world: BlockWorld, written: Json) -> None:
    inputs: JsonObject = {
        "default": an_input("CODE", defaultValue=written),
        "fixed": an_input("CODE", "STATIC", argument=written),
    }
    version = world.define(inputs=inputs)
    expected = written if isinstance(written, str) else json.dumps(written, separators=(",", ":"))

    block = world.order(version)
    claimed = world.claimed()

    spec: Any = version["spec"]
    stored = spec["inputs"]
    assert (stored["default"]["defaultValue"], stored["fixed"]["argument"]) == (written, written)
    assert type(stored["default"]["defaultValue"]) is type(written)
    assert {key: item["value"] for key, item in claimed.inputs.items()} == {"default": expected, "fixed": expected}
    assert block["spec"]["inputs"]["default"]["value"] == expected


def test_an_order_without_a_name_is_called_by_the_template_of_its_definition(world: BlockWorld) -> None:
    version = world.define(inputs={"env": an_input()}, about={"displayNameTemplate": "bucket-{{env}}"})
    order: Any = an_order(version)
    del order["spec"]["displayName"]

    block = world.api.ok("POST", BLOCKS, order)
    unnamed = world.stored(block).name
    world.change(block, inputs={"env": "dev"})

    assert (block["spec"]["displayName"], unnamed) == ("bucket-{{env}}", "bucket-{{env}}")
    assert world.stored(block).name == "bucket-dev"


def test_an_order_without_a_name_or_a_template_is_called_as_its_definition(world: BlockWorld) -> None:
    order: Any = an_order(world.define("Shared disk", inputs={}))
    order["spec"]["displayName"] = None

    assert world.api.ok("POST", BLOCKS, order)["spec"]["displayName"] == "Shared disk"


def test_a_run_warns_of_a_declared_output_whose_value_is_withheld(world: BlockWorld) -> None:
    block = world.order(world.define(inputs=INPUTS, outputs={"key": an_output()}), ASKED)

    world.report(world.claimed(), outputs={"key": a_value(None, isSensitive=True)})

    assert status_of(world.read(block)) == "SUCCEEDED"
    assert [warning.message for warning in world.latest_run(block).warnings] == [
        "The value of output 'key' is sensitive: it stays in the state and was not handed on."
    ]
