"""The parameters that every list takes. Source: api.md 1.7."""

import re
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from blockyard.server.kit.clock import within_reason
from blockyard.server.kit.paging import DEFAULT_SIZE, MAX_SIZE

_SORT = re.compile(r"created(At|On)(,(asc|desc))?", re.IGNORECASE)

_NUMBER = re.compile(r"[+-]?[\d_]*\.?[\d_]*")


def _sort(text: str | None) -> str | None:
    if text and not _SORT.fullmatch(text):
        raise ValueError("must be createdAt,desc or createdAt,asc: lists are sorted by creation only")
    return text


def _written_out(sent: object) -> object:
    """Refuse what pydantic would take for seconds, or milliseconds, since 1970."""
    if isinstance(sent, str) and _NUMBER.fullmatch(sent.strip()):
        raise PydanticCustomError("datetime_parsing", "a number is not a time")
    return sent


PageNumber = Annotated[int, Query(ge=0, le=10_000_000, description="Which page, from 0 on.")]
PageSize = Annotated[
    int,
    Query(ge=1, le=10_000_000, description=f"How many a page has: {DEFAULT_SIZE} unless asked, {MAX_SIZE} at most."),
]
Sort = Annotated[
    str | None,
    AfterValidator(_sort),
    Query(
        description="`createdAt,desc` for the newest first, `createdAt,asc` for the oldest.",
        json_schema_extra={"enum": ["createdAt,desc", "createdAt,asc", "createdAt", None]},
    ),
]
SentInstant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(within_reason)]
"""An instant with its zone that a filter asks for."""

NOT_GIVEN = BeforeValidator(lambda sent: None if sent == "" else sent)
"""A filter without a value filters nothing."""

MaybeInstant = Annotated[SentInstant | None, NOT_GIVEN]

Until = Annotated[MaybeInstant, Query(description="Only what was created before this instant.")]


def newest_first(sort: str | None) -> bool | None:
    """Return the order that a `sort` asks for; None if it does not."""
    return sort.lower().endswith(",desc") if sort else None
