"""The page of a block: what it shows to whom, and what can be done there."""

import re

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from tests.support.block_world import MANUAL, a_secret, a_value, an_input, an_output, definition_of, uuid_of
from tests.support.page_world import PageWorld, words_of

pytestmark = pytest.mark.one_database

INPUTS: JsonObject = {
    "name": an_input(displayName="Name", description="What it is **called**", updateableByConsumer=True),
    "size": an_input("INTEGER", updateableByConsumer=True, defaultValue=0, displayOrder=1),
    "public": an_input("BOOLEAN", updateableByConsumer=True, defaultValue=False, displayOrder=2),
    "tags": an_input("MULTI_SELECT", selectableValues=["a", "b"], updateableByConsumer=True, displayOrder=3),
    "token": an_input(isSensitive=True, updateableByConsumer=True, displayOrder=4),
    "region": an_input(defaultValue="eu", displayOrder=5),
}

VALUES: JsonObject = {"name": "invoices", "tags": ["a"], "token": a_secret("hunter2-hunter2")}


@pytest.fixture
def block(world: PageWorld) -> JsonObject:
    """A block of the shop whose first run waits for a runner."""
    outputs = {
        "url": an_output(assignment="RESOURCE_URL", displayName="Console"),
        "notes": an_output(assignment="SUMMARY"),
        "key": an_output(),
    }
    version = world.define(transparent=True, inputs=INPUTS, outputs=outputs)
    ordered: JsonObject = world.order(version, VALUES, name="invoices bucket")
    return ordered


def path_of(block: JsonObject) -> str:
    """Return the path of a block's page."""
    return f"/blocks/{uuid_of(block)}"


def test_a_block_shows_its_inputs_with_falsy_values_and_without_secrets(world: PageWorld, block: JsonObject) -> None:
    answer = world.person("mia").get(f"{path_of(block)}/inputs")
    page = words_of(answer)

    assert "Name : description What it is called invoices" in page
    assert "What it is <strong>called</strong>" in answer.text
    assert "Size 0" in page
    assert "Public No" in page
    assert "Token •••••• Secret, not shown" in page
    assert "hunter2" not in answer.text
    assert "sha256:" not in answer.text


def test_a_block_of_a_defective_version_says_so_and_what_to_take(world: PageWorld, block: JsonObject) -> None:
    world.finish()
    version, reason = str(world.stored(block).version_id), {"reason": "Loses <b>objects</b>"}
    world.as_admin("PUT", f"/api/blockyard/v1/definitionversions/{version}/defect", reason, media="application/json")

    answer = world.person("sam").get(path_of(block))

    assert "Version 1 is defective. This building block goes on. There is no other version yet." in words_of(answer)
    assert "Loses &lt;b&gt;objects&lt;/b&gt;" in answer.text
    reference = world.person("sam").get(f"/api/blockyard/v1/definitionversions/{version}/documentation")
    assert f"{version}/documentation" in answer.text
    assert "## Inputs" in reference.text


def test_a_block_shows_its_outputs_as_links_markdown_and_masks(world: PageWorld, block: JsonObject) -> None:
    world.finish(
        {
            "url": a_value("https://console.example.test/x"),
            "notes": a_value(
                "# Done\n\n<script>alert(1)</script> [go](javascript:alert(1)) **yes** ![x](https://a/b.png)"
            ),
            "key": a_value(None, isSensitive=True),
        }
    )

    answer = world.person("sam").get(path_of(block))
    page = words_of(answer)

    assert "Ready" in page
    assert 'href="https://console.example.test/x" rel="noopener noreferrer" target="_blank"' in answer.text
    assert "<h3>Done</h3>" in answer.text
    assert "<strong>yes</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert 'href="javascript' not in answer.text
    assert "<img" not in answer.text
    assert "key •••••• Secret, not shown" in page


