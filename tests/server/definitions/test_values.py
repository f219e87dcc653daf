"""Which values inputs and outputs may have; rules hold for any JSON."""

import base64
import contextlib
import contextvars
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import AssignmentType, DeclaredType, InputSpec, OutputSpec
from blockyard.server.definitions.model.values import (
    check_output,
    check_value,
    feeds,
    file_content,
    input_from_output,
)
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.patterns import PatternError, check_pattern, matches
from tests.support.held import LIMIT_SECONDS

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda items: st.lists(items, max_size=3) | st.dictionaries(st.text(), items, max_size=3),
    max_leaves=8,
)


def a_spec(type_: InputType, **members: Any) -> InputSpec:
    return InputSpec(key="k", display_name="K", type=type_, assignment_type=AssignmentType.USER_INPUT, **members)


def fits(spec: InputSpec, value: Json) -> bool:
    try:
        check_value(spec, value, pointer="/x")
    except Invalid as error:
        refusal = error
    else:
        return True
    assert refusal.field == "/x"
    assert refusal.remedy
    return False


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (InputType.STRING, "", True),
        (InputType.STRING, None, False),
        (InputType.STRING, 5, False),
        (InputType.CODE, "{}", True),
        (InputType.CODE, {}, False),
        (InputType.LIST, "[]", True),
        (InputType.LIST, [], True),
        (InputType.LIST, [1, {"a": None}], True),
        (InputType.LIST, {}, False),
        (InputType.LIST, 1, False),
        (InputType.INTEGER, 0, True),
        (InputType.INTEGER, -(2**63) + 1, True),
        (InputType.INTEGER, 2**63, False),
        (InputType.INTEGER, 1.0, False),
        (InputType.INTEGER, True, False),
        (InputType.INTEGER, "1", False),
        (InputType.BOOLEAN, False, True),
        (InputType.BOOLEAN, 0, False),
        (InputType.BOOLEAN, "true", False),
        (InputType.SINGLE_SELECT, "a", True),
        (InputType.SINGLE_SELECT, "c", False),
        (InputType.SINGLE_SELECT, ["a"], False),
        (InputType.MULTI_SELECT, [], True),
        (InputType.MULTI_SELECT, ["b", "a"], True),
        (InputType.MULTI_SELECT, ["a", "a"], False),
        (InputType.MULTI_SELECT, ["c"], False),
        (InputType.MULTI_SELECT, [1], False),
        (InputType.MULTI_SELECT, "a", False),
        (InputType.FILE, "data:text/plain;base64,c29tZQ==", True),
        (InputType.FILE, "data:;base64,", True),
        (InputType.FILE, "data:text/plain;charset=utf-8;base64,AA==", True),
        (InputType.FILE, "data:text/plain,some", False),
        (InputType.FILE, "data:text/plain;base64,c29tZQ==\n", False),
        (InputType.FILE, "data:text/plain;base64,A", False),
        (InputType.FILE, "some", False),
        (InputType.FILE, None, False),
    ],
)
def test_each_type_takes_its_values(type_: InputType, value: Json, *, expected: bool) -> None:
    assert fits(a_spec(type_, selectable_values=("a", "b")), value) is expected


@given(type_=st.sampled_from(InputType), value=ANY_JSON)
def test_any_json_is_taken_or_refused_never_a_defect(type_: InputType, value: Json) -> None:
    if fits(a_spec(type_, selectable_values=("a", "b")), value):
        kinds: dict[InputType, set[type]] = {
            InputType.INTEGER: {int},
            InputType.BOOLEAN: {bool},
            InputType.MULTI_SELECT: {list},
            InputType.LIST: {list, str},
        }
        assert type(value) in kinds.get(type_, {str})


@given(content=st.binary(max_size=200), media=st.sampled_from(["", "text/plain", "image/svg+xml;charset=utf-8"]))
def test_files_survive_their_data_uri(content: bytes, media: str) -> None:
    uri = f"data:{media};base64,{base64.b64encode(content).decode()}"
    assert fits(a_spec(InputType.FILE), uri)
    assert file_content(uri) == content


def test_a_value_over_sixteen_megabytes_is_refused() -> None:
    spec = a_spec(InputType.STRING)
    assert fits(spec, "x" * (16 * 1024 * 1024))
    assert not fits(spec, "x" * (16 * 1024 * 1024 + 1))


@pytest.mark.parametrize(
    ("type_", "pattern", "value", "expected"),
    [
        (InputType.STRING, "^[a-z-]{3,20}$", "abc", True),
        (InputType.STRING, "[a-z]+", "abc1", False),
        (InputType.STRING, "[a-z]+", "abc\n", False),
        (InputType.STRING, "a|ab", "ab", True),
        (InputType.STRING, r"\p{Lu}\p{Ll}+", "Älter", True),
        (InputType.INTEGER, "[1-9][0-9]?", 42, True),
        (InputType.INTEGER, "[1-9][0-9]?", 420, False),
        (InputType.BOOLEAN, "true", True, True),
        (InputType.BOOLEAN, "true", False, False),
        (InputType.SINGLE_SELECT, "a", "b", False),
    ],
)
def test_the_whole_value_must_match(type_: InputType, pattern: str, value: Json, *, expected: bool) -> None:
    assert fits(a_spec(type_, value_validation_regex=pattern, selectable_values=("a", "b")), value) is expected


