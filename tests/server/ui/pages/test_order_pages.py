"""Orders on pages: the form that a version makes, what is wrong with it, what is ordered together, and drafts."""

import re
from typing import Any
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.store import BlockStore
from tests.support.block_world import a_secret, an_input, uuid_of
from tests.support.browser_form import Control, PageForm
from tests.support.page_world import PageWorld, Person, words_of

NEEDED = "This is required: without it the building block cannot run."


def id_of(version: Any) -> str:
    """Return the id of a version's definition."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def depending_on(*versions: JsonObject) -> dict[str, Any]:
    """Return what makes a version depend on the definitions of others."""
    return {
        "dependencyDefinitionRefs": [
            {"kind": "meshBuildingBlockDefinition", "uuid": id_of(version)} for version in versions
        ]
    }


def blocks_of(world: PageWorld) -> dict[str, Block]:
    """Return the blocks of the shop by name."""
    listed = world.as_admin("GET", "/api/blockyard/v1/blocks?size=100")["_embedded"]
    ids = [UUID(one["metadata"]["uuid"]) for one in next(iter(listed.values()))]
    found = world.db.read_now(lambda tx: BlockStore(tx).find_all(ids))
    return {block.name: block for block in found.values()}


def order(person: Person, path: str, changes: dict[str, Any] | None = None, intent: str = "order") -> Any:
    """Fill the form in, and press a button."""
    form = person.form(path).fill(changes or {})
    form.controls.append(Control("hidden", "intent", intent))
    return person.submit(form, at=path)


def text_in(form: PageForm, name: str) -> str:
    """Return what a control of a form holds."""
    return form.control(name).value


def test_an_order_leads_to_the_block_that_has_what_was_entered(world: PageWorld) -> None:
    inputs = {
        "name": an_input(displayName="Name"),
        "size": an_input("INTEGER", displayName="Size", displayOrder=1),
        "on": an_input("BOOLEAN", displayName="On", defaultValue=True, displayOrder=2),
        "kinds": an_input("MULTI_SELECT", displayName="Kinds", selectableValues=["a", "b"], displayOrder=3),
        "token": an_input(displayName="Token", isSensitive=True, displayOrder=4),
        "region": an_input(displayName="Region", defaultValue="eu", displayOrder=5),
    }
    version = world.define("Bucket", inputs=inputs)

    answer = order(
        world.person("sam"),
        f"/order/{id_of(version)}",
        {
            "name": "my bucket",
            "input.name": "invoices",
            "input.size": "9223372036854775807",
            "input.on": [],
            "input.kinds": ["b"],
            "input.token": "hunter2",
        },
    )

    block = blocks_of(world)["my bucket"]
    assert answer.headers["location"] == f"/blocks/{block.id}"
    assert {key: value for key, value in block.inputs.items() if key != "token"} == {
        "name": "invoices",
        "size": 9223372036854775807,
        "on": False,
        "kinds": ["b"],
        "region": "eu",
    }
    assert "hunter2" not in str(block.inputs["token"])


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_ordered(world: PageWorld) -> None:
    inputs = {
        "name": an_input(
            displayName="Name", valueValidationRegex="[a-z]+", validationRegexErrorMessage="Use lower-case letters"
        ),
        "size": an_input("INTEGER", displayName="Size"),
        "region": an_input(displayName="Region"),
    }
    version, sam = world.define("Bucket", inputs=inputs), world.person("sam")

    answer = order(sam, f"/order/{id_of(version)}", {"input.name": "BIG", "input.size": "2.5"})
    page = sam.read(answer.headers["location"])

    assert "Please look at these 3 fields. Nothing was ordered. Name Region Size" in page
    assert "Use lower-case letters." in page
    assert "Enter a whole number, such as 3." in page
    assert NEEDED in page
    assert blocks_of(world) == {}


def test_a_link_fills_the_form_in_and_orders_nothing(world: PageWorld) -> None:
    version = world.define("Bucket", inputs={"name": an_input(displayName="Name")})

    form = world.person("sam").form(f"/order/{id_of(version)}?input.name=invoices&name=mine&intent=order")

    assert text_in(form, "input.name") == "invoices"
    assert text_in(form, "name") == "mine"
    assert blocks_of(world) == {}


def test_what_is_hidden_is_not_asked_for_and_not_ordered(world: PageWorld) -> None:
    inputs = {
        "backup": an_input("BOOLEAN", displayName="Backup", defaultValue=True),
        "days": an_input("INTEGER", displayName="Days", condition="input.backup"),
    }
    version, sam = world.define("Bucket", inputs=inputs), world.person("sam")
    path = f"/order/{id_of(version)}"

    refused = order(sam, path, {})
    order(sam, path, {"input.backup": [], "name": "without", "input.days": "7"})

    assert NEEDED in sam.read(refused.headers["location"])
    assert "days" not in blocks_of(world)["without"].inputs


def test_a_missing_dependency_is_ordered_with_it(world: PageWorld) -> None:
    network = world.define("Network", inputs={"range": an_input(displayName="Range")})
    version = world.define("Database", inputs={"name": an_input(displayName="Name")}, **depending_on(network))
    path, sam = f"/order/{id_of(version)}", world.person("sam")

    assert "You have none yet: a new one is ordered with it." in sam.read(path)
    order(sam, path, {"input.name": "db", f"parent.{id_of(network)}.input.range": "10.0.0.0/16"})

    found = blocks_of(world)
    assert found["Network"].inputs == {"range": "10.0.0.0/16"}
    assert list(found["Database"].parent_ids) == [found["Network"].id]


def test_the_only_block_that_fits_is_taken_and_another_one_can_be_ordered(world: PageWorld) -> None:
    network = world.define("Network")
    version = world.define("Database", **depending_on(network))
    there, path, sam = world.order(network, name="net"), f"/order/{id_of(version)}", world.person("sam")

    order(sam, path, {"name": "uses it"})
    order(sam, path, {"name": "has its own", f"parent.{id_of(network)}": "new"})

    found = blocks_of(world)
    assert [str(one) for one in found["uses it"].parent_ids] == [uuid_of(there)]
    assert list(found["has its own"].parent_ids) == [found["Network"].id]


def test_blocks_of_one_name_are_told_apart_where_one_is_chosen(world: PageWorld) -> None:
    network = world.define("Network")
    version = world.define("Database", **depending_on(network))
    other, first = world.order(network, name="other"), world.order(network, name="net")
    world.clock.advance(3600)
    twins = [world.order(network, name="net") for _ in range(2)]
    sam = world.person("sam")

    page = sam.read(f"/order/{id_of(version)}")

    assert "Use net (creating, ordered 2026-01-01 12:00 UTC)" in page
    assert "Use other" in page
    assert "Use other (" not in page
    for twin in twins:
        short = uuid_of(twin)[:8]
        assert f"Use net (creating, ordered 2026-01-01 13:00 UTC, id {short})" in page
    order(sam, f"/order/{id_of(version)}", {"name": "uses it", f"parent.{id_of(network)}": uuid_of(first)})
    assert [str(one) for one in blocks_of(world)["uses it"].parent_ids] == [uuid_of(first)]
    assert uuid_of(other) != uuid_of(first)


def test_something_else_is_ordered_at_once(world: PageWorld) -> None:
    queue = world.define("Queue", inputs={"length": an_input("INTEGER", displayName="Length")})
    version = world.define("Database")
    sam, path = world.person("sam"), f"/order/{id_of(version)}"

    offered = sam.read(path)
    added = sam.form(f"{path}?also={id_of(queue)}")
    length = f"parent.{id_of(queue)}.input.length"
    answer = order(sam, f"{path}?also={id_of(queue)}", {length: "7"})

    assert "Order something else at once" in offered
    assert added.control("also").value == id_of(queue)
    blocks = blocks_of(world)
    assert {name: block.inputs for name, block in blocks.items()} == {"Queue": {"length": 7}, "Database": {}}
    assert answer.headers["location"] == f"/blocks/{blocks['Database'].id}"


ADAPTIVE: dict[str, Any] = {
    "region": an_input("SINGLE_SELECT", displayName="Region", selectableValues=["eu", "us"], defaultValue="eu"),
    "zone": an_input(
        "SINGLE_SELECT",
        displayName="Zone",
        displayOrder=1,
        optionSources=[
            {"condition": "input.region == 'eu'", "values": ["eu-1", "eu-2"]},
            {"condition": "input.region == 'us'", "values": ["us-1"]},
        ],
    ),
    "size": an_input(
        "INTEGER",
        displayName="Size",
        displayOrder=2,
        defaultValue=1,
        dependentDefaults=[{"condition": "input.region == 'us'", "value": 3}],
    ),
}


def test_without_scripts_options_and_defaults_follow_and_what_was_not_shown_is_not_ordered(world: PageWorld) -> None:
    checks = [{"condition": "input.size < 5 || input.zone == 'eu-1'", "message": "More than four only in eu-1"}]
    version = world.define("Bucket", inputs=ADAPTIVE, inputChecks=checks)
    sam, path = world.person("sam"), f"/order/{id_of(version)}"

    moved = sam.read(order(sam, path, {"input.region": "us", "input.zone": "eu-1"}).headers["location"])
    shown = order(sam, path, {"input.region": "us"}, intent="change")
    full = sam.read(order(sam, path, {"input.zone": "eu-2", "input.size": "9"}).headers["location"])
    order(sam, f"{path}?input.region=us&input.zone=us-1")

    assert "Must be one of the options." in moved
    assert "Its default has changed with what else you chose" in moved
    assert 'value="3"' in shown.text
    assert 'value="us-1"' in shown.text
    assert "More than four only in eu-1." in full
    block = blocks_of(world)["Bucket"]
    again = sam.form(f"{path}?from={block.id}")
    assert block.inputs == {"region": "us", "zone": "us-1", "size": 3}
    assert [text_in(again, f"input.{key}") for key in ("region", "zone", "size")] == ["us", "us-1", "3"]


def test_nothing_is_ordered_where_a_part_of_it_is_refused(world: PageWorld) -> None:
    network = world.define("Network")
    version = world.define("Database", onlyApplyOncePerTenant=True, **depending_on(network))
    sam, path = world.person("sam"), f"/order/{id_of(version)}"
    order(sam, path, {"name": "first"})

    answer = order(sam, path, {"name": "second", f"parent.{id_of(network)}": "new"})

    assert "only one is allowed" in answer.text
    assert sorted(blocks_of(world)) == ["Network", "first"]


def test_a_review_shows_what_will_be_ordered_and_orders_it(world: PageWorld) -> None:
    inputs = {"name": an_input(displayName="Name"), "on": an_input("BOOLEAN", displayName="On", defaultValue=True)}
    version, sam = world.define("Bucket", inputs=inputs), world.person("sam")
    path = f"/order/{id_of(version)}"

    review = order(sam, path, {"input.name": "invoices", "input.on": [], "name": "mine"}, "review")
    assert "Review your order of Bucket" in review.text
    assert re.search(r"<dt>On</dt><dd>\s*<span[^>]*><span[^>]*>No", review.text)
    assert blocks_of(world) == {}

    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', review.text))
    fields |= dict(re.findall(r'<textarea name="([^"]+)">\n([^<]*)</textarea>', review.text))
    sam.post_raw(path, {**fields, "intent": "order"})
    assert blocks_of(world)["mine"].inputs == {"name": "invoices", "on": False}


def test_a_draft_keeps_what_was_typed_but_no_secret_and_says_so(world: PageWorld) -> None:
    inputs = {
        "name": an_input(displayName="Name"),
        "size": an_input("INTEGER", displayName="Size"),
        "token": an_input(displayName="Token", isSensitive=True),
    }
    version, sam = world.define("Bucket", inputs=inputs), world.person("sam")

    answer = order(
        sam, f"/order/{id_of(version)}", {"input.name": "inv", "input.size": "2.5", "input.token": "hunter2"}, "save"
    )
    draft = answer.headers["location"]
    form = world.person("sam").form(draft)

    assert (text_in(form, "input.name"), text_in(form, "input.size"), text_in(form, "input.token")) == (
        "inv",
        "2.5",
        "",
    )
    assert "Please enter again: Token." in sam.read(draft)
    assert "hunter2" not in sam.get(draft).text
    assert world.person("mia").get(draft).status_code == 404
    assert "Bucket" in sam.read("/orders")


def test_an_order_ends_its_draft(world: PageWorld) -> None:
    version, sam = world.define("Bucket", inputs={"name": an_input(displayName="Name")}), world.person("sam")
    draft = order(sam, f"/order/{id_of(version)}", {"input.name": "invoices"}, "save").headers["location"]

    order(sam, draft, {})

    assert blocks_of(world)["Bucket"].inputs == {"name": "invoices"}
    assert sam.get(draft).status_code == 404
    assert "No drafts" in sam.read("/orders")


def test_what_is_sent_for_a_draft_that_is_gone_is_told_so(world: PageWorld) -> None:
    version, sam = world.define("Bucket", inputs={"name": an_input(displayName="Name")}), world.person("sam")
    draft = order(sam, f"/order/{id_of(version)}", {"input.name": "invoices"}, "save").headers["location"]
    sent, kept = sam.form(draft), sam.form(draft)
    sent.controls.append(Control("hidden", "intent", "order"))
    kept.action = f"{draft}/save"
    order(sam, draft, {})

    late, opened = sam.submit(sent, at=draft), sam.get(draft)

    for page in (late, opened):
        assert page.status_code == 404
        assert "This draft is not there any more It was ordered or thrown away" in words_of(page)
        assert 'href="/blocks">' in page.text
        assert 'href="/orders">' in page.text
    assert sam.submit(kept, at=draft).json()["unsaved"] == "this draft is not there any more."
    assert len(blocks_of(world)) == 1


def test_two_tabs_of_one_draft_are_told_of_each_other(world: PageWorld) -> None:
    version, sam = world.define("Bucket", inputs={"name": an_input(displayName="Name")}), world.person("sam")
    draft = order(sam, f"/order/{id_of(version)}", {"input.name": "one"}, "save").headers["location"]
    first, second = sam.form(draft).fill({"input.name": "mine"}), sam.form(draft).fill({"input.name": "theirs"})
    first.action = second.action = f"{draft}/save"

    kept, clash = sam.submit(second, at=draft), sam.submit(first, at=draft)

    assert kept.json()["revision"] == 1
    assert clash.status_code == 409
    assert clash.json()["differences"] == [{"label": "Name", "mine": "mine", "theirs": "theirs"}]
    assert text_in(sam.form(draft), "input.name") == "theirs"


def test_a_block_can_be_ordered_again_with_everything_but_its_secrets(world: PageWorld) -> None:
    inputs = {
        "name": an_input(displayName="Name"),
        "kinds": an_input("MULTI_SELECT", displayName="Kinds", selectableValues=["a", "b", "c"]),
        "token": an_input(displayName="Token", isSensitive=True),
    }
    version = world.define("Bucket", inputs=inputs)
    block = world.order(version, {"name": "inv", "kinds": ["a", "c"], "token": a_secret("hunter2")}, name="old")

    form = world.person("sam").form(f"/order/{id_of(version)}?from={uuid_of(block)}")

    assert text_in(form, "input.name") == "inv"
    assert text_in(form, "name") == "old"
    assert text_in(form, "input.token") == ""
    assert [one.value for one in form.controls if one.name == "input.kinds" and one.checked] == ["a", "c"]


@pytest.mark.parametrize(("name", "status"), [("mia", 403), ("nora", 404), ("sam", 200)])
@pytest.mark.one_database
def test_only_those_who_may_order_get_the_form(world: PageWorld, name: str, status: int) -> None:
    version = world.define("Bucket")

    assert world.person(name).get(f"/order/{id_of(version)}").status_code == status


def test_the_side_says_what_happens_who_is_missing_and_what_runs_may_do(world: PageWorld) -> None:
    network = world.define("Network")
    operator = an_input(assignment="PLATFORM_OPERATOR_MANUAL_INPUT", displayName="Cost centre")
    version = world.define(
        "Database", inputs={"centre": operator}, permissions=["TENANT_LIST"], **depending_on(network)
    )

    page = world.person("sam").read(f"/order/{id_of(version)}")

    assert "Network is made The platform team fills in Cost centre Database is made, once Network is ready" in page
    assert "No runner has come yet that makes Database and Network; the order will wait for it." in page
    assert "See tenants" in page
