"""JSON answers: large ones are encoded aside and in pieces, and say the same."""

import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.http import media_class
from blockyard.server.kit.json_writer import SMALL_CHARACTERS, encode, encoded, is_small

LONG = "ä" * (SMALL_CHARACTERS + 1)
LARGE: dict[str, Json] = {
    "a long text": LONG,
    "a long text within": {"empty": {}, "none": None, "items": [1, LONG, {"x": [True, LONG]}, [], "end"]},
    "many numbers": [*range(100_000)],
    "many members": {f"key {at}": [at] for at in range(20_000)},
    "many large items": [{"value": LONG, "quote": '"'} for _ in range(3)],
    "a list of 500 and one": [*(["x" * 200] * 501)],
}


def compact(content: object) -> bytes:
    """Return the JSON text of `content` as one piece."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def sent(answer: Answer) -> list[Message]:
    """Return what an answer sends."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError("an answer waits for nothing")

    asyncio.run(_call(answer, {"type": "http"}, receive, send))
    return messages


async def _call(answer: Answer, scope: Scope, receive: Receive, send: Callable[[Message], object]) -> None:
    await answer(scope, receive, send)  # type: ignore[arg-type]  # a coroutine function


@pytest.mark.parametrize("name", LARGE)
def test_a_large_answer_is_sent_in_pieces_that_together_say_the_same(name: str) -> None:
    messages = sent(media_class("application/vnd.example")(LARGE[name], status_code=201, headers={"X-Kept": "yes"}))

    bodies = [message["body"] for message in messages[1:]]
    headers = dict(messages[0]["headers"])
    assert b"".join(bodies) == compact(LARGE[name])
    assert len(bodies) > 1
    assert [message["more_body"] for message in messages[1:]] == [True] * (len(bodies) - 1) + [False]
    assert messages[0]["status"] == 201
    assert headers[b"content-length"] == str(len(compact(LARGE[name]))).encode()
    assert (headers[b"content-type"], headers[b"x-kept"]) == (b"application/vnd.example", b"yes")


def test_a_small_answer_is_sent_at_once() -> None:
    start, body = sent(Answer({"name": "ä", "none": None}))

    assert body["body"] == compact({"name": "ä", "none": None})
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


def test_no_piece_is_much_longer_than_the_longest_text() -> None:
    pieces = [len(piece) for piece in encoded([LONG, *["x" * 200] * 5000, {"a": LONG, "b": LONG}])]

    assert max(pieces) < 2 * len(encode(LONG))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values, st.lists(st.just(LONG), max_size=2))
def test_pieces_say_what_one_piece_says(content: object, long: list[str]) -> None:
    document = {"before": content, "long": long, "after": [content, *long]}

    assert b"".join(encoded(document)) == compact(document)
    assert is_small(document) is not bool(long)
