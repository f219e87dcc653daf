"""The table of API keys."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table, Uuid, false, update

from blockyard.server.identity.model import ApiKey, ApiKeyId, ServedRunner
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.rows import Rows, Store

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


def _values(key: ApiKey) -> dict[str, object]:
    values = members(key)
    runner: ServedRunner | None = values.pop("runner")
    return {
        **values,
        "runner_id": None if runner is None else runner.id,
        "runner_is_public": runner is not None and runner.is_public,
    }


def _key(row: dict[str, Any]) -> ApiKey:  # Any: what the columns' types make of the row
    runner_id, is_public = row.pop("runner_id"), row.pop("runner_is_public")
    runner = None if runner_id is None else ServedRunner(id=runner_id, is_public=is_public)
    return ApiKey(**row | {"permissions": tuple(row["permissions"])}, runner=runner)


_rows: Rows[ApiKey, ApiKeyId] = Rows(_keys, ApiKey, "id", apart=["last_login_at"], write=_values, read=_key)


class KeyStore(Store[ApiKey, ApiKeyId]):
    """Reads and writes API keys; a change does not write when somebody last signed in with one."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_workspaces(self, names: Collection[str]) -> Sequence[ApiKey]:
        """Return the keys of some workspaces that are not deleted, oldest first."""
        return self.where(_rows.owned_by(names)) if names else []

    def of_runner(self, runner_id: UUID) -> Sequence[ApiKey]:
        """Return the own keys of a runner that are not deleted."""
        return self.where(_keys.c.runner_id == runner_id)

    def note_login(self, key_id: ApiKeyId, at: datetime) -> None:
        """Write when somebody last signed in with the key; no change that could clash."""
        self._tx.execute(update(_keys).where(_keys.c.id == key_id).values(last_login_at=at))
