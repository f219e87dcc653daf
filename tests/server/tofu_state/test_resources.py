"""What states say exists is found by whoever may read the states, and what differs between two versions is told without secrets."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.database import Database
from blockyard.server.tofu_state.content import seal_state
from blockyard.server.tofu_state.difference import MASK
from blockyard.server.tofu_state.loops import loops
from blockyard.server.tofu_state.service import StateAddress
from blockyard.server.tofu_state.service.resources import PORTION
from tests.support.block_world import OTHER, OWN, PLATFORM, SHOP, BlockWorld, uuid_of
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR

JSON = "application/json"
RESOURCES = "/api/blockyard/v1/resources"
AWS = 'provider["registry.terraform.io/hashicorp/aws"]'


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """Workspaces, a shared runner and all services."""
    return BlockWorld(database, clock)


def a_resource(
    name: str, id_: str, *, type_: str = "aws_s3_bucket", sensitive: Sequence[str] = (), **more: Json
) -> JsonObject:
    """Return a resource as engines write it."""
    attributes: JsonObject = {"id": id_, **more}
    instance: JsonObject = {"attributes": attributes, "sensitive_attributes": [path_of(one) for one in sensitive]}
    return {"mode": "managed", "type": type_, "name": name, "provider": AWS, "instances": [instance]}


def path_of(name: str) -> Json:
    """Return the path of an attribute as engines write it."""
    return [{"type": "get_attr", "value": name}]


def write(
    world: BlockWorld, block: Any, serial: int, *resources: JsonObject, outputs: JsonObject | None = None
) -> None:
    """Write the state of a block as an administrator's tool does."""
    body: JsonObject = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": "one"}
    body |= {"outputs": outputs or {}, "resources": list(resources)}
    block_id = UUID(uuid_of(block))
    new = seal_state(world.services.master_key, block_id, json.dumps(body).encode(), None)
    state, principal = world.services.state, ADMINISTRATOR
    world.db.write_now(lambda tx: state.write(tx, principal, StateAddress(None, block_id), new, None))


def index(world: BlockWorld) -> None:
    """Do what the background loop does once, some seconds later."""
    world.clock.advance(seconds=5)
    (loop,) = loops(world.db, world.services.resources, world.services.master_key)

    async def once() -> None:
        await loop.round()

    asyncio.run(once())


def found(world: BlockWorld, **query: str) -> list[str]:
    """Return the addresses of a list."""
    page = world.api.ok("GET", f"{RESOURCES}?{urlencode(query)}", media=JSON)
    addresses = [one["address"] for one in page["_embedded"]["resources"]]
    assert page["page"]["totalElements"] == len(addresses)
    return sorted(addresses)


def test_what_a_state_says_exists_is_found_by_address_type_name_and_id(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}, transparent=True))
    world.finish()
    write(world, block, 1, a_resource("logs", "Shop-Logs"), a_resource("web", "i-17", type_="aws_instance"))
    index(world)

    world.api.be(PLATFORM)
    assert found(world) == ["aws_instance.web", "aws_s3_bucket.logs"]
    assert found(world, search="AWS_S3_BUCKET.l") == ["aws_s3_bucket.logs"]
    assert found(world, search="shop-l") == ["aws_s3_bucket.logs"]
    assert found(world, search="web") == found(world, type="aws_instance") == ["aws_instance.web"]
    assert found(world, search="hop") == found(world, search="%") == found(world, provider="x/y") == []
    assert found(world, provider="hashicorp/aws", buildingBlockUuid=uuid_of(block), search="aws_i") == [
        "aws_instance.web"
    ]
    (one,) = world.api.ok("GET", f"{RESOURCES}?search=i-17", media=JSON)["_embedded"]["resources"]
    assert (one["id"], one["provider"], one["workspaceIdentifier"]) == ("i-17", "hashicorp/aws", "shop")
    assert one["buildingBlockUuid"] == uuid_of(block)


