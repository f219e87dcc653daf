"""Drafts of orders over HTTP: what is kept, for whom, how long, and what is never kept."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.events.model import SYSTEM, Author
from blockyard.server.kit.database import Database
from tests.support.block_world import OTHER, SHOP, BlockWorld, an_input
from tests.support.clock import FixedClock
from tests.support.principals import ADMINISTRATOR, a_key, a_run_token

PATH = "/api/blockyard/v1/order-drafts"
JSON = "application/json"


@pytest.fixture
def world(database: Database, clock: FixedClock) -> BlockWorld:
    """A world in which the shop's key asks."""
    made = BlockWorld(database, clock)
    made.api.be(SHOP)
    made.api.media = JSON
    return made


def id_of(version: Any) -> str:
    """Return the id of a version's definition."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def a_definition(world: BlockWorld) -> str:
    """Make a definition with a secret, and return its id."""
    inputs = {"name": an_input(), "a key/1": an_input(), "token": an_input(isSensitive=True)}
    return id_of(world.define("Bucket", inputs=inputs))


def begin(world: BlockWorld, definition: str, **fields: Any) -> Any:
    """Begin a draft."""
    return world.api.ok("POST", PATH, {"definitionUuid": definition, "fields": fields})


def test_what_was_typed_comes_back_and_secrets_do_not(world: BlockWorld) -> None:
    definition = a_definition(world)
    fields: JsonObject = {
        "name": "mine",
        "input.name": "2.5 is no name",
        "input.a%20key%2F1": ["a", "b"],
        "input.token": "hunter2",
        "input.unknown": "hunter3",
        f"parent.{definition}": "new",
        f"parent.{definition}.input.token": "hunter4",
    }

    made = world.api.ok("POST", PATH, {"definitionUuid": definition, "fields": fields})

    kept = {name: typed for name, typed in fields.items() if "hunter" not in str(typed)}
    assert made["fields"] == kept
    assert made["leftOut"] == ["input.token", "input.unknown", f"parent.{definition}.input.token"]
    assert made["createdOn"] == made["changedOn"] == "2026-01-01T12:00:00Z"
    assert world.api.ok("GET", f"{PATH}/{made['uuid']}") == made
    assert "hunter" not in "".join(world.api.answers)


def test_a_change_over_an_older_revision_is_refused_and_one_without_difference_is_none(world: BlockWorld) -> None:
    draft = begin(world, a_definition(world), name="one")
    path = f"{PATH}/{draft['uuid']}"
    world.clock.advance(5)

    same = world.api.ok("PUT", path, {"fields": {"name": "one"}, "revision": 0})
    changed = world.api.ok("PUT", path, {"fields": {"name": "two"}, "revision": 0})
    refused = world.api.refused(409, "PUT", path, {"fields": {"name": "three"}, "revision": 0})

    assert same == draft
    assert (changed["revision"], changed["changedOn"]) == (1, "2026-01-01T12:00:05Z")
    assert (refused["errorCode"], refused["field"]) == ("DraftChanged", "/metadata/revision")
    assert world.api.ok("PUT", path, {"fields": {"name": "three"}})["fields"] == {"name": "three"}


def test_nobody_else_knows_of_a_draft(world: BlockWorld) -> None:
    draft = begin(world, a_definition(world))
    path = f"{PATH}/{draft['uuid']}"

    for other in (OTHER, a_key("shop2", "BUILDINGBLOCK_LIST")):
        world.api.be(other)
        assert world.api.refused(404, "GET", path)["errorCode"] == "DraftNotFound"
        world.api.refused(404, "PUT", path, {"fields": {}})
        world.api.refused(404, "DELETE", path)
        assert world.api.ok("GET", PATH)["page"]["totalElements"] == 0
    world.api.be(a_run_token(world.whole.new_id()))
    world.api.refused(403, "GET", PATH)


def test_a_draft_is_of_a_definition_that_one_may_know(world: BlockWorld) -> None:
    hidden = id_of(world.define("Plan", released=False))

    assert world.api.refused(404, "POST", PATH, {"definitionUuid": hidden, "fields": {}})["errorCode"] == (
        "UnknownDefinition"
    )


def test_drafts_are_listed_thrown_away_and_end_with_their_definition(world: BlockWorld) -> None:
    definition = a_definition(world)
    first, second = begin(world, definition, name="first"), begin(world, definition, name="second")

    world.api.send("DELETE", f"{PATH}/{first['uuid']}")

    assert [one["uuid"] for one in world.api.ok("GET", PATH)["_embedded"]["orderDrafts"]] == [second["uuid"]]
    world.api.refused(404, "GET", f"{PATH}/{first['uuid']}")
    world.db.write_now(lambda tx: world.definitions.delete(tx, ADMINISTRATOR, DefinitionId(UUID(definition))))
    world.api.refused(404, "GET", f"{PATH}/{second['uuid']}")


def test_a_draft_is_kept_for_ninety_days_after_its_last_change(world: BlockWorld) -> None:
    old, newer = begin(world, a_definition(world)), begin(world, a_definition(world))
    drafts, day = world.services.order_drafts, 24 * 3600
    world.clock.advance(80 * day)
    world.api.ok("PUT", f"{PATH}/{newer['uuid']}", {"fields": {"name": "touched"}})
    world.clock.advance(11 * day)

    assert world.db.write_now(drafts.remove_old) == 1

    world.api.refused(404, "GET", f"{PATH}/{old['uuid']}")
    world.api.ok("GET", f"{PATH}/{newer['uuid']}")


def test_drafts_end_with_the_account_of_their_owner(world: BlockWorld) -> None:
    kept = begin(world, a_definition(world))
    drafts = world.services.order_drafts

    world.db.write_now(lambda tx: drafts.user_deleted(tx, SYSTEM, "key-of-shop"))

    world.api.ok("GET", f"{PATH}/{kept['uuid']}")  # an API key of that name is somebody else


@pytest.mark.one_database
def test_who_was_deleted_meanwhile_begins_no_draft(world: BlockWorld) -> None:
    definition = a_definition(world)
    author = Author(type="User", identifier="gone", display_name="Gone")
    world.api.be(replace(SHOP, author=author))

    refused = world.api.refused(401, "POST", PATH, {"definitionUuid": definition, "fields": {}})

    assert refused["errorCode"] == "SessionEnded"


@pytest.mark.one_database
def test_too_much_is_refused(world: BlockWorld) -> None:
    definition = a_definition(world)

    large = world.api.refused(400, "POST", PATH, {"definitionUuid": definition, "fields": {"name": "x" * 200_001}})
    for _ in range(100):
        begin(world, definition)
    many = world.api.refused(409, "POST", PATH, {"definitionUuid": definition, "fields": {}})

    assert large["errorCode"] == "DraftTooLarge"
    assert many["errorCode"] == "TooManyDrafts"
