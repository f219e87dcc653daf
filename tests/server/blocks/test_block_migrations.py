"""What becomes of the values of blocks that are changed to a version that renames, maps, splits or gives inputs."""

from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import VERSION
from blockyard.protocol.run import RunDocument
from blockyard.runner.frame.inputs import Opener
from blockyard.server.blocks.model.upgrades import carried_over
from blockyard.server.definitions.model import VersionContent
from blockyard.server.definitions.model.documents import content_hash, read_content, shown_content, stored_content
from tests.support.block_world import VERSIONS, BlockWorld, Claimed, a_secret, an_input, status_of, uuid_of

OPERATOR = "PLATFORM_OPERATOR_MANUAL_INPUT"

RENAME: JsonObject = {"action": "RENAME", "from": "size", "to": "capacity"}
MAP: JsonObject = {
    "action": "MAP",
    "from": "tier",
    "to": "class",
    "values": [{"from": "small", "to": 1}, {"from": "large", "to": 9}],
}
SPLIT: JsonObject = {"action": "SPLIT", "from": "address", "parts": ["host", "port"], "separator": ":"}
DEFAULT: JsonObject = {"action": "DEFAULT", "to": "zone", "value": "eu"}

OLD: JsonObject = {
    "size": an_input("INTEGER"),
    "tier": an_input(),
    "address": an_input(assignment=OPERATOR),
    "kept": an_input(),
}
NEW: JsonObject = {
    "capacity": an_input("INTEGER"),
    "class": an_input("INTEGER"),
    "host": an_input(assignment=OPERATOR),
    "port": an_input("INTEGER", OPERATOR),
    "zone": an_input(),
    "kept": an_input(),
}
VALUES: JsonObject = {"size": 5, "tier": "large", "address": "db.example.test:5432", "kept": "k"}


def values_of(claimed: Claimed) -> dict[str, Json]:
    """Return what a run gets."""
    return {key: item["value"] for key, item in claimed.inputs.items()}


def upgraded(world: BlockWorld, block: Any, version: JsonObject) -> Any:
    """Change a block to a version and give nothing with it."""
    return world.change(world.read(block), version=version)


def test_an_upgrade_renames_maps_splits_and_gives_what_the_version_says(world: BlockWorld) -> None:
    first = world.define(inputs=OLD)
    block = world.order(first, VALUES)
    world.finish()
    second = world.next_version(first, inputs=NEW, inputMigrations=[RENAME, MAP, SPLIT, DEFAULT])

    upgraded(world, block, second)

    assert values_of(world.claimed()) == {
        "capacity": 5,
        "class": 9,
        "host": "db.example.test",
        "port": 5432,
        "zone": "eu",
        "kept": "k",
    }


def test_a_jump_over_versions_goes_through_each_of_them(world: BlockWorld) -> None:
    first = world.define(inputs={"a": an_input(), "b": an_input()})
    block = world.order(first, {"a": "1", "b": "2"})
    world.finish()
    swap: list[JsonObject] = [{"action": "RENAME", "from": one, "to": other} for one, other in (("a", "b"), ("b", "a"))]
    second = world.next_version(first, inputs={"a": an_input(), "b": an_input()}, inputMigrations=swap)
    third = world.next_version(
        second,
        inputs={"c": an_input("INTEGER"), "b": an_input()},
        inputMigrations=[{"action": "MAP", "from": "a", "to": "c", "values": [{"from": "2", "to": 22}]}],
    )

    upgraded(world, block, third)

    assert values_of(world.claimed()) == {"b": "1", "c": 22}


def test_what_cannot_be_made_of_a_value_is_asked_for(world: BlockWorld) -> None:
    first = world.define(inputs=OLD)
    block = world.order(first, {**VALUES, "tier": "huge", "address": "db:none"})
    world.finish()
    second = world.next_version(first, inputs=NEW, inputMigrations=[RENAME, MAP, SPLIT, DEFAULT])

    assert status_of(upgraded(world, block, second)) == "WAITING_FOR_OPERATOR_INPUT"
    inputs = world.read(block)["spec"]["inputs"]
    assert {key for key, item in inputs.items() if item["value"] is None} == {"class", "port"}


def opened(world: BlockWorld, claimed: Claimed) -> dict[str, Any]:
    """Return the secrets of a run as its runner sees them."""
    document = RunDocument.model_validate(claimed.document)
    opener = Opener.of(document, world.key.private, in_clear=False)
    inputs = document.spec.building_block.spec.inputs
    return {item.key: opener.open(item, is_sensitive=True).value for item in inputs if item.is_sealed}


@pytest.mark.parametrize("protocol", [0, 3])
def test_a_secret_is_renamed_with_its_input(world: BlockWorld, protocol: int) -> None:
    speaks(world, protocol)
    first = world.define(inputs={"password": an_input(isSensitive=True)})
    block = world.order(first, {"password": a_secret("hunter2")})
    world.finish()
    rename: JsonObject = {"action": "RENAME", "from": "password", "to": "token"}
    second = world.next_version(first, inputs={"token": an_input(isSensitive=True)}, inputMigrations=[rename])

    upgraded(world, block, second)

    claimed = world.claimed()
    assert opened(world, claimed) == {"token": "hunter2"}
    read = world.as_admin("GET", f"/api/meshobjects/meshbuildingblockruns/{claimed.run_id}", media=RUN)
    [item] = [one for one in read["spec"]["buildingBlock"]["spec"]["inputs"] if one["key"] == "token"]
    assert "isRenamed" not in item
    assert "sealedFor" not in item


