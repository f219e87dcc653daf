"""The same done to many blocks from their list: chosen rows or all of it, asked about, told of each."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from blockyard.server.blocks.loops import loops
from blockyard.server.blocks.model.bulk import MAX_BLOCKS
from blockyard.server.blocks.service.bulk import LOOK_AGAIN
from tests.support.block_world import PLATFORM, lifecycle_of, uuid_of
from tests.support.browser import accessibility_violations
from tests.support.http import run_aside
from tests.support.page_world import PageWorld, Person, come, words_of

pytestmark = pytest.mark.one_database


def several(world: PageWorld, count: int, *, transparent: bool = True) -> list[Any]:
    """Order blocks and let their runs succeed."""
    version = world.define("Queue", transparent=transparent)
    blocks = [world.order(version, name=f"queue {number:02}") for number in range(count)]
    for _ in blocks:
        world.report(world.claimed())
    return blocks


def begin(person: Person, act: str, *blocks: Any, **fields: str) -> str:
    """Choose blocks and an act, say yes if that is asked, and return the path of the job."""
    chosen: dict[str, str | list[str]] = {"act": act, "chosen": [uuid_of(block) for block in blocks], **fields}
    answer = person.post("/blocks", chosen)
    if answer.status_code == 200:
        form = re.search(r'name="all" value="([^"]*)"|name="every" value="(\d+)"', answer.text)
        assert form is not None
        rows = {"all": form[1]} if form[1] else {"every": form[2]}
        answer = person.post("/blocks", {"act": act, "confirmed": "yes", **rows})
    assert answer.status_code == 303
    return answer.headers["location"]


def go_on(world: PageWorld) -> None:
    """Let the server do what jobs can do now."""
    world.clock.advance(LOOK_AGAIN.total_seconds())
    [loop] = [
        one
        for one in loops(world.db, world.blocks.hooks, world.services.bulk, world.blocks.expiring)
        if one.name == "bulk jobs"
    ]

    async def round_() -> None:
        await loop.round()

    run_aside(round_())


def test_chosen_blocks_are_run_and_the_page_tells_what_came_of_each(world: PageWorld) -> None:
    first, second, third = several(world, 3)
    person = world.person("sam")

    job = begin(person, "run", first, second)
    assert "Runs of 2 building blocks Under way" in person.read(job)
    assert world.latest_run(first).number == 1
    go_on(world)

    told = person.read(job)
    assert "Runs of 2 building blocks Done" in told
    assert told.count("A run was requested") == 4  # once for a phone, and once for everybody else
    assert [world.latest_run(block).number for block in (first, second, third)] == [2, 2, 1]


def test_what_is_refused_is_told_beside_the_rest(world: PageWorld) -> None:
    [hidden] = several(world, 1, transparent=False)
    [shown] = several(world, 1)
    person = world.person("sam")

    job = begin(person, "run", hidden, shown)
    go_on(world)

    told = person.read(job)
    assert "Done, 1 refused" in told
    assert "you don't have sufficient permissions to start a run of this building block by hand" in told
    assert "queue 00" in person.read(f"{job}?state=REFUSED")
    assert "A run was requested" not in person.read(f"{job}?state=REFUSED")


def test_a_deletion_is_asked_about_first(world: PageWorld) -> None:
    blocks = several(world, 2)
    person = world.person("sam")

    question = person.post("/blocks", {"act": "delete", "chosen": [uuid_of(block) for block in blocks]})
    assert "Delete 2 building blocks?" in question.text
    assert lifecycle_of(world.read(blocks[0])) == "ACTIVE"
    job = begin(person, "delete", *blocks)
    go_on(world)

    assert "A run destroys what it made" in person.read(job) or "It is gone" in person.read(job)
    assert lifecycle_of(world.read(blocks[0])) != "ACTIVE"


def test_all_that_match_are_chosen_with_one_box(world: PageWorld) -> None:
    several(world, 27)
    person = world.person("sam")
    assert "All 27 building blocks of the list" in person.read("/blocks")

    everything = begin(person, "upgrade", every="27")
    some = person.post("/blocks?search=queue+2", {"act": "run", "every": "7"})

    assert "Upgrade of 27 building blocks" in person.read(everything)
    assert "Runs of 7 building blocks" in person.read(some.headers["location"])


def test_a_stopped_job_leaves_out_the_rest(world: PageWorld) -> None:
    blocks = several(world, 2)
    person = world.person("sam")
    job = begin(person, "run", *blocks)

    assert person.post(f"{job}/stop", form_at=job).status_code == 303

    told = person.read(job)
    assert "The rest was left out." in told
    assert "Left out 2" in told
    assert person.post(f"{job}/start", form_at=job).status_code == 303
    assert "Under way" in person.read(job)
    assert world.latest_run(blocks[0]).number == 1


def test_whoever_may_not_act_is_offered_nothing_and_jobs_are_their_makers_alone(world: PageWorld) -> None:
    [block] = several(world, 1)
    job = begin(world.person("sam"), "run", block)

    assert 'name="act"' not in world.person("olga").get("/blocks").text
    assert 'value="purge"' not in world.person("sam").get("/blocks").text
    assert 'value="purge"' in world.person("pat").get("/blocks").text
    assert world.person("mia").get(job).status_code == 404
    assert world.person("mia").post(f"{job}/stop", form_at="/blocks").status_code == 404


def test_nonsense_chooses_nothing(world: PageWorld) -> None:
    several(world, 1)
    person = world.person("sam")

    assert "Select at least one row first." in follow(person, {"act": "run"})
    assert "Select at least one row first." in follow(person, {"act": "colour", "chosen": "x"})
    assert "a selected row has no id" in follow(person, {"act": "run", "chosen": "x"}).lower()
    assert "no building block" in follow(person, {"act": "run", "chosen": "00000000-0000-4000-8000-000000000000"})
    assert MAX_BLOCKS > 0


def follow(person: Person, fields: dict[str, str]) -> str:
    """Send the form of the list and return what the page after it says."""
    return person.read(person.post("/blocks", fields).headers["location"])


def test_blocks_that_are_gone_are_listed_on_wish_and_nothing_is_done_to_them(world: PageWorld) -> None:
    block, _ = several(world, 2)
    world.api.be(PLATFORM)
    world.api.send("DELETE", f"/api/meshobjects/meshbuildingblocks/{uuid_of(block)}/purge")
    person = world.person("sam")

    gone = person.get("/blocks?status=DELETED")

    assert "1 building block" in words_of(gone)
    assert "Deleted" in words_of(gone)
    assert 'name="act"' not in gone.text
    assert uuid_of(block) not in person.get("/blocks").text
    assert person.get(f"/blocks/{uuid_of(block)}").status_code == 200


def test_rows_stand_in_groups_on_wish(world: PageWorld) -> None:
    several(world, 2)
    world.order(world.define("Table"), name="table")
    person = world.person("sam")

    page = person.get("/blocks?group=status")
    heads = re.findall(r'scope="rowgroup"[^>]*>.*?</svg><span>([^<]*)</span>', page.text, re.DOTALL)
    assert heads == ["Creating", "Ready"]
    assert 'rel="next"' not in page.text
    assert "rowgroup" not in person.get("/blocks?group=colour").text


def test_rows_are_chosen_by_keyboard_and_the_job_goes_on_by_itself(site: tuple[PageWorld, str], page: Page) -> None:
    world, url = site
    blocks = several(world, 3)
    come(page, world, url)
    page.goto(f"{url}/blocks")
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator(".selection-count")).to_have_text("2 selected")
    assert accessibility_violations(page) == []
    page.get_by_role("button", name="Run", exact=True).press("Enter")
    expect(page.locator("#job-state")).to_have_text("Under way")
    go_on(world)

    expect(page.locator("#job-state")).to_have_text("Done", timeout=15_000)  # it looks every few seconds
    expect(page.locator("#job-progress")).to_contain_text("2 of 2")
    assert accessibility_violations(page) == []
    assert sorted(world.latest_run(block).number for block in blocks) == [1, 2, 2]
