"""Values that are too long for a page: it shows how they begin, offers the whole, and its form does not change them."""

import json
from collections.abc import Mapping

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.lengths import LONG
from tests.support.block_world import a_secret, a_value, an_input, an_output, uuid_of
from tests.support.page_world import PageWorld

pytestmark = pytest.mark.one_database

INPUTS: JsonObject = {
    "note": an_input(displayName="Note", updateableByConsumer=True, defaultValue="none"),
    "policy": an_input("CODE", displayName="Policy", updateableByConsumer=True, displayOrder=1),
    "rules": an_input("LIST", displayName="Rules", updateableByConsumer=True, displayOrder=2),
    "token": an_input(isSensitive=True, updateableByConsumer=True, displayOrder=3),
    "a/../b": an_input(defaultValue="short", displayOrder=4),
}
LINES = "one line\r\n" * 20_000
POLICY = "{" + " " * 100_000 + "}"
RULES: list[Json] = [{"rule": number} for number in range(10_000)]
VALUES: JsonObject = {"note": LINES, "policy": POLICY, "rules": RULES, "token": a_secret("hunter2-hunter2")}
OUTPUTS: Mapping[str, JsonObject] = {
    "url": a_value("https://example.test/" + "x" * 100_000),
    "notes": a_value("Some *words*. " * 10_000),
    "plan": a_value({"rules": RULES}, "CODE"),
    "key": a_value(None, isSensitive=True),
}


@pytest.fixture
def block(world: PageWorld) -> JsonObject:
    """A block with long inputs and outputs whose run is over."""
    outputs = {
        "url": an_output(assignment="RESOURCE_URL"),
        "notes": an_output(assignment="SUMMARY"),
        "plan": an_output("CODE"),
        "key": an_output(),
    }
    ordered: JsonObject = world.order(world.define(inputs=INPUTS, outputs=outputs), VALUES)
    world.finish(outputs=OUTPUTS)
    return ordered


def path_of(block: JsonObject) -> str:
    """Return the path of a block's page."""
    return f"/blocks/{uuid_of(block)}"


def test_a_page_shows_how_long_values_begin(world: PageWorld, block: JsonObject) -> None:
    outputs = world.person("sam").get(path_of(block)).text
    inputs = world.person("mia").get(f"{path_of(block)}/inputs").text

    assert "one line" in inputs
    assert [page.count("Download all of it") for page in (outputs, inputs)] == [3, 3]
    assert len(outputs) + len(inputs) < 12 * LONG
    assert "btn-primary" not in outputs


@pytest.mark.parametrize(
    ("part", "key", "whole"),
    [
        ("inputs", "note", LINES),
        ("inputs", "policy", POLICY),
        ("inputs", "rules", json.dumps(RULES, indent=2)),
        ("inputs", "a/../b", "short"),
        ("outputs", "url", OUTPUTS["url"]["value"]),
        ("outputs", "notes", OUTPUTS["notes"]["value"]),
    ],
)
def test_the_whole_is_a_plain_file(world: PageWorld, block: JsonObject, part: str, key: str, whole: str) -> None:
    answer = world.person("sam").get(f"{path_of(block)}/{part}/value?key={key}")

    assert answer.content.decode() == whole
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("place", ["inputs/value?key=token", "outputs/value?key=key", "inputs/value?key=nothing"])
def test_a_secret_and_what_is_not_there_is_no_file(world: PageWorld, block: JsonObject, place: str) -> None:
    answer = world.person("sam").get(f"{path_of(block)}/{place}")

    assert answer.status_code == 404
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("place", ["inputs/value?key=note", "outputs/value?key=url"])
def test_whoever_does_not_see_the_block_gets_no_file_of_it(world: PageWorld, block: JsonObject, place: str) -> None:
    assert world.person("olga").get(f"{path_of(block)}/{place}").status_code == 404
    assert world.person().get(f"{path_of(block)}/{place}", Accept="text/html").status_code == 303


def test_the_form_does_not_hold_long_values_and_keeps_them(world: PageWorld, block: JsonObject) -> None:
    person, form = world.person("sam"), f"{path_of(block)}/inputs"
    before = world.stored(block).inputs

    page = person.get(form).text
    person.change(form)

    assert len(page) < LONG
    assert page.count("The stored value is too long for this page. It is kept unless you enter a new one.") == 3
    assert world.latest_run(block).number == 1
    person.change(form, {"input.policy": "{}"})
    assert world.stored(block).inputs == {**before, "policy": "{}"}
    assert world.latest_run(block).number == 2


def test_a_long_value_left_empty_stays_though_somebody_made_it_short(world: PageWorld, block: JsonObject) -> None:
    first, form = world.person("sam"), f"{path_of(block)}/inputs"
    opened = first.form(form)
    world.person("pat").change(form, {"input.note": "theirs"})
    world.finish(outputs=OUTPUTS)

    first.submit(opened.fill({"input.policy": "{}"}), at=form)

    stored = world.stored(block).inputs
    assert (stored["note"], stored["policy"]) == ("theirs", "{}")


def test_a_long_value_entered_in_place_of_what_somebody_else_changed_is_a_conflict(
    world: PageWorld, block: JsonObject
) -> None:
    first, form = world.person("sam"), f"{path_of(block)}/inputs"
    opened = first.form(form)
    world.person("pat").change(form, {"input.note": "theirs " * 20_000})
    world.finish(outputs=OUTPUTS)
    before = world.stored(block)

    first.submit(opened.fill({"input.note": "mine"}), at=form)

    page = first.get(form).text
    assert "This was changed after you opened the page." in page
    assert len(page) < 2 * LONG
    assert world.stored(block) == before
    first.change(form)
    assert world.stored(block).inputs["note"] == "mine"


def test_entering_the_long_value_again_changes_nothing(world: PageWorld, block: JsonObject) -> None:
    world.person("sam").change(f"{path_of(block)}/inputs", {"input.note": LINES})

    assert world.latest_run(block).number == 1
