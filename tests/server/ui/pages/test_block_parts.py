"""The parts of a block's page: its runs, what depends on it, what happened to it, and its settings."""

import re
from typing import Any

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.protocol.status import StatusUpdate
from blockyard.server.blocks.service.graph import MOST_BLOCKS
from tests.support.block_world import MANUAL, a_value, an_input, an_output, definition_of, uuid_of
from tests.support.page_world import PageWorld, words_of

pytestmark = pytest.mark.one_database

HOSTILE = '</title><script>alert(1)</script>\u202egnp.exe "onmouseover="x'


def path_of(block: JsonObject, part: str = "") -> str:
    """Return the path of a part of a block's page."""
    return f"/blocks/{uuid_of(block)}{part and '/'}{part}"


def a_ready_block(world: PageWorld, **spec: Any) -> JsonObject:
    """Return a block of the shop that is ready, made by a module that can be planned."""
    block: JsonObject = world.order(world.define(transparent=True, **spec), name="invoices bucket")
    world.finish()
    return block


def needing(version: JsonObject) -> dict[str, Any]:
    """Return how a definition says that it depends on the one of `version`."""
    reference: JsonObject = {"uuid": definition_of(version), "kind": "meshBuildingBlockDefinition"}
    return {"dependencyDefinitionRefs": [reference]}


def check(world: PageWorld, block: JsonObject, *, changes: bool) -> str:
    """Start a dry run from the page, let it end, and return where the page led."""
    answer = world.person("sam").post(path_of(block, "check"), form_at=path_of(block))
    claimed = world.claimed()
    update = StatusUpdate.model_validate({"status": "SUCCEEDED", "changesDetected": changes, "artifact": "YQ=="})
    world.db.write_now(lambda tx: world.reports.report(tx, claimed.principal, claimed.run_id, "runner", update))
    return str(answer.headers["location"])


def test_a_ready_block_says_when_it_was_changed_and_by_whom(world: PageWorld) -> None:
    block = a_ready_block(world)

    answer = world.person("sam").get(path_of(block))

    assert re.search(r"Ready Bucket · version 1 · in shop · Ordered 2026-\S+ \S+ UTC by admin key", words_of(answer))
    assert re.search("<title>invoices bucket . Ready · Blockyard</title>", answer.text)


def test_what_a_building_block_has_ordered_leads_to_it(world: PageWorld) -> None:
    kit = world.order(world.define("Kit", permissions=["BUILDINGBLOCK_SAVE"]), name="our <kit>")
    world.api.be(world.holder(world.key_of(world.claimed())))
    nested = world.order(world.define("Leaf"))
    person = world.person("sam")

    for path in (path_of(nested), f"/runs/{world.latest_run(nested).id}"):
        page = person.get(path).text
        assert f'<a class="link" href="{path_of(kit)}">building block &#39;our &lt;kit&gt;&#39;</a>' in page, path
    assert "Create and change building blocks" in person.read(path_of(kit, "settings"))


def test_the_runs_of_a_block_are_listed_with_who_started_them(world: PageWorld) -> None:
    block = a_ready_block(world)
    person = world.person("sam")
    person.post(path_of(block, "runs"), form_at=path_of(block))

    page = person.read(path_of(block, "runs"))

    assert page.index("#2 Apply") < page.index("#1 Apply")
    assert "Started by hand by sam" in page.replace("Sam", "sam")
    assert "No run yet" in person.read(path_of(block, "runs?page=9"))


def test_a_dry_run_is_started_from_the_page_and_what_it_found_is_said_first(world: PageWorld) -> None:
    block = a_ready_block(world)

    led_to = check(world, block, changes=True)

    page = world.person("sam").read(path_of(block))
    assert led_to == f"/runs/{world.latest_run(block).id}"
    assert "Ready, differs from its plan" in page
    assert "Dry run 2 found changes: what is there differs from what was ordered. See the changes" in page


def test_a_dry_run_without_changes_leaves_a_block_ready(world: PageWorld) -> None:
    block = a_ready_block(world)

    check(world, block, changes=False)

    page = world.person("sam").read(path_of(block))
    assert "found changes" not in page
    assert "differs from its plan" not in page


