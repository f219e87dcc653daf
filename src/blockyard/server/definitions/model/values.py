"""Which values inputs and outputs may have; pure. Source: concepts.md 6.1, 6.2 and 7, runner.md 1.5.1, 1.7 and 3.10."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from blockyard.modules import literals
from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.definitions.model.definition import DeclaredType, InputSpec, OutputSpec, Value
from blockyard.server.definitions.model.json_schemas import read_json
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.patterns import PatternError, matches
from blockyard.server.runners.model import StoredSecret

_LARGE_REMEDY = "Keep large data in a file store and pass its address."

MAX_VALUE_BYTES = 16 * 1024 * 1024
"""No value may be larger, written as JSON. Source: architecture.md 8."""

MAX_INTEGER = 2**63 - 1
"""Clients hold integers in 64 bits."""

PATTERN_TYPES = frozenset(
    {InputType.STRING, InputType.CODE, InputType.INTEGER, InputType.BOOLEAN, InputType.SINGLE_SELECT}
)
"""Types whose values may be checked against a regular expression: any scalar. Source: concepts.md 6.1."""

_DATA_URI = re.compile(r"data:([^,\0-\x1f]*);base64,([A-Za-z0-9+/]*={0,2})\Z")


def check_value(spec: InputSpec, value: Json, *, pointer: str) -> None:
    """Refuse a value that does not fit the type, the options or the regular expression of `spec`. Raises Invalid.

    The value of a sensitive input is checked in clear, before it is sealed; messages never repeat it.
    """
    options = spec.selectable_values
    if spec.option_sources:  # they are known only together with the other values, see `model.checking`
        options = tuple(texts_of(value))
    check_type(spec.type, options, value, label=spec.label, pointer=pointer)
    if spec.is_json and isinstance(value, str):
        _check_json(spec, value, pointer=pointer)
    if spec.value_validation_regex and spec.type in PATTERN_TYPES:
        _check_pattern(spec, spec.value_validation_regex, value, pointer=pointer)


def check_type(type_: InputType, options: tuple[str, ...] | None, value: Json, *, label: str, pointer: str) -> None:
    """Refuse a value that does not fit the type or the options. Raises Invalid."""
    problem = _type_problem(type_, options or (), value)
    if problem is not None:
        sentence, remedy = problem
        raise Invalid(f"the value of input '{label}' {sentence}", code="InvalidValue", field=pointer, remedy=remedy)
    if _size(value) > MAX_VALUE_BYTES:
        raise Invalid(
            f"the value of input '{label}' is larger than {MAX_VALUE_BYTES} bytes",
            code="ValueTooLarge",
            field=pointer,
            remedy=_LARGE_REMEDY,
        )


def check_offered(spec: InputSpec, value: Json, options: Sequence[str], *, pointer: str) -> None:
    """Refuse what is not among the options of now. Raises Invalid."""
    check_type(spec.type, tuple(options), value, label=spec.label, pointer=pointer)


def texts_of(value: Value) -> list[str]:
    """Return the options that the value of a select names."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def usable_value(type_: InputType, value: Value) -> Value:
    """Return a default or an argument as blocks and runs use it: what was written as JSON is code in text there."""
    if type_ is not InputType.CODE or value is None or isinstance(value, str | StoredSecret):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def file_content(value: str) -> bytes:
    """Return what a FILE value holds. Raises ValueError if it is no data URI with base64."""
    match = _DATA_URI.match(value)
    if match is None:
        raise ValueError("not of the form data:<media type>;base64,<content>")
    try:
        return base64.b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise ValueError("its base64 is broken") from error


def feeds(output: DeclaredType, input_: InputType) -> bool:
    """Whether an output of one type may become the value of an input of the other."""
    texts = {DeclaredType.STRING, DeclaredType.CODE, DeclaredType.FILE}
    match input_:
        case InputType.STRING | InputType.CODE | InputType.LIST | InputType.SINGLE_SELECT | InputType.FILE:
            return output in texts
        case InputType.INTEGER:
            return output is DeclaredType.INTEGER
        case InputType.BOOLEAN:
            return output is DeclaredType.BOOLEAN
        case InputType.MULTI_SELECT:
            return output is DeclaredType.CODE
        case _:
            assert_never(input_)


def check_output(spec: OutputSpec, value: Json) -> Json:
    """Return the value a run reported for a declared output, in the declared type. Raises Invalid.

    STRING and CODE take each other; CODE takes everything, as JSON text, objects and lists indented. Source: concepts.md 7.
    """
    if _size(value) > MAX_VALUE_BYTES:
        raise Invalid(
            f"output '{spec.key}' is larger than {MAX_VALUE_BYTES} bytes",
            code="ValueTooLarge",
            remedy=_LARGE_REMEDY,
        )
    expected = spec.type.run_type
    if expected in {OutputType.STRING, OutputType.CODE}:
        if isinstance(value, str):
            return value
        if expected is OutputType.CODE and value is not None:
            return json.dumps(value, indent=2, ensure_ascii=False)
    if expected is OutputType.BOOLEAN and isinstance(value, bool):
        return value
    if expected is OutputType.INTEGER and _is_number(value):
        return value
    raise Invalid(
        f"output '{spec.key}' should be {expected} but is {_kind(value)}",
        code="InvalidOutput",
        remedy="Change the type of the output in the definition, or what the automation returns.",
    )


