"""The table of integrations."""

from dataclasses import replace

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)

from blockyard.server.identity.model import Reach
from blockyard.server.integrations.model import Integration, IntegrationId, IntegrationType
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.errors import Stale
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runners.model import RunnerId
from blockyard.server.runners.secrets import stored_secret

_integrations = Table(
    "integrations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("type", String(16), nullable=False),
    Column("settings", JsonText, nullable=False),
    Column("secret", JsonText, nullable=False),
    Column("runner_id", Uuid, ForeignKey("runners.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_integrations_workspace_created_at", "workspace", "created_at", "id"),
    Index("ix_integrations_created_at", "created_at", "id"),
    Index("ix_integrations_runner_id", "runner_id"),
)


class IntegrationStore:
    """Reads and writes integrations."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, integration_id: IntegrationId) -> Integration | None:
        """Return an integration, None if there is none of this id."""
        found = self._tx.execute(select(_integrations).where(_integrations.c.id == integration_id))
        row = found.mappings().one_or_none()
        return None if row is None else _integration(row)

    def page(self, reach: Reach, page: PageRequest) -> Page[Integration]:
        """Return one page of the integrations in `reach`, oldest first."""
        conditions = [] if reach.everything else [_integrations.c.workspace.in_(sorted(reach.workspaces))]
        total = self._tx.execute(select(func.count()).select_from(_integrations).where(*conditions)).scalar_one()
        rows = self._tx.execute(
            select(_integrations)
            .where(*conditions)
            .order_by(_integrations.c.created_at, _integrations.c.id)
            .limit(page.limit)
            .offset(page.offset)
        )
        return Page([_integration(row) for row in rows.mappings()], int(str(total)), page)

    def count(self, workspace: str) -> int:
        """Return how many integrations a workspace owns."""
        counted = self._tx.execute(select(func.count()).where(_integrations.c.workspace == workspace)).scalar_one()
        return int(str(counted))

    def names_with_runner(self, runner_id: RunnerId) -> list[str]:
        """Return the names of the integrations a runner works for."""
        rows = self._tx.execute(
            select(_integrations.c.display_name)
            .where(_integrations.c.runner_id == runner_id)
            .order_by(_integrations.c.created_at, _integrations.c.id)
        )
        return [row.display_name for row in rows]

    def add(self, integration: Integration) -> None:
        """Write a new integration."""
        self._tx.execute(insert(_integrations).values(id=integration.id, **_values(integration)))

    def save(self, integration: Integration) -> Integration:
        """Write a changed integration. Raises Stale."""
        saved = replace(integration, revision=integration.revision + 1)
        as_read = (_integrations.c.id == integration.id, _integrations.c.revision == integration.revision)
        if self._tx.execute(update(_integrations).where(*as_read).values(**_values(saved))).rowcount == 0:
            raise Stale(f"integration {integration.id}")
        return saved

    def remove(self, integration: Integration) -> None:
        """Delete an integration."""
        self._tx.execute(delete(_integrations).where(_integrations.c.id == integration.id))


def _values(integration: Integration) -> dict[str, object]:
    return {
        "workspace": integration.workspace,
        "display_name": integration.display_name,
        "type": integration.type.value,
        "settings": dict(integration.settings),
        "secret": None if integration.secret is None else integration.secret.document(),
        "runner_id": integration.runner_id,
        "created_at": integration.created_at,
        "revision": integration.revision,
    }


def _integration(row: RowMapping) -> Integration:
    return Integration(
        id=IntegrationId(row["id"]),
        workspace=row["workspace"],
        display_name=row["display_name"],
        type=IntegrationType(row["type"]),
        settings=row["settings"],
        secret=None if row["secret"] is None else stored_secret(row["secret"]),
        runner_id=RunnerId(row["runner_id"]),
        created_at=row["created_at"],
        revision=row["revision"],
    )
