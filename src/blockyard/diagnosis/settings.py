"""What is wrong with settings, in words: by the name of the variable, never with a value."""

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from blockyard.diagnosis.validation import in_words

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
    return f"{variable}{_place(item)} {in_words(item)}"


def _place(item: ErrorDetails) -> str:
    """Return which part of a table is wrong, such as `: TERRAFORM`; a table's names are no secrets."""
    match item["loc"]:
        case (_, str(name), "[key]"):
            return f" names {name}, which"
        case (_, str(name)):
            return f": {name}"
        case _:
            return ""
