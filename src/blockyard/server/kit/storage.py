"""Tells when a database cannot be used: out of reach, full disk, or read-only. The cure is the operator's, not the caller's."""

import psycopg
from sqlalchemy.exc import DBAPIError

from blockyard.server.kit.errors import Unavailable

_LOST_STATES = frozenset({None, "57P01", "57P02", "57P03", "53300"})
"""No connection; the server shuts down, crashed, starts; it has too many clients. Source: PostgreSQL, appendix A."""

_FULL_STATES = frozenset({"53100"})
_READ_ONLY_STATES = frozenset({"25006"})
"""A standby, or a server its operator has made read-only. Source: PostgreSQL, appendix A."""

_FULL_WORDS = ("database or disk is full",)
_READ_ONLY_WORDS = ("readonly database", "disk i/o error", "unable to open database file")
"""What SQLite says; an I/O error is what it meets when the disk fills up under its write-ahead log."""


def storage_refusal(error: Exception) -> Unavailable | None:
    """Return what to answer when `error` means that the database cannot be used now; None: it means something else."""
    if not isinstance(error, DBAPIError):
        return None
    if _is_lost(error):
        return Unavailable("the database cannot be reached", remedy="Send the request again in a moment.")
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    words = str(error.orig).lower()
    if state in _FULL_STATES or any(text in words for text in _FULL_WORDS):
        return Unavailable(
            "the disk of the server's database is full; nothing was changed",
            code="DiskFull",
            remedy="Ask the operator to free space there, then send the request again.",
        )
    if state in _READ_ONLY_STATES or any(text in words for text in _READ_ONLY_WORDS):
        return Unavailable(
            "the server's database cannot be written now; nothing was changed",
            code="DatabaseReadOnly",
            remedy="Ask the operator to make it and its directory writable, then send the request again.",
        )
    return None


def _is_lost(error: DBAPIError) -> bool:
    """Whether the connection to PostgreSQL broke or none could be made; SQLite has none to lose."""
    return error.connection_invalidated or (
        isinstance(error.orig, psycopg.OperationalError) and error.orig.sqlstate in _LOST_STATES
    )
