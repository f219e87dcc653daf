"""Reads input values given as text on the command line, by the type of the input. Source: api.md 3.17, concepts.md 6.2."""

import base64
import json
import mimetypes
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from blockyard.cli.exits import Failure, usage
from blockyard.cli.model import FROM_CONSUMERS, OPERATOR_INPUT, Input, Version
from blockyard.protocol.jsontypes import Json, JsonObject

MAX_BYTES = 16 * 1024 * 1024
"""Longest value. Source: architecture.md 8."""

SETTABLE = FROM_CONSUMERS | {OPERATOR_INPUT}
TRUE = frozenset({"true", "yes", "on"})
FALSE = frozenset({"false", "no", "off"})


@dataclass(frozen=True, slots=True)
class GivenText:
    """A text given for an input, and whether it was read from a file."""

    text: str
    from_file: bool = False


Given = Mapping[str, list[GivenText]]
"""The texts given for each key, in their order."""


def split_assignments(assignments: Iterable[str], files: Iterable[str] = ()) -> Given:
    """Return the texts of `KEY=VALUE` and the contents of `KEY=PATH`, by key. Raises Failure (usage)."""
    given: dict[str, list[GivenText]] = {}
    for assignment in assignments:
        key, value = _halves(assignment, "KEY=VALUE")
        given.setdefault(key, []).append(GivenText(value))
    for assignment in files:
        key, path = _halves(assignment, "KEY=PATH")
        content = _bytes(path, key)
        try:
            given.setdefault(key, []).append(GivenText(content.decode(), from_file=True))
        except UnicodeDecodeError:
            raise usage(
                f"'{path}' for input '{key}' is not text", f"Use -i {key}=@{path} if the input is a file."
            ) from None
    return given


def _halves(assignment: str, shape: str) -> tuple[str, str]:
    key, equals, value = assignment.partition("=")
    if not equals or not key:
        # The text may be a secret whose key was forgotten: it is not repeated.
        raise usage(f"an input is given as {shape}")
    return key, value


def read_values(version: Version, given: Given) -> JsonObject:
    """Return the wire values of the given inputs of a version. Raises Failure (usage)."""
    known = version.inputs_by_key
    values: JsonObject = {}
    for key, texts in given.items():
        item = known.get(key)
        if item is None or item.assignment not in SETTABLE:
            settable = [name for name, known_input in known.items() if known_input.assignment in SETTABLE]
            raise usage(
                f"input '{key}' cannot be given to version {version.number}",
                f"Its inputs are: {', '.join(settable)}." if settable else "It takes no inputs.",
            )
        values[key] = wire_value(item, [_without_last_newline(item, given_text) for given_text in texts])
    return values


def _without_last_newline(item: Input, given: GivenText) -> str:
    """Return the text; editors and `echo` end a file with a newline that nobody means to be part of a STRING."""
    if given.from_file and item.type == "STRING" and given.text.endswith("\n"):
        return given.text[:-1].removesuffix("\r")
    return given.text


def exposed_secrets(version: Version, given: Given) -> list[str]:
    """Return the keys of secrets that were given as words of the command, where other users may see them."""
    known = version.inputs_by_key
    return [
        key
        for key, texts in given.items()
        if key in known
        and known[key].sensitive
        and any(not (text.from_file or text.text.startswith("@")) for text in texts)
    ]


def wire_value(item: Input, texts: list[str]) -> JsonObject:
    """Return one member of a building block's `spec.inputs`. Raises Failure (usage)."""
    value = parse(item, texts)
    return {"value": {"plaintext": value} if item.sensitive else value, "isSensitive": item.sensitive}


def parse(item: Input, texts: list[str]) -> Json:
    """Return the value that `texts` stand for. Only a MULTI_SELECT takes more than one. Raises Failure (usage)."""
    if item.type == "MULTI_SELECT":
        return _choices(item, texts)
    if len(texts) > 1:
        raise usage(f"input '{item.key}' is given more than once")
    text = texts[0]
    if len(text) > MAX_BYTES:
        raise _wrong(item, "at most 16 MB")
    reader = _READERS.get(item.type)
    return reader(item, text) if reader else text


def _wrong(item: Input, expected: str) -> Failure:
    return usage(f"input '{item.key}' ({item.type}) must be {expected}")


def _integer(item: Input, text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?\d{1,4000}\s*", text):
        raise _wrong(item, "a whole number")
    return int(text)


def _boolean(item: Input, text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise _wrong(item, "true or false")
    return word in TRUE


def _choice(item: Input, text: str) -> str:
    if item.options and text not in item.options:
        raise _wrong(item, f"one of: {', '.join(item.options)}")
    return text


def _choices(item: Input, texts: list[str]) -> list[Json]:
    """Options may hold commas, so an exact option goes before a comma-separated list of them."""
    chosen: list[str] = []
    for text in texts:
        if text in item.options:
            chosen.append(text)
        elif text.lstrip().startswith("["):
            chosen += [str(part) for part in _json_array(item, text)]
        else:
            chosen += [part.strip() for part in text.split(",") if part.strip()]
    for choice in chosen:
        _choice(item, choice)
    return list(dict.fromkeys(chosen))


def _list(item: Input, text: str) -> list[Json]:
    return _json_array(item, text)


def _json_array(item: Input, text: str) -> list[Json]:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise _wrong(item, "a JSON array")
    return value


def _code(item: Input, text: str) -> str:
    """Code is text: it is kept as its author formatted it. `@path` reads a file, `@@` begins a text with `@`."""
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    try:
        return _bytes(text[1:], item.key).decode()
    except UnicodeDecodeError:
        raise _wrong(item, "text in UTF-8") from None


def _file(item: Input, text: str) -> str:
    if text.startswith("data:"):
        return text
    if not text.startswith("@"):
        raise _wrong(item, "@path of a file, or a data URI")
    media = mimetypes.guess_type(text[1:])[0] or "application/octet-stream"
    return f"data:{media};base64,{base64.b64encode(_bytes(text[1:], item.key)).decode()}"


_READERS: Mapping[str, Callable[[Input, str], Json]] = {
    "INTEGER": _integer,
    "BOOLEAN": _boolean,
    "SINGLE_SELECT": _choice,
    "FILE": _file,
    "CODE": _code,
    "JSON": _code,
    "LIST": _list,
}
"""How texts of a type are read; others are taken as they are."""


def _bytes(path: str, key: str) -> bytes:
    """Return the content of a file; `-` is standard input."""
    try:
        content = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else _content(Path(path).expanduser())
    except OSError as error:
        raise usage(f"'{path}' for input '{key}' cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise usage(f"'{path}' for input '{key}' is larger than 16 MB")
    return content


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
