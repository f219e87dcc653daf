"""The list of blocks: what it shows to whom, how it is searched and sorted."""

import re

import pytest
import typer.main
from typer.core import TyperGroup

from blockyard.cli.app import build
from blockyard.protocol.jsontypes import JsonObject
from tests.support.block_world import MANUAL, an_input, uuid_of
from tests.support.page_world import PageWorld, words_of


@pytest.fixture
def block(world: PageWorld) -> JsonObject:
    """A block of the shop whose first run waits for a runner."""
    inputs = {"name": an_input(displayName="Name", updateableByConsumer=True)}
    ordered: JsonObject = world.order(
        world.define(transparent=True, inputs=inputs), {"name": "invoices"}, name="invoices bucket"
    )
    return ordered


def path_of(block: JsonObject) -> str:
    """Return the path of a block's page."""
    return f"/blocks/{uuid_of(block)}"


def test_an_empty_list_shows_a_command_that_exists(world: PageWorld) -> None:
    page = world.person("sam").read("/blocks")

    assert "No building blocks yet" in page
    assert "blockyard blocks order DEFINITION --workspace shop" in page
    group = typer.main.get_command(build())
    assert isinstance(group, TyperGroup)
    blocks = group.commands["blocks"]
    assert isinstance(blocks, TyperGroup)
    assert "--workspace" in [name for option in blocks.commands["order"].params for name in option.opts]


def test_somebody_without_a_workspace_is_told_whom_to_ask(world: PageWorld) -> None:
    page = world.person("nora").read("/blocks")

    assert "You are in no workspace yet" in page
    assert "Tell them your username: nora." in page
    assert "blockyard blocks order" not in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mia", "Everything your workspaces have ordered, and its status"),
        ("pat", "Everything your workspaces have ordered or offer to others, and its status"),
        ("admin", "Everything that any workspace has ordered, and its status"),
    ],
)
def test_the_list_says_whose_blocks_it_has(world: PageWorld, name: str, words: str) -> None:
    assert words in world.person(name).read("/blocks")


def test_the_list_shows_name_definition_workspace_and_status(world: PageWorld, block: JsonObject) -> None:
    page = world.person("sam").read("/blocks")

    assert "invoices bucket" in page
    assert "Bucket v1 shop" in page
    assert "Creating Waiting for a runner" in page
    assert "1 building block" in page
    assert path_of(block) in world.person("sam").get("/blocks").text


@pytest.mark.parametrize(("name", "sees"), [("sam", 1), ("mia", 1), ("pat", 1), ("olga", 0), ("admin", 1)])
def test_the_list_has_own_blocks_and_those_one_provides_for(
    world: PageWorld, block: JsonObject, name: str, sees: int
) -> None:
    assert world.person(name).get("/blocks").text.count(path_of(block)) == sees


def test_the_list_is_searched_and_filtered(world: PageWorld, block: JsonObject) -> None:
    world.order(world.define("Database", implementation=MANUAL), name="Orders_100%")
    person = world.person("sam")

    def found(query: str) -> list[str]:
        page = person.read(f"/blocks?{query}")
        return [name for name in ("invoices bucket", "Orders_100%") if name in page]

    assert path_of(block)
    assert found("search=INVOICES") == ["invoices bucket"]
    assert found("search=0%25") == ["Orders_100%"]
    assert found("search=_1") == ["Orders_100%"]
    assert found("search=nothing+like+it") == []
    assert found("status=SUCCEEDED") == ["Orders_100%"]
    assert found("status=PENDING&workspace=shop") == ["invoices bucket"]
    assert found("workspace=other") == []
    assert "Nothing matches" in person.read("/blocks?workspace=other")


def test_among_many_workspaces_one_is_typed(world: PageWorld, block: JsonObject) -> None:
    world.whole.add_workspaces(*(f"team-{number}" for number in range(100)))
    person = world.person("admin")

    page = person.get("/blocks?workspace=shop").text

    assert path_of(block) in page
    assert re.search(r'<input[^>]* name="workspace" value="shop"', page)
    assert "team-7" not in page


def test_the_list_is_sorted_and_says_so(world: PageWorld) -> None:
    version = world.define(implementation=MANUAL)
    for name in ("beta", "Alpha", "gamma"):
        world.order(version, name=name)
        world.clock.advance(1)
    person = world.person("sam")

    def order(query: str) -> list[str]:
        page = person.read(f"/blocks{query}")
        return sorted(("beta", "Alpha", "gamma"), key=page.index)

    assert order("") == ["gamma", "Alpha", "beta"]
    assert order("?sort=created") == ["beta", "Alpha", "gamma"]
    assert order("?sort=name") == ["Alpha", "beta", "gamma"]
    assert order("?sort=-name") == ["gamma", "beta", "Alpha"]
    assert order("?sort=;drop") == ["gamma", "Alpha", "beta"]
    assert 'aria-sort="ascending"' in person.get("/blocks?sort=name").text


def test_the_list_says_when_each_block_was_changed_last_and_by_whom(world: PageWorld, block: JsonObject) -> None:
    world.order(world.define(inputs={"x": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT")}), name="without a run")
    world.finish()
    world.clock.advance(3600)
    world.person("sam").change(f"{path_of(block)}/inputs", {"input.name": "receipts"})

    page = world.person("sam").read("/blocks")

    assert "2026-01-01 13:00 UTC by Sam" in page
    assert "2026-01-01 12:00 UTC by admin key" in page.partition("without a run")[2]


def test_a_long_list_has_pages(world: PageWorld) -> None:
    version = world.define(implementation=MANUAL)
    for number in range(27):
        world.order(version, name=f"block {number:02}")
    person = world.person("sam")

    first, second = person.get("/blocks?sort=name"), person.get("/blocks?sort=name&page=2")

    assert "Page 1 of 2" in words_of(first)
    assert 'rel="next" href="/blocks?sort=name&amp;page=2"' in first.text
    assert "block 24" in words_of(first)
    assert "block 25" not in words_of(first)
    assert "block 26" in words_of(second)
    assert person.get("/blocks?page=9").headers["location"] == "/blocks?page=2"


@pytest.mark.parametrize("query", ["page=x", "page=-1", "page=99999999999999999999", "search=%27%3B--"])
def test_odd_addresses_of_the_list_do_no_harm(world: PageWorld, query: str) -> None:
    assert world.person("sam").get(f"/blocks?{query}").status_code == 200


def test_states_are_chips_that_keep_the_search(world: PageWorld) -> None:
    world.order(world.define(), name="invoices bucket")

    answer = world.person("sam").get("/blocks?search=bucket&status=PENDING")

    assert 'href="/blocks?search=bucket&amp;status=FAILED"' in answer.text
    assert 'href="/blocks?search=bucket"' in answer.text
