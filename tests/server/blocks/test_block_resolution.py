"""Values as runs get them, and outputs as runs must give them: pure rules."""

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import Behavior, InputType, OutputType, RunStatus
from blockyard.server.blocks.model.block import (
    Block,
    BlockId,
    BlockOutput,
    BlockStatus,
    InputValue,
    Lifecycle,
    Operation,
    changed_outputs,
)
from blockyard.server.blocks.model.outputs import check_outputs, derived_outputs
from blockyard.server.blocks.model.query import version_number
from blockyard.server.blocks.model.resolution import (
    ResolvedInput,
    Surroundings,
    block_name,
    consumes,
    parents_provide,
    resolve_inputs,
    resolved_name,
    run_input,
)
from blockyard.server.blocks.model.words import status_in_words
from blockyard.server.definitions.model import (
    AssignmentType,
    DeclaredType,
    DefinitionId,
    InputSpec,
    OutputAssignment,
    OutputSpec,
    VersionId,
)
from blockyard.server.events.model import SYSTEM, Author
from blockyard.server.runners.model import StoredSecret
from blockyard.server.runs.model import RunId, Trigger, TriggerReason
from tests.support.clock import NOON

NETWORK = DefinitionId(UUID(int=7))
RUN, OTHER_RUN = RunId(UUID(int=1)), RunId(UUID(int=2))
DUE = Trigger(SYSTEM, TriggerReason.DEPENDENCY_OUTPUT_CHANGED)
AUTHOR = Author(type="User", identifier="u1", display_name="Ann", username="ann@example.test", email="ann@example.test")
SECRET = StoredSecret(hash="sha256:x", sealed="envelope", key="k")
PERSON: dict[str, Json] = {"username": "ann@example.test", "roles": ["Workspace Owner"]}

BLOCK = Block(
    id=BlockId(UUID(int=3)),
    display_name="shop",
    name="shop",
    workspace="payments",
    provider="platform",
    definition_id=DefinitionId(UUID(int=4)),
    version_id=VersionId(UUID(int=5)),
    version_number=1,
    author=AUTHOR,
    created_at=NOON,
    status=BlockStatus.PENDING,
)

PI = "3.14159265358979323846264338327950288"


def spec(key: str, type_: InputType = InputType.STRING, **members: object) -> InputSpec:
    defaults: dict[str, object] = {"assignment_type": AssignmentType.USER_INPUT, "display_name": key}
    return InputSpec(key=key, type=type_, **(defaults | members))  # type: ignore[arg-type]  # members are checked by the tests themselves


def resolved(
    item: InputSpec,
    *,
    value: InputValue = None,
    parents: Mapping[DefinitionId, Mapping[str, BlockOutput]] | None = None,
) -> ResolvedInput:
    block = replace(BLOCK, inputs={} if value is None else {item.key: value})
    around = Surroundings(people=lambda: [PERSON], parents=parents or {})
    return resolve_inputs(block, {item.key: item}, around)[0]


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        (spec("i"), "text", "text"),
        (spec("i", InputType.INTEGER), 42, 42),
        (spec("i", InputType.BOOLEAN), False, False),
        (spec("i", InputType.MULTI_SELECT), ["a", "b"], ["a", "b"]),
        (spec("i", InputType.CODE), '{"a": [1]}', '{"a": [1]}'),
        (spec("i", InputType.LIST), '["a"]', '["a"]'),
        (spec("i", InputType.LIST), ["ä", 1], '["ä",1]'),
        (spec("i"), None, None),
    ],
)
def test_values_of_people_reach_the_run_in_the_shape_of_their_type(
    item: InputSpec, value: InputValue, expected: Json
) -> None:
    assert run_input(resolved(item, value=value)) == {
        "key": "i",
        "value": expected,
        "type": item.type.value,
        "isSensitive": item.is_sensitive,
        "isEnvironment": False,
    }


