"""The table of integrations."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, or_

from blockyard.server.integrations.model import BUILT_IN, Integration, IntegrationId, IntegrationType
from blockyard.server.kit.columns import Instant, JsonText, Packed, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.runners.model import SHARED_RUNNER, RunnerId, StoredSecret, stored_secret

_integrations = Table(
    "integrations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("type", Word(IntegrationType, 16), nullable=False),
    Column("settings", JsonText, nullable=False),
    Column("secret", Packed(StoredSecret.document, stored_secret), nullable=False),
    Column("runner_id", Uuid, ForeignKey("runners.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_integrations_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_integrations_created_at", "created_at", "id"),
    Index("ix_integrations_runner_id", "runner_id"),
    Index("ix_integrations_type", "type"),
)


def _values(integration: Integration) -> dict[str, object]:
    """Return the values of a row: what has no runner names the shared one, as SQLite cannot make the column nullable."""
    return {**members(integration), "runner_id": integration.runner_id or SHARED_RUNNER}


def _integration(row: dict[str, Any]) -> Integration:  # Any: what the columns' types make of the row
    has_runner = row["type"].implementation is not None
    return Integration(**row if has_runner else row | {"runner_id": None})


_rows: Rows[Integration, IntegrationId] = Rows(_integrations, Integration, "id", write=_values, read=_integration)


class IntegrationStore(Store[Integration, IntegrationId]):
    """Reads and writes integrations."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def visible(self, request: PageRequest, owners: Collection[str] | None) -> Page[Integration]:
        """Return one page of the built-in integrations and those of `owners` (None: of all)."""
        if owners is None:
            return self.page_of(request)
        return self.page_of(request, or_(_integrations.c.type.in_(list(BUILT_IN)), _rows.owned_by(owners)))

    def with_runner(self, runner_id: RunnerId) -> Sequence[Integration]:
        """Return the integrations a runner works for."""
        return [one for one in self.where(_integrations.c.runner_id == runner_id) if one.runner_id is not None]

    def of_type(self, type_: IntegrationType) -> Sequence[Integration]:
        """Return the integrations of a type."""
        return self.where(_integrations.c.type == type_)
