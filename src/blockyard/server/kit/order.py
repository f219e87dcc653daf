"""The order of lists in the database: by creation, either way, up to an instant. Source: api.md 1.7."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement

from blockyard.server.kit.paging import PageRequest

T = TypeVar("T")


def ordered(
    columns: Sequence[ColumnElement[T]], request: PageRequest | None, *, newest_first: bool = False
) -> list[ColumnElement[T]]:
    """Return the order that a request wants of rows whose order by age is `columns`; `newest_first` if it does not say."""
    if request is not None and request.newest_first is not None:
        newest_first = request.newest_first
    return [column.desc() for column in columns] if newest_first else list(columns)


def before(created_at: ColumnElement[T], request: PageRequest) -> list[ColumnElement[bool]]:
    """Return the condition that a row was created before the instant that a request names, if it names one."""
    return [] if request.until is None else [created_at < request.until]
