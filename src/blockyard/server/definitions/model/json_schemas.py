"""JSON Schemas of inputs: whether they can be used, and whether a value fits. Source: api.md 3.17, concepts.md 6.2.

Schemas come from authors of definitions and may be made to cost much: nothing is ever fetched for one, and a value is
compared only with schemas that stay small when what they refer to is written out.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NoReturn

import jsonschema_rs

from blockyard.protocol.jsontypes import Json, JsonObject

MAX_SCHEMA_CHARACTERS = 65_536

MAX_JSON_CHARACTERS = 1_000_000
"""Longer JSON text would take the interpreter for too long."""

_MAX_PARTS = 1_000
"""How many parts a schema may have, written out, that values are compared with."""

_MAX_COMPARED = 10_000_000
"""Parts times characters of the value: what is larger is taken as it is."""

_MAX_DEPTH = 100

_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=1_000_000)


class SchemaError(ValueError):
    """A schema that cannot be used; the message says why."""


def check_schema(text: str) -> None:
    """Refuse what is no JSON Schema that stands for itself. Raises SchemaError."""
    if len(text) > MAX_SCHEMA_CHARACTERS:
        raise SchemaError(f"it is longer than {MAX_SCHEMA_CHARACTERS} characters")
    try:
        schema = read_json(text)
    except ValueError as error:
        raise SchemaError(f"it is not JSON ({error})") from error
    if not isinstance(schema, dict):
        raise SchemaError("it is not a JSON object")
    _made(schema)


def read_json(text: str) -> Json:
    """Return what JSON text stands for. Raises ValueError, also for numbers that JSON does not have, and deep nesting."""
    if len(text) > MAX_JSON_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_JSON_CHARACTERS} characters")
    try:
        parsed: Json = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if _depth(parsed, _MAX_DEPTH) > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    return parsed


def misfit(schema: str, text: str) -> str | None:
    """Return how JSON text does not fit a schema; None if it does, or if that would cost too much to find out.

    Raises ValueError if the text is no JSON.
    """
    value = read_json(text)
    known = _known(schema)
    if known is None or known[1] * len(text) > _MAX_COMPARED:
        return None
    error = next(iter(known[0].iter_errors(value)), None)
    if error is None:
        return None
    place = "/".join(str(step) for step in error.instance_path)
    shown = str(error.message)[:200]
    return f"at '{place}': {shown}" if place else shown


@lru_cache(maxsize=64)
def _known(text: str) -> tuple[jsonschema_rs.Validator, int] | None:
    schema = read_json(text)
    if not isinstance(schema, dict):
        return None
    parts = _parts(schema, schema, ())
    return None if parts > _MAX_PARTS else (_made(schema), parts)


def _made(schema: JsonObject) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(schema, offline=True, pattern_options=_PATTERNS)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise SchemaError(str(error).partition("\n")[0][:300]) from error


def _parts(part: Json, root: Json, inside: tuple[str, ...]) -> int:
    """Return how many parts a schema has with its references written out, too many where it is inside itself."""
    if isinstance(part, list):
        return _sum((item for item in part), root, inside)
    if not isinstance(part, dict):
        return 0
    found = 1 + _sum((item for key, item in part.items() if key not in {"$defs", "definitions"}), root, inside)
    for key in ("$ref", "$dynamicRef", "$recursiveRef"):
        reference = part.get(key)
        if not isinstance(reference, str):
            continue
        if reference in inside or len(inside) > _MAX_DEPTH:
            return _MAX_PARTS + 1
        found += _parts(_at(root, reference), root, (*inside, reference))
    return found


def _sum(parts: Iterator[Json], root: Json, inside: tuple[str, ...]) -> int:
    found = 0
    for part in parts:
        found += _parts(part, root, inside)
        if found > _MAX_PARTS:
            break
    return found


def _at(root: Json, reference: str) -> Json:
    """Return what a reference names within the schema; the schema itself where it is named in another way."""
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name, root) if isinstance(found, Mapping) else root
    return found


def _depth(value: Json, most: int) -> int:
    """Return how deeply lists and objects are nested, at most one more than `most`."""
    level, depth = [value], 0
    while level and depth <= most:
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        depth += 1
    return depth


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number in JSON")
