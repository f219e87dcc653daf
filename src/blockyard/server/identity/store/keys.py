"""The table of API keys."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
    false,
    func,
    insert,
    select,
    update,
)

from blockyard.server.identity.model import ApiKey, ApiKeyId, ServedRunner
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale

_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("permissions", JsonText, nullable=False),
    Column("expires_at", Date),
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("last_login_at", Instant),
    Column("runner_id", Uuid),
    Column("runner_is_public", Boolean, nullable=False, server_default=false()),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False),
    Index("ix_api_keys_workspace", "workspace", "created_at"),
)


class KeyStore:
    """Reads and writes API keys."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, key_id: ApiKeyId) -> ApiKey | None:
        """Return a key, deleted ones too."""
        row = self._tx.execute(select(_keys).where(_keys.c.id == key_id)).mappings().one_or_none()
        return None if row is None else _key(row)

    def of_workspace(self, workspace: str) -> Sequence[ApiKey]:
        """Return the keys of a workspace that are not deleted, oldest first."""
        rows = self._tx.execute(
            select(_keys)
            .where(_keys.c.workspace == workspace, _keys.c.deleted_at.is_(None))
            .order_by(_keys.c.created_at, _keys.c.id)
        )
        return [_key(row) for row in rows.mappings()]

    def of_runner(self, runner_id: UUID) -> Sequence[ApiKey]:
        """Return the own keys of a runner that are not deleted."""
        rows = self._tx.execute(select(_keys).where(_keys.c.runner_id == runner_id, _keys.c.deleted_at.is_(None)))
        return [_key(row) for row in rows.mappings()]

    def count(self, workspace: str) -> int:
        """Return how many keys of a workspace are not deleted."""
        found = self._tx.execute(
            select(func.count()).where(_keys.c.workspace == workspace, _keys.c.deleted_at.is_(None))
        ).scalar_one()
        return int(str(found))

    def add(self, key: ApiKey) -> None:
        """Write a new key."""
        self._tx.execute(insert(_keys).values(id=key.id, last_login_at=None, **_values(key)))

    def save(self, key: ApiKey) -> ApiKey:
        """Write a changed key. Raises Stale."""
        saved = replace(key, revision=key.revision + 1)
        as_read = (_keys.c.id == key.id, _keys.c.revision == key.revision)
        if self._tx.execute(update(_keys).where(*as_read).values(**_values(saved))).rowcount == 0:
            raise Stale(f"API key {key.id}")
        return saved

    def note_login(self, key_id: ApiKeyId, at: datetime) -> None:
        """Write when somebody last signed in with the key; no change that could clash."""
        self._tx.execute(update(_keys).where(_keys.c.id == key_id).values(last_login_at=at))


def _values(key: ApiKey) -> dict[str, object]:
    return {
        "workspace": key.workspace,
        "display_name": key.display_name,
        "permissions": list(key.permissions),
        "expires_at": key.expires_at,
        "secret_hash": key.secret_hash,
        "created_at": key.created_at,
        "deleted_at": key.deleted_at,
        "runner_id": None if key.runner is None else key.runner.id,
        "runner_is_public": key.runner is not None and key.runner.is_public,
        "epoch": key.epoch,
        "revision": key.revision,
    }


def _key(row: RowMapping) -> ApiKey:
    members = dict(row)
    runner_id, is_public = members.pop("runner_id"), members.pop("runner_is_public")
    runner = None if runner_id is None else ServedRunner(id=runner_id, is_public=is_public)
    return ApiKey(**{**members, "permissions": tuple(row["permissions"]), "runner": runner})
