"""What a plan would change, read from the engine's JSON of it."""

import hashlib
import json
from collections.abc import Callable

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import ChangeAction
from blockyard.protocol.plan_changes import MOST_ATTRIBUTES, MOST_CHARACTERS, PlanChanges
from blockyard.protocol.sealing import seal
from blockyard.runner.executors.opentofu.engine.plan_json import plan_changes
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, an_input
from tests.support.runner_keys import a_runner_key

NewRun = Callable[..., OpenTofuRun]

MODULE = {
    "main.tf": """
variable "name" { type = string }
variable "pin" { sensitive = true }
resource "terraform_data" "kept" { input = { name = var.name, pin = var.pin, copy = nonsensitive(var.pin) } }
resource "terraform_data" "replaced" { triggers_replace = var.name }
output "id" { value = terraform_data.kept.id }
output "pin" {
  value     = var.pin
  sensitive = true
}
"""
}
MOVED = {
    "main.tf": MODULE["main.tf"].replace('"kept"', '"new"').replace(".kept.", ".new.")
    + "moved {\n from = terraform_data.kept\n to = terraform_data.new\n}\n"
}


def planned(new_run: NewRun, files: dict[str, str], name: str, pin: str = "7319") -> PlanChanges:
    """Return what the engine would change."""
    run = new_run(files=files, inputs=[an_input("name", name), an_input("pin", pin)], behavior="DETECT")
    result = run.execute()
    assert result.outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert result.artifact is not None
    assert result.plan_digest == hashlib.sha256(result.artifact).hexdigest()
    assert result.plan_changes is not None, run.reporter.whole_text()
    return result.plan_changes


def test_the_engine_tells_each_change_without_what_is_sensitive(new_run: NewRun) -> None:
    first = planned(new_run, MODULE, "ada")
    again = planned(new_run, MODULE, "ada")
    applied = new_run(files=MODULE, inputs=[an_input("name", "ada"), an_input("pin", "7319")])
    assert applied.execute().outcome is Outcome.SUCCEEDED
    second = planned(new_run, MOVED, "bob")
    other_pin = planned(new_run, MOVED, "bob", "7320")

    assert first.counts == {ChangeAction.CREATE: 2}
    assert first.digest == again.digest
    kept = {one.path: one for one in first.resources[0].attributes}
    assert kept["id"].unknown
    assert kept["input.name"].after == "ada"
    assert kept["input.pin"].sensitive
    assert kept["input.copy"].after == "(sensitive)"  # it is not marked, but has the value of what is
    assert "7319" not in json.dumps([first.wire(), second.wire()])

    by_address = {one.address: one for one in second.resources}
    moved, replaced = by_address["terraform_data.new"], by_address["terraform_data.replaced"]
    assert (moved.action, moved.previous_address) == (ChangeAction.UPDATE, "terraform_data.kept")
    assert replaced.action is ChangeAction.REPLACE
    assert replaced.reason == "replace_because_cannot_update"
    assert {(one.path, one.before, one.after) for one in replaced.attributes if one.forces_replacement} == {
        ("triggers_replace", "ada", "bob")
    }
    assert second.counts == {ChangeAction.UPDATE: 1, ChangeAction.REPLACE: 1}
    assert second.moved == 1
    assert other_pin.digest != second.digest  # though nobody sees what differs


def test_what_a_secret_was_before_is_hidden_in_log_and_changes_however_it_is_spelled(new_run: NewRun) -> None:
    spelled = "[var.t, jsonencode(var.t), base64encode(var.t), urlencode(var.t)]"
    files = {"main.tf": f'variable "t" {{}}\nresource "terraform_data" "it" {{ input = {spelled} }}\n'}
    key = a_runner_key()
    texts = ('old/"TOP=secret', "another-secret")
    old, new = (an_input("t", seal(key.public_pem, text), sensitive=True) for text in texts)
    before = new_run(files=files, inputs=[old], private_key=key.private)
    assert before.execute().outcome is Outcome.SUCCEEDED, before.reporter.whole_text()
    run = new_run(files=files, inputs=[new], former=[old], behavior="DETECT", private_key=key.private)

    result = run.execute()

    assert result.plan_changes is not None, run.reporter.whole_text()
    told = run.reporter.mask(run.reporter.whole_text()) + result.plan_changes.model_dump_json()
    assert "terraform_data.it" in told
    for piece in ("TOP", "b2xkLyJUT1A9c2VjcmV0", "another"):
        assert piece not in told


def a_plan(*changes: JsonObject) -> JsonObject:
    """Return the JSON of a plan with these changes of `x.a`."""
    items: list[Json] = [{"address": "x.a", "type": "x", "change": change} for change in changes]
    return {"resource_changes": items}


def read(plan: JsonObject, *secrets: str) -> PlanChanges:
    """Return what the plan changes."""
    return plan_changes(plan, secrets=secrets, mask=lambda text: text.replace("known-secret", "***"))


@pytest.mark.parametrize(
    ("actions", "more", "action"),
    [
        (["create", "delete"], {}, ChangeAction.REPLACE),
        (["forget"], {}, ChangeAction.FORGET),
        (["read"], {}, ChangeAction.READ),
        (["no-op"], {"importing": {"id": "i-1"}}, ChangeAction.IMPORT),
        (["no-op"], {}, None),
    ],
)
def test_actions_are_those_of_the_engine(actions: list[Json], more: JsonObject, action: ChangeAction | None) -> None:
    found = read(a_plan({"actions": actions, "before": None, "after": None, **more})).resources

    assert [one.action for one in found] == ([] if action is None else [action])


def test_secrets_are_hidden_wherever_they_stand() -> None:
    change: JsonObject = {
        "actions": ["update"],
        "before": {"a": "known-secret!", "b": {"c": "x"}, "d": "pin", "e": "is mine1234 here", "n": 12345},
        "after": {"a": "new", "b": {"c": "y"}, "d": "other", "e": "mine1234", "n": 1},
        "before_sensitive": {"b": True},
        "after_sensitive": {},
    }

    (found,) = read(a_plan(change), "pin", "mine1234", "12345").resources
    told = {one.path: (one.before, one.after, one.sensitive) for one in found.attributes}

    assert told == {
        "a": ("***!", "new", False),
        "b": (None, None, True),
        "d": ("(sensitive)", "other", False),
        "e": ("is (sensitive) here", "(sensitive)", False),
        "n": ("(sensitive)", 1, False),
    }


def test_what_is_too_much_is_left_out_and_counted() -> None:
    many: JsonObject = {f"k{number}": "v" for number in range(MOST_ATTRIBUTES + 5)}
    large = a_plan(
        {"actions": ["create"], "before": None, "after": many},
        {"actions": ["create"], "before": None, "after": {"a": "x" * (MOST_CHARACTERS + 1)}},
    )
    other = a_plan(
        {"actions": ["create"], "before": None, "after": many},
        {"actions": ["create"], "before": None, "after": {"a": "x" * MOST_CHARACTERS + "y"}},
    )

    found = read(large)

    assert found.resources[0].attributes_left_out == 5
    assert found.resources[1].attributes[0].cut
    assert found.digest != read(other).digest  # the digest is that of all
