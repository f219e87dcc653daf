"""The types of tags' values. Source: api.md 3.7, concepts.md 20."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.patterns import PatternError, check_pattern, matches

_SHOWN_OPTIONS = 20
"""How many options a refusal names."""


class ValueTypeName(StrEnum):
    """What values are."""

    STRING = "string"
    EMAIL = "email"
    INTEGER = "integer"
    NUMBER = "number"
    SINGLE_SELECT = "singleSelect"
    MULTI_SELECT = "multiSelect"


_FORMS = {
    ValueTypeName.EMAIL: (re.compile(r"[^@\s]+@[^@\s]+"), "an email address"),
    ValueTypeName.INTEGER: (re.compile(r"[+-]?[0-9]+"), "a whole number"),
    ValueTypeName.NUMBER: (re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"), "a number such as 1.5"),
}


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a tag's values; `content` is what was sent about it, which comes back as it is."""

    name: ValueTypeName
    content: JsonObject

    @property
    def default(self) -> Sequence[str]:
        """The default as values of a tag; none if there is none."""
        default = self.content.get("defaultValue")
        if default is None:
            return ()
        return tuple(_text(item) for item in default) if isinstance(default, list) else (_text(default),)

    @property
    def options(self) -> Sequence[str]:
        """What can be chosen, in its order; none for other types."""
        options = self.content.get("options")
        return tuple(str(option) for option in options) if isinstance(options, list) else ()

    @property
    def pattern(self) -> str | None:
        """The regular expression that values match; None for any."""
        pattern = self.content.get("validationRegex")
        return pattern if isinstance(pattern, str) and pattern else None

    def document(self) -> JsonObject:
        """Return the type as the wire has it."""
        return {self.name.value: self.content}


def check_value_type(value_type: ValueType, *, field: str) -> None:
    """Raise Invalid if the pattern is none, options or defaults repeat, or the default does not fit.

    The default of an email need not be an address: public examples have one that is not.
    """
    field = f"{field}/{value_type.name}"
    if value_type.pattern is not None:
        try:
            check_pattern(value_type.pattern)
        except PatternError as error:
            raise Invalid(
                f"the regular expression cannot be used: {error}",
                code="InvalidRegex",
                field=f"{field}/validationRegex",
                remedy="Correct it.",
            ) from error
    options = value_type.options
    if len(set(options)) < len(options):
        raise Invalid(
            "an option is there twice", code="RepeatedOption", field=f"{field}/options", remedy="Send each option once."
        )
    if len(set(value_type.default)) < len(value_type.default):
        raise Invalid(
            "a default is there twice",
            code="InvalidDefault",
            field=f"{field}/defaultValue",
            remedy="Send each value once.",
        )
    for value in value_type.default:
        if reason := _misfit(value_type, value, form=False):
            raise Invalid(
                f"the default {reason}",
                code="InvalidDefault",
                field=f"{field}/defaultValue",
                remedy="Send another default, or none.",
            )


def check_values(value_type: ValueType, tag: str, values: Sequence[str], *, field: str) -> None:
    """Raise Invalid unless these may be the values of a tag."""
    if len(values) > 1 and value_type.name is ValueTypeName.SINGLE_SELECT:
        raise Invalid(
            f"tag '{tag}' has one value, not {len(values)}",
            code="TooManyTagValues",
            field=field,
            remedy="Send one value.",
        )
    for index, value in enumerate(values):
        if reason := _misfit(value_type, value):
            raise Invalid(
                f"the value of tag '{tag}' {reason}",
                code="InvalidTagValue",
                field=f"{field}/{index}",
                remedy="Send a value that fits the tag definition.",
            )


def _misfit(value_type: ValueType, value: str, *, form: bool = True) -> str | None:
    """Return what a value must be and is not; None if it fits."""
    if value_type.options:
        if value in value_type.options:
            return None
        shown = ", ".join(f"'{option}'" for option in value_type.options[:_SHOWN_OPTIONS])
        return f"must be one of {shown}" + (", …" if len(value_type.options) > _SHOWN_OPTIONS else "")
    form_of = _FORMS.get(value_type.name) if form else None
    if form_of is not None and not form_of[0].fullmatch(value):
        return f"must be {form_of[1]}"
    if value_type.pattern is None:
        return None
    try:
        return None if matches(value_type.pattern, value) else f"must match {value_type.pattern}"
    except PatternError as error:
        return f"cannot be compared with the regular expression of the tag definition: {error}"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
