"""What is wrong with settings, in words: by the name of the variable, never with a value."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "less_than_equal": "must be at most {le}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_too_short": "must not be empty",
}
"""By pydantic's kind of error; the braces are filled from its context."""

_OTHER_FORM = frozenset({"string_pattern_mismatch", "value_error"})
"""Kinds of errors of settings whose description says what they must be."""


def explain(error: ValidationError, model: type[BaseModel], prefix: str) -> str:
    """Return what is wrong with the settings of `model`, whose variables begin with `prefix`.

    A setting of a certain form says in its description what it must be.
    """
    return "; ".join(_sentence(item, model, prefix) for item in error.errors(include_input=False, include_url=False))


def _sentence(item: ErrorDetails, model: type[BaseModel], prefix: str) -> str:
    if not item["loc"]:
        return item["msg"].removeprefix("Value error, ")
    name = str(item["loc"][0])
    variable = prefix + name.upper()
    if item["type"] == "extra_forbidden":
        return f"unknown setting {variable}; docs/operating.md lists all settings"
    field = model.model_fields.get(name)
    if item["type"] in _OTHER_FORM and field is not None and field.description:
        return f"{variable} must be {field.description}"
    words = _WORDS.get(item["type"])
    return f"{variable} {words.format(**item.get('ctx', {})) if words else 'cannot be used: ' + item['msg']}"