def test_a_renamed_secret_is_asked_for_where_an_older_runner_could_not_open_it(world: BlockWorld) -> None:
    speaks(world, 2)
    first = world.define(inputs={"password": an_input(isSensitive=True)})
    block = world.order(first, {"password": a_secret("hunter2")})
    world.finish()
    rename: JsonObject = {"action": "RENAME", "from": "password", "to": "token"}
    second = world.next_version(first, inputs={"token": an_input(isSensitive=True)}, inputMigrations=[rename])

    assert status_of(upgraded(world, block, second)) == "WAITING_FOR_USER_INPUT"


RUN = "application/vnd.meshcloud.api.meshbuildingblockrun.v1.hal+json"


def speaks(world: BlockWorld, protocol: int) -> None:
    """Let the shared runner speak a version of our protocol."""
    world.protocol = protocol
    pem = world.key.public_pem
    world.db.write_now(lambda tx: world.runners.seed_shared(tx, workspace="admin", public_key=pem, protocol=protocol))


def test_a_version_shows_its_migrations_as_they_were_sent(world: BlockWorld) -> None:
    first: Any = world.define(inputs=OLD)
    steps: list[Json] = [RENAME, MAP, SPLIT, DEFAULT]

    second: Any = world.next_version(first, inputs=NEW, inputMigrations=steps)

    assert second["spec"]["inputMigrations"] == steps
    assert "inputMigrations" not in first["spec"]


@pytest.mark.one_database
def test_versions_without_migrations_keep_their_hash() -> None:
    plain = VersionContent()
    assert "inputMigrations" not in shown_content(plain)
    assert "inputMigrations" not in stored_content(plain)
    assert content_hash(plain) == content_hash(read_content(stored_content(plain)))


REFUSED: list[tuple[list[JsonObject], str, str]] = [
    ([{**RENAME, "from": "none"}], "BadMigration", "/0/from"),
    ([{**RENAME, "to": "none"}], "BadMigration", "/0/to"),
    ([{**RENAME, "to": "zone"}], "BadMigration", "/0/to"),
    ([{**RENAME, "separator": ":"}], "BadMigration", "/0/separator"),
    ([{"action": "RENAME", "from": "size"}], "BadMigration", "/0/to"),
    ([DEFAULT, {**MAP, "values": [{"from": "small", "to": "one"}]}], "InvalidValue", "/1/values/0/to"),
    ([{**MAP, "from": "secret", "to": "zone"}], "BadMigration", "/0/from"),
    ([{**MAP, "values": []}], "BadMigration", "/0/values"),
    (
        [DEFAULT, {**MAP, "values": [{"from": "s", "to": 1}, {"from": "s", "to": 2}]}],
        "BadMigration",
        "/1/values/1/from",
    ),
    ([{**SPLIT, "parts": ["host"]}], "BadMigration", "/0/parts"),
    ([{**SPLIT, "parts": ["host", "none"]}], "BadMigration", "/0/parts/1"),
    ([{**SPLIT, "from": "size"}], "BadMigration", "/0/from"),
    ([{**DEFAULT, "value": 1}], "InvalidValue", "/0/value"),
    ([{"action": "DEFAULT", "to": "secret", "value": "x"}], "BadMigration", "/0/to"),
    ([DEFAULT, DEFAULT], "MigrationClash", "/0"),
    ([RENAME, {**RENAME, "to": "port"}], "MigrationClash", "/0"),
    ([{"action": "RENAME", "from": "tier", "to": "kept"}], "MigrationClash", "/0"),
    ([{"action": "BURN"}], "InvalidRequest", "/0/action"),
]


@pytest.mark.one_database
@pytest.mark.parametrize(("steps", "code", "field"), REFUSED)
def test_migrations_that_do_not_fit_are_refused(
    world: BlockWorld, steps: list[JsonObject], code: str, field: str
) -> None:
    secret = {"secret": an_input(isSensitive=True)}
    first: Any = world.define(inputs=OLD | secret)
    number = {"versionNumber": 2, "state": "RELEASED"}
    body = {**first, "spec": {**first["spec"], **number, "inputs": NEW | secret, "inputMigrations": steps}}

    answer = world.api.send("POST", VERSIONS, body, media=VERSION.media)

    assert answer.status_code == 400, answer.text
    assert (answer.json()["errorCode"], answer.json()["field"]) == (code, f"/spec/inputMigrations{field}")


@pytest.mark.one_database
def test_a_first_version_has_nothing_to_migrate(world: BlockWorld) -> None:
    draft: Any = world.define(released=False)
    body = {**draft, "spec": {**draft["spec"], "inputs": NEW, "inputMigrations": [DEFAULT]}}

    answer = world.api.send("PUT", f"{VERSIONS}/{uuid_of(draft)}", body, media=VERSION.media)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BadMigration")


@pytest.mark.one_database
def test_an_older_version_takes_only_what_it_knows() -> None:
    assert carried_over({}, {}, {"a": "1"}) == {}
