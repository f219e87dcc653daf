"""How names are compared with what somebody looks for."""

import pytest

from blockyard.server.home.model import pieces, rank


@pytest.mark.parametrize(
    ("better", "worse", "text"),
    [
        ("queue", "queue 2", "Queue"),
        ("queue 2", "my queue", "queue"),
        ("my queue", "dequeued", "queue"),
        ("dequeued", "queeu", "queue"),
    ],
)
def test_exact_names_come_first_then_beginnings_words_parts_and_typing_errors(
    better: str, worse: str, text: str
) -> None:
    ranks = rank(text, better), rank(text, worse)

    assert ranks[0] is not None
    assert ranks[1] is not None
    assert ranks[0] < ranks[1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("queeu", "queue 7"),
        ("quue", "queue 7"),
        ("queuue", "queue 7"),
        ("quaue", "queue 7"),
        ("stagnig clustre", "the staging cluster"),
    ],
)
def test_a_typing_error_is_forgiven_and_two_in_long_texts(text: str, name: str) -> None:
    assert rank(text, name) is not None
    assert any(piece in name for piece in pieces(text))


@pytest.mark.parametrize(("text", "name"), [("que", "qeu"), ("queue", "bucket"), ("abcd", "wxyz"), ("quzzue", "queue")])
def test_what_differs_more_does_not_fit(text: str, name: str) -> None:
    assert rank(text, name) is None


@pytest.mark.parametrize("text", ["a", "queue", "a long text of words", "ß" * 20, ""])
def test_pieces_are_the_whole_text_again(text: str) -> None:
    assert "".join(pieces(text)) == text.casefold().strip()
