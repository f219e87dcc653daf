"""A database that the tests of one process share: opened once, emptied before each test.

To open a file takes longer than most tests, and a connection to PostgreSQL as long as ten of them.
"""

from blockyard.server.kit.database import Database, Transaction, metadata

_TESTS_UNTIL_VACUUM = 20
"""Deleted rows stay in the files of PostgreSQL until somebody sweeps, and nobody does: tests have no autovacuum."""


class KeptDatabase:
    """A database with all tables, and no others: a test that needs more opens its own."""

    def __init__(self, database: Database) -> None:
        metadata.create_all(database.engine)
        if (
            database.is_sqlite
        ):  # nothing of it is needed after this process; PostgreSQL of the tests syncs nothing, either
            connection = database.engine.raw_connection()
            connection.cursor().execute("PRAGMA synchronous = OFF")
            connection.close()
        self._database = database
        self._tables = [f'"{table.name}"' for table in reversed(metadata.sorted_tables)]
        each = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in self._tables]  # noqa: S608  own names
        self._filled = " UNION ALL ".join(each)
        self._tests = 0

    def empty(self) -> Database:
        """Remove every row and every waiter; return the database."""
        self._database.write_now(self._empty)
        self._database.signals.is_stopped = False
        self._database.signals._waiting.clear()
        self._tests += 1
        if self._tests % _TESTS_UNTIL_VACUUM == 0 and not self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
        return self._database

    def _empty(self, tx: Transaction) -> None:
        connection = tx._connection
        if not self._database.is_sqlite:
            emptied = "; ".join(f"DELETE FROM {name}" for name in self._tables)  # noqa: S608  names of our own
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {emptied}")
            return
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for name in [row[0] for row in connection.exec_driver_sql(self._filled)]:
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608  own name
