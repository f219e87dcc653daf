"""Inputs whose declaration changes between the entering of a value and its use; compares what runners get."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import InputType, RunStatus
from blockyard.server.blocks.model.resolution import ResolvedInput, run_input
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.kit.errors import Conflict
from blockyard.server.runners.model import StoredSecret
from tests.support.block_world import BLOCKS, OWN, BlockWorld, Claimed, a_secret, an_input, uuid_of

VOID = object()
"""The value does not count any more."""


@dataclass(frozen=True)
class Case:
    """A change of one property, and what a run gets afterwards."""

    before: JsonObject
    after: JsonObject
    entered: Json
    expected: object
    expected_members: JsonObject = field(default_factory=dict)


SECRET = "entered as a secret"
ENVELOPE = "an envelope of somebody else"
KEY = "INPUT_X"
"""May be a variable of the environment, too."""

PLAIN = an_input()
SENSITIVE = an_input(isSensitive=True)
FIXED: JsonObject = {"argument": "fixed", "updateableByConsumer": False}

CASES = {
    "nothing": Case(PLAIN, an_input(), "text", "text"),
    "nothing of a secret": Case(SENSITIVE, an_input(isSensitive=True), a_secret(SECRET), SECRET),
    "environment": Case(PLAIN, an_input(isEnvironment=True), "text", "text", {"isEnvironment": True}),
    "environment of a secret": Case(
        SENSITIVE, an_input(isSensitive=True, isEnvironment=True), a_secret(SECRET), SECRET, {"isEnvironment": True}
    ),
    "type": Case(PLAIN, an_input("CODE"), '"text"', VOID),
    "type, from a number": Case(an_input("INTEGER"), an_input("STRING"), 5, VOID),
    "type of a secret": Case(SENSITIVE, an_input("CODE", isSensitive=True), a_secret('"text"'), VOID),
    "plain made sensitive": Case(PLAIN, SENSITIVE, ENVELOPE, VOID),
    "sensitive made plain": Case(SENSITIVE, PLAIN, a_secret(SECRET), VOID),
    "plain made sensitive and a file": Case(
        PLAIN,
        an_input("FILE", "PLATFORM_OPERATOR_MANUAL_INPUT", isSensitive=True),
        "data:text/plain;base64,YQ==",
        VOID,
    ),
    "assignment to an operator": Case(PLAIN, an_input("STRING", "PLATFORM_OPERATOR_MANUAL_INPUT"), "text", "text"),
    "assignment to a fixed value": Case(PLAIN, an_input("STRING", "STATIC", **FIXED), "text", "fixed"),
    "assignment to the workspace": Case(PLAIN, an_input("STRING", "WORKSPACE_IDENTIFIER"), "text", "platform"),
}


def change(world: BlockWorld, draft: JsonObject, case: Case) -> None:
    """Give `x` its new declaration. What may not change at once takes two steps, as somebody would do it who is refused."""
    world.edit(draft, released=False, inputs={})
    world.edit(draft, released=False, inputs={KEY: case.after})


def pending(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    del block
    change(world, draft, case)
    return world.claim()


def retried(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    del block
    world.claimed()
    change(world, draft, case)
    world.clock.advance(4 * 3600)
    world.sweep()
    world.clock.advance(4 * 3600)
    return world.claim()


def applied_again(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    world.finish()
    change(world, draft, case)
    world.api.send("POST", f"{BLOCKS}/{uuid_of(block)}/trigger-run")
    return world.claim()


def detected(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    world.finish()
    change(world, draft, case)
    world.api.send("POST", f"{OWN}/{uuid_of(block)}/detect")
    return world.claim()


def detected_meanwhile(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    world.finish()
    world.api.send("POST", f"{OWN}/{uuid_of(block)}/detect")
    change(world, draft, case)
    return world.claim()


def destroyed(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    world.finish()
    change(world, draft, case)
    assert world.delete(block).status_code == 202
    return world.claim()


def destroyed_again(world: BlockWorld, block: Any, draft: JsonObject, case: Case) -> Claimed | None:
    world.finish()
    world.delete(block)
    world.finish(status=RunStatus.FAILED)
    change(world, draft, case)
    assert world.delete(block).status_code == 202
    return world.claim()


WAYS: dict[str, Callable[[BlockWorld, Any, JsonObject, Case], Claimed | None]] = {
    way.__name__: way
    for way in (pending, retried, applied_again, detected, detected_meanwhile, destroyed, destroyed_again)
}


@pytest.mark.one_database
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_a_run_gets_a_value_only_as_it_was_entered(world: BlockWorld, name: str, way: str) -> None:
    case = CASES[name]
    draft = world.define(released=False, inputs={KEY: case.before})
    block = world.order(draft, {KEY: case.entered}, workspace="platform")

    claimed = WAYS[way](world, block, draft, case)

    if case.expected is VOID:
        assert claimed is None
        run, status = world.latest_run(block), world.read(block)["status"]["status"]
        if way == "applied_again":
            assert status.startswith("WAITING_FOR_")
        elif way == "detected":
            assert (run.number, status) == (1, "SUCCEEDED")
        else:
            assert run.status is RunStatus.FAILED
            assert "do not count any more" in str(run.summary)
        return
    assert claimed is not None
    given = claimed.inputs[KEY]
    is_secret = case.entered == a_secret(SECRET)
    shown = world.key.open(str(given["value"])) if is_secret else given["value"]
    assert (shown, given["isSensitive"]) == (case.expected, is_secret)
    assert {key: given[key] for key in case.expected_members} == case.expected_members


def test_a_saved_plan_is_not_applied_with_a_value_that_was_entered_as_something_else(world: BlockWorld) -> None:
    case = CASES["plain made sensitive"]
    draft = world.define(released=False, inputs={KEY: case.before})
    block = world.order(draft, {KEY: case.entered}, workspace="platform")
    world.finish()
    world.api.ok("POST", f"{OWN}/{uuid_of(block)}/detect")
    planned = world.claimed()
    world.report(planned)
    change(world, draft, case)

    answer = world.api.send("POST", f"{OWN}/{uuid_of(block)}/apply-plan")

    assert answer.status_code == 409, answer.text
    assert world.claim() is None


def test_a_void_value_can_be_entered_again_and_the_deletion_goes_on(world: BlockWorld) -> None:
    case = CASES["plain made sensitive"]
    draft = world.define(released=False, inputs={KEY: case.before})
    block = world.order(draft, {KEY: case.entered}, workspace="platform")
    destroyed(world, block, draft, case)

    shown = world.read(block)
    world.change(shown, inputs={KEY: a_secret(SECRET)})
    claimed = world.claimed()

    assert shown["spec"]["inputs"][KEY]["value"] is None
    assert claimed.behavior == "DESTROY"
    assert world.key.open(str(claimed.inputs[KEY]["value"])) == SECRET


@pytest.mark.parametrize(
    ("is_sensitive", "value"), [(True, ENVELOPE), (False, StoredSecret(hash="h", sealed="e", key="k"))]
)
def test_no_document_calls_a_text_a_secret_or_a_secret_a_text(*, is_sensitive: bool, value: str | StoredSecret) -> None:
    spec = InputSpec(
        key=KEY,
        display_name="",
        type=InputType.STRING,
        assignment_type=AssignmentType.USER_INPUT,
        is_sensitive=is_sensitive,
    )

    with pytest.raises(Conflict, match="not entered so"):
        run_input(ResolvedInput(spec, value))
