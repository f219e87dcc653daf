"""Reads JSON of requests: small documents at once, large ones piece by piece, so that one upload does not hold up everybody else.

`json.loads` keeps the interpreter to itself until it is done, in whatever thread it runs, and the standard library's scanner in
Python still leaves a whole string, a number or a run of blanks to C. Here others get their turn between any two values and within
long ones: C sees no more than some hundred kilobytes at once. What is read, and what is refused, is what `json.loads` reads and refuses;
but numbers have a limit of their own in both: Python refuses to convert those of more than 4300 digits, without saying so.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

from blockyard.server.kit.http import HttpRefusal

MAX_VALUES = 200_000
"""A large document may hold so many values: each takes some hundred bytes of memory, however short its text."""

MAX_TEXT_CHARACTERS = 24_000_000
"""Of one string: a file of 16 MB in base64, with room. The exact limits are on what it stands for."""

MAX_NUMBER_CHARACTERS = 4000
"""Of a number that is converted."""

MAX_WRITTEN_CHARACTERS = 64 * 1024
"""Of a number that is kept as it is written: far more than engines write."""

_PIECE_BYTES = 64 * 1024
_QUOTE, _COLON, _COMMA = b'":,'
_OPEN_OBJECT, _END_OBJECT, _OPEN_ARRAY, _END_ARRAY = b"{}[]"
_LAST_BLANK = 0x20

_BLANKS = re.compile(rb"[ \t\n\r]{0,65536}+")
_NUMBER = re.compile(rb"(-?(?:0|[1-9][0-9]{0,65536}+))(\.[0-9]{1,65536}+)?([eE][-+]?[0-9]{1,65536}+)?")
_TEXT = re.compile(
    rb'(?:[^"\\\x80-\xff]{1,256}+|(?:[\xc2-\xf4][\x80-\xbf]{1,3}+){1,64}+'
    rb"|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\[^u]){1,1000}+",
    re.DOTALL,
)
"""Part of a string: whole characters, whole escapes, whole pairs of escapes that are one character."""

_WORDS: dict[bytes, object] = {
    b"true": True,
    b"false": False,
    b"null": None,
    b"NaN": float("nan"),
    b"Infinity": float("inf"),
    b"-Infinity": -float("inf"),
}
_WORD = re.compile(b"|".join(_WORDS))


Number = Callable[[str], object]
"""Makes a number of its text."""


def load_json(body: bytes, number: Number | None = None) -> object:
    """Return what a small `body` says, read at once; `number` makes numbers of their texts.

    Raises ValueError, RecursionError, HttpRefusal.
    """
    whole, fraction = _numbers(number)
    document: object = json.loads(body, parse_int=whole, parse_float=fraction)
    return document


def load_large_json(body: bytes, number: Number | None = None) -> object:
    """Return what `body` says, read piece by piece; `number` makes numbers of their texts.

    Raises ValueError, RecursionError, HttpRefusal.
    """
    return _Reader(body, *_numbers(number)).document()


def _numbers(number: Number | None) -> tuple[Number, Number]:
    """Return what makes whole numbers and others, of texts that are not too long."""
    if number is not None:
        written = _limited(number, MAX_WRITTEN_CHARACTERS)
        return written, written
    return _limited(int, MAX_NUMBER_CHARACTERS), _limited(float, MAX_NUMBER_CHARACTERS)


def _limited(make: Number, max_characters: int) -> Number:
    def number(text: str) -> object:
        if len(text) > max_characters:
            raise _too_much("a number of more than {} characters", max_characters, "NumberTooLong")
        return make(text)

    return number


class _Reader:
    """Reads one document. Each method takes where in it to read, and returns what it read and where that ends."""

    def __init__(self, body: bytes, whole: Number, fraction: Number) -> None:
        self._body = body
        self._whole, self._fraction = whole, fraction
        self._left = MAX_VALUES
        self._keys: dict[str, str] = {}

    def document(self) -> object:
        """Return the whole document."""
        try:
            value, end = self._value(self._skip(0))
        except IndexError:
            raise ValueError("the document ends too early") from None
        if self._skip(end) != len(self._body):
            raise self._unexpected(end)
        return value

    def _value(self, at: int) -> tuple[object, int]:
        first = self._body[at]
        if first == _QUOTE:
            return self._string(at + 1)
        if first == _OPEN_OBJECT:
            return self._object(at + 1)
        if first == _OPEN_ARRAY:
            return self._array(at + 1)
        if found := _NUMBER.match(self._body, at):
            return self._number(found), found.end()
        if word := _WORD.match(self._body, at):
            return _WORDS[word.group()], word.end()
        raise self._unexpected(at)

    def _array(self, at: int) -> tuple[object, int]:
        values: list[object] = []
        at = self._skip(at)
        if self._body[at] == _END_ARRAY:
            return values, at + 1
        while True:
            self._count()
            value, at = self._value(at)
            values.append(value)
            at = self._skip(at)
            if self._body[at] == _END_ARRAY:
                return values, at + 1
            at = self._skip(self._past(_COMMA, at))

    def _object(self, at: int) -> tuple[object, int]:
        members: dict[str, object] = {}
        at = self._skip(at)
        if self._body[at] == _END_OBJECT:
            return members, at + 1
        while True:
            self._count()
            key, at = self._string(self._past(_QUOTE, at))
            at = self._skip(self._past(_COLON, self._skip(at)))
            members[self._keys.setdefault(key, key)], at = self._value(at)
            at = self._skip(at)
            if self._body[at] == _END_OBJECT:
                return members, at + 1
            at = self._skip(self._past(_COMMA, at))

    def _string(self, at: int) -> tuple[str, int]:
        end = self._body.find(b'"', at, at + _PIECE_BYTES)
        if end >= 0 and self._body.find(b"\\", at, end) < 0:
            return self._text(at, end), end + 1
        parts: list[str] = []
        length = 0
        while self._body[at] != _QUOTE:
            found = _TEXT.match(self._body, at)
            if found is None:
                raise self._unexpected(at)
            parts.append(self._text(at, found.end()))
            at, length = found.end(), length + len(parts[-1])
            if length > MAX_TEXT_CHARACTERS:
                raise _too_much("a text of more than {} characters", MAX_TEXT_CHARACTERS, "TextTooLong")
        return "".join(parts), at + 1

    def _text(self, start: int, end: int) -> str:
        text: str = scanstring(self._body[start:end].decode() + '"', 0, True)[0]  # noqa: FBT003  takes no names
        return text

    def _number(self, found: re.Match[bytes]) -> object:
        _, fraction, exponent = (
            found.groups()
        )  # a part that is cut off where the pattern ends is too long for both limits
        make = self._whole if fraction is None and exponent is None else self._fraction
        return make(found.group().decode())

    def _skip(self, at: int) -> int:
        """Return where the blanks at `at` end."""
        body = self._body
        while at < len(body) and body[at] <= _LAST_BLANK:
            found = _BLANKS.match(body, at)
            if found is None or found.end() == at:
                break
            at = found.end()
        return at

    def _past(self, expected: int, at: int) -> int:
        if self._body[at] != expected:
            raise self._unexpected(at)
        return at + 1

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _too_much("more than {} values", MAX_VALUES, "TooManyValues")

    def _unexpected(self, at: int) -> ValueError:
        return ValueError(f"byte {at} of the document is unexpected")


def _too_much(what: str, limit: int, code: str) -> HttpRefusal:
    return HttpRefusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code,
        f"the document holds {what.format(limit)}",
        remedy="Send less at once.",
    )
