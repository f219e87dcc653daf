"""JSON, tags and payment methods in blocks: what orderers give, what runs get, and who is in use then."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from blockyard.protocol.kinds import PAYMENT_METHOD
from blockyard.server.payment_methods.model import PaymentSpec
from blockyard.server.tags.model import TargetKind
from blockyard.server.workspaces.model import WorkspaceSettings
from tests.support.block_world import BLOCKS, BlockWorld, a_change, an_input, an_order, status_of, uuid_of
from tests.support.principals import ADMINISTRATOR
from tests.support.tags import declare

METHODS = "/api/meshobjects/meshpaymentmethods"
PAYS: Any = {"pays": an_input("CODE", "PAYMENT_METHOD")}


def add_method(world: BlockWorld, name: str = "cc-4711", workspace: str = "shop") -> None:
    """Make a payment method."""
    day = datetime(2030, 1, 31, tzinfo=UTC).date()
    spec = PaymentSpec(display_name="Cost center", expiration_date=day, amount=500, tags={})
    methods = world.services.payment_methods
    world.db.write_now(lambda tx: methods.create(tx, ADMINISTRATOR, workspace, name, spec))


def test_the_orderer_names_a_payment_method_and_the_run_gets_the_whole_of_it(world: BlockWorld) -> None:
    add_method(world)

    block = world.order(world.define(inputs=PAYS), {"pays": "cc-4711"})
    given = world.claimed().inputs["pays"]

    shown = block["spec"]["inputs"]["pays"]
    assert (shown["value"], shown["valueType"], shown["assignmentType"]) == ("cc-4711", "CODE", "PAYMENT_METHOD")
    assert given["type"] == "CODE"
    assert json.loads(str(given["value"])) == {
        "identifier": "cc-4711",
        "name": "Cost center",
        "amount": 500,
        "expirationDate": "2030-01-31",
        "tags": {},
    }


def test_a_payment_method_of_others_is_refused_and_a_missing_one_is_waited_for(world: BlockWorld) -> None:
    add_method(world, "theirs", "other")
    add_method(world)
    version = world.define(inputs=PAYS)

    refused = world.api.send("POST", BLOCKS, an_order(version, {"pays": "theirs"}))
    block = world.order(version)
    wrong = world.api.send("PUT", f"{BLOCKS}/{uuid_of(block)}", a_change(block, inputs={"pays": "nothing"}))
    given = world.change(block, inputs={"pays": "cc-4711"})

    assert [(answer.status_code, answer.json()["errorCode"]) for answer in (refused, wrong)] == [
        (400, "UnknownPaymentMethod")
    ] * 2
    assert refused.json()["field"] == "/spec/inputs/pays/value"
    assert (status_of(block), status_of(given)) == ("WAITING_FOR_USER_INPUT", "PENDING")


def test_a_payment_method_stays_while_a_live_block_names_it(world: BlockWorld) -> None:
    add_method(world)
    add_method(world, "cc-2")
    version = world.define(inputs=PAYS, deletionMode="PURGE")
    first, second = (world.order(version, {"pays": "cc-4711"}, name=name) for name in ("one", "two"))
    world.finish()
    world.finish()

    def delete(name: str) -> Any:
        return world.api.send("DELETE", f"{METHODS}/{name}", media=PAYMENT_METHOD.media)

    in_use = delete("cc-4711")
    world.change(world.read(first), inputs={"pays": "cc-2"})
    world.finish()
    world.delete(second)

    assert (in_use.status_code, in_use.json()["errorCode"]) == (409, "InUse")
    assert all(f"building block '{name}'" in in_use.json()["message"] for name in ("one", "two"))
    assert delete("cc-4711").is_success
    assert delete("cc-2").status_code == 409


def test_what_was_a_text_before_the_draft_changed_is_no_payment_method(world: BlockWorld) -> None:
    draft = world.define(inputs={"pays": an_input("CODE")}, released=False)
    block = world.order(draft, {"pays": "just text"})
    world.finish()

    world.edit(draft, released=False, inputs=PAYS)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")

    assert status_of(world.read(block)) == "WAITING_FOR_USER_INPUT"


def test_a_run_reads_the_tags_of_its_workspace(world: BlockWorld) -> None:
    tagged = WorkspaceSettings(display_name="Shop", tags={"cost.center": ["4711", "4712"]})
    workspaces = world.services.workspaces
    declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, "cost.center", options=("4711", "4712"))
    world.db.write_now(lambda tx: workspaces.update(tx, ADMINISTRATOR, "shop", "shop", tagged))
    keys = {"centers": "cost.center", "absent": "stage"}
    inputs: Any = {key: an_input("CODE", "TAG", argument=f"WORKSPACE.{tag}") for key, tag in keys.items()}

    block = world.order(world.define(inputs=inputs))
    given = {key: item["value"] for key, item in world.claimed().inputs.items()}

    assert given == {"centers": '["4711","4712"]', "absent": "null"}
    assert {key: item["value"] for key, item in block["spec"]["inputs"].items()} == given


def test_a_changed_tag_runs_the_blocks_that_read_it_and_no_others(world: BlockWorld) -> None:
    for tag in ("center", "stage"):
        declare(world.db, world.services.tag_definitions, TargetKind.WORKSPACE, tag, options=("1", "2"))
    reader = world.order(world.define(inputs={"center": an_input("CODE", "TAG", argument="WORKSPACE.center")}))
    world.finish()
    other = world.order(world.define("Other", inputs={}))
    world.finish()

    def retag(**tags: list[str]) -> None:
        settings = WorkspaceSettings(display_name="Shop", tags=tags)
        world.db.write_now(lambda tx: world.services.workspaces.update(tx, ADMINISTRATOR, "shop", "shop", settings))

    retag(stage=["1"])
    assert world.claim() is None
    retag(stage=["1"], center=["2"])
    claimed = world.claimed()
    retag(center=["1"])

    assert (claimed.inputs["center"]["value"], status_of(world.read(other))) == ('["2"]', "SUCCEEDED")
    world.report(claimed)
    assert world.claimed().inputs["center"]["value"] == '["1"]'
    assert status_of(world.read(reader)) == "IN_PROGRESS"


def test_json_is_code_for_blocks_and_runs(world: BlockWorld) -> None:
    inputs: Any = {
        "settings": {**an_input(), "type": "JSON", "jsonSchema": '{"type": "object"}'},
        "more": {**an_input(defaultValue={"a": [1, 2]}), "type": "JSON"},
    }

    block = world.order(world.define(inputs=inputs), {"settings": "[1]"})
    given = world.claimed().inputs

    assert {key: (item["type"], item["value"]) for key, item in given.items()} == {
        "settings": ("CODE", "[1]"),
        "more": ("CODE", '{"a":[1,2]}'),
    }
    assert block["spec"]["inputs"]["settings"]["valueType"] == "CODE"


@pytest.mark.parametrize("value", ["{", "{'a': 1}", "NaN", {"a": 1}, "[" * 100_000, ""])
@pytest.mark.one_database
def test_json_that_is_none_is_refused(world: BlockWorld, value: Any) -> None:
    version = world.define(inputs={"settings": {**an_input(), "type": "JSON"}})

    answer = world.api.send("POST", BLOCKS, an_order(version, {"settings": value}))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "InvalidValue")
    assert answer.json()["field"] == "/spec/inputs/settings/value"


@pytest.mark.one_database
def test_lists_read_the_tags_of_all_their_workspaces_at_once(world: BlockWorld) -> None:
    version = world.define(inputs={"tag": an_input("CODE", "TAG", argument="WORKSPACE.x")})

    def tags_read() -> int:
        texts: list[str] = []

        def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
            texts.append(text)

        event.listen(world.db._read_engine, "before_cursor_execute", note)
        listed = world.as_admin("GET", BLOCKS)["_embedded"]["meshBuildingBlocks"]
        event.remove(world.db._read_engine, "before_cursor_execute", note)
        assert {item["spec"]["inputs"]["tag"]["value"] for item in listed} == {"null"}
        return sum("FROM workspaces" in text for text in texts)

    world.order(version, workspace="shop")
    of_one = tags_read()
    for workspace in ("other", "platform"):
        world.order(version, workspace=workspace)

    assert of_one > 0
    assert tags_read() == of_one