def test_a_secret_reaches_the_run_as_its_envelope_with_the_hash_for_everybody_else() -> None:
    document = run_input(resolved(spec("i", is_sensitive=True), value=SECRET))

    assert (document["value"], document["hash"], document["isSensitive"]) == ("envelope", "sha256:x", True)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (spec("i", assignment_type=AssignmentType.STATIC, argument="eu"), "eu"),
        (spec("i", InputType.CODE, assignment_type=AssignmentType.STATIC, argument={"a": [1]}), '{"a":[1]}'),
        (spec("i", InputType.LIST, assignment_type=AssignmentType.STATIC, argument=["a"]), '["a"]'),
        (spec("i", assignment_type=AssignmentType.STATIC, argument=SECRET, is_sensitive=True), "envelope"),
        (spec("i", assignment_type=AssignmentType.WORKSPACE_IDENTIFIER), "payments"),
        (spec("i", assignment_type=AssignmentType.TENANT_BUILDING_BLOCK_UUID), str(UUID(int=3))),
        (
            spec("i", InputType.CODE, assignment_type=AssignmentType.AUTHOR),
            json.dumps(AUTHOR.document(), separators=(",", ":")),
        ),
        (
            spec("i", InputType.CODE, assignment_type=AssignmentType.USER_PERMISSIONS),
            json.dumps([PERSON], separators=(",", ":")),
        ),
        (spec("i", assignment_type=AssignmentType.PLATFORM_TENANT_ID), None),
    ],
)
def test_computed_values_are_computed(item: InputSpec, expected: Json) -> None:
    assert run_input(resolved(item))["value"] == expected


@pytest.mark.parametrize(
    ("type_", "output", "expected"),
    [
        (InputType.STRING, BlockOutput("net-1", OutputType.STRING), "net-1"),
        (InputType.STRING, BlockOutput('{"a":1}', OutputType.CODE), '{"a":1}'),
        (InputType.CODE, BlockOutput("net-1", OutputType.STRING), "net-1"),
        (InputType.CODE, BlockOutput(["a"], OutputType.CODE), '["a"]'),
        (InputType.STRING, BlockOutput(5, OutputType.INTEGER), "5"),
        (InputType.INTEGER, BlockOutput(5, OutputType.INTEGER), 5),
        (InputType.BOOLEAN, BlockOutput(value=False, type=OutputType.BOOLEAN), False),
        (InputType.MULTI_SELECT, BlockOutput('["a","b"]', OutputType.CODE), ["a", "b"]),
        (InputType.INTEGER, BlockOutput("5", OutputType.STRING), None),
        (InputType.MULTI_SELECT, BlockOutput("no json", OutputType.CODE), None),
        (InputType.STRING, BlockOutput(None, OutputType.STRING, is_sensitive=True), None),
    ],
)
def test_a_parent_output_feeds_an_input_it_fits(type_: InputType, output: BlockOutput, expected: Json) -> None:
    item = spec("i", type_, assignment_type=AssignmentType.BUILDING_BLOCK_OUTPUT, argument=f"{NETWORK}.id")
    parents = {NETWORK: {"id": output}}

    assert resolved(item, parents=parents).value == expected
    provided = parents_provide({"i": item}, Surroundings(people=list, parents=parents))
    assert provided is (expected is not None)


