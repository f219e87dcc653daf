"""Column types that behave alike on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import DateTime, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from blockyard.protocol.jsontypes import Json

Bytes = LargeBinary


class Instant(TypeDecorator[datetime]):
    """An instant in UTC with microseconds; refuses naive datetimes."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Use `timestamptz` on PostgreSQL."""
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if dialect.name == "postgresql" else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC, naive where the database knows no zones."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Json]):
    """Any JSON value, kept as it was sent: order of members, size of integers, every character (also NUL)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str:
        """Store ASCII-only JSON; SQL NULL is never written, JSON null is `null`."""
        del dialect
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """Return the value as it was given."""
        del dialect
        if value is None:
            return None
        parsed: Json = json.loads(value)
        return parsed


T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)


class Word(TypeDecorator[W]):
    """A word of a closed vocabulary; rows have it as models do."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[W], length: int) -> None:
        super().__init__(length)
        self.words = words
        self.length = length

    def process_bind_param(self, value: W | None, dialect: Dialect) -> str | None:
        """Store the word's text."""
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> W | None:
        """Return the word."""
        del dialect
        return None if value is None else self.words(value)


class Packed(TypeDecorator[T]):
    """A value of a model as JSON: `pack` makes it, `unpack` reads it; None is JSON null."""

    impl = Text
    cache_ok = True

    def __init__(self, pack: Callable[[T], Json], unpack: Callable[[Json], T]) -> None:
        super().__init__()
        self.pack = pack
        self.unpack = unpack

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str:
        """Store the value's JSON."""
        del dialect
        return json.dumps(None if value is None else self.pack(value), separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        """Return the value."""
        del dialect
        parsed: Json = None if value is None else json.loads(value)
        return None if parsed is None else self.unpack(parsed)
