"""What pydantic finds wrong, in our words: whoever reads it knows nothing of pydantic."""

from collections.abc import Mapping

from pydantic_core import ErrorDetails

_INSTANT = "must be a time with its zone, such as 2026-12-31T12:00:00Z"

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "has too many digits",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "date_from_datetime_parsing": "must be a date such as 2026-12-31",
    "date_parsing": "must be a date such as 2026-12-31",
    "date_type": "must be a date such as 2026-12-31",
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_type": _INSTANT,
    "timezone_aware": _INSTANT,
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "extra_forbidden": "is not known",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} items",
}
"""By pydantic's kind of error; the braces are filled from its context."""


def in_words(item: ErrorDetails) -> str:
    """Return what is wrong with a value, as the rest of a sentence that begins with its name."""
    if item["type"] in {"value_error", "assertion_error"}:  # a rule of ours, which has its own words
        return item["msg"].partition(", ")[2]
    kind, context = item["type"], item.get("ctx", {})
    if (
        kind in {"too_long", "too_short"} and context.get("field_type") == "Value"
    ):  # a text that a rule of ours has looked at
        kind = f"string_{kind}"
    if kind == "too_short" and context.get("min_length") == 1:
        kind = "string_too_short"
    words = _WORDS.get(kind, "is not valid")
    return words.format(**context)