def test_what_is_searchable_follows_the_state(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    world.finish()
    write(world, block, 1, *(a_resource(f"b{number}", f"id-{number}") for number in range(PORTION + 10)))
    index(world)
    world.api.be(PLATFORM)
    assert len(found(world, size="1000")) == PORTION + 10

    write(world, block, 2, a_resource("b1", "id-1"), a_resource("b2", "id-two"))
    write(world, block, 3, a_resource("b2", "id-two"), a_resource("b3", "id-3"))
    index(world)

    assert found(world) == ["aws_s3_bucket.b2", "aws_s3_bucket.b3"]
    assert (found(world, search="id-2"), found(world, search="id-two")) == ([], ["aws_s3_bucket.b2"])
    versions = world.api.ok("GET", f"{OWN}/{uuid_of(block)}/state/versions", media=JSON)["versions"]
    assert [version["resourceCount"] for version in versions] == [2, 2, PORTION + 10]

    principal = ADMINISTRATOR
    address = StateAddress(None, UUID(uuid_of(block)))
    world.db.write_now(lambda tx: world.services.state.delete(tx, principal, address))
    assert found(world) == []


def test_a_sensitive_id_is_not_searchable(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    world.finish()
    write(world, block, 1, a_resource("key", "hunter22", sensitive=["id"]), {"mode": "data", "type": "x"})
    index(world)

    world.api.be(PLATFORM)
    assert found(world) == ["aws_s3_bucket.key"]
    assert found(world, search="hunter") == []
    assert "hunter22" not in str(world.api.ok("GET", RESOURCES, media=JSON))


def test_resources_are_for_those_who_may_read_the_states(world: BlockWorld) -> None:
    for name, transparent in (("Open", True), ("Closed", False)):
        block = world.order(world.define(name, inputs={}, transparent=transparent))
        world.finish()
        write(world, block, 1, a_resource(name.lower(), name))
    index(world)

    world.api.be(PLATFORM)
    assert found(world) == found(world, search="aws") == ["aws_s3_bucket.closed", "aws_s3_bucket.open"]
    world.api.be(SHOP)
    assert found(world) == found(world, search="aws") == ["aws_s3_bucket.open"]
    world.api.be(OTHER)
    assert found(world) == found(world, search="aws") == []


def test_the_difference_of_two_versions_shows_no_secret(world: BlockWorld) -> None:
    block = world.order(world.define(inputs={}))
    world.finish()
    password = ["password"]
    write(
        world,
        block,
        1,
        a_resource("a", "1", size=1, url="x://hunter22@y", password="hunter22", sensitive=password),
        a_resource("b", "2"),
    )
    outputs: JsonObject = {"size": {"value": 2, "type": "number"}, "pw": {"value": "hunter33", "sensitive": True}}
    write(
        world,
        block,
        2,
        a_resource("a", "1", size=2, url="x://hunter33@y", password="hunter33", sensitive=password),
        a_resource("c", "3"),
        outputs=outputs,
    )

    world.api.be(PLATFORM)
    path = f"{OWN}/{uuid_of(block)}/state/versions/2/difference?before=1"
    told = world.api.ok("GET", path, media=JSON)

    assert told["counts"] == {"ADDED": 1, "REMOVED": 1, "CHANGED": 1}
    assert [(one["address"], one["kind"]) for one in told["resources"]] == [
        ("aws_s3_bucket.a", "CHANGED"),
        ("aws_s3_bucket.b", "REMOVED"),
        ("aws_s3_bucket.c", "ADDED"),
    ]
    attributes = {one["name"]: (one["before"], one["after"]) for one in told["resources"][0]["attributes"]}
    assert attributes == {"password": (MASK, MASK), "size": ("1", "2"), "url": (MASK, MASK)}
    assert [(one["name"], one["after"]) for one in told["outputs"]] == [("pw", MASK), ("size", "2")]
    assert "hunter" not in str(told)
    world.api.be(OTHER)
    assert world.api.send("GET", path, media=JSON).status_code == 404
