"""Pure parts of pages: durations, markdown, values."""

from datetime import timedelta

import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.ui.frame.markdown import as_html, page_budget
from blockyard.server.ui.frame.values import Shown, shown
from blockyard.server.ui.frame.words import count, duration


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
        (False, Shown("text", "No")),
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
        ("###### deep", "<h3>deep</h3>\n"),
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


@pytest.mark.parametrize("evil", ["![" * 5000, "|a" * 200 + "\n" + "|-" * 200 + "\n" + "x\n" * 200, "-\n\na" * 9000])
def test_a_text_that_would_take_long_shows_as_it_was_written(evil: str) -> None:
    shown = as_html(f"<b>{evil}")

    assert shown.startswith("<p>&lt;b&gt;")
    assert "<table" not in shown
    assert "<li" not in shown


def test_all_texts_of_a_page_together_cost_no_more_than_a_page_may() -> None:
    with page_budget():
        shown = [as_html(f"*{number}* " * 1000) for number in range(30)]

    assert shown[0].startswith("<p><em>")
    assert shown[-1].startswith("<p>*29* *29*")


def test_a_long_readme_is_still_rendered() -> None:
    readme = (
        "# Title\n\nSome *words* and `code`, a [link](https://example.org).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        * 200
    )

    assert as_html(readme).count("<table>") == 200