def test_a_failed_block_says_why_and_where_to_look(world: PageWorld, block: JsonObject) -> None:
    world.finish(status=RunStatus.FAILED)

    answer = world.person("sam").get(path_of(block))

    assert "Failed" in words_of(answer)
    assert "Run 1 failed." in words_of(answer)
    assert "See what happened" in words_of(answer)


@pytest.mark.parametrize("path", ["", "/inputs", "/delete"])
def test_a_block_of_others_is_not_there(world: PageWorld, block: JsonObject, path: str) -> None:
    answer = world.person("olga").get(path_of(block) + path)

    assert answer.status_code == 404
    assert "There is nothing here" in words_of(answer)
    assert "invoices" not in answer.text


@pytest.mark.parametrize("path", ["/runs", "/inputs", "/delete"])
def test_nothing_can_be_done_with_a_block_of_others(world: PageWorld, block: JsonObject, path: str) -> None:
    before = world.stored(block)

    answer = world.person("olga").post(path_of(block) + path, form_at="/blocks")

    assert answer.status_code == 404
    assert world.stored(block) == before


@pytest.mark.parametrize("path", ["/runs", "/inputs", "/delete"])
def test_nothing_is_done_without_the_token_of_the_session(world: PageWorld, block: JsonObject, path: str) -> None:
    before = world.stored(block)

    answer = world.person("sam").post_raw(path_of(block) + path, {"csrf_token": "guessed", "input.name": "evil"})

    assert answer.status_code == 403
    assert world.stored(block) == before


def test_a_member_may_look_but_not_touch(world: PageWorld, block: JsonObject) -> None:
    world.finish(status=RunStatus.FAILED)
    person = world.person("mia")

    page = person.read(path_of(block))

    assert "Run again" not in page
    assert "Save and run" not in person.read(f"{path_of(block)}/inputs")
    assert "Delete" not in page
    assert "You can look at this building block. An owner or a manager of shop can change it." in page
    for path, fields in {"/runs": {}, "/delete": {"deletion": "destroys"}}.items():
        before = world.stored(block)
        person.post(path_of(block) + path, fields, form_at="/blocks")
        assert "You don't have sufficient permissions" in person.read(path_of(block) + path.replace("/runs", ""))
        assert world.stored(block) == before


# What can be done with a block


def test_a_run_is_started_again(world: PageWorld, block: JsonObject) -> None:
    world.finish(status=RunStatus.FAILED)
    person = world.person("sam")

    answer = person.post(f"{path_of(block)}/runs", form_at=path_of(block))

    assert answer.headers["location"] == path_of(block)
    assert "A run was requested." in person.read(path_of(block))
    assert world.latest_run(block).number == 2
    assert "A run was requested." not in person.read(path_of(block))


def test_buttons_that_cannot_be_used_now_say_why(world: PageWorld, block: JsonObject) -> None:
    waiting = world.order(world.define(transparent=True, inputs={"x": an_input(updateableByConsumer=True)}))
    person = world.person("sam")

    under_way, waits = person.get(path_of(block)), person.get(path_of(waiting))

    assert re.search(r'<button[^>]* disabled aria-describedby="actions-why">', under_way.text)
    assert (
        "A run is under way. What you change now is applied by one run after it; you can run or delete this once it has ended."
        in words_of(under_way)
    )
    assert re.search(r'<button[^>]* disabled aria-describedby="actions-why">', waits.text)
    assert "It cannot run yet: it still waits." in words_of(waits)
    assert "Waiting for you" in words_of(waits)


def test_a_consumer_is_told_who_runs_a_block_again(world: PageWorld) -> None:
    version = world.define(inputs={"x": an_input()})
    ready = world.order(version, {"x": "y"})
    world.finish()
    block = world.order(version, {"x": "y"})
    world.finish(status=RunStatus.FAILED)
    person = world.person("sam")

    page = person.read(path_of(block))

    assert "Only the platform team can run it again as it is; saving a changed input starts a run." in page
    assert "You cannot change any of its inputs." in page
    assert "Only the platform team can run it again" not in person.read(path_of(ready))