def test_only_inputs_of_the_changed_outputs_consume_them() -> None:
    item = spec("i", assignment_type=AssignmentType.BUILDING_BLOCK_OUTPUT, argument=f"{NETWORK}.sub.net")

    assert consumes({"i": item}, NETWORK, frozenset({"sub.net"}))
    assert not consumes({"i": item}, NETWORK, frozenset({"id"}))
    assert not consumes({"i": item}, DefinitionId(UUID(int=8)), frozenset({"sub.net"}))


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("Mailing list {{name}}", "Mailing list dev"),
        ("{{ name }}-{{size}}-{{flag}}", "dev-3-true"),
        ("{{token}} {{unknown}} {{}} {{{name}}}", "{{token}} {{unknown}} {{}} {dev}"),
        ("plain", "plain"),
        ("{{name}}" * 200, ("dev" * 200)[:255]),
    ],
)
def test_names_are_filled_in_from_inputs_but_never_from_secrets(template: str, name: str) -> None:
    values: Mapping[str, InputValue] = {"name": "dev", "size": 3, "flag": True, "token": SECRET}

    assert resolved_name(template, values) == name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{name}}-{{ size }}-{{&flag}}-{{{name}}}", "dev-3-true-dev"),
        ("{{name}} {{unknown}}", "{{name}} {{unknown}}"),
        ("{{name}} {{token}}", "{{name}} {{token}}"),
        ("{{name}} {{#name}}x{{/name}}", "{{name}} {{#name}}x{{/name}}"),
        ("plain", "plain"),
        ("{{name}}" * 40, ("dev" * 40)[:255]),
    ],
)
def test_a_template_names_a_block_as_a_whole_or_is_shown_as_it_is(template: str, name: str) -> None:
    values: Mapping[str, InputValue] = {"name": "dev", "size": 3, "flag": True, "token": SECRET}

    assert block_name(template, template, values) == name
    assert block_name("own {{name}} {{unknown}}", template, values) == "own dev {{unknown}}"


def output_spec(
    type_: DeclaredType = DeclaredType.STRING, assignment: OutputAssignment = OutputAssignment.NONE
) -> OutputSpec:
    return OutputSpec(key="o", display_name="O", type=type_, assignment_type=assignment)


@pytest.mark.parametrize(
    ("declared", "reported", "stored"),
    [
        (output_spec(), BlockOutput("x", OutputType.STRING), "x"),
        (output_spec(), BlockOutput("x", OutputType.CODE), "x"),
        (output_spec(DeclaredType.CODE), BlockOutput("x", OutputType.STRING), "x"),
        (output_spec(DeclaredType.BOOLEAN), BlockOutput(value=False, type=OutputType.BOOLEAN), False),
        (output_spec(DeclaredType.INTEGER), BlockOutput(0, OutputType.INTEGER), 0),
        (output_spec(DeclaredType.INTEGER), BlockOutput(PI, OutputType.INTEGER), PI),
        (output_spec(DeclaredType.INTEGER), BlockOutput("9" * 4500, OutputType.INTEGER), "9" * 4500),
        (output_spec(), BlockOutput("", OutputType.STRING), ""),
        (
            output_spec(assignment=OutputAssignment.RESOURCE_URL),
            BlockOutput("https://x.test/a", OutputType.STRING),
            "https://x.test/a",
        ),
        (output_spec(), BlockOutput(None, OutputType.STRING, is_sensitive=True), None),
    ],
)
def test_declared_outputs_are_kept(declared: OutputSpec, reported: BlockOutput, stored: Json) -> None:
    checked = check_outputs({"o": declared}, {"o": reported, "undeclared": BlockOutput("y", OutputType.STRING)})

    assert not checked.problems
    assert len(checked.warnings) == reported.is_sensitive
    assert {key: output.value for key, output in checked.outputs.items()} == {"o": stored}


@pytest.mark.parametrize(
    ("declared", "reported", "words"),
    [
        (output_spec(), None, "Output 'o' was expected but not provided"),
        (output_spec(), BlockOutput(None, OutputType.STRING), "Output 'o' was expected but not provided"),
        (output_spec(DeclaredType.INTEGER), BlockOutput("5", OutputType.STRING), "'o' should be INTEGER but is text"),
        (output_spec(DeclaredType.INTEGER), BlockOutput("0x9", OutputType.STRING), "'o' should be INTEGER but is text"),
        (output_spec(), BlockOutput(5, OutputType.INTEGER), "'o' should be STRING but is a number"),
        (output_spec(assignment=OutputAssignment.PLATFORM_TENANT_ID), BlockOutput("t", OutputType.STRING), "no tenant"),
    ],
)
def test_missing_and_wrong_outputs_are_named(declared: OutputSpec, reported: BlockOutput | None, words: str) -> None:
    checked = check_outputs({"o": declared}, {} if reported is None else {"o": reported})

    assert len(checked.problems) == 1
    assert words in checked.problems[0]


