"""The start page, the search and what is kept at hand."""

import pytest

from blockyard.protocol.names import RunStatus
from tests.support.block_world import definition_of, uuid_of
from tests.support.page_world import PageWorld, words_of

pytestmark = pytest.mark.one_database


def test_the_start_page_shows_the_first_steps_while_there_is_nothing(world: PageWorld) -> None:
    world.define("Queue")
    assert "Three steps to your first building block" in world.person("sam").read("/")
    assert "You are in no workspace yet" in world.person("nora").read("/")


def test_who_can_offer_is_shown_how_while_nothing_is_offered(world: PageWorld) -> None:
    start = world.person("admin").get("/")
    assert "Three steps to your first offer" in words_of(start)
    assert '<span class="inline-block max-w-full">--workspace WORKSPACE</span>' in start.text
    world.define("Queue")
    assert "Three steps to your first building block" in world.person("admin").read("/")


def test_who_cannot_order_is_told_who_can(world: PageWorld) -> None:
    page = world.person("mia").read("/")

    assert "Three steps" not in page
    assert "An owner or a manager orders, and you use it then. See the marketplace" in page
    world.order(world.define("Queue"))
    world.finish()
    assert "Nothing waits for you. See the building blocks of your workspaces" in world.person("mia").read("/")


def test_the_start_page_and_the_bell_tell_what_needs_the_visitor(world: PageWorld) -> None:
    block = world.order(world.define("Cluster"), name="cluster")
    world.report(world.claimed(), RunStatus.FAILED)
    person = world.person("sam")

    assert "cluster The last run failed · Cluster" in person.read("/")
    assert f'href="/blocks/{uuid_of(block)}"' in person.get("/").text
    assert person.get("/needs/count").json() == {"total": 1}
    assert world.person("olga").get("/needs/count").json() == {"total": 0}


def test_everything_is_found_by_page_and_by_palette(world: PageWorld) -> None:
    world.order(world.define("Queue"), name="orders queue")
    person = world.person("sam")

    assert "orders queue Building block · Queue, shop" in person.read("/search?q=ordres+queue")
    assert "Nothing found" in person.read("/search?q=zzzzz")
    assert "Nothing found" in world.person("olga").read("/search?q=orders")
    found = person.get("/search?q=queue", Accept="application/json").json()["found"]
    assert [(one["name"], one["icon"]) for one in found] == [("Queue", "store"), ("orders queue", "blocks")]
    assert found[0]["href"].startswith("/marketplace/")
    switch = person.get("/search?q=&kind=workspace", Accept="application/json").json()["found"]
    assert [(one["name"], one["href"]) for one in switch] == [("Shop", "/w/shop")]


def test_what_was_used_and_pinned_stands_on_the_start_page(world: PageWorld) -> None:
    person = world.person("sam")
    visited = {"kind": "workspace", "id": "shop", "name": "Shop", "where": "shop"}

    assert person.post("/kept", {**visited, "pinned": ""}, form_at="/w/shop").json() == {"pinned": False}
    assert "Used last Shop" in person.read("/")
    assert person.post("/kept", {**visited, "pinned": "yes"}, form_at="/w/shop").json() == {"pinned": True}
    assert "Pinned Shop" in person.read("/")
    assert person.post("/kept", {"kind": "colour", "id": "red"}, form_at="/w/shop").json() == {"pinned": False}


def test_a_page_says_what_it_is_about(world: PageWorld) -> None:
    page = world.person("sam").get("/w/shop").text

    assert 'data-kind="workspace" data-id="shop" data-name="Shop"' in page
    assert "data-pin" in page


def test_pages_of_runs_and_definitions_say_where_they_are_and_what_they_are_about(world: PageWorld) -> None:
    version = world.define("Queue", transparent=True)
    block = world.order(version, name="orders queue")
    run = world.latest_run(block).id
    definition = definition_of(version)
    world.report(world.claimed())
    person = world.person("sam")
    person.cookies.set("workspace", "other", domain="blockyard.test", path="/")

    for part in ("", "/changes", "/inputs", "/search"):
        page = person.get(f"/runs/{run}{part}").text
        assert f'data-kind="block" data-id="{uuid_of(block)}" data-name="orders queue"' in page
        assert 'title="Workspace shop"' in page
        assert "Succeeded · Blockyard</title>" in page
    about = person.get(f"/marketplace/{definition}").text
    assert f'data-kind="definition" data-id="{definition}" data-name="Queue"' in about