def test_a_run_at_work_can_be_followed_from_its_block(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    world.report(world.claimed())
    assert "Ordered 20" in person.read(path_of(block))
    person.change(f"{path_of(block)}/delete")
    claimed = world.claimed()

    answer = person.get(path_of(block))

    assert "This building block is being deleted. Follow it" in words_of(answer)
    assert f'href="/runs/{claimed.run_id}">Follow it' in answer.text
    assert "Changed 20" in words_of(answer)


@pytest.mark.parametrize(
    ("name", "status"),
    [("sam", "Waiting for the platform team"), ("pat", "Waiting for you"), ("mia", "Waiting for the")],
)
def test_the_status_tells_each_reader_who_is_waited_for(world: PageWorld, name: str, status: str) -> None:
    block = world.order(world.define(inputs={"x": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT")}))

    assert status in world.person(name).read(path_of(block))
    assert status in world.person(name).read("/blocks")


def test_a_failed_change_leaves_a_block_ready(world: PageWorld) -> None:
    block = world.order(world.define(inputs={"x": an_input(updateableByConsumer=True)}), {"x": "y"})
    world.finish()
    world.change(block, inputs={"x": "z"})
    world.finish(status=RunStatus.FAILED)

    assert "Ready, last change failed" in world.person("sam").read(path_of(block))


def test_a_run_that_would_not_start_is_not_promised(world: PageWorld) -> None:
    block = world.order(world.define(transparent=True, inputs={"x": an_input(updateableByConsumer=True)}))
    person = world.person("sam")

    person.post(f"{path_of(block)}/runs", form_at=path_of(block))

    page = person.read(path_of(block))
    assert "No run was started: the building block still waits." in page
    assert "A run was requested." not in page


def test_a_second_run_is_refused_on_the_page_of_the_block(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")

    answer = person.post(f"{path_of(block)}/runs", form_at="/blocks")

    assert answer.headers["location"] == path_of(block)
    assert "while a run of the building block is PENDING" in person.read(path_of(block))
    assert "while a run" not in person.read(path_of(block))


def test_a_block_is_deleted_after_a_question(world: PageWorld, block: JsonObject) -> None:
    world.finish(status=RunStatus.FAILED)
    person = world.person("sam")

    assert "A run destroys what this building block made." in person.read(f"{path_of(block)}/delete")
    answer = person.change(f"{path_of(block)}/delete")

    assert answer.headers["location"] == path_of(block)
    assert "This building block is being deleted." in person.read(path_of(block))
    assert "invoices bucket" in person.read("/blocks")
    world.finish()
    assert "This building block is deleted." in person.read(path_of(block))
    assert "invoices bucket" not in person.read("/blocks")


def test_a_block_that_is_being_deleted_has_one_button_that_says_why_it_cannot_be_used(
    world: PageWorld, block: JsonObject
) -> None:
    world.finish(status=RunStatus.FAILED)
    person = world.person("sam")
    person.change(f"{path_of(block)}/delete")

    pending = person.get(path_of(block))
    world.finish(status=RunStatus.FAILED)
    failed = person.get(path_of(block))

    assert "Delete again" not in pending.text
    assert re.search(r'href="[^"]*/delete"[^>]*aria-disabled="true" aria-describedby="actions-why"', pending.text)
    assert "A run is destroying it. If the run fails, you can delete this again." in words_of(pending)
    assert re.search(
        r'<button class="btn btn-sm" type="submit">(?:(?!</button>).)*Delete again', failed.text, re.DOTALL
    )


def test_a_deletion_that_would_do_something_else_by_now_asks_again(world: PageWorld) -> None:
    block = world.order(world.define(inputs={"x": an_input(updateableByConsumer=True)}))
    person = world.person("sam")
    form = person.form(f"{path_of(block)}/delete")
    world.change(block, inputs={"x": "there"})
    world.finish(status=RunStatus.FAILED)

    answer = person.submit(form, at=f"{path_of(block)}/delete")

    assert answer.headers["location"] == f"{path_of(block)}/delete"
    page = person.read(f"{path_of(block)}/delete")
    assert "The building block has changed since you were asked." in page
    assert "A run destroys what this building block made." in page
    assert world.stored(block).is_live


def test_a_block_that_never_ran_is_gone_at_once(world: PageWorld) -> None:
    block = world.order(world.define(inputs={"x": an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT")}))
    person = world.person("sam")

    answer = person.change(f"{path_of(block)}/delete")

    assert answer.headers["location"] == "/blocks"
    assert "The building block was deleted." in person.read("/blocks")


def test_parents_and_children_lead_to_each_other(world: PageWorld) -> None:
    network = world.define("Network", implementation=MANUAL)
    dependency = {"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}
    parent = world.order(network, name="net")
    machine = world.define(
        "Machine",
        implementation=MANUAL,
        dependencyDefinitionRefs=[dependency],
    )
    child = world.order(machine, name="vm", parents=[parent])
    person = world.person("sam")

    assert path_of(parent) in person.get(path_of(child)).text
    assert path_of(child) in person.get(path_of(parent)).text
    assert "First delete what depends on it: vm." in person.read(f"{path_of(parent)}/delete")
    assert "First delete" not in person.read(f"{path_of(child)}/delete")
    person.change(f"{path_of(parent)}/delete")
    assert "is a parent of 'vm'" in person.read(f"{path_of(parent)}/delete")


def test_children_of_one_name_are_told_apart(world: PageWorld) -> None:
    network = world.define("Network", implementation=MANUAL)
    dependency = {"uuid": definition_of(network), "kind": "meshBuildingBlockDefinition"}
    parent = world.order(network, name="net")
    machine = world.define("Machine", implementation=MANUAL, dependencyDefinitionRefs=[dependency])
    twins = [world.order(machine, name="vm", parents=[parent]) for _ in range(2)]
    world.order(machine, name="other", parents=[parent])

    page = world.person("sam").read(path_of(parent))

    for twin in twins:
        assert f"vm (ready, ordered 2026-01-01 12:00 UTC, id {path_of(twin).rpartition('/')[2][:8]})" in page
    assert "other (" not in page


def test_a_block_is_put_on_hold_in_its_settings_which_its_page_says_until_it_is_lifted(
    world: PageWorld, block: JsonObject
) -> None:
    world.finish({"url": a_value("https://x.test"), "notes": a_value(""), "key": a_value("k")})
    person, settings = world.person("sam"), f"{path_of(block)}/settings"

    person.post(f"{path_of(block)}/hold", {"reason": "audit"}, form_at=settings)

    assert "on hold since" in words_of(person.get(path_of(block)))
    assert "audit" in words_of(person.get(path_of(block)))
    assert "Lift the hold" in words_of(person.get(settings))
    person.post(f"{path_of(block)}/release", form_at=settings)
    assert "on hold since" not in words_of(person.get(path_of(block)))


def test_a_deletion_in_its_undo_window_is_taken_back_in_the_settings(world: PageWorld, block: JsonObject) -> None:
    world.finish({"url": a_value("https://x.test"), "notes": a_value(""), "key": a_value("k")})
    path = f"/api/blockyard/v1/definitions/{world.stored(block).definition_id}/lifetimes"
    world.as_admin("PUT", path, {"undoMinutes": 30, "maximumDays": None}, media="application/json")
    assert world.delete(block).status_code == 202
    person, settings = world.person("sam"), f"{path_of(block)}/settings"
    assert "It is about to be destroyed" in words_of(person.get(settings))

    person.post(f"{path_of(block)}/keep", form_at=settings)

    assert world.stored(block).lifecycle == "ACTIVE"
