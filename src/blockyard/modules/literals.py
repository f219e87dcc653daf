"""HCL literal expressions as values, and values as JSON text: what an input of type CODE means to the engine.

Understood: all of JSON, objects with `key = value` or `key: value` separated by commas or newlines, unquoted keys,
trailing commas, comments (`#`, `//`, `/* */`), heredocs, numbers of any precision, booleans and null. Not understood,
so text: everything that must be computed, such as interpolation, arithmetic, parentheses, `for`, functions and
references. Source: runner.md 3.9, rule 6.
"""

import json
import math
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn, TypeAlias

from blockyard.protocol.jsontypes import Json

Literal: TypeAlias = "bool | int | float | Decimal | str | list[Literal] | dict[str, Literal] | None"

MAX_DIGITS = 4000
"""Longest number taken for one; longer ones stay text. Python refuses to convert more than 4300 digits."""


class NotLiteralError(ValueError):
    """The text is no literal expression: it is broken, or something would have to be computed."""


def parse(text: str) -> Literal:
    """Return the value of `text`. Raises NotLiteralError."""
    if "${" not in text and "%{" not in text:
        try:
            value: Literal = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse)
        except (ValueError, RecursionError):
            pass  # perhaps the wider language
        else:
            return value
    value, end = parse_at(text, 0)
    scanner = _Scanner(text, end)
    scanner.skip(newlines=True)
    if not scanner.at_end:
        raise scanner.error("unexpected text after the expression")
    return value


def parse_at(text: str, start: int) -> tuple[Literal, int]:
    """Return the value of the literal that begins at `start`, and where it ends. Raises NotLiteralError."""
    scanner = _Scanner(text, start)
    try:
        value = _expression(scanner, newlines=True)
    except RecursionError:
        raise NotLiteralError("nested too deeply") from None
    return value, scanner.position


def dumps(value: Literal, *, sort_keys: bool = False, ensure_ascii: bool = True) -> str:
    """Write `value` as compact JSON. Numbers keep every digit. Raises RecursionError on what is nested too deeply."""
    try:
        return json.dumps(value, separators=(",", ":"), sort_keys=sort_keys, ensure_ascii=ensure_ascii, allow_nan=False)
    except TypeError:
        return _dumps_with_decimals(value, sort_keys=sort_keys, ensure_ascii=ensure_ascii)


def _dumps_with_decimals(value: Literal, *, sort_keys: bool, ensure_ascii: bool) -> str:
    match value:
        case str():
            return json.dumps(value, ensure_ascii=ensure_ascii)
        case Decimal():
            return _plain(value)
        case list():
            items = (_dumps_with_decimals(item, sort_keys=sort_keys, ensure_ascii=ensure_ascii) for item in value)
            return "[" + ",".join(items) + "]"
        case dict():
            pairs = sorted(value.items()) if sort_keys else value.items()
            members = (
                json.dumps(key, ensure_ascii=ensure_ascii)
                + ":"
                + _dumps_with_decimals(item, sort_keys=sort_keys, ensure_ascii=ensure_ascii)
                for key, item in pairs
            )
            return "{" + ",".join(members) + "}"
        case _:
            return json.dumps(value, allow_nan=False)


def read_json(text: str | bytes) -> Literal:
    """Return what JSON says, all numbers exactly. Raises ValueError, RecursionError."""
    value: Literal = json.loads(text, parse_float=_exact_fraction, parse_int=_exact_integer)
    return value


def digits(value: Decimal) -> str:
    """Return a number as the text of its digits."""
    return _plain(value)


