"""Large JSON says what the standard library says, however it is cut into pieces."""

import json
import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockyard.server.kit.http import HttpRefusal
from blockyard.server.kit.json_reader import (
    MAX_NUMBER_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_WRITTEN_CHARACTERS,
    load_json,
    load_large_json,
)
from tests.support.held import LIMIT_SECONDS, Held, measured_interpreter
from tests.support.huge_json import HUGE

PIECE = 64 * 1024
ANY = st.text(st.characters(exclude_categories=()), max_size=30)
"""Texts with lone surrogates, too: JSON can spell them."""
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ANY, inner, max_size=5),
    max_leaves=20,
)
FRAGMENTS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "0",
    "-",
    "1",
    ".",
    "e",
    "a",
    "ä",
    "😀",
    " ",
    "\n",
]


@given(DOCUMENTS, st.sampled_from([None, 1]))
def test_a_document_is_read_as_the_standard_library_reads_it(document: object, indent: int | None) -> None:
    text = json.dumps(document, indent=indent)

    assert load_large_json(text.encode()) == json.loads(text)


@given(st.lists(st.sampled_from([*FRAGMENTS, "null", "true", '"a"', '"a":']), max_size=12).map("".join))
def test_what_is_no_document_is_refused_as_the_standard_library_refuses_it(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"document|escape|control|delimiter|string|unexpected|at"):
            load_large_json(text.encode())
    else:
        assert load_large_json(text.encode()) == expected


@pytest.mark.parametrize(
    "unit", ["a", "\\n", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "ä", "😀", "aä\\n", "\\\\", '\\"']
)
@pytest.mark.parametrize("before", range(5))
def test_no_character_is_cut_where_a_long_text_is_cut(unit: str, before: int) -> None:
    document = '["' + "x" * before + unit * (4 * PIECE // len(unit)) + '"]'

    assert load_large_json(document.encode("utf-8")) == json.loads(document)


def test_blanks_may_be_many() -> None:
    blanks = b" \t\r\n" * PIECE

    assert load_large_json(
        blanks + b"{" + blanks + b'"a"' + blanks + b":" + blanks + b"[]" + blanks + b"}" + blanks
    ) == {"a": []}


def test_words_and_numbers_are_those_of_the_standard_library() -> None:
    document = load_large_json(b"[NaN, Infinity, -Infinity, true, false, null, -0, 1e400, 0.10]")

    assert isinstance(document, list)
    assert math.isnan(document[0])
    assert document[1:] == [math.inf, -math.inf, True, False, None, 0, math.inf, 0.1]


@pytest.mark.parametrize("load", [load_json, load_large_json])
def test_numbers_may_be_kept_as_they_are_written(load: Callable[..., object]) -> None:
    assert load(b"[0.10, 1E5, " + b"9" * 6000 + b"]", number=str) == ["0.10", "1E5", "9" * 6000]


@pytest.mark.parametrize(
    "text",
    [b"01", b"1.", b"1e", b"+1", b"\xef\xbb\xbf1", b'"\xff"', b'"\xc3', b'"\xc3"', b'"\n"', b"nul", b"", b"{}{}"],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"document|escape|character|decode"):
        load_large_json(text)


@pytest.mark.parametrize(("text", "unit"), [('"%s"', "a"), ('"%s"', "\\n"), ('"%s"', "ä"), ('{"%s": 1}', "ä")])
def test_a_text_may_be_as_long_as_a_value_may_be_and_not_longer(text: str, unit: str) -> None:
    load_large_json((text % (unit * MAX_TEXT_CHARACTERS)).encode())

    with pytest.raises(HttpRefusal, match="a text of more than"):
        load_large_json((text % (unit * (MAX_TEXT_CHARACTERS + PIECE))).encode())


@pytest.mark.parametrize("text", ["%s", "-%s", "0.%s", "1e%s", "1.5E-%s"])
@pytest.mark.parametrize("load", [load_json, load_large_json])
@pytest.mark.parametrize(("number", "limit"), [(None, MAX_NUMBER_CHARACTERS), (str, MAX_WRITTEN_CHARACTERS)])
def test_a_number_has_a_limit_as_well(
    load: Callable[..., object], text: str, number: Callable[[str], object] | None, limit: int
) -> None:
    longest = text % ("1" * (limit + len("%s") - len(text)))
    load(longest.encode(), number=number)

    for excess in (1, limit):
        with pytest.raises(HttpRefusal, match="a number of more than") as refused:
            load((longest + "1" * excess).encode(), number=number)
        assert refused.value.code == "NumberTooLong"


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_single_token_lets_others_go_on(name: str) -> None:
    held, document = Held(), HUGE[name]()

    with measured_interpreter(held), suppress(HttpRefusal):
        load_large_json(document)

    assert held.interpreter < LIMIT_SECONDS


def test_the_measurement_sees_what_holds_the_interpreter() -> None:
    held, document = Held(), HUGE["one wide letter"]()

    with measured_interpreter(held):
        json.loads(document)

    assert held.interpreter > LIMIT_SECONDS
