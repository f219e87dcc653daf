"""The table of drafts of orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Uuid, delete

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.columns import Instant, JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.order_drafts.model import OrderDraft, OrderDraftId

_drafts = Table(
    "order_drafts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner", String(300), nullable=False),
    Column("definition_id", Uuid, ForeignKey("definitions.id", ondelete="CASCADE"), nullable=False),
    Column("content", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_order_drafts_owner", "owner", "created_at", "id"),
    Index("ix_order_drafts_changed_at", "changed_at", "id"),
    Index("ix_order_drafts_definition_id", "definition_id"),
)


def _values(draft: OrderDraft) -> Mapping[str, object]:
    content: JsonObject = {
        "fields": {name: typed if isinstance(typed, str) else list(typed) for name, typed in draft.fields.items()},
        "leftOut": list(draft.left_out),
    }
    return {
        "id": draft.id,
        "owner": draft.owner,
        "definition_id": draft.definition_id,
        "content": content,
        "created_at": draft.created_at,
        "changed_at": draft.changed_at,
        "revision": draft.revision,
    }


def _draft(row: dict[str, Any]) -> OrderDraft:  # Any: what the columns' types make of the row
    content = row.pop("content")
    return OrderDraft(**row, fields=content["fields"], left_out=tuple(content["leftOut"]))


_rows: Rows[OrderDraft, OrderDraftId] = Rows(_drafts, OrderDraft, "id", owner="owner", write=_values, read=_draft)


class OrderDraftStore(Store[OrderDraft, OrderDraftId]):
    """Reads and writes drafts of orders."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def of_owner(self, owner: str, request: PageRequest) -> Page[OrderDraft]:
        """Return one page of somebody's drafts."""
        return self.page_of(request, _drafts.c.owner == owner)

    def remove_older(self, than: datetime) -> int:
        """Remove drafts that were not changed since, and return how many."""
        return self._tx.execute(delete(_drafts).where(_drafts.c.changed_at < than)).rowcount

    def remove_of(self, owner: str) -> None:
        """Remove all drafts of somebody."""
        self._tx.execute(delete(_drafts).where(_drafts.c.owner == owner))
