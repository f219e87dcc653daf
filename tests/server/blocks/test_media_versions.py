"""Clients ask for a kind in a preview version or without that word, and are answered in what they asked for."""

import pytest

from blockyard.protocol import kinds
from tests.support.block_world import (
    BLOCKS,
    DEFINITIONS,
    VERSIONS,
    BlockWorld,
    a_change,
    an_order,
    definition_of,
    uuid_of,
)
from tests.support.principals import ADMINISTRATOR


@pytest.mark.parametrize(
    ("kind", "versions"),
    [
        ("meshBuildingBlockDefinition", ("v1-preview", "v1")),
        ("meshBuildingBlockDefinitionVersion", ("v1-preview", "v1")),
        ("meshBuildingBlock", ("v2-preview", "v2")),
    ],
)
def test_each_version_is_answered_as_it_was_asked_for(world: BlockWorld, kind: str, versions: tuple[str, str]) -> None:
    world.api.be(ADMINISTRATOR)
    version = world.define(inputs={})
    block = world.order(version)
    paths = {
        "meshBuildingBlockDefinition": (DEFINITIONS, definition_of(version)),
        "meshBuildingBlockDefinitionVersion": (VERSIONS, uuid_of(version)),
        "meshBuildingBlock": (BLOCKS, uuid_of(block)),
    }
    collection, identifier = paths[kind]
    query = f"?buildingBlockDefinitionUuid={definition_of(version)}" if collection == VERSIONS else ""

    for asked in versions:
        name = kinds.Kind(kind, asked).media
        one = world.api.send("GET", f"{collection}/{identifier}", media=name)
        many = world.api.send("GET", f"{collection}{query}", media=name)

        assert (one.status_code, one.headers["content-type"], one.json()["apiVersion"]) == (200, name, asked)
        assert many.headers["content-type"] == name
        assert {item["apiVersion"] for item in many.json()["_embedded"][f"{kind}s"]} == {asked}


def test_a_block_is_ordered_and_changed_in_the_final_version(world: BlockWorld) -> None:
    world.api.be(ADMINISTRATOR)
    order = {**an_order(world.define(inputs={})), "apiVersion": "v2"}

    created = world.api.send("POST", BLOCKS, order, media=kinds.BLOCK_V2_FINAL.media)
    block = created.json()
    changed = world.api.send(
        "PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, name="renamed"), media=kinds.BLOCK_V2_FINAL.media
    )
    deleted = world.api.send("DELETE", f"{BLOCKS}/{uuid_of(block)}", media=kinds.BLOCK_V2_FINAL.media)

    assert (created.status_code, created.headers["content-type"], block["apiVersion"]) == (
        201,
        kinds.BLOCK_V2_FINAL.media,
        "v2",
    )
    assert (changed.status_code, changed.json()["spec"]["displayName"]) == (200, "renamed")
    assert deleted.status_code == 409


@pytest.mark.parametrize("kind", ["meshBuildingBlock", "meshBuildingBlockDefinition"])
def test_an_unknown_version_is_still_refused(world: BlockWorld, kind: str) -> None:
    collection = BLOCKS if kind == "meshBuildingBlock" else DEFINITIONS

    answer = world.api.send("GET", collection, media=kinds.Kind(kind, "v9").media)

    assert answer.status_code == 406