def pretty(value: Literal) -> str:
    """Write `value` as JSON in indented lines. Numbers keep every digit. Raises RecursionError."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except TypeError:
        return _pretty(value, "\n")


def _pretty(value: Literal, line_end: str) -> str:
    inner = f"{line_end}  "
    match value:
        case list() if value:
            return "[" + inner + f",{inner}".join(_pretty(item, inner) for item in value) + line_end + "]"
        case dict() if value:
            members = (f"{json.dumps(key, ensure_ascii=False)}: {_pretty(item, inner)}" for key, item in value.items())
            return "{" + inner + f",{inner}".join(members) + line_end + "}"
        case _:
            return _dumps_with_decimals(value, sort_keys=False, ensure_ascii=False)


def from_json(value: Json) -> Literal:
    """Return a plain JSON value as a literal."""
    match value:
        case list():
            return [from_json(item) for item in value]
        case dict():
            return {key: from_json(item) for key, item in value.items()}
        case _:
            return value


def to_json(value: Literal) -> Json:
    """Return `value` with fractions as floats, for places that take plain JSON values."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {key: to_json(item) for key, item in value.items()}
        case _:
            return value


def _plain(value: Decimal) -> str:
    _sign, _digits, exponent = value.as_tuple()
    if abs(value.adjusted()) > MAX_DIGITS or not isinstance(exponent, int):
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exact_fraction(text: str) -> float | Decimal:
    """Return a float where that is exactly the number, as decimal digits go."""
    number, exact = float(text), Decimal(text)
    return number if math.isfinite(number) and Decimal(repr(number)) == exact else exact


def _exact_integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= MAX_DIGITS else Decimal(text)


def _integer(text: str) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise NotLiteralError("a number of more than 4000 digits")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise NotLiteralError("a number of more than 4000 digits")
    return Decimal(text)


def _refuse(name: str) -> NoReturn:
    raise NotLiteralError(f"{name} is not a number")


_BLANK = re.compile(r"(?:[ \t]|/\*.*?\*/)*", re.DOTALL)
_BLANK_OR_NEWLINE = re.compile(r"(?:[ \t\n]|\r\n|/\*.*?\*/|(?:#|//)[^\n]*)*", re.DOTALL)
_LINE_END = re.compile(r"(?:(?:#|//)[^\n]*)?(?:\r?\n|\Z)")
_NUMBER = re.compile(r"-?[ \t]*[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)\r?\n")
_PLAIN_STRING = re.compile(r'[^"\\$%\n]+')
_KEYWORDS: dict[str, Literal] = {"null": None, "true": True, "false": False}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SURROGATES = range(0xD800, 0xE000)
_HEX_DIGITS = {"u": 4, "U": 8}


