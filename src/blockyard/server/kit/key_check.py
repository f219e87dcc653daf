"""Remembers, encrypted, which master key a database was written with, so that another one is found before it does harm."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, insert, select

from blockyard.server.kit.columns import Bytes
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.sealed import MasterKey, Undecryptable

_CONTEXT = "master key check"
_ONLY = 1

_check = Table(
    "master_key_check",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", Bytes, nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)


def fits(tx: Transaction, master_key: MasterKey) -> bool | None:
    """Return whether the database was written with `master_key`; None: it does not know yet."""
    row = tx.execute(select(_check.c.sealed)).one_or_none()
    if row is None:
        return None
    try:
        master_key.decrypt(row.sealed, context=_CONTEXT)
    except Undecryptable:
        return False
    return True


def is_remembered(tx: Transaction) -> bool:
    """Return whether the database was written with some master key."""
    return tx.execute(select(_check.c.id)).one_or_none() is not None


def remember(tx: Transaction, master_key: MasterKey) -> bool:
    """Return whether the database was written with `master_key`; remember the key if this is the first one."""
    known = fits(tx, master_key)
    if known is None:
        sealed = master_key.encrypt(b"", context=_CONTEXT)
        tx.execute(insert(_check).values(id=_ONLY, sealed=sealed))
    return known is not False
