"""Brings a database to this version's tables. One linear history for SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from blockyard.server.app import tables
from blockyard.server.kit.database import Database

_POSTGRES_PORT = 5432
_LOCK = 0x626C6F636B79
"""Advisory lock number on PostgreSQL: only one replica migrates at a time."""


class SchemaError(Exception):
    """The database does not have the tables this version needs."""


class DatabaseError(OSError):
    """The database cannot be used now; the message says why."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str | None:
    """Return the newest revision this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(db: Database) -> str | None:
    """Return the revision the database is at; None if it is empty."""
    with _usable(db), db.engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the tables that `connection` sees; None if there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(db: Database) -> bool:
    """Bring the database to the newest revision; return whether anything was to do."""
    if current(db) == head():
        return False
    with _usable(db), db.engine.begin() as connection:
        if not db.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        upgrade_to(connection, "head")
    return True


@contextmanager
def _usable(db: Database) -> Iterator[None]:
    """Name what keeps the database from being used. Raises DatabaseError."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(_why_not(db, error)) from error


def _why_not(db: Database, error: DBAPIError) -> str:
    """Return the place of the database and the driver's own sentence: for the operator, who knows both. Never the password."""
    if db.is_sqlite:
        return f"the database {db.url.database} cannot be used: {error.orig}"
    place = f"{db.url.host or 'the local socket'}:{db.url.port or _POSTGRES_PORT}, database {db.url.database or 'of the user'}"
    lines = [line.strip() for line in str(error.orig).splitlines() if line.strip()]
    cause = (lines or [type(error.orig).__name__])[-1 if "Multiple connection attempts" in str(error.orig) else 0]
    text = f"PostgreSQL at {place} cannot be used: {cause}"
    return text.replace(db.url.password, "…") if isinstance(db.url.password, str) and db.url.password else text


def knows(revision: str) -> bool:
    """Return whether this version can bring tables of `revision` to its own."""
    return revision in {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade_to(connection: Connection, revision: str) -> None:
    """Bring the tables that `connection` sees to `revision`, in its transaction."""
    command.upgrade(_config(connection), revision)


def differences(db: Database) -> list[str]:
    """Return in which way the tables of the database differ from those the code declares."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [repr(difference) for difference in compare_metadata(context, tables.metadata)]


def require_current(db: Database) -> None:
    """Refuse a database whose tables are older or newer than this version. Raises SchemaError."""
    found, wanted = current(db), head()
    if found != wanted:
        raise SchemaError(f"the database is at revision {found}, this version needs {wanted}; run `blockyard migrate`")


def revision(db: Database, message: str) -> None:
    """Write a new migration from the difference between tables and code (for contributors)."""
    number = len(list(ScriptDirectory.from_config(_config()).walk_revisions())) + 1
    with db.engine.begin() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=f"{number:04}")
