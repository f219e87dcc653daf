"""Tenants whose landing zone has building blocks that ask for something: the second step of the form."""

import html

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.database import Database
from tests.support.block_world import an_input, definition_of, uuid_of
from tests.support.clock import FixedClock
from tests.support.page_world import words_of
from tests.support.screen_fillings import ScreenWorld
from tests.support.tenant_world import MAKES_TENANT

pytestmark = pytest.mark.one_database

ASKING: JsonObject = {
    **MAKES_TENANT["inputs"],
    "size": an_input("INTEGER", displayName="Size"),
    "note": an_input("STRING", displayName="Note", isOptional=True),
}


@pytest.fixture
def world(database: Database, clock: FixedClock) -> ScreenWorld:
    """A shop with projects, and a platform to have tenants on."""
    return ScreenWorld(database, clock)


def a_zone(world: ScreenWorld) -> tuple[JsonObject, str]:
    """Let the platform have a landing zone whose block asks for a size; return its version and the option of a form."""
    version = world.define_for_tenants(**{**MAKES_TENANT, "inputs": ASKING})
    world.add_zone("standard", mandatory=[version])
    return version, f"{uuid_of(world.platform)} standard"


def test_a_tenant_is_made_with_what_its_blocks_ask_for(world: ScreenWorld) -> None:
    version, place = a_zone(world)
    sam = world.person("sam")

    first = sam.change("/w/shop/tenants/new", {"project": "dev", "platform": place})
    step = first.headers["location"]
    assert step.startswith("/w/shop/tenants/new/inputs?")
    page = sam.read(step)
    form = sam.form(step, action=html.unescape(step))
    done = sam.submit(form.fill({f"parent.{definition_of(version)}.input.size": "3"}), at=step)

    assert "“standard” prepares the tenant with building blocks that ask for something" in page
    assert done.status_code == 303, words_of(done)
    assert "The tenant is being prepared." in sam.read(done.headers["location"])
    [block] = world.blocks_of({"metadata": {"uuid": done.headers["location"].rpartition("/")[2]}})
    assert block["spec"]["inputs"]["size"]["value"] == 3


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(world: ScreenWorld) -> None:
    version, place = a_zone(world)
    sam = world.person("sam")
    step = sam.change("/w/shop/tenants/new", {"project": "dev", "platform": place}).headers["location"]
    form = sam.form(step, action=step)
    prefix = f"parent.{definition_of(version)}.input."

    empty = sam.submit(sam.form(step, action=step), at=step)
    wrong = sam.submit(form.fill({f"{prefix}size": "many", f"{prefix}note": "<b>kept</b>"}), at=step)

    assert [answer.status_code for answer in (empty, wrong)] == [400, 400]
    assert "This is required" in words_of(empty)
    assert "Enter a whole number, such as 3." in words_of(wrong)
    assert "&lt;b&gt;kept&lt;/b&gt;" in wrong.text
    assert "No tenants yet" in sam.read("/w/shop/tenants")


def test_a_project_is_made_before_its_tenant_asks(world: ScreenWorld) -> None:
    _, place = a_zone(world)
    world.db.write_now(world.services.project_roles.seed)
    sam = world.person("sam")

    answer = sam.change("/w/shop/projects/new", {"name": "Test", "identifier": "test", "platform": place})

    step = answer.headers["location"]
    assert step.startswith("/w/shop/tenants/new/inputs?project=test&")
    assert "The project was made. Its tenant needs a few more words." in sam.read(step)
    assert "Sam" in sam.read("/w/shop/projects/test/access")


def test_the_form_is_for_those_who_may_make_tenants_where_they_may(world: ScreenWorld) -> None:
    _, place = a_zone(world)
    step = f"/w/shop/tenants/new/inputs?project=dev&platform={place.replace(' ', '%20')}"

    assert world.person("sam").get(step).status_code == 200
    assert world.person("olga").get(step).status_code in {403, 404}
    assert world.person("mia").get(step).status_code == 403
    for odd in ("platform=x", "platform=%00", f"platform={uuid_of(world.platform)}%20nowhere", ""):
        assert world.person("sam").get(f"/w/shop/tenants/new/inputs?project=dev&{odd}").status_code in {400, 404}
    assert world.person("sam").get(step.replace("project=dev", "project=nowhere")).status_code == 404
    assert world.person("sam").post_raw(step, {"csrf_token": "guess"}).status_code == 403