def test_the_plan_of_a_dry_run_is_applied_from_the_page(world: PageWorld) -> None:
    block = a_ready_block(world)
    check(world, block, changes=True)

    answer = world.person("sam").post(path_of(block, "apply-plan"), form_at=path_of(block))

    assert world.latest_run(block).plan_run_id is not None
    assert answer.headers["location"] == f"/runs/{world.latest_run(block).id}"


def test_the_graph_draws_parents_and_children_as_links_and_lists_them(world: PageWorld) -> None:
    network = world.define("Network", implementation=MANUAL)
    machine = world.define("Machine", implementation=MANUAL, **needing(network))
    disk = world.define("Disk", implementation=MANUAL, **needing(machine))
    net = world.order(network, name="net")
    vm = world.order(machine, name=HOSTILE, parents=[net])
    data = world.order(disk, name="data", parents=[vm])

    answer = world.person("sam").get(path_of(net, "graph"))
    page = words_of(answer)

    drawn = answer.text[answer.text.index("<svg width") : answer.text.index("The same as a list")]
    assert [drawn.count(f'href="{path_of(one)}"') for one in (net, vm, data)] == [1, 1, 1]
    assert len(re.findall(r"<path d=", drawn)) == 2
    assert "<script>" not in answer.text
    assert "Depends on Nothing." in page
    assert page.index("Needed by </title>") < page.rindex("data Ready")


def test_a_graph_shows_nothing_of_others_and_no_more_than_can_be_read(world: PageWorld) -> None:
    network = world.define("Network", implementation=MANUAL)
    machine = world.define("Machine", implementation=MANUAL, **needing(network))
    net = world.order(network, name="net")
    for number in range(MOST_BLOCKS + 5):
        world.order(machine, name=f"vm {number:03}", parents=[net])

    sam = world.person("sam").get(path_of(net, "graph"))

    assert sam.text.count('class="drawing-node') == MOST_BLOCKS
    assert "There is more than can be drawn" in words_of(sam)
    assert world.person("olga").get(path_of(net, "graph")).status_code == 404
    assert world.person("sam").get(f"/api/blockyard/v1{path_of(net, 'graph')}").json()["isCut"] is True


def test_a_block_that_stands_alone_says_so(world: PageWorld) -> None:
    block = a_ready_block(world)

    assert "It stands alone" in world.person("sam").read(path_of(block, "graph"))


def test_what_happened_to_a_block_is_told_from_the_event_log(world: PageWorld) -> None:
    block = a_ready_block(
        world, inputs={"size": an_input("INTEGER", displayName="Size", updateableByConsumer=True, isOptional=True)}
    )
    world.person("sam").post(path_of(block, "name"), {"name": "receipts"}, form_at=path_of(block, "settings"))

    page = world.person("sam").read(path_of(block, "activity"))

    assert "Name: invoices bucket → receipts" in page
    assert "by admin key" in page


def test_who_may_not_read_the_event_log_is_told_so(world: PageWorld) -> None:
    block = a_ready_block(world)

    answer = world.person("pat").get(path_of(block, "activity"))

    assert answer.status_code == 200
    assert "The event log is not for everybody" in words_of(answer)


def test_a_block_is_renamed_without_a_run(world: PageWorld) -> None:
    block = a_ready_block(world)
    person = world.person("sam")

    answer = person.post(path_of(block, "name"), {"name": HOSTILE}, form_at=path_of(block, "settings"))

    assert answer.headers["location"] == path_of(block)
    shown = person.get(path_of(block))
    assert "The name was saved." in words_of(shown)
    assert "<script>alert" not in shown.text
    assert world.latest_run(block).number == 1
    person.post(path_of(block, "name"), {"name": "  "}, form_at=path_of(block, "settings"))
    assert "A building block needs a name." in person.read(path_of(block, "settings"))


def test_versions_are_compared_and_changed(world: PageWorld) -> None:
    version = world.define(transparent=True)
    block = world.order(version, name="invoices bucket")
    world.finish()
    newer = world.next_version(version, inputs={"size": an_input("INTEGER", displayName="Size", defaultValue=3)})
    person = world.person("sam")

    assert "version 2 is available" in person.read(path_of(block))
    page = person.read(path_of(block, "settings?version=2"))
    answer = person.post(path_of(block, "version"), {"version": uuid_of(newer)}, form_at=path_of(block, "settings"))

    assert "From version 1 to 2 New input Size Change to version 2" in page
    assert answer.headers["location"] == path_of(block)
    assert world.stored(block).version_number == 2
    assert "The version was changed and a run was requested." in person.read(path_of(block))


