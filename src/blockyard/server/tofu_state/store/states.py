"""The tables of states."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)

from blockyard.server.kit.columns import Bytes, Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.tofu_state.model import NewState, StateLock, StateVersion

INDEX_DELAY = timedelta(seconds=2)
"""An engine writes its state after each thing it made: what follows soon is looked at once."""

_versions = Table(
    "state_versions",
    metadata,
    Column("block_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("lineage", String(255), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("run_id", Uuid),
    Column("attempt", Integer),
    Column("is_current", Boolean, nullable=False),
    Column("reason", Text),
    Column("resource_count", Integer),
    Column("index_due_at", Instant),
    Column("sealed", Bytes, nullable=False),
    Index(
        "uq_state_versions_current",
        "block_id",
        unique=True,
        sqlite_where=text("is_current"),
        postgresql_where=text("is_current"),
    ),
    Index(
        "ix_state_versions_index_due",
        "index_due_at",
        sqlite_where=text("index_due_at IS NOT NULL"),
        postgresql_where=text("index_due_at IS NOT NULL"),
    ),
)
"""`index_due_at` says that what a current version says exists is not searchable yet, and when it is somebody's turn to change that."""

_locks = Table(
    "state_locks",
    metadata,
    Column("block_id", Uuid, primary_key=True),
    Column("id", String(255), nullable=False),
    Column("info", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("run_id", Uuid, index=True),
    Column("attempt", Integer),
)

_HEADS = tuple(column for column in _versions.c if column.name not in {"sealed", "index_due_at"})


_OF_BLOCK = select(*_HEADS).where(_versions.c.block_id == bindparam("of_block")).order_by(_versions.c.number.desc())
_CURRENT = select(_versions).where(_versions.c.block_id == bindparam("of_block"), _versions.c.is_current)
_ADD = insert(_versions)
_LOCK = select(_locks).where(_locks.c.block_id == bindparam("of_block"))
_REMOVE_LOCK = delete(_locks).where(_locks.c.block_id == bindparam("of_block"))
_REMOVE_LOCK_OF = _REMOVE_LOCK.where(_locks.c.run_id == bindparam("of_run"))


class StateStore:
    """Reads and writes versions and locks."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def current(self, block_id: UUID) -> StateVersion | None:
        """Return the version that readers get."""
        return self._one(_versions.c.block_id == block_id, _versions.c.is_current)

    def read(self, block_id: UUID) -> tuple[StateVersion, bytes] | None:
        """Return the version that readers get and its encrypted content."""
        row = self._tx.execute(_CURRENT, {"of_block": block_id}).one_or_none()
        return None if row is None else (_version(row), bytes(row.sealed))

    def version(self, block_id: UUID, number: int) -> StateVersion | None:
        """Return one version."""
        return self._one(_versions.c.block_id == block_id, _versions.c.number == number)

    def versions(self, block_id: UUID) -> Sequence[StateVersion]:
        """Return all versions, the newest first."""
        return [_version(row) for row in self._tx.execute(_OF_BLOCK, {"of_block": block_id})]

    def sealed(self, version: StateVersion) -> bytes:
        """Return the encrypted content of a version."""
        query = select(_versions.c.sealed).where(*_key(version))
        return bytes(self._tx.execute(query).one().sealed)

    def add(self, version: StateVersion, new: NewState) -> None:
        """Write a version as the current one; none may be current."""
        self._tx.execute(
            _ADD,
            {
                "block_id": version.block_id,
                "number": version.number,
                "serial": version.serial,
                "lineage": version.lineage,
                "md5": version.md5,
                "size_bytes": version.size_bytes,
                "created_at": version.created_at,
                "author": version.author,
                "run_id": version.run_id,
                "attempt": version.attempt,
                "is_current": True,
                "reason": version.reason,
                "resource_count": version.resource_count,
                "index_due_at": version.created_at + INDEX_DELAY,
                "sealed": new.sealed,
            },
        )

    def clear_current(self, block_id: UUID) -> None:
        """Let readers find no state; the versions stay."""
        was_current = (_versions.c.block_id == block_id, _versions.c.is_current)
        self._tx.execute(update(_versions).where(*was_current).values(is_current=False, index_due_at=None))

    def index_due(self, at: datetime, limit: int) -> Sequence[StateVersion]:
        """Return the first versions that are to be made searchable now."""
        due = (_versions.c.index_due_at.is_not(None), _versions.c.index_due_at <= at)
        found = select(*_HEADS).where(*due).order_by(_versions.c.index_due_at).limit(limit)
        return [_version(row) for row in self._tx.execute(found)]

    def lease_index(self, version: StateVersion, until: datetime, *, held: datetime | None, at: datetime) -> bool:
        """Keep a version for whoever makes it searchable, until then; tell whether it is due, or theirs by `held`, and current."""
        due = _versions.c.index_due_at <= at if held is None else _versions.c.index_due_at == held
        changed = update(_versions).where(*_key(version), _versions.c.is_current, due).values(index_due_at=until)
        return self._tx.execute(changed).rowcount == 1

    def is_indexed(self, version: StateVersion) -> bool:
        """Whether what a current version says exists is searchable, or can be read by its engine only."""
        query = select(_versions.c.index_due_at).where(*_key(version), _versions.c.is_current)
        row = self._tx.execute(query).one_or_none()
        return row is not None and row.index_due_at is None

    def indexed(self, version: StateVersion, count: int | None, *, held: datetime) -> None:
        """Write that a version is searchable, and how many things it says exist."""
        mine = (*_key(version), _versions.c.index_due_at == held)
        self._tx.execute(update(_versions).where(*mine).values(index_due_at=None, resource_count=count))

    def remove_versions(self, block_id: UUID, numbers: Sequence[int] | None = None) -> None:
        """Remove versions, all if no `numbers` are given."""
        conditions: list[ColumnElement[bool]] = [_versions.c.block_id == block_id]
        if numbers is not None:
            conditions.append(_versions.c.number.in_(list(numbers)))
        self._tx.execute(delete(_versions).where(*conditions))

    def lock(self, block_id: UUID) -> StateLock | None:
        """Return the lock of a block's state, if it is held."""
        row = self._tx.execute(_LOCK, {"of_block": block_id}).one_or_none()
        if row is None:
            return None
        return StateLock(
            block_id=row.block_id,
            id=row.id,
            info=row.info,
            created_at=row.created_at,
            author=row.author,
            run_id=row.run_id,
            attempt=row.attempt,
        )

    def add_lock(self, lock: StateLock) -> None:
        """Write a lock; two at once cannot both be written."""
        self._tx.execute(
            insert(_locks).values(
                block_id=lock.block_id,
                id=lock.id,
                info=lock.info,
                created_at=lock.created_at,
                author=lock.author,
                run_id=lock.run_id,
                attempt=lock.attempt,
            )
        )

    def remove_lock(self, block_id: UUID, run_id: UUID | None = None) -> None:
        """Remove the lock of a block, with `run_id` only if that run holds it."""
        if run_id is None:
            self._tx.execute(_REMOVE_LOCK, {"of_block": block_id})
        else:
            self._tx.execute(_REMOVE_LOCK_OF, {"of_block": block_id, "of_run": run_id})

    def is_held_by(self, run_id: UUID) -> bool:
        """Whether a run holds a lock."""
        return self._tx.execute(select(_locks.c.id).where(_locks.c.run_id == run_id)).first() is not None

    def _one(self, *conditions: ColumnElement[bool] | Column[bool]) -> StateVersion | None:
        row = self._tx.execute(select(*_HEADS).where(*conditions)).one_or_none()
        return None if row is None else _version(row)


def _key(version: StateVersion) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _versions.c.block_id == version.block_id, _versions.c.number == version.number


def _version(row: Row[tuple[object, ...]]) -> StateVersion:
    return StateVersion(
        block_id=row.block_id,
        number=row.number,
        serial=row.serial,
        lineage=row.lineage,
        md5=row.md5,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        author=row.author,
        run_id=row.run_id,
        attempt=row.attempt,
        is_current=row.is_current,
        reason=row.reason,
        resource_count=row.resource_count,
    )
