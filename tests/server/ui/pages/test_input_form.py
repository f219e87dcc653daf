"""The form that changes inputs: what it refuses, what it says, and what two people do at the same time."""

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.ui.frame.brackets import Opened, never_closed
from blockyard.server.ui.frame.drafts import LIFE
from blockyard.server.ui.frame.layout import FORM_HEADER
from tests.support.block_world import MANUAL, a_secret, an_input, uuid_of
from tests.support.page_world import PageWorld, words_of

pytestmark = pytest.mark.one_database

INPUTS: JsonObject = {
    "name": an_input(
        displayName="Name",
        updateableByConsumer=True,
        valueValidationRegex="[A-Z].*",
        validationRegexErrorMessage="A name begins with a capital letter.",
    ),
    "size": an_input("INTEGER", displayName="Size", updateableByConsumer=True, defaultValue=0, displayOrder=1),
    "public": an_input("BOOLEAN", updateableByConsumer=True, defaultValue=False, displayOrder=2),
    "tags": an_input("MULTI_SELECT", selectableValues=["a", "b"], updateableByConsumer=True, displayOrder=3),
    "token": an_input(displayName="Token", isSensitive=True, updateableByConsumer=True, displayOrder=4),
    "region": an_input(defaultValue="eu", displayOrder=5),
    "policy": an_input("CODE", displayName="Policy", updateableByConsumer=True, displayOrder=6),
    "note": an_input(displayName="Note", updateableByConsumer=True, defaultValue="none", displayOrder=7),
}

VALUES: JsonObject = {
    "name": "Invoices",
    "tags": ["a"],
    "token": a_secret("hunter2-hunter2"),
    "policy": '{"allow": []}',
}


@pytest.fixture
def block(world: PageWorld) -> JsonObject:
    """A block of the shop whose run is over."""
    ordered: JsonObject = world.order(world.define(inputs=INPUTS), VALUES, name="invoices bucket")
    world.finish()
    return ordered


def form_of(block: JsonObject) -> str:
    """Return the address of the form."""
    return f"/blocks/{uuid_of(block)}/inputs"


def test_changed_inputs_are_saved_and_run(world: PageWorld, block: JsonObject) -> None:
    answer = world.person("sam").change(
        form_of(block),
        {"input.name": "Receipts", "input.size": "7", "input.public": "true", "input.tags": ["a", "b"]},
    )

    stored = world.stored(block).inputs
    assert answer.headers["location"] == f"/blocks/{uuid_of(block)}"
    assert (stored["name"], stored["size"], stored["public"], stored["tags"]) == ("Receipts", 7, True, ["a", "b"])
    assert world.latest_run(block).number == 2
    assert world.claimed().inputs["token"]["value"]