@pytest.mark.parametrize("sent", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
def test_a_version_that_is_none_is_refused_on_the_page(world: PageWorld, sent: str) -> None:
    block = a_ready_block(world)
    person = world.person("sam")

    answer = person.post(path_of(block, "version"), {"version": sent}, form_at=path_of(block, "settings"))

    assert answer.status_code in {303, 404}
    assert world.stored(block).version_number == 1


def test_only_the_provider_forgets_a_block_after_a_question(world: PageWorld) -> None:
    block = a_ready_block(world)
    sam, pat = world.person("sam"), world.person("pat")

    assert "Forget it" not in sam.read(path_of(block, "settings"))
    sam.post(path_of(block, "purge"), form_at=path_of(block))
    assert world.stored(block).is_live
    assert "What it made stays where it is" in pat.read(path_of(block, "purge"))
    answer = pat.change(path_of(block, "purge"))

    assert answer.headers["location"] == "/blocks"
    assert not world.stored(block).is_live


def test_the_settings_say_what_an_upgrade_asks_and_which_versions_are_followed(world: PageWorld) -> None:
    first = world.define(inputs={"size": an_input(displayName="Size")})
    block = world.order(first, {"size": "1"})
    world.finish()
    rename: JsonObject = {"action": "RENAME", "from": "size", "to": "capacity"}
    inputs: JsonObject = {"capacity": an_input(displayName="Capacity"), "zone": an_input(displayName="Zone")}
    world.next_version(first, inputs=inputs, inputMigrations=[rename])
    sam = world.person("sam")

    page = sam.read(path_of(block, "settings"))
    sam.post(path_of(block, "follows"), {"follows": "RELEASES"}, form_at=path_of(block, "settings"))

    assert "Input Size is Capacity now, with the same value" in page
    assert "It waits for an answer then: Zone." in page
    assert world.stored(block).follows == "RELEASES"


def test_a_failed_first_order_names_the_ways_to_go_on(world: PageWorld) -> None:
    block = world.order(world.define(inputs={}, transparent=True))
    world.finish(status=RunStatus.FAILED)

    page = world.person("sam").read(path_of(block))

    assert "It was never ready. You can change inputs and go on, try again or remove what exists." in page


def test_nonsense_is_not_followed(world: PageWorld) -> None:
    block = world.order(world.define(inputs={}))
    sam = world.person("sam")

    sam.post(path_of(block, "follows"), {"follows": "moon"}, form_at=path_of(block, "settings"))

    assert "Nothing was chosen." in sam.read(path_of(block, "settings"))


def test_a_member_sees_settings_but_no_form(world: PageWorld) -> None:
    block = a_ready_block(world)

    answer = world.person("mia").get(path_of(block, "settings"))

    assert "Nothing beyond themselves" in words_of(answer)
    assert 'action="/blocks' not in answer.text.replace(path_of(block, "settings"), "")


@pytest.mark.parametrize("part", ["", "inputs", "runs", "graph", "activity", "settings"])
def test_hostile_content_is_harmless_on_every_part(world: PageWorld, part: str) -> None:
    outputs = {
        "url": an_output(assignment="RESOURCE_URL", displayName="<img src=x onerror=alert(1)>"),
        "notes": an_output(assignment="SUMMARY"),
        "huge": an_output(displayName="Huge"),
    }
    inputs = {"x": an_input(displayName="<b>x</b>", description="[a](javascript:alert(1))", updateableByConsumer=True)}
    version = world.define(transparent=True, inputs=inputs, outputs=outputs)
    block = world.order(version, {"x": HOSTILE}, name=HOSTILE)
    world.finish(
        {
            "url": a_value("javascript:alert(1)"),
            "notes": a_value("<script>alert(1)</script>\n\n[go](javascript:alert(1)) \x1b[31mred"),
            "huge": a_value("y" * 2_000_000),
        }
    )
    world.person("sam").post(path_of(block, "runs"), form_at=path_of(block))
    world.finish(status=RunStatus.FAILED)

    answer = world.person("sam").get(path_of(block, part))

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert 'href="javascript' not in answer.text
    assert len(answer.content) < 400_000