def test_the_authors_message_is_told_but_never_the_value() -> None:
    spec = a_spec(InputType.STRING, value_validation_regex="[a-z]+", validation_regex_error_message="lower case only")
    with pytest.raises(Invalid, match="lower case only") as refusal:
        check_value(spec, "S3CRET", pointer="/x")
    assert "S3CRET" not in repr(vars(refusal.value))


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)*b", "([a-z]+)*=", "(a?){200}a{200}"])
def test_no_pattern_holds_up_the_server(pattern: str) -> None:
    check_pattern(pattern)
    try:
        assert not contextvars.copy_context().run(matches, pattern, "a" * 5000 + "!")
    except PatternError as error:
        assert "longer than" in str(error)  # noqa: PT017  either answer is fine, waiting for hours is not


@given(pattern=st.text(alphabet="ab()[]{}*+?|\\^$.,0123456789:=!<>P-", max_size=60), text=st.text("ab", max_size=30))
def test_any_pattern_is_refused_or_works(pattern: str, text: str) -> None:
    with contextlib.suppress(PatternError):
        check_pattern(pattern)
        matches(pattern, text)


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (DeclaredType.STRING, "x", "x"),
        (DeclaredType.CODE, "x", "x"),
        (DeclaredType.FILE, "data:,", "data:,"),
        (DeclaredType.CODE, {"b": 1, "a": ["ü"]}, '{\n  "b": 1,\n  "a": [\n    "ü"\n  ]\n}'),
        (DeclaredType.INTEGER, 0, 0),
        (DeclaredType.INTEGER, 1.25, 1.25),
        (DeclaredType.BOOLEAN, False, False),
    ],
)
def test_an_output_is_kept_in_its_declared_type(type_: DeclaredType, value: Json, expected: Json) -> None:
    assert check_output(OutputSpec(key="k", display_name="K", type=type_), value) == expected


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (DeclaredType.STRING, 5),
        (DeclaredType.STRING, {}),
        (DeclaredType.CODE, None),
        (DeclaredType.INTEGER, "5"),
        (DeclaredType.INTEGER, True),
        (DeclaredType.BOOLEAN, 0),
        (DeclaredType.BOOLEAN, "true"),
    ],
)
def test_an_output_of_another_type_is_refused_by_name(type_: DeclaredType, value: Json) -> None:
    with pytest.raises(Invalid, match="output 'k' should be"):
        check_output(OutputSpec(key="k", display_name="K", type=type_), value)


@pytest.mark.parametrize("value", ["x" * (16 * 1024 * 1024 + 1), ["ä" * 8 * 1024 * 1024]], ids=["text", "list"])
def test_an_output_that_is_too_large_is_refused_by_name(value: Json) -> None:
    with pytest.raises(Invalid, match="output 'k' is larger than 16777216 bytes"):
        check_output(OutputSpec(key="k", display_name="K", type=DeclaredType.CODE), value)


@given(value=ANY_JSON, type_=st.sampled_from(DeclaredType))
def test_any_output_is_kept_or_refused(value: Json, type_: DeclaredType) -> None:
    try:
        kept = check_output(OutputSpec(key="k", display_name="K", type=type_), value)
    except Invalid:
        return
    assert kept == value or json.loads(str(kept)) == value


def test_outputs_feed_inputs_of_their_kind() -> None:
    pairs = {(output, input_) for output in DeclaredType for input_ in InputType if feeds(output, input_)}

    assert (DeclaredType.STRING, InputType.CODE) in pairs
    assert (DeclaredType.CODE, InputType.MULTI_SELECT) in pairs
    assert (DeclaredType.INTEGER, InputType.INTEGER) in pairs
    assert (DeclaredType.INTEGER, InputType.STRING) not in pairs
    assert (DeclaredType.BOOLEAN, InputType.INTEGER) not in pairs


def test_a_list_in_an_output_becomes_options() -> None:
    assert input_from_output(InputType.MULTI_SELECT, '["a", "b"]') == ["a", "b"]
    assert input_from_output(InputType.CODE, '["a"]') == '["a"]'
    with pytest.raises(ValueError, match="Expecting value"):
        input_from_output(InputType.MULTI_SELECT, "a, b")


SLOW = "(?:(?:a|aa)+b|a*)"
"""Takes a tenth of a second for 25 `a`, and twice as long for each further two."""


def test_many_slow_values_share_one_budget() -> None:
    def match_all() -> tuple[float, int]:
        refused = 0
        began = time.thread_time()
        for count in range(40):
            try:
                matches(SLOW, "a" * (25 + count))
            except PatternError:
                refused += 1
        return time.thread_time() - began, refused

    seconds, refused = contextvars.copy_context().run(match_all)

    assert seconds < LIMIT_SECONDS
    assert refused > 35


def test_a_value_is_matched_once_however_often_it_is_asked_about() -> None:
    def match_again() -> bool:
        first = matches("a+", "aaa")
        with pytest.raises(PatternError):  # it uses up what is left of the budget
            matches(SLOW, "a" * 60)
        return first and matches("a+", "aaa")

    assert contextvars.Context().run(match_again)  # what other tests used up does not count
