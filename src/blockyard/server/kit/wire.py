"""Building blocks of wire schemas: camelCase members, strict scalars, unknown members ignored. Source: api.md 1.5, 2.4."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    Strict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from blockyard.server.kit.clock import YEARS, is_within_reason

M = TypeVar("M")


class WireModel(BaseModel):
    """Base of all request and response schemas. Scalars are strict: `"16"` is no integer, `16` no string."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        strict=True,
        extra="ignore",
        frozen=True,
    )

    def into(self, model: Callable[..., M]) -> M:
        """Return the dataclass `model` with the same members."""
        return model(**dict(self))


class ExactWireModel(WireModel):
    """A request of ours that refuses members it does not know: misspelt, they would choose more, or protect less, than was meant."""

    model_config = ConfigDict(extra="forbid")


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must be valid Unicode (it has half a surrogate pair)") from error
    return text


def _said(text: str) -> str:
    if text.isspace():
        raise ValueError("must not be blank")
    return text


def _keyed(tags: dict[str, list[str]]) -> dict[str, list[str]]:
    if not all(key.strip() for key in tags):
        raise ValueError("must have no empty key")
    return tags


def _sound(value: JsonValue) -> JsonValue:
    pending: list[JsonValue] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            _storable(item.replace("\0", ""))
        elif isinstance(item, float) and not math.isfinite(item):
            raise ValueError("must not contain NaN or Infinity")
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
    return value


def _shallow(value: object, check: ValidatorFunctionWrapHandler) -> JsonValue:
    """Say what is wrong at the value itself: the path to where its depth is too much is longer than anybody can read."""
    try:
        checked: JsonValue = check(value)
    except ValidationError as error:
        if any(item["type"].startswith("recursion") for item in error.errors(include_input=False, include_url=False)):
            raise ValueError("is nested too deeply") from error
        raise
    return checked


def _date(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("must be a date such as 2026-12-31")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("must be a day that the calendar has, such as 2026-12-31") from error


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError("must be a time with its zone, such as 2026-12-31T12:00:00Z")
    if not is_within_reason(instant):
        raise ValueError(f"must be in a year between {YEARS[0]} and {YEARS[-1]}")
    return instant


Text = Annotated[str, AfterValidator(_storable)]
"""Any text both databases can store."""

ShortText = Annotated[Text, Field(max_length=255)]
"""The API's general string limit. Source: api.md 2.5."""

Name = Annotated[ShortText, Field(min_length=1)]
"""A text that must not be empty."""

DisplayName = Annotated[Name, AfterValidator(_said)]
"""What people call something: a text that they can see."""

Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""An integer that both databases, and clients with integers of 64 bits, can keep."""

WireUuid = Annotated[UUID, Strict(strict=False)]
"""A UUID, sent as text."""

WireDate = Annotated[date, BeforeValidator(_date)]
"""A plain date, sent as `YYYY-MM-DD`. Source: api.md 2.5."""

WireInstant = Annotated[datetime, BeforeValidator(_instant)]
"""An instant, sent with its zone."""

WireJson = Annotated[JsonValue, AfterValidator(_sound), WrapValidator(_shallow)]
"""Any JSON value that can be sent back."""

Tags = Annotated[dict[ShortText, list[ShortText]], AfterValidator(_keyed), Field(default_factory=dict)]
"""Tag key to values; sent always complete. Source: api.md 2.3."""