@pytest.mark.parametrize("reported", [{}, {"o": BlockOutput(None, OutputType.STRING)}])
def test_an_optional_output_may_be_absent(reported: dict[str, BlockOutput]) -> None:
    checked = check_outputs({"o": replace(output_spec(), is_optional=True)}, reported)

    assert (checked.outputs, checked.problems) == ({}, [])


def test_an_optional_output_of_the_wrong_type_is_wrong() -> None:
    optional = replace(output_spec(), is_optional=True)

    assert check_outputs({"o": optional}, {"o": BlockOutput(5, OutputType.INTEGER)}).problems


@pytest.mark.parametrize("value", ["javascript:x", "gs://logs", "", "http://[x", "https:// x"])
@pytest.mark.parametrize("assignment", [OutputAssignment.RESOURCE_URL, OutputAssignment.SIGN_IN_URL])
def test_a_link_that_is_no_address_is_kept(assignment: OutputAssignment, value: str) -> None:
    checked = check_outputs({"o": output_spec(assignment=assignment)}, {"o": BlockOutput(value, OutputType.STRING)})

    assert (checked.outputs["o"].value, checked.problems) == (value, [])


def test_a_manual_block_gives_one_output_per_input_and_no_secret() -> None:
    inputs = [
        ResolvedInput(spec("a"), "x"),
        ResolvedInput(spec("b", InputType.SINGLE_SELECT), "dev"),
        ResolvedInput(spec("c", InputType.MULTI_SELECT), ["p"]),
        ResolvedInput(spec("d", InputType.FILE), "data:,x"),
        ResolvedInput(spec("e", InputType.INTEGER), 0),
        ResolvedInput(spec("f", is_sensitive=True), SECRET),
    ]

    assert derived_outputs(inputs) == {
        "a": BlockOutput("x", OutputType.STRING),
        "b": BlockOutput("dev", OutputType.STRING),
        "c": BlockOutput(["p"], OutputType.CODE),
        "d": BlockOutput("data:,x", OutputType.STRING),
        "e": BlockOutput(0, OutputType.INTEGER),
        "f": BlockOutput(None, OutputType.STRING, is_sensitive=True),
    }


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("v12", 12), ("V3", 3), ("x", None), ("1.0", None), ("", None)])
def test_version_numbers_are_read_leniently(text: str, number: int | None) -> None:
    assert version_number(text) == number


@pytest.mark.parametrize(
    ("status", "run_id", "run_status", "expected"),
    [
        (BlockStatus.PENDING, RUN, RunStatus.IN_PROGRESS, BlockStatus.IN_PROGRESS),
        (BlockStatus.IN_PROGRESS, RUN, RunStatus.PENDING, BlockStatus.PENDING),
        (BlockStatus.IN_PROGRESS, RUN, RunStatus.ABORTED, BlockStatus.ABORTED),
        (BlockStatus.PENDING, OTHER_RUN, RunStatus.FAILED, BlockStatus.PENDING),
        (BlockStatus.WAITING_FOR_USER_INPUT, RUN, RunStatus.FAILED, BlockStatus.WAITING_FOR_USER_INPUT),
    ],
)
def test_a_block_follows_its_latest_run_only(
    status: BlockStatus, run_id: RunId, run_status: RunStatus, expected: BlockStatus
) -> None:
    block = replace(BLOCK, status=status, latest_run_id=RUN)

    assert block.following(run_id, run_status).status is expected


def test_a_deleted_block_follows_nothing() -> None:
    block = replace(BLOCK, latest_run_id=RUN).deleted(NOON)

    assert block.following(RUN, RunStatus.SUCCEEDED) is block


