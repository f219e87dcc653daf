"""The table of requests for publication."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid, delete, false

from blockyard.protocol.jsontypes import Json
from blockyard.server.events.model import Author
from blockyard.server.kit.columns import Instant, Packed, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store
from blockyard.server.publications.model import Decision, PublicationRequest, RequestId


def _author(document: Json) -> Author:
    return Author.read(document if isinstance(document, dict) else {})


def _packed() -> Packed[Author]:
    return Packed(lambda author: author.document(), _author)


_requests = Table(
    "publication_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("object_id", Uuid, nullable=False),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("author", _packed(), nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("decision", Word(Decision, 16), nullable=False),
    Column("is_decided", Boolean, nullable=False),
    Column("decided_by", _packed(), nullable=False),
    Column("decided_at", Instant),
    Column("comment", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_publication_requests_created_at", "is_decided", "created_at", "id"),
    Index("ix_publication_requests_kind", "kind", "is_decided", "created_at", "id"),
    Index("ix_publication_requests_workspace", "workspace", "is_decided", "created_at", "id"),
    Index("ix_publication_requests_decision", "decision", "is_decided", "created_at", "id"),
    Index("ix_publication_requests_object_id", "object_id", "is_decided", "created_at", "id"),
)
Index(
    "uq_publication_requests_open",
    _requests.c.object_id,
    unique=True,
    sqlite_where=_requests.c.is_decided == false(),
    postgresql_where=_requests.c.is_decided == false(),
)
_rows: Rows[PublicationRequest, RequestId] = Rows(
    _requests, PublicationRequest, "id", order=("is_decided", "created_at")
)


class RequestStore(Store[PublicationRequest, RequestId]):
    """Reads and writes requests; a service has at most one that is not decided."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def open_of(self, object_id: UUID) -> PublicationRequest | None:
        """Return the undecided request of a service."""
        found = self.where(_requests.c.object_id == object_id, _requests.c.is_decided == false())
        return found[0] if found else None

    def newest_of(self, object_id: UUID, count: int) -> Sequence[PublicationRequest]:
        """Return the last requests of a service, newest first."""
        columns = _requests.c
        found = (
            _requests.select()
            .where(columns.object_id == object_id)
            .order_by(columns.created_at.desc(), columns.id.desc())
            .limit(count)
        )
        return [_rows.read(row) for row in self._tx.execute(found)]

    def forget(self, object_id: UUID) -> None:
        """Remove the requests of a service that is gone."""
        self._tx.execute(delete(_requests).where(_requests.c.object_id == object_id))
