"""Building blocks on tenants in the shape of v1: the same blocks as in v2, by the same rules. Source: api.md 3.19."""

from typing import Any

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import BLOCK_V1, BLOCK_V2, TENANT
from tests.support.block_world import (
    BLOCKS,
    MANUAL,
    OTHER,
    SHOP,
    an_input,
    an_output,
    definition_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR
from tests.support.tenant_world import TenantWorld

SIZES: dict[str, Any] = {
    "inputs": {
        "size": an_input("INTEGER"),
        "on": an_input("BOOLEAN", defaultValue=True),
        "zones": an_input("MULTI_SELECT", selectableValues=["a", "b"]),
        "token": an_input("STRING", isSensitive=True),
        "platform": an_input("STRING", "FULL_PLATFORM_IDENTIFIER"),
    },
}
DEV = "shop.dev.repos.global"


def a_v1_order(version: JsonObject, *inputs: Json, tenant: str = DEV, parents: Json = None) -> JsonObject:
    """Return the body of a POST as the public client sends it."""
    return {
        "apiVersion": "v1",
        "kind": "meshBuildingBlock",
        "metadata": {"definitionUuid": definition_of(version), "definitionVersion": 1, "tenantIdentifier": tenant},
        "spec": {"displayName": "legacy", "inputs": list(inputs), "parentBuildingBlocks": parents},
    }


def value(key: str, value: Json, value_type: str) -> JsonObject:
    return {"key": key, "value": value, "valueType": value_type}


@pytest.fixture
def tenant(world: TenantWorld) -> Any:
    """The tenant of the project dev, without blocks."""
    world.add_zone()
    world.api.be(SHOP)
    return world.make()


def send(world: TenantWorld, order: JsonObject) -> httpx2.Response:
    return world.api.send("POST", BLOCKS, order, media=BLOCK_V1.media)


def read(world: TenantWorld, block: Any) -> httpx2.Response:
    return world.api.send("GET", f"{BLOCKS}/{uuid_of(block)}", media=BLOCK_V1.media)


@pytest.mark.usefixtures("tenant")
def test_a_block_is_ordered_on_the_tenant_with_a_name(world: TenantWorld) -> None:
    version = world.define_for_tenants(**SIZES)
    sent = [value("size", 16, "INTEGER"), value("zones", ["b", "a"], "MULTI_SELECT")]

    answer = send(world, a_v1_order(version, *sent))

    made = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (201, BLOCK_V1.media)
    assert made == {
        "apiVersion": "v1",
        "kind": "meshBuildingBlock",
        "metadata": {
            "uuid": uuid_of(made),
            "definitionUuid": definition_of(version),
            "definitionVersion": 1,
            "tenantIdentifier": DEV,
            "forcePurge": False,
            "createdOn": made["metadata"]["createdOn"],
            "markedForDeletionOn": None,
            "markedForDeletionBy": None,
        },
        "spec": {
            "displayName": "legacy",
            "inputs": [
                value("size", 16, "INTEGER"),
                {"key": "on", "value": True, "valueType": "BOOLEAN"},
                value("zones", ["b", "a"], "MULTI_SELECT"),
                value("token", None, "STRING"),
                value("platform", "repos.global", "STRING"),
            ],
            "parentBuildingBlocks": [],
        },
        "status": {"status": "WAITING_FOR_USER_INPUT", "outputs": []},
        "_links": made["_links"],
    }
    assert read(world, made).json() == made


def test_both_versions_show_one_block(world: TenantWorld, tenant: Any) -> None:
    outputs = {"repo": an_output("STRING", "NONE")}
    version = world.define_for_tenants(
        implementation=MANUAL, inputs={"repo": an_input("STRING")}, outputs=outputs, deletionMode="PURGE"
    )

    made = send(world, a_v1_order(version, value("repo", "shop", "STRING"))).json()

    shown = world.api.ok("GET", f"{BLOCKS}/{uuid_of(made)}")
    assert shown["spec"]["targetRef"] == TENANT.ref(uuid_of(tenant)) | {"name": None}
    assert shown["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == uuid_of(version)
    seen = read(world, made).json()
    assert seen["status"] == {"status": shown["status"]["status"], "outputs": [value("repo", "shop", "STRING")]}
    assert seen["status"]["status"] == "SUCCEEDED"


@pytest.mark.usefixtures("tenant")
def test_a_secret_is_given_as_in_v2_and_never_shown(world: TenantWorld) -> None:
    version = world.define_for_tenants(inputs={"token": an_input("STRING", isSensitive=True)})

    made = send(world, a_v1_order(version, value("token", {"plaintext": "hush"}, "STRING"))).json()

    assert (made["status"]["status"], made["spec"]["inputs"]) == ("PENDING", [value("token", None, "STRING")])


@pytest.mark.usefixtures("tenant")
def test_parents_come_back_with_their_definitions(world: TenantWorld) -> None:
    below, version = world.define_for_tenants("Below", inputs={}), world.define_for_tenants(inputs={})
    parent = send(world, a_v1_order(below)).json()
    named: JsonObject = {"buildingBlockUuid": uuid_of(parent), "definitionUuid": definition_of(below)}

    made = send(world, a_v1_order(version, parents=[named])).json()
    wrong = send(world, a_v1_order(version, parents=[named | {"definitionUuid": definition_of(version)}]))

    assert made["spec"]["parentBuildingBlocks"] == [named]
    assert made["status"]["status"] == "WAITING_FOR_DEPENDENT_INPUT"
    error = wrong.json()
    assert (wrong.status_code, error["errorCode"]) == (400, "InvalidParent")
    assert error["field"] == "/spec/parentBuildingBlocks/0"


@pytest.mark.usefixtures("tenant")
def test_a_deleted_block_stays_readable(world: TenantWorld) -> None:
    version = world.define_for_tenants(implementation=MANUAL, inputs={}, deletionMode="PURGE")
    made = send(world, a_v1_order(version)).json()

    deleted = world.api.send("DELETE", f"{BLOCKS}/{uuid_of(made)}", media=BLOCK_V1.media)

    seen = read(world, made).json()
    assert deleted.status_code == 202
    assert seen["metadata"]["markedForDeletionOn"] is not None
    assert seen["metadata"]["markedForDeletionBy"] == SHOP.author.identifier
    assert world.api.ok("GET", f"{BLOCKS}/{uuid_of(made)}")["status"]["lifecycle"]["state"] == "DELETED"


@pytest.mark.usefixtures("tenant")
def test_refusals_point_at_members_of_v1(world: TenantWorld) -> None:
    version = world.define_for_tenants(inputs={"size": an_input("INTEGER")})
    of_workspaces = world.define("Bucket", inputs={})
    for order, expected in [
        (a_v1_order(version, value("size", "16", "STRING")), (400, "InvalidValue", "/spec/inputs/0/value")),
        (a_v1_order(version, value("odd", 1, "INTEGER")), (400, "InputNotSettable", "/spec/inputs/0")),
        (
            a_v1_order(version, value("size", 1, "INTEGER"), value("size", 2, "INTEGER")),
            (400, "DuplicateInput", "/spec/inputs/1/key"),
        ),
        (a_v1_order(of_workspaces), (400, "WrongLevel", "/metadata/tenantIdentifier")),
        (a_v1_order(version, tenant="shop.prod.repos.global"), (404, "UnknownTenant", "/metadata/tenantIdentifier")),
        (a_v1_order(version, tenant="shop"), (404, "UnknownTenant", "/metadata/tenantIdentifier")),
    ]:
        answer = send(world, order)
        error = answer.json()
        assert (answer.status_code, error["errorCode"], error["field"]) == expected


def test_what_a_caller_may_not_know_is_not_there_and_has_no_id(world: TenantWorld, tenant: Any) -> None:
    draft = world.define_for_tenants("Draft", inputs={}, released=False)
    made = send(world, a_v1_order(world.define_for_tenants(inputs={}))).json()

    hidden = send(world, a_v1_order(draft))
    order = a_v1_order(draft)
    order["metadata"]["definitionVersion"] = 7  # type: ignore[index,call-overload]  # an object, see above
    missing = send(world, order)
    world.api.be(OTHER)
    foreign, unseen = send(world, a_v1_order(draft)), read(world, made)

    assert [answer.status_code for answer in (hidden, missing, foreign, unseen)] == [404] * 4
    assert hidden.json()["message"] == missing.json()["message"].replace("'7 of", "'1 of")
    assert uuid_of(draft) not in hidden.text
    assert uuid_of(tenant) not in foreign.text


def test_v1_has_no_words_for_blocks_of_workspaces_and_no_list_or_change(world: TenantWorld) -> None:
    world.api.be(ADMINISTRATOR)
    block = world.order(world.define(inputs={}))

    shown, listed = read(world, block), world.api.send("GET", BLOCKS, media=BLOCK_V1.media)
    changed = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", {}, media=BLOCK_V1.media)

    assert (shown.status_code, shown.json()["errorCode"]) == (406, "NotOnTenant")
    assert BLOCK_V2.media in shown.json()["remedy"]
    assert (listed.status_code, changed.status_code) == (406, 406)


@pytest.mark.usefixtures("tenant")
def test_who_accepts_both_versions_gets_the_newer(world: TenantWorld) -> None:
    made = send(world, a_v1_order(world.define_for_tenants(inputs={}))).json()

    for accepted in ("*/*", f"{BLOCK_V1.media}, {BLOCK_V2.media}"):
        shown = world.api.send("GET", f"{BLOCKS}/{uuid_of(made)}", media=accepted)
        assert (shown.status_code, shown.headers["content-type"]) == (200, BLOCK_V2.media)
