"""Rows as JSON and back, by the kind of each value and not by database."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    insert,
    select,
    type_coerce,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.app.backup.archive import Row, StoredTable
from blockyard.server.app.backup.errors import BackupError
from blockyard.server.kit.columns import Instant

_BATCH_ROWS = 200
_BATCH_BYTES = 8 * 1024 * 1024
"""A batch of inserts ends with the row that passes either: a state or a value may have many megabytes."""

_FETCHED_AT_ONCE = 16
_FETCHED_AT_ONCE_WITH_BYTES = 2
"""Rows that PostgreSQL sends at a time."""

_Plain = Text | BigInteger | Float[float] | Boolean | LargeBinary | Date | Instant | Uuid[UUID]
_PLAIN: Mapping[str, _Plain] = {
    "text": Text(),
    "integer": BigInteger(),
    "number": Float(),
    "boolean": Boolean(),
    "bytes": LargeBinary(),
    "date": Date(),
    "instant": Instant(),
    "uuid": Uuid(),
}
"""How the values of each kind are read and written. JSON is text here, kept as it was sent."""

_KINDS: Sequence[tuple[type, str]] = (
    (Instant, "instant"),
    (Uuid, "uuid"),
    (Boolean, "boolean"),
    (Integer, "integer"),
    (Float, "number"),
    (LargeBinary, "bytes"),
    (Date, "date"),
    (String, "text"),
)

_FROM_JSON: Mapping[str, Callable[[str], object]] = {
    "bytes": base64.b64decode,
    "date": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "uuid": UUID,
}


def described(table: Table) -> StoredTable:
    """Return name, columns and kinds of `table`."""
    return StoredTable(table.name, [(column.name, _kind(column)) for column in table.columns])


def _kind(column: Column[object]) -> str:
    """Return the kind of what the database has: what decorates a type makes no difference, but that instants are in UTC."""
    stored = column.type
    if isinstance(stored, TypeDecorator) and not isinstance(stored, Instant):
        stored = stored.impl_instance
    return next(kind for type_, kind in _KINDS if isinstance(stored, type_))


def read_rows(connection: Connection, table: Table) -> Iterator[Row]:
    """Give all rows of `table` without holding more than a few in memory."""
    kinds = [_kind(column) for column in table.columns]
    columns = [type_coerce(column, _PLAIN[kind]) for column, kind in zip(table.columns, kinds, strict=True)]
    at_once = _FETCHED_AT_ONCE_WITH_BYTES if "bytes" in kinds else _FETCHED_AT_ONCE
    result = connection.execute(select(*columns).execution_options(stream_results=True, max_row_buffer=at_once))
    with result:
        for row in result:
            yield [_to_json(value) for value in row]


def _to_json(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes() | memoryview():
            return base64.b64encode(value).decode()
        case date():  # datetime, too
            return value.isoformat()
        case UUID():
            return value.hex
        case _:
            raise TypeError(f"a value of type {type(value).__name__} has no kind")


class RowWriter:
    """Inserts the rows of one table in batches."""

    def __init__(self, connection: Connection, stored: StoredTable) -> None:
        unknown = [kind for _, kind in stored.columns if kind not in _PLAIN]
        if unknown:
            raise BackupError(f"the archive has values of the kind '{unknown[0]}', which this version does not know")
        self._connection = connection
        self._stored = stored
        self._table = Table(stored.name, MetaData(), *(Column(name, _PLAIN[kind]) for name, kind in stored.columns))
        self._names = [name for name, _ in stored.columns]
        self._parsers = [_FROM_JSON.get(kind) for _, kind in stored.columns]
        self._waiting: list[dict[str, object]] = []
        self._waiting_bytes = 0

    def add(self, row: Row) -> None:
        """Insert a row, now or with the next ones."""
        values = (
            parse(value) if parse and isinstance(value, str) else value
            for parse, value in zip(self._parsers, row, strict=True)
        )
        self._waiting.append(dict(zip(self._names, values, strict=True)))
        self._waiting_bytes += sum(len(value) for value in row if isinstance(value, str))
        if len(self._waiting) >= _BATCH_ROWS or self._waiting_bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Insert what waits."""
        if self._waiting:
            self._connection.execute(insert(self._table), self._waiting)
            self._waiting, self._waiting_bytes = [], 0
