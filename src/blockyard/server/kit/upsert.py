"""Writing a row that may be there already, in one statement."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

from blockyard.server.kit.database import Transaction


def upsert(tx: Transaction, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Insert the row with this unique key, or change its `values`."""
    tx.execute(_statement(tx.dialect, table, tuple(key), tuple(values)), {**key, **values})


@cache
def _statement(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    """Return the statement for a table; built once."""
    if dialect == "postgresql":
        there = postgresql.insert(table)
        return there.on_conflict_do_update(index_elements=key, set_={name: there.excluded[name] for name in names})
    here = sqlite.insert(table)
    return here.on_conflict_do_update(index_elements=key, set_={name: here.excluded[name] for name in names})