class _Scanner:
    """A position in a text."""

    def __init__(self, text: str, position: int) -> None:
        self.text = text
        self.position = position

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def skip(self, *, newlines: bool) -> None:
        """Pass blanks and comments; line ends too if `newlines`."""
        match = (_BLANK_OR_NEWLINE if newlines else _BLANK).match(self.text, self.position)
        self.position = match.end() if match else self.position

    def take(self, token: str) -> bool:
        """Pass `token` if it comes next; say whether it did."""
        found = self.text.startswith(token, self.position)
        self.position += len(token) if found else 0
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Pass what `pattern` matches here, if it does."""
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def error(self, why: str) -> NotLiteralError:
        line = self.text.count("\n", 0, self.position) + 1
        return NotLiteralError(f"line {line}: {why}")


def _expression(scanner: _Scanner, *, newlines: bool) -> Literal:
    scanner.skip(newlines=newlines)
    for opening, parser in _COMPOUND.items():
        if scanner.take(opening):
            return parser(scanner)
    if heredoc := scanner.match(_HEREDOC):
        return _heredoc(scanner, marker=heredoc[2], flush=bool(heredoc[1]))
    if number := scanner.match(_NUMBER):
        text = number[0].replace(" ", "").replace("\t", "")
        return _decimal(text) if number[1] or number[2] else _integer(text)
    word = scanner.match(_IDENTIFIER)
    if word and word[0] in _KEYWORDS:
        return _KEYWORDS[word[0]]
    raise scanner.error("no literal")


def _list(scanner: _Scanner) -> Literal:
    items: list[Literal] = []
    while True:
        scanner.skip(newlines=True)
        if scanner.take("]"):
            return items
        items.append(_expression(scanner, newlines=True))
        scanner.skip(newlines=True)
        if not scanner.take(","):
            if scanner.take("]"):
                return items
            raise scanner.error("a comma or ] is missing in a list")


def _object(scanner: _Scanner) -> Literal:
    members: dict[str, Literal] = {}
    while True:
        scanner.skip(newlines=True)
        if scanner.take("}"):
            return members
        key = _key(scanner, first=not members)
        scanner.skip(newlines=False)
        if scanner.text.startswith(("==", "=>"), scanner.position) or not (scanner.take("=") or scanner.take(":")):
            raise scanner.error("= or : is missing after a key")
        members[key] = _expression(scanner, newlines=False)
        scanner.skip(newlines=False)
        if scanner.take("}"):
            return members
        if not scanner.take(",") and (scanner.at_end or not scanner.match(_LINE_END)):
            raise scanner.error("a comma or line end is missing in an object")


def _key(scanner: _Scanner, *, first: bool) -> str:
    if scanner.take('"'):
        return _quoted(scanner)
    if number := scanner.match(_NUMBER):
        return _plain(_decimal(number[0].replace(" ", "").replace("\t", "")))
    word = scanner.match(_IDENTIFIER)
    if word is None or (first and word[0] == "for"):
        raise scanner.error("no key")
    return word[0]


def _quoted(scanner: _Scanner) -> str:
    parts: list[str] = []
    while not scanner.take('"'):
        if plain := scanner.match(_PLAIN_STRING):
            parts.append(plain[0])
        elif scanner.take("\\"):
            parts.append(_escape(scanner))
        elif (sign := scanner.text[scanner.position : scanner.position + 1]) in {"$", "%"}:
            parts.append(_sign(scanner, sign))
        else:
            raise scanner.error("a string without its end")
    return "".join(parts)


def _sign(scanner: _Scanner, sign: str) -> str:
    """Pass `$` or `%`: alone it is itself, doubled before a brace an escape, single before one a computation."""
    if scanner.take(sign + sign + "{"):
        return sign + "{"
    if scanner.take(sign + "{"):
        raise scanner.error("something to compute inside a string")
    scanner.position += 1
    return sign


def _escape(scanner: _Scanner) -> str:
    letter = scanner.text[scanner.position : scanner.position + 1]
    scanner.position += 1
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    width = _HEX_DIGITS.get(letter, 0)
    digits = scanner.text[scanner.position : scanner.position + width]
    if not width or not re.fullmatch(rf"[0-9a-fA-F]{{{width}}}", digits):
        raise scanner.error("an unknown escape in a string")
    scanner.position += width
    code = int(digits, 16)
    return chr(code) if code <= sys.maxunicode and code not in _SURROGATES else "\ufffd"


def _heredoc(scanner: _Scanner, *, marker: str, flush: bool) -> str:
    end = re.compile(rf"^[ \t]*{re.escape(marker)}[ \t]*(?=\r?\n)", re.MULTILINE).search(scanner.text, scanner.position)
    if end is None:
        raise scanner.error("a heredoc without its end")
    body = scanner.text[scanner.position : end.start()]
    scanner.position = end.end()
    return _template_text(_flushed(body) if flush else body)


def _flushed(body: str) -> str:
    lines = body.splitlines(keepends=True)
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "".join(line[margin:] if line.strip() else line for line in lines)


def _template_text(body: str) -> str:
    scanner, parts = _Scanner(body, 0), list[str]()
    while not scanner.at_end:
        if plain := scanner.match(re.compile(r"[^$%]+")):
            parts.append(plain[0])
        else:
            parts.append(_sign(scanner, body[scanner.position]))
    return "".join(parts)


_COMPOUND: dict[str, Callable[[_Scanner], Literal]] = {'"': _quoted, "[": _list, "{": _object}
