"""Conditions of inputs: what they mean, what cannot be one, and that none of them is costly."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import AssignmentType, InputSpec, Value
from blockyard.server.definitions.model.conditions import ConditionError, Kind, Values, check_condition, parsed
from blockyard.server.definitions.model.hiding import hidden_inputs, visible_values, with_defaults
from blockyard.server.runners.model import StoredSecret
from tests.support.definitions import VERSIONS, Catalogue, an_input, changed, terraform

KINDS = {
    "name": Kind.TEXT,
    "size": Kind.NUMBER,
    "flag": Kind.TRUTH,
    "tags": Kind.TEXTS,
    "unset": Kind.TEXT,
    "none": Kind.NUMBER,
    "in_use": Kind.TRUTH,
    "input": Kind.TEXT,
}
KNOWN: Mapping[str, Json] = {
    "name": "müller",
    "size": 7,
    "flag": True,
    "tags": ["a", "b"],
    "in_use": False,
    "input": "x",
}

TRUE = [
    "true",
    "input.name == 'müller'",
    'input . name=="müller" // the one',
    "input.name == 'm\\u00fcller' && input.name == 'm\\374ller' && input.name == \"m\\xfcller\"",
    "r'\\d' == '\\\\d'",
    "'it\\'s' == \"it's\"",
    "input.name.startsWith('m') && input.name.endsWith('r') && input.name.contains('üll')",
    "size(input.name) == 6 && input.name.size() == 6 && size(input.tags) == 2",
    "input.size > 6 && input.size >= 7 && input.size < 8 && input.size <= 7 && input.size != 8",
    "input.size + 1 == 8 && input.size - 2 - 1 == 4 && 2 + 3 * 4 == 14",
    "input.size / 2 == 3 && -7 / 2 == -3 && 7 / -2 == -3 && -7 % 3 == -1 && 7 % -3 == 1",
    "0x1F == 31 && --5 == 5",
    "!!input.flag && !input.in_use",
    "input.flag && (input.size == 1 || input.name < 'n')",
    "input.name in ['x', 'müller',] && 'a' in input.tags && !('c' in input.tags) && !(1 in [])",
    "input.size in [input.size, 1]",
    "input.tags == ['a', 'b'] && input.tags != []",
    "input.unset == null && input.name != null",
    "true || input.none > 3",
    "input.none > 3 || true",
    "false < true",
    "input.input == 'x'",
]
FALSE = [
    "false",
    "input.none > 3",
    "!(input.none > 3)",
    "input.none > 3 || false",
    "input.unset.contains('x')",
    "input.unset == input.name",
    "input.size / 0 == 0",
    "9223372036854775807 + 1 > 0",
    "'A' == 'a'",
]


@pytest.mark.parametrize(("texts", "holds"), [(TRUE, True), (FALSE, False)])
def test_conditions_mean_what_cel_says(texts: list[str], holds: bool) -> None:  # noqa: FBT001  a parameter of a test
    for text in texts:
        check_condition(parsed(text), KINDS)
        assert Values(KNOWN).hold(parsed(text)) is holds, text


UNUSABLE = [
    ("", "too early"),
    ("input.", "too early"),
    ("input.name ==", "too early"),
    ("name == 'x'", "character 1 on: 'name"),
    ("inputs.name == 'x'", "character 1"),
    ("input['name'] == 'x'", "character 6"),
    ("input.name.matches('x')", "character 12"),
    ("input.tags.exists(t, t == 'x')", "character 12"),
    ("has(input.name)", "character 1"),
    ("input.flag ? true : false", "character 12"),
    ("input.size > 1.5", "character 14"),
    ("input.size > 1u", "character 14"),
    ("{'a': 1} == {}", "character 1"),
    ("input.name.first == 'x'", "character 12"),
    ("input.name == 'x", "character 15"),
    ("input.name == '\\q'", "\\q is not an escape"),
    ("input.name == '\\ud800'", "not a character"),
    ("input.size > 9223372036854775808", "64 bits"),
    ("input.name", "it is text"),
    ("input.size + 1", "it is a number"),
    ("null", "it is null"),
    ("input.name == 1", "never equal"),
    ("input.tags == [1]", "never equal"),
    ("input.name + 'x' == 'y'", "'+' does not take text"),
    ("-input.name == 1", "'-' does not take text"),
    ("input.size && true", "'&&' does not take a number"),
    ("!input.name", "'!' does not take text"),
    ("input.size.startsWith('1')", "'startsWith' does not take a number"),
    ("size(input.flag) > 1", "'size' does not take true or false"),
    ("input.name < 3", "have no order"),
    ("input.tags < input.tags", "have no order"),
    ("input.name in 'xyz'", "cannot be in text"),
    ("1 in input.tags", "cannot be in"),
    ("1 in [1, 'a']", "a list holds only"),
    ("'x' * 1000 == 'x'", "'*' does not take text"),
]


@pytest.mark.parametrize(("text", "problem"), UNUSABLE)
def test_what_cannot_be_decided_is_refused_and_says_where(text: str, problem: str) -> None:
    with pytest.raises(ConditionError) as refused:
        check_condition(parsed(text), KINDS)

    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("!" * 501 + "input.flag", None),
        ("(" * 250 + "true" + ")" * 250, None),
        ("-" * 500 + "1 == 1", None),
        ("true" + " && true" * 60, None),
        ("1" + "+1" * 250 + " > 1", "nested too deeply"),
        ("[" * 250 + "]" * 250, "nested too deeply"),
        ("(" * 512, "too early"),
        ("true" + " " * 600, "longer than 512"),
    ],
)
def test_a_hostile_condition_is_short_and_flat_or_none(text: str, problem: str | None) -> None:
    if problem is None:
        check_condition(parsed(text), KINDS)
        assert Values(KNOWN).hold(parsed(text)) in {True, False}
        return
    with pytest.raises(ConditionError, match=problem):
        parsed(text)


def test_conditions_of_a_block_search_so_many_characters_and_no_more() -> None:
    values = Values({"name": "x" * 400_000})
    condition = parsed("!input.name.contains('y')")

    assert [values.hold(condition) for _ in range(4)] == [True, True, False, False]


def a_spec(key: str, type_: InputType = InputType.STRING, **members: Any) -> InputSpec:
    source = members.pop("assignment_type", AssignmentType.USER_INPUT)
    return InputSpec(key=key, display_name=key, type=type_, assignment_type=source, **members)


SPECS = {
    spec.key: spec
    for spec in (
        a_spec("third", condition="input.second == 'deep'", default_value="bottom"),
        a_spec("second", condition="input.first", default_value="deep"),
        a_spec("first", InputType.BOOLEAN, default_value=True),
        a_spec("always"),
    )
}


@pytest.mark.parametrize(
    ("values", "hidden", "filled"),
    [
        ({}, {"second", "third"}, {"first": True, "second": "deep", "third": "bottom"}),
        ({"first": False, "second": "deep"}, {"second", "third"}, {"first": False, "second": "deep"}),
        ({"first": True, "second": "flat"}, {"third"}, {"first": True, "second": "flat"}),
        ({"first": True, "second": "deep"}, set(), {"first": True, "second": "deep", "third": "bottom"}),
    ],
)
def test_a_hidden_input_has_no_value_for_others_and_gets_no_default(
    values: Mapping[str, Value], hidden: set[str], filled: Mapping[str, Value]
) -> None:
    assert hidden_inputs(SPECS, values) == hidden
    assert visible_values(SPECS, values) == {key: value for key, value in values.items() if key not in hidden}
    assert with_defaults(SPECS, values) == filled


def test_a_condition_does_not_see_a_secret_that_was_entered_before_the_draft_changed() -> None:
    secret = StoredSecret(hash="sha256:x", sealed="envelope", key="k")
    specs = {"a": a_spec("a"), "b": a_spec("b", condition="input.a != null")}

    assert hidden_inputs(specs, {"a": secret}) == {"b"}
    assert hidden_inputs({**specs, "b": replace(specs["b"], condition=None)}, {"a": secret}) == frozenset()


A_NUMBER: Any = {"type": "INTEGER"}
OPERATOR: Any = {"assignmentType": "PLATFORM_OPERATOR_MANUAL_INPUT"}
OTHERS = {
    "size": an_input(**A_NUMBER),
    "quota": an_input(**A_NUMBER, **OPERATOR),
    "token": an_input(isSensitive=True),
    "list": an_input(type="LIST"),
    "fixed": an_input(assignmentType="STATIC", argument="x"),
    "a-b": an_input(),
}

BAD: list[tuple[Any, str, str]] = [
    ({"isOptional": True, "type": "BOOLEAN"}, "BadOptional", "isOptional"),
    ({"isOptional": True, "defaultValue": "x"}, "BadOptional", "isOptional"),
    (
        {"isOptional": True, "isSensitive": True, "defaultValue": {"plaintext": "x"}},
        "BadOptional",
        "isOptional",
    ),
    ({"isOptional": True, "assignmentType": "STATIC", "argument": "x"}, "BadOptional", "isOptional"),
    ({"isOptional": "yes"}, "InvalidRequest", "isOptional"),
    ({"condition": ""}, "BadCondition", "condition"),
    ({"condition": "true" + " " * 512}, "BadCondition", "condition"),
    ({"condition": "input.size > 1", "assignmentType": "STATIC", "argument": "x"}, "BadCondition", "condition"),
    ({"condition": "input.nothing == 1"}, "BadCondition", "condition"),
    ({"condition": "input.quota > 1"}, "BadCondition", "condition"),
    ({"condition": "input.token == ''"}, "BadCondition", "condition"),
    ({"condition": "input.list == []"}, "BadCondition", "condition"),
    ({"condition": "input.fixed == 'x'"}, "BadCondition", "condition"),
    ({"condition": "input.a-b == 1"}, "BadCondition", "condition"),
    ({"condition": "input.size == 'x'"}, "BadCondition", "condition"),
    ({"condition": "input.k == 'x'"}, "BadCondition", "condition"),
]


@pytest.mark.parametrize(("members", "code", "member"), BAD)
@pytest.mark.one_database
def test_inputs_that_cannot_be_optional_or_conditional_are_refused(
    catalogue: Catalogue, members: Any, code: str, member: str
) -> None:
    draft = catalogue.draft(catalogue.define())
    document = changed(draft, implementation=terraform(), inputs={**OTHERS, "k": an_input(**members)})

    error = catalogue.refused(400, "PUT", f"{VERSIONS}/{draft['metadata']['uuid']}", document)

    assert (error["errorCode"], error["field"]) == (code, f"/spec/inputs/k/{member}")
    assert error["remedy"]


@pytest.mark.one_database
def test_an_operator_reads_what_users_gave_and_manual_work_has_no_optional_inputs(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    both = an_input(condition="input.size > 1 && input.quota > 1", **OPERATOR)

    manual = catalogue.refused(400, "PUT", path, changed(draft, inputs={"k": an_input(isOptional=True)}))
    saved = catalogue.edit(draft, implementation=terraform(), inputs={**OTHERS, "k": both})

    assert (manual["errorCode"], manual["field"]) == ("BadOptional", "/spec/inputs/k/isOptional")
    assert saved["spec"]["inputs"]["k"]["condition"] == both["condition"]
    assert "isOptional" not in saved["spec"]["inputs"]["k"]


@pytest.mark.one_database
def test_conditions_do_not_read_each_other_in_a_circle_and_are_not_too_long_together(catalogue: Catalogue) -> None:
    draft = catalogue.draft(catalogue.define())
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"
    circle = {key: an_input(condition=f"input.{other} == 'x'") for key, other in ("ab", "bc", "ca")}
    long = {f"k{number}": an_input(condition="true" + " " * 500) for number in range(20)}

    around = catalogue.refused(400, "PUT", path, changed(draft, inputs=circle))
    many = catalogue.refused(400, "PUT", path, changed(draft, inputs=long))

    assert around["errorCode"] == "BadCondition"
    assert "a → b → c → a" in around["message"] or "circle" in around["message"]
    assert (many["errorCode"], many["field"]) == ("TooManyConditions", "/spec/inputs")
