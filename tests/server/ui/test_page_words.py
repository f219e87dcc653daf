"""Pure parts of pages: durations, markdown, values."""

from datetime import timedelta

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.ui.markdown import as_html
from blockyard.server.ui.values import Shown, shown
from blockyard.server.ui.words import count, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (12.4, "12 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_is_told_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


def test_numbers_agree_with_their_nouns() -> None:
    assert [count(n, "block", "blocks") for n in (0, 1, 1234)] == ["0 blocks", "1 block", "1,234 blocks"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Shown("missing")),
        (0, Shown("text", "0")),
        (False, Shown("text", "false")),
        ("", Shown("empty", "empty text")),
        ([], Shown("empty", "empty list")),
        (["a", "b"], Shown("list", items=["a", "b"])),
        ("one\ntwo", Shown("code", "one\ntwo")),
        ({"a": 1}, Shown("code", '{\n  "a": 1\n}')),
    ],
)
def test_falsy_values_are_shown_and_differ_from_missing_ones(value: Json, expected: Shown) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** `code`", "<p><strong>bold</strong> <code>code</code></p>\n"),
        ("# Title", "<h3>Title</h3>\n"),
        ("###### deep", "<h6>deep</h6>\n"),
        ("<b onclick=x>raw</b>", "<p>&lt;b onclick=x&gt;raw&lt;/b&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>\n"),
        ("![x](https://evil.test/pixel.png)", "<p></p>\n"),
        (
            "[a](https://example.test/?a=1&b=2)",
            '<p><a href="https://example.test/?a=1&amp;b=2" rel="noopener noreferrer nofollow">a</a></p>\n',
        ),
    ],
)
def test_markdown_becomes_harmless_html(text: str, html: str) -> None:
    assert as_html(text) == html


def test_a_mention_of_a_block_leads_to_its_page() -> None:
    block = "6fa459ea-ee8a-3ca4-894e-db77e160355e"

    assert f'href="/blocks/{block}"' in as_html(f"See @buildingblock[{block}].")


def test_tables_are_kept() -> None:
    assert "<table>" in as_html("| a | b |\n|---|---|\n| 1 | 2 |")