def test_a_new_run_makes_the_block_pending_and_forgets_the_dry_run() -> None:
    block = replace(BLOCK, status=BlockStatus.SUCCEEDED, latest_dry_run_id=OTHER_RUN, due=DUE).requested(
        RUN, Behavior.APPLY
    )

    assert (block.status, block.latest_run_id, block.latest_dry_run_id) == (BlockStatus.PENDING, RUN, None)
    assert not block.rerun_due


def test_an_abort_drops_the_run_that_was_due() -> None:
    block = replace(BLOCK, status=BlockStatus.IN_PROGRESS, latest_run_id=RUN, due=DUE)

    assert not block.following(RUN, RunStatus.ABORTED).rerun_due
    assert block.following(RUN, RunStatus.FAILED).rerun_due


def test_the_first_request_to_delete_counts() -> None:
    marked = BLOCK.marked(AUTHOR, NOON)

    assert (marked.lifecycle, marked.marked_for_deletion_by) == (Lifecycle.MARKED_FOR_DELETION, "u1")
    assert marked.marked(replace(AUTHOR, identifier="u2"), NOON) is marked
    assert marked.deleted(NOON).lifecycle is Lifecycle.DELETED


def test_changed_outputs_are_those_that_differ_in_value_or_type() -> None:
    before = {
        "a": BlockOutput("x", OutputType.STRING),
        "b": BlockOutput(1, OutputType.INTEGER),
        "gone": BlockOutput("", OutputType.CODE),
    }
    after = {
        "a": BlockOutput("x", OutputType.STRING),
        "b": BlockOutput(2, OutputType.INTEGER),
        "new": BlockOutput("", OutputType.CODE),
    }

    assert changed_outputs(before, after) == {"b", "gone", "new"}


@pytest.mark.parametrize(
    ("behavior", "applied", "operation"),
    [
        (Behavior.APPLY, False, Operation.CREATION),
        (Behavior.APPLY, True, Operation.UPDATE),
        (Behavior.DESTROY, True, Operation.DELETION),
        (Behavior.DESTROY, False, Operation.DELETION),
    ],
)
def test_a_run_creates_until_one_succeeded_then_updates(
    behavior: Behavior,
    applied: bool,  # noqa: FBT001  a table
    operation: Operation,
) -> None:
    block = BLOCK.applied({}, NOON) if applied else BLOCK

    assert block.requested(RUN, behavior).operation is operation


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (replace(BLOCK, status=BlockStatus.WAITING_FOR_USER_INPUT), "Waiting for payments"),
        (replace(BLOCK, status=BlockStatus.WAITING_FOR_OPERATOR_INPUT), "Waiting for the platform team"),
        (replace(BLOCK, status=BlockStatus.WAITING_FOR_DEPENDENT_INPUT), "Waiting for another building block"),
        (BLOCK.requested(RUN, Behavior.APPLY), "Creating"),
        (replace(BLOCK.requested(RUN, Behavior.APPLY), status=BlockStatus.SUCCEEDED), "Ready"),
        (replace(BLOCK.requested(RUN, Behavior.DESTROY), status=BlockStatus.FAILED), "Deletion failed"),
        (
            replace(BLOCK.applied({}, NOON).requested(RUN, Behavior.APPLY), status=BlockStatus.IN_PROGRESS),
            "Changing",
        ),
        (
            replace(BLOCK.applied({}, NOON).requested(RUN, Behavior.APPLY), status=BlockStatus.ABORTED),
            "Ready, last change aborted",
        ),
        (BLOCK.deleted(NOON), "Deleted"),
        (BLOCK.deleted(NOON, force_purge=True), "Purged"),
    ],
)
def test_the_status_is_told_in_words(block: Block, words: str) -> None:
    assert status_in_words(block) == words


def test_who_declared_a_sensitive_output_is_told_that_nobody_gets_it() -> None:
    reported = {name: BlockOutput(None, OutputType.STRING, is_sensitive=True) for name in ("o", "undeclared")}

    assert check_outputs({"o": output_spec()}, reported).warnings == (
        "The value of output 'o' is sensitive: it stays in the state and was not handed on.",
    )
