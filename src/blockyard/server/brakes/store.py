"""The table of brakes, and the condition by which the queue passes over what one is on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Index,
    String,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.brakes.model import Brake, BrakeId, BrakeKind, BrakePlace, BrakeScope, Calendar, read_calendar
from blockyard.server.events.model import Author
from blockyard.server.kit.columns import Instant, Packed, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, index_list, life

_GATE = 0x6272_616B
"""The advisory lock of PostgreSQL that claims share, and that whoever places a brake has alone."""


def _unpack_author(stored: Json) -> Author:
    return Author.read(stored if isinstance(stored, dict) else {})


def _pack_calendar(calendar: Calendar | None) -> Json:
    return None if calendar is None else calendar.document()


_brakes = Table(
    "brakes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Word(BrakeKind, 8), nullable=False),
    Column("scope", Word(BrakeScope, 12), nullable=False),
    Column("subject", Text, nullable=False),
    Column("block_id", Uuid),
    Column("definition_id", Uuid),
    Column("on_workspace", String(64)),
    Column("platform", String(255)),
    Column("workspace", String(64)),
    Column("concerns", String(64)),
    Column("reason", Text, nullable=False),
    Column("author", Packed(Author.document, _unpack_author), nullable=False),
    Column("calendar", Packed[Calendar | None](_pack_calendar, read_calendar), nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("closes_at", Instant),
    *life(),
)
index_list(_brakes, "kind", "scope", "block_id", "workspace")
_LIVES = _brakes.c.deleted_at.is_(None)
for _name in ("definition_id", "on_workspace", "platform", "closes_at", "concerns"):
    Index(f"ix_brakes_live_{_name}", _brakes.c[_name], sqlite_where=_LIVES, postgresql_where=_LIVES)
_rows: Rows[Brake, BrakeId] = Rows(_brakes, Brake, "id")

_ANY = select(_brakes.c.id).where(_LIVES).limit(1)
_OVER = select(_brakes).where(_LIVES, _brakes.c.closes_at <= bindparam("over_at")).limit(100)
_SHARE, _ALONE = (
    select(func.pg_advisory_xact_lock_shared(bindparam("gate"))),
    select(func.pg_advisory_xact_lock(bindparam("gate"))),
)


class Braked:
    """The condition that a brake is on a run, for the queue; its parameter is `braked_at`."""

    def on(self, runs: FromClause) -> ColumnElement[bool]:
        """Return it for a table that has the columns of runs."""
        holds = (
            _LIVES,
            _brakes.c.opens_at <= bindparam("braked_at"),
            or_(_brakes.c.closes_at.is_(None), _brakes.c.closes_at > bindparam("braked_at")),
        )
        places = (
            _brakes.c.scope == BrakeScope.EVERYTHING,
            _brakes.c.block_id == runs.c.block_id,
            _brakes.c.definition_id == runs.c.definition_id,
            _brakes.c.on_workspace == runs.c.workspace,
            _brakes.c.platform == runs.c.platform,
        )
        return or_(*(exists().where(*holds, place).correlate(runs) for place in places))


BRAKED = Braked()


class BrakeStore(Store[Brake, BrakeId]):
    """Reads and writes brakes."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def share_gate(self) -> None:
        """Let nobody place a brake until this transaction ends: what it claims it claims before that (SQLite has one writer)."""
        if self._tx.dialect == "postgresql":
            self._tx.execute(_SHARE, {"gate": _GATE})

    def close_gate(self) -> None:
        """Wait for the claims under way, and let none begin until this transaction ends."""
        if self._tx.dialect == "postgresql":
            self._tx.execute(_ALONE, {"gate": _GATE})

    def any(self) -> bool:
        """Whether there is a brake that is not lifted."""
        return self._tx.execute(_ANY).first() is not None

    def over(self, now: datetime) -> Sequence[Brake]:
        """Return brakes whose time, or window, is over."""
        return [_rows.read(row) for row in self._tx.execute(_OVER, {"over_at": now})]

    def on(self, place: Sequence[BrakePlace], now: datetime) -> Sequence[Brake]:
        """Return the brakes that hold now, on everything or one of these places; the oldest first."""
        holds = (
            _brakes.c.opens_at <= now,
            or_(_brakes.c.closes_at.is_(None), _brakes.c.closes_at > now),
        )
        everywhere = _brakes.c.scope == BrakeScope.EVERYTHING
        return self.where(*holds, _any_of(everywhere, *(_at(one) for one in place)))

    def holds(self, block_ids: Collection[UUID]) -> Sequence[Brake]:
        """Return the holds on blocks that are not lifted, the oldest first."""
        return self.where(_brakes.c.block_id.in_(sorted(block_ids)))

    def seen(
        self, request: PageRequest, *, owners: Collection[str] | None, wanted: dict[str, object | None]
    ) -> Page[Brake]:
        """Return one page of the brakes that are not lifted: those on everything, those of workspaces and on what is theirs (None: all)."""
        conditions = self.with_members(wanted)
        if owners is not None:
            everything = _brakes.c.scope == BrakeScope.EVERYTHING
            theirs = and_(_brakes.c.workspace.is_(None), _brakes.c.concerns.in_(sorted(owners)))
            conditions.append(_any_of(everything, theirs, _rows.owned_by(owners)))
        return self.page_of(request, *conditions)


def _any_of(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return that one of the conditions holds of a brake that is not lifted; each is looked up in its own index."""
    return _brakes.c.id.in_(union(*(select(_brakes.c.id).where(_LIVES, one) for one in conditions)))


def _at(place: BrakePlace) -> ColumnElement[bool]:
    match place.scope:
        case BrakeScope.BLOCK:
            return _brakes.c.block_id == place.block_id
        case BrakeScope.DEFINITION:
            return _brakes.c.definition_id == place.definition_id
        case BrakeScope.WORKSPACE:
            return _brakes.c.on_workspace == place.on_workspace
        case BrakeScope.PLATFORM:
            return _brakes.c.platform == place.platform
        case BrakeScope.EVERYTHING:
            return _brakes.c.scope == BrakeScope.EVERYTHING