def test_saving_without_a_change_starts_nothing_and_says_so(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")

    person.change(form_of(block))

    assert "Nothing was changed." in person.read(f"/blocks/{uuid_of(block)}")
    assert world.latest_run(block).number == 1


def test_all_wrong_fields_are_marked_at_once_and_what_was_typed_is_kept(world: PageWorld, block: JsonObject) -> None:
    person, before = world.person("sam"), world.stored(block)

    answer = person.change(
        form_of(block),
        {"input.name": "receipts", "input.size": "2.5", "input.policy": '["a"', "input.note": "fine"},
    )

    assert answer.headers["location"] == form_of(block)
    shown = person.get(form_of(block))
    page = words_of(shown)
    assert "Please correct the marked fields. Nothing was saved. Name Size Policy" in page
    assert "A name begins with a capital letter. " in page
    assert "letter.." not in page
    assert "Enter a whole number, such as 3." in page
    assert "The '[' in line 1 is never closed." in page
    assert shown.text.count('aria-invalid="true"') == 3
    form = person.form(form_of(block))
    assert form.control("input.name").value == "receipts"
    assert form.control("input.size").value == "2.5"
    assert form.control("input.note").value == "fine"
    assert world.stored(block) == before


def test_a_refused_form_is_mended_and_saved(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    person.change(form_of(block), {"input.name": "receipts", "input.note": "fine"})

    answer = person.change(form_of(block), {"input.name": "Receipts"})

    assert answer.headers["location"] == f"/blocks/{uuid_of(block)}"
    stored = world.stored(block).inputs
    assert (stored["name"], stored["note"]) == ("Receipts", "fine")
    assert person.form(form_of(block)).control("input.name").value == "Receipts"
    assert "Please correct" not in person.read(form_of(block))


def test_what_was_typed_survives_a_reload_until_it_is_discarded(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    person.change(form_of(block), {"input.name": "receipts"})

    assert person.form(form_of(block)).control("input.name").value == "receipts"
    assert person.form(form_of(block)).control("input.name").value == "receipts"
    assert person.get(f"{form_of(block)}?discard").headers["location"] == f"/blocks/{uuid_of(block)}"
    assert person.form(form_of(block)).control("input.name").value == "Invoices"


def test_what_was_typed_is_readable_for_ten_minutes_and_one_session_only(world: PageWorld, block: JsonObject) -> None:
    person, other = world.person("sam"), world.person("pat")
    person.change(form_of(block), {"input.name": "receipts-of-march"})
    kept = {name: value for name, value in person.cookies.items() if name.startswith("blockyard_draft_")}
    for name, value in kept.items():
        other.cookies.set(name, value, domain="blockyard.test", path=form_of(block))

    assert len(kept) == 1
    assert "receipts" not in str(kept)
    assert other.form(form_of(block)).control("input.name").value == "Invoices"
    world.clock.advance(LIFE.total_seconds())
    assert person.form(form_of(block)).control("input.name").value == "Invoices"


def test_a_secret_is_never_kept_or_shown_again(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    secret = "correct horse battery staple"

    answer = person.change(form_of(block), {"input.name": "receipts", "input.token": secret})

    page = person.get(form_of(block))
    assert "Secrets and files are never kept. Please enter again: Token." in words_of(page)
    assert secret not in page.text
    assert secret not in str(answer.headers)
    direct = person.submit(
        person.form(form_of(block)).fill({"input.token": secret}), at=form_of(block), **{FORM_HEADER: "1"}
    )
    assert direct.status_code == 400
    assert secret not in direct.text


def test_a_form_too_large_to_be_kept_is_answered_directly(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    noise = "".join(chr(0x4E00 + number * number % 20_000) for number in range(8000))

    answer = person.change(form_of(block), {"input.name": "receipts", "input.note": noise})

    assert answer.status_code == 400
    assert noise in answer.text


def test_a_script_gets_a_refused_form_at_once_and_the_address_to_go_to(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    form = person.form(form_of(block))

    refused = person.submit(form.fill({"input.size": "x"}), at=form_of(block), **{FORM_HEADER: "1"})
    saved = person.submit(form.fill({"input.size": "3"}), at=form_of(block), **{FORM_HEADER: "1"})

    assert refused.status_code == 400
    assert "Enter a whole number, such as 3." in words_of(refused)
    assert (saved.status_code, saved.headers["X-Blockyard-Go"]) == (200, f"/blocks/{uuid_of(block)}")


@pytest.mark.parametrize(("key", "label"), [("name", "Name"), ("size", "Size"), ("policy", "Policy")])
def test_a_needed_input_cannot_be_emptied(world: PageWorld, block: JsonObject, key: str, label: str) -> None:
    person, before = world.person("sam"), world.stored(block)

    person.change(form_of(block), {f"input.{key}": ""})

    page = person.read(form_of(block))
    assert f"{label} required" in page
    assert "This is required: without it the building block cannot run." in page
    assert world.stored(block) == before


def test_an_input_with_a_default_may_be_emptied(world: PageWorld, block: JsonObject) -> None:
    world.person("sam").change(form_of(block), {"input.note": ""})

    assert world.stored(block).inputs["note"] == ""
    assert world.latest_run(block).number == 2


def test_needed_inputs_are_marked_before_anything_is_wrong(world: PageWorld, block: JsonObject) -> None:
    page = world.person("sam").read(form_of(block))

    assert "Name required" in page
    assert "Note required" not in page
    assert "The stored secret is kept unless you enter a new one." in page


def test_changes_of_different_fields_in_two_tabs_are_both_kept(world: PageWorld, block: JsonObject) -> None:
    first, second = world.person("sam"), world.person("pat")
    opened = first.form(form_of(block))
    second.change(form_of(block), {"input.size": "4"})
    world.finish()

    answer = first.submit(opened.fill({"input.name": "Other"}), at=form_of(block))

    assert answer.headers["location"] == f"/blocks/{uuid_of(block)}"
    stored = world.stored(block).inputs
    assert (stored["name"], stored["size"]) == ("Other", 4)


def test_of_two_changes_of_one_field_the_later_sees_both_and_chooses(world: PageWorld, block: JsonObject) -> None:
    first, second = world.person("sam"), world.person("pat")
    opened = first.form(form_of(block))
    second.change(form_of(block), {"input.name": "Theirs"})
    world.finish()
    before = world.stored(block)

    first.submit(opened.fill({"input.name": "Mine", "input.size": "9"}), at=form_of(block))

    page = first.read(form_of(block))
    assert "Please check the marked field: changed since you opened this page. Nothing was saved. Name" in page
    assert "This was changed after you opened the page. Above is what you entered." in page
    assert "correct" not in page
    assert "Theirs" in page
    assert first.form(form_of(block)).control("input.name").value == "Mine"
    assert world.stored(block) == before
    first.change(form_of(block))
    stored = world.stored(block).inputs
    assert (stored["name"], stored["size"]) == ("Mine", 9)


def test_the_same_change_in_two_tabs_is_no_conflict(world: PageWorld, block: JsonObject) -> None:
    first, second = world.person("sam"), world.person("pat")
    opened = first.form(form_of(block))
    second.change(form_of(block), {"input.name": "Same"})
    world.finish()

    answer = first.submit(opened.fill({"input.name": "Same"}), at=form_of(block))

    assert answer.headers["location"] == f"/blocks/{uuid_of(block)}"
    assert world.latest_run(block).number == 2


def test_a_secret_that_somebody_else_replaced_is_not_overwritten_unseen(world: PageWorld, block: JsonObject) -> None:
    first, second = world.person("sam"), world.person("pat")
    opened = first.form(form_of(block))
    second.change(form_of(block), {"input.token": "theirs-theirs"})
    world.finish()
    before = world.stored(block)

    first.submit(opened.fill({"input.token": "mine-mine-mine"}), at=form_of(block))

    assert "This was replaced after you opened the page." in first.read(form_of(block))
    assert world.stored(block) == before


def test_an_input_that_can_no_longer_be_changed_is_named(world: PageWorld) -> None:
    version = world.define(inputs={"name": an_input(), "size": an_input("INTEGER", updateableByConsumer=True)})
    block = world.order(version, {"size": 1})
    first = world.person("sam")
    opened = first.form(form_of(block))
    world.change(block, inputs={"name": "set meanwhile"})
    world.finish()

    first.submit(opened.fill({"input.name": "mine"}), at=form_of(block))

    assert "these inputs can no longer be changed: name" in first.read(form_of(block))
    assert world.stored(block).inputs["name"] == "set meanwhile"


def test_a_form_whose_marks_are_missing_is_refused(world: PageWorld, block: JsonObject) -> None:
    answer = world.person("sam").post(form_of(block), {"input.name": "Evil"})

    assert answer.status_code == 400
    assert "The form is incomplete." in words_of(answer)


def test_saving_while_a_run_is_under_way_says_that_a_run_applies_it(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    person.change(form_of(block), {"input.size": "1"})

    assert "What you save now is applied by one run after it." in person.read(form_of(block))
    person.change(form_of(block), {"input.size": "2"})

    assert "The inputs were saved. The run that waits, or one after" in person.read(form_of(block))
    assert world.claimed().inputs["size"]["value"] == 2


def test_a_choice_that_is_no_longer_offered_is_not_replaced_by_another(world: PageWorld) -> None:
    spec = an_input("SINGLE_SELECT", selectableValues=["old", "new"], updateableByConsumer=True)
    more = an_input(updateableByConsumer=True)
    version = world.define(released=False, implementation=MANUAL, inputs={"size": spec, "more": more})
    block = world.order(version, {"size": "old", "more": "x"})
    world.edit(
        version,
        released=False,
        implementation=MANUAL,
        inputs={"size": {**spec, "selectableValues": ["new", "newer"]}, "more": more},
    )

    world.person("admin").change(form_of(block), {"input.more": "y"})

    assert world.stored(block).inputs["size"] == "old"


def test_fixed_inputs_are_not_in_the_consumers_form_but_in_the_operators(world: PageWorld, block: JsonObject) -> None:
    assert "Other inputs Region eu" in world.person("sam").read(form_of(block))
    assert 'name="input.region"' not in world.person("sam").get(form_of(block)).text
    assert 'name="input.region"' in world.person("pat").get(form_of(block)).text


def test_an_operator_fills_in_what_a_block_waits_for(world: PageWorld) -> None:
    inputs = {
        "quota": an_input("INTEGER", "PLATFORM_OPERATOR_MANUAL_INPUT", displayName="Quota"),
        "approval": an_input("FILE", "PLATFORM_OPERATOR_MANUAL_INPUT", displayOrder=1),
    }
    block = world.order(world.define(inputs=inputs))
    path, consumer, operator = f"/blocks/{uuid_of(block)}", world.person("sam"), world.person("pat")

    assert "Waiting for the platform team to fill in Approval, Quota." in consumer.read(path)
    assert "Quota no value yet Filled in by an operator" in consumer.read(form_of(block))
    assert "Save and run" not in consumer.read(form_of(block))
    assert "Fill in" in operator.read(path)

    answer = operator.change(
        form_of(block), {"input.quota": "3", "input.approval": ("a.txt", b"granted", "text/plain")}
    )

    assert answer.status_code == 303
    assert world.stored(block).inputs == {"quota": 3, "approval": "data:text/plain;base64,Z3JhbnRlZA=="}
    assert "text/plain, 7 bytes" in consumer.read(form_of(block))
    assert world.latest_run(block).number == 1


def test_a_failed_run_does_not_lock_the_form(world: PageWorld, block: JsonObject) -> None:
    world.person("sam").change(form_of(block), {"input.size": "1"})
    world.finish(status=RunStatus.FAILED)

    world.person("sam").change(form_of(block), {"input.size": "2"})

    assert world.stored(block).inputs["size"] == 2
    assert "Ready, last change failed" not in world.person("sam").read(f"/blocks/{uuid_of(block)}")


def test_a_switch_is_turned_on_and_off_again(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")

    assert (person.form(form_of(block)).control("input.public").kind, switched(world, block)) == ("checkbox", False)
    person.change(form_of(block), {"input.public": "true"})
    assert switched(world, block) is True
    world.finish()
    person.change(form_of(block), {"input.public": "false"})
    assert switched(world, block) is False


def test_a_refused_form_keeps_where_a_switch_was_turned_to(world: PageWorld, block: JsonObject) -> None:
    person = world.person("sam")
    person.change(form_of(block), {"input.public": "true", "input.size": "x"})
    assert person.form(form_of(block)).control("input.public").checked

    person.change(form_of(block), {"input.size": "3"})

    assert switched(world, block) is True
    world.finish()
    person.change(form_of(block), {"input.public": "false", "input.size": "x"})
    assert not person.form(form_of(block)).control("input.public").checked


def test_what_is_neither_on_nor_off_yet_is_not_taken_for_off(world: PageWorld) -> None:
    inputs = {"public": an_input("BOOLEAN", updateableByConsumer=True), "note": an_input(displayName="Note")}
    block = world.order(world.define(inputs=inputs))
    person = world.person("sam")

    person.change(form_of(block), {"input.note": "x"})
    assert "public" not in world.stored(block).inputs
    person.change(form_of(block), {"input.public": "false"})

    assert switched(world, block) is False


FOLLOWING: JsonObject = {
    "region": an_input("SINGLE_SELECT", selectableValues=["eu", "us"], updateableByConsumer=True, displayName="Region"),
    "zone": an_input(
        "SINGLE_SELECT",
        displayName="Zone",
        displayOrder=1,
        updateableByConsumer=True,
        optionSources=[
            {"condition": "input.region == 'eu'", "values": ["eu-1", "eu-2"]},
            {"condition": "input.region == 'us'", "values": ["us-1"]},
        ],
    ),
    "backup": an_input("BOOLEAN", displayName="Backup", displayOrder=2, defaultValue=False, updateableByConsumer=True),
    "days": an_input("INTEGER", displayName="Days", displayOrder=3, condition="input.backup"),
    "copies": an_input("INTEGER", displayName="Copies", displayOrder=4, condition="input.backup", defaultValue=2),
    "plan": an_input(displayName="Plan", displayOrder=5, defaultValue="small"),
    "size": an_input("INTEGER", displayName="Size", displayOrder=6, defaultValue=1, updateableByConsumer=True),
}
CHECKS: list[Json] = [
    {"condition": "input.size < 5 || input.plan == 'large'", "message": "More than four needs a large plan"}
]


@pytest.fixture
def following(world: PageWorld) -> JsonObject:
    """A block whose inputs follow each other."""
    version = world.define(inputs=FOLLOWING, inputChecks=CHECKS)
    ordered: JsonObject = world.order(version, {"region": "eu", "zone": "eu-2"})
    world.finish()
    return ordered


def test_what_a_change_brings_to_light_is_asked_for_before_it_is_saved(world: PageWorld, following: JsonObject) -> None:
    person = world.person("sam")
    assert "Days" in person.read(form_of(following))

    person.change(form_of(following), {"input.backup": "true"})

    assert "Please correct the marked field. Nothing was saved. Days" in person.read(form_of(following))
    person.change(form_of(following), {"input.days": "7"})
    stored = world.stored(following).inputs
    assert (stored["backup"], stored["days"], stored["copies"]) == (True, 7, 2)


def test_what_is_hidden_again_is_not_changed(world: PageWorld, following: JsonObject) -> None:
    world.person("sam").change(form_of(following), {"input.days": "7", "input.size": "2"})

    stored = world.stored(following).inputs
    assert (stored["size"], "days" in stored) == (2, False)


def test_options_and_checks_are_looked_at_all_at_once(world: PageWorld, following: JsonObject) -> None:
    person, before = world.person("sam"), world.stored(following)

    person.change(form_of(following), {"input.region": "us", "input.size": "9"})

    page = person.read(form_of(following))
    assert "Nothing was saved. Zone More than four needs a large plan." in page
    assert world.stored(following) == before
    person.change(form_of(following), {"input.zone": "us-1", "input.size": "4"})
    stored = world.stored(following).inputs
    assert (stored["region"], stored["zone"], stored["size"]) == ("us", "us-1", 4)


def test_fields_are_checked_before_anything_is_saved(world: PageWorld, following: JsonObject) -> None:
    person, before = world.person("sam"), world.stored(following)
    form = person.form(form_of(following)).fill({"input.size": "2.5", "input.backup": "true"})

    answer = person.check(form, f"{form_of(following)}/check")

    assert answer.json() == {
        "problems": {
            "input.size": "Enter a whole number, such as 3.",
            "input.days": "This is required: without it the building block cannot run.",
        }
    }
    assert world.stored(following) == before


def switched(world: PageWorld, block: JsonObject) -> object:
    """Return the stored value of the input that is a switch."""
    return world.stored(block).inputs["public"]


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("", None),
        ("plain", None),
        ('["a"', Opened("[", 1)),
        ('{\n  "a": [1}\n', Opened("[", 2)),
        ('["a]', Opened("[", 1)),
        ('["a\\"]", {}]', None),
        ("{a: b}", None),
        ("[section]\nmotto = {", None),
        ("{{ .Values.x }", Opened("{", 1)),
        ("{% if x %}{", None),
        ("a: [", None),
        ("[" * 200_000, None),
    ],
)
def test_code_that_begins_with_a_bracket_must_close_it(text: str, opened: Opened | None) -> None:
    assert never_closed(text) == opened
