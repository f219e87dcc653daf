"""A released version that its owner warns of."""

from typing import Any

import pytest

from blockyard.server.kit.database import Database
from tests.support.block_world import BLOCKS, OWN, PLATFORM, SHOP, BlockWorld, a_change, an_order, uuid_of
from tests.support.clock import FixedClock
from tests.support.definitions import DEFINITIONS, VERSIONS, Catalogue, next_draft
from tests.support.principals import ADMINISTRATOR, a_key

BECAUSE = {"reason": "loses objects"}


def defect_of(version: Any) -> str:
    return f"/api/blockyard/v1/definitionversions/{version['metadata']['uuid']}/defect"


def two_versions(catalogue: Catalogue) -> tuple[Any, Any, Any]:
    definition, first = catalogue.released()
    second = catalogue.edit(catalogue.ok("POST", VERSIONS, next_draft(first)), state="RELEASED")
    return definition, first, second


def mark(world: BlockWorld, version: Any) -> None:
    before, world.api.principal = world.api.principal, PLATFORM
    world.api.ok("PUT", defect_of(version), BECAUSE, media="application/json")
    world.api.be(before)


def test_a_version_is_marked_with_a_reason_that_everybody_reads_and_unmarked(catalogue: Catalogue) -> None:
    definition, first, second = two_versions(catalogue)
    path = f"{DEFINITIONS}/{definition['metadata']['uuid']}"

    marked = catalogue.ok("PUT", defect_of(second), BECAUSE)

    assert (marked["versionNumber"], marked["defect"]["reason"]) == (2, "loses objects")
    assert catalogue.ok("PUT", defect_of(second), BECAUSE) == marked
    again = catalogue.ok("PUT", defect_of(second), {"reason": " loses large objects "})["defect"]
    assert again == {**marked["defect"], "reason": "loses large objects"}
    catalogue.be(a_key("shop"))
    status = catalogue.ok("GET", path)["status"]
    assert [version.get("defect") for version in status["versions"]] == [None, again]
    assert status["latestReleasedVersion"] == 2
    catalogue.be(a_key("team"))
    assert catalogue.ok("GET", f"{VERSIONS}/{uuid_of(second)}")["status"]["defect"] == again
    assert catalogue.ok("GET", f"{VERSIONS}/{uuid_of(second)}")["spec"] == second["spec"]
    assert catalogue.ok("DELETE", defect_of(second))["defect"] is None
    assert catalogue.ok("DELETE", defect_of(second))["defect"] is None
    assert "defect" not in catalogue.ok("GET", path)["status"]["versions"][1]
    assert "defect" not in catalogue.ok("GET", f"{VERSIONS}/{uuid_of(first)}")["status"]


def test_only_the_owner_marks_and_only_what_is_released(catalogue: Catalogue) -> None:
    _definition, _first, second = two_versions(catalogue)
    draft = catalogue.ok("POST", VERSIONS, next_draft(second))

    assert catalogue.refused(409, "PUT", defect_of(draft), BECAUSE)["errorCode"] == "VersionNotReleased"
    assert catalogue.refused(400, "PUT", defect_of(second), {"reason": "  "})["field"] == "/reason"
    for principal in (a_key("shop"), a_key("team", "BUILDINGBLOCKDEFINITION_LIST")):
        catalogue.be(principal)
        assert catalogue.refused(403, "PUT", defect_of(second), BECAUSE)["errorCode"] == "MissingPermission"
        assert catalogue.refused(403, "DELETE", defect_of(second))["errorCode"] == "MissingPermission"
    catalogue.be(a_key("shop"))
    assert catalogue.refused(404, "PUT", defect_of(draft), BECAUSE)["errorCode"] == "UnknownVersion"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    return BlockWorld(database, clock)


def test_nothing_new_uses_a_defective_version_and_the_refusal_says_which_to_take(world: BlockWorld) -> None:
    first: Any = world.define()
    second: Any = world.next_version(first)
    mark(world, second)

    for principal in (SHOP, ADMINISTRATOR):
        world.api.be(principal)
        refused = world.api.refused(409, "POST", BLOCKS, an_order(second))
        assert (refused["errorCode"], refused["remedy"]) == ("VersionDefective", "Use version 1.")
        assert "loses objects" in refused["message"]
    world.api.be(SHOP)
    world.api.ok("POST", BLOCKS, an_order(first))
    mark(world, first)
    assert "releases another" in world.api.refused(409, "POST", BLOCKS, an_order(first))["remedy"]


def test_a_block_of_a_defective_version_goes_on_and_is_offered_another(world: BlockWorld) -> None:
    first: Any = world.define()
    second: Any = world.next_version(first)
    world.api.be(SHOP)
    block: Any = world.order(second)
    world.finish()
    mark(world, second)

    def shown() -> Any:
        return world.api.ok("GET", f"{OWN}/{uuid_of(block)}", media="application/json")

    assert shown()["version"]["defect"]["reason"] == "loses objects"
    assert shown()["newerVersion"] == {"uuid": uuid_of(first), "number": 1}
    renamed = world.change(world.read(block), name="other name")
    assert renamed["spec"]["displayName"] == "other name"
    third: Any = world.next_version(second)
    assert shown()["newerVersion"] == {"uuid": uuid_of(third), "number": 3}
    moved = world.change(world.read(block), version=third)
    assert moved["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == uuid_of(third)
    assert shown()["version"]["defect"] is None


def test_no_block_is_changed_to_a_defective_version(world: BlockWorld) -> None:
    first: Any = world.define()
    world.api.be(SHOP)
    block: Any = world.order(first)
    world.finish()
    second: Any = world.next_version(first)
    third: Any = world.next_version(second)
    mark(world, third)
    path = f"{BLOCKS}/{uuid_of(block)}"

    refused = world.api.refused(409, "PUT", path, a_change(world.read(block), version=third))

    assert (refused["errorCode"], refused["remedy"]) == ("VersionDefective", "Use version 2.")
    moved = world.change(world.read(block), version=second)
    assert moved["spec"]["buildingBlockDefinitionVersionRef"]["uuid"] == uuid_of(second)