def _is_number(value: Json) -> bool:
    """Tell whether a value is a number, or the digits of one that JSON readers would round."""
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None and isinstance(literals.read_json(value), Decimal)
    return isinstance(value, int | float) and not isinstance(value, bool)


_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def is_web_address(value: Json) -> bool:
    """Tell whether a value can be shown as a link."""
    if not isinstance(value, str):
        return False
    address = addresses.split(value)
    if address is None or address.scheme not in {"http", "https"}:
        return False
    return address.has_host and not any(map(str.isspace, value))


def input_from_output(type_: InputType, value: Json) -> Json:
    """Return the value an input of `type_` takes from a parent's output. Raises ValueError if it cannot be converted.

    Options of a MULTI_SELECT input come as JSON text, since outputs of lists are text.
    """
    if type_ is not InputType.MULTI_SELECT or not isinstance(value, str):
        return value
    parsed: Json = json.loads(value)
    return parsed


def _type_problem(  # noqa: PLR0911  one for each type
    type_: InputType, options: tuple[str, ...], value: Json
) -> tuple[str, str] | None:
    match type_:
        case InputType.STRING:
            return None if isinstance(value, str) else ("must be text", "Send a JSON string.")
        case InputType.CODE:
            if isinstance(value, str):
                return None
            return "must be text", "Send structured code as a JSON string that holds the code."
        case InputType.LIST:
            return None if isinstance(value, list | str) else ("must be a list", "Send a JSON array.")
        case InputType.INTEGER:
            whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
            return (
                None if whole else ("must be a whole number of at most 64 bits", "Send a JSON number without quotes.")
            )
        case InputType.BOOLEAN:
            return None if isinstance(value, bool) else ("must be true or false", "Send true or false without quotes.")
        case InputType.SINGLE_SELECT:
            chosen = isinstance(value, str) and value in options
            return None if chosen else ("must be one of the options", _choose("Choose one of", options))
        case InputType.MULTI_SELECT:
            return _choice_problem(options, value)
        case InputType.FILE:
            return _file_problem(value)
        case _:
            assert_never(type_)


def _choice_problem(options: tuple[str, ...], value: Json) -> tuple[str, str] | None:
    if not isinstance(value, list):
        return "must be a list of options", _choose("Send a JSON array of some of", options)
    offered = frozenset(options)
    texts = [item for item in value if isinstance(item, str) and item in offered]
    if len(texts) < len(value):
        return "must hold only options", _choose("Choose among", options)
    if len(set(texts)) < len(texts):
        return "must name each option once", "Remove the repeated options."
    return None


def _file_problem(value: Json) -> tuple[str, str] | None:
    remedy = "Send the file as data:<media type>;base64,<content>."
    if not isinstance(value, str):
        return "must be a file", remedy
    try:
        file_content(value)
    except ValueError as error:
        return f"must be a file: it is {error}", remedy
    return None


def _check_json(spec: InputSpec, text: str, *, pointer: str) -> None:
    try:
        read_json(text)
    except ValueError as error:
        raise Invalid(
            f"the value of input '{spec.label}' must be JSON text, and {_without_position(error)}",
            code="InvalidValue",
            field=pointer,
            remedy='Send a JSON string that holds JSON, such as "{\\"size\\": 3}".',
        ) from error


def _without_position(error: ValueError) -> str:
    """Return what is wrong with JSON text; nothing of the text itself, which may be a secret."""
    if isinstance(error, json.JSONDecodeError):
        return f"it is not from line {error.lineno}, character {error.colno} on"
    return str(error)


def _check_pattern(spec: InputSpec, pattern: str, value: Json, *, pointer: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    remedy = spec.validation_regex_error_message or f"Send a value that matches {pattern} as a whole."
    try:
        fits = matches(pattern, text)
    except PatternError as error:
        raise Invalid(
            f"the value of input '{spec.label}' cannot be checked: {error}",
            code="PatternTooSlow",
            field=pointer,
            remedy="Send a shorter value, or ask the owner of the definition for a simpler regular expression.",
        ) from error
    if not fits:
        raise Invalid(
            f"the value of input '{spec.label}' does not match the required pattern"
            + (f": {spec.validation_regex_error_message}" if spec.validation_regex_error_message else ""),
            code="PatternMismatch",
            field=pointer,
            remedy=remedy,
        )


def _size(value: Json) -> int:
    return len(value.encode()) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False).encode())


def _choose(words: str, options: tuple[str, ...]) -> str:
    return f"{words}: {_listed(options)}." if options else "There is nothing to choose from at the moment."


def _listed(options: tuple[str, ...]) -> str:
    shown = ", ".join(options[:20])
    return shown if len(options) <= 20 else f"{shown} and {len(options) - 20} more"  # noqa: PLR2004  what fits a line or two


def _kind(value: Json) -> str:
    if value is None:
        return "missing"
    names: dict[type, str] = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")
