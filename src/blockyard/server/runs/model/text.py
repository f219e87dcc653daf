"""Texts and values of runners are kept whatever they are; only what a database cannot hold is replaced."""

import json
import re

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.errors import Invalid

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""Colours and cursor movements. Source: ECMA-48."""


def without_colours(text: str) -> str:
    """Return a log without colours and cursor movements."""
    return ANSI.sub("", text) if "\x1b" in text else text


def clean(text: str) -> str:
    """Return `text` without NUL characters and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def sound(value: Json, field: str) -> Json:
    """Return `value` without lone surrogates. Raises Invalid for NaN and infinity, which JSON does not have."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise Invalid(
            "the value has a number that JSON does not have", field=field, remedy="Send a finite number, or a text."
        ) from error
    parsed: Json = json.loads(text.encode(errors="replace"))
    return parsed
