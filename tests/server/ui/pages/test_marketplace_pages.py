"""The marketplace: who finds what, also by misspelled words, and what the page of a definition says."""

from functools import partial
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import an_input, an_output
from tests.support.page_world import PageWorld


def id_of(version: Any) -> str:
    """Return the id of a version's definition."""
    return str(version["spec"]["buildingBlockDefinitionRef"]["uuid"])


def restrict(world: PageWorld, version: JsonObject, *workspaces: str) -> None:
    """Let a definition reach these workspaces alone."""
    names: list[Any] = [{"name": name, "kind": "meshWorkspace"} for name in workspaces]
    path = f"/api/blockyard/v1/definitions/{id_of(version)}/publication"
    world.as_admin("PUT", path, {"restriction": "RESTRICTED", "restrictedToWorkspaces": [n["name"] for n in names]})


def count_outcomes(world: PageWorld) -> None:
    """Do what the background loop does once."""
    for day in world.db.read_now(world.sweeper.days_to_count):
        counted = world.db.read_now(partial(world.sweeper.outcomes, day=day))
        world.db.write_now(partial(world.sweeper.keep_outcomes, day=day, counted=counted))


def test_everybody_finds_what_is_published_and_only_its_team_what_is_not(world: PageWorld) -> None:
    world.define("Bucket", about={"description": "Keeps files"})
    world.define("Secret plan", released=False)

    shop, platform = world.person("sam").read("/marketplace"), world.person("pat").read("/marketplace")

    assert "Bucket" in shop
    assert "Keeps files" in shop
    assert "Secret plan" not in shop
    assert "Secret plan Platform Draft" in platform


@pytest.mark.parametrize("word", ["postgresql", "postgras", "POSTGRES", "databse", "Postgre SQL"])
def test_words_are_found_although_they_are_misspelled(world: PageWorld, word: str) -> None:
    world.define("PostgreSQL", about={"description": "A managed database"})
    world.define("Bucket", about={"description": "Keeps files"})

    page = world.person("sam").read(f"/marketplace?search={word}")

    assert "PostgreSQL" in page
    assert "Bucket" not in page


def test_what_is_called_so_comes_before_what_is_only_described_so(world: PageWorld) -> None:
    world.define("Archive", about={"description": "Keeps what a database wrote"})
    world.define("Database")

    page = world.person("sam").read("/marketplace?search=database")

    assert page.index("Database") < page.index("Archive")


def test_a_search_that_finds_nothing_keeps_the_words_and_offers_everything(world: PageWorld) -> None:
    world.define("Bucket")

    answer = world.person("sam").get("/marketplace?search=xylophone")

    assert "Nothing matches" in answer.text
    assert 'value="xylophone"' in answer.text


def test_filters_are_kept_in_the_address(world: PageWorld) -> None:
    for number in range(30):
        world.define(f"Thing {number:02}")

    first = world.person("sam").get("/marketplace?owner=platform&level=workspace")

    assert "owner=platform&amp;page=2" in first.text
    assert "Thing 29" in world.person("sam").read("/marketplace?owner=platform&page=2")
    assert "Thing" not in world.person("sam").read("/marketplace?level=tenant")
    assert "Thing" not in world.person("sam").read("/marketplace?owner=shop")


def test_an_empty_marketplace_says_what_to_do(world: PageWorld) -> None:
    assert "Nothing is offered to you yet" in world.person("mia").read("/marketplace")
    assert "blockyard definitions import" in world.person("pat").read("/marketplace")
    assert "You are in no workspace yet" in world.person("nora").read("/marketplace")


def test_a_card_says_how_well_it_works(world: PageWorld) -> None:
    version = world.define("Bucket")
    for number in range(5):
        world.order(version, name=f"block {number}")
        claimed = world.claimed()
        world.clock.advance(40)
        world.report(claimed, RunStatus.SUCCEEDED if number else RunStatus.FAILED)
    count_outcomes(world)
    count_outcomes(world)

    assert "80 % of 5, usually 40 s" in world.person("sam").read("/marketplace")
    world.clock.advance(32 * 24 * 3600)
    assert "80 %" not in world.person("sam").read("/marketplace")


def test_the_page_of_a_definition_says_what_it_takes_gives_needs_and_may_do(world: PageWorld) -> None:
    network = world.define("Network")
    version = world.define(
        "Database",
        about={"readme": "# Read me\n\n<script>alert(1)</script> [x](javascript:alert(1))"},
        dependencyDefinitionRefs=[{"kind": "meshBuildingBlockDefinition", "uuid": id_of(network)}],
        permissions=["BUILDINGBLOCK_LIST", "BUILDINGBLOCK_SAVE"],
        inputs={
            "name": an_input(displayName="Name"),
            "on": an_input("BOOLEAN", displayName="Backups", defaultValue=True),
        },
        outputs={"url": an_output(displayName="Address", assignment="RESOURCE_URL")},
    )

    answer = world.person("sam").get(f"/marketplace/{id_of(version)}")
    page = world.person("sam").read(f"/marketplace/{id_of(version)}")

    assert "Name required Text" in page
    assert "Backups Yes or no, optional Default: yes" in page
    assert "Address Link to what was made" in page
    assert f'href="/marketplace/{id_of(network)}"' in answer.text
    assert "See, create and change building blocks" in page
    assert f'href="/order/{id_of(version)}"' in answer.text
    assert "<script>alert" not in answer.text
    assert 'href="javascript' not in answer.text


def test_versions_say_what_changed(world: PageWorld) -> None:
    first = world.define("Bucket", inputs={"name": an_input(displayName="Name")})
    inputs = {"region": an_input(displayName="Region"), "size": an_input("INTEGER", displayName="Size", defaultValue=1)}
    world.next_version(first, inputs=inputs)

    page = world.person("sam").read(f"/marketplace/{id_of(first)}")

    assert "Version 2 for new orders" in page
    assert "New input Region, which is needed New input Size Input Name is gone" in page


def test_who_may_not_know_a_definition_gets_no_page_of_it(world: PageWorld) -> None:
    hidden = world.define("Secret plan", released=False)

    assert world.person("sam").get(f"/marketplace/{id_of(hidden)}").status_code == 404
    assert world.person("pat").get(f"/marketplace/{id_of(hidden)}").status_code == 200


def test_members_are_told_why_there_is_nothing_to_add(world: PageWorld) -> None:
    version = world.define("Bucket")

    page = world.person("mia").read(f"/marketplace/{id_of(version)}")

    assert "Ask an owner or a manager of your workspace to order it." in page


def test_images_come_from_an_address_of_their_own_where_nothing_runs(world: PageWorld) -> None:
    svg = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
    drawn, plain = world.define("Drawn", about={"symbol": svg}), world.define("Plain")
    sam = world.person("sam")

    answer = sam.get(f"/marketplace/{id_of(drawn)}/symbol")

    assert answer.content.startswith(b"<svg")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert sam.get(f"/marketplace/{id_of(plain)}/symbol").status_code == 404


def test_a_restricted_definition_is_found_by_those_it_reaches(world: PageWorld) -> None:
    version = world.define("Bucket")
    restrict(world, version, "other")

    assert "Bucket" not in world.person("sam").read("/marketplace")
    assert "Bucket" in world.person("olga").read("/marketplace")
