"""The tables of what is checked, and how."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    delete,
    false,
    func,
    insert,
    select,
    text,
    union,
    update,
)

from blockyard.server.blocks.model.block import BlockId
from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.model.policies import ScheduleFrequency, ScheduleMode
from blockyard.server.drift.model import DriftRules, DriftState, DriftWatch, NoiseRule
from blockyard.server.identity.model import Reach
from blockyard.server.kit.columns import Instant, JsonText, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.members import members, wire_members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, within

_watches = Table(
    "drift_watches",
    metadata,
    Column("block_id", Uuid, primary_key=True),
    Column("definition_id", Uuid, nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("project", String(64)),
    Column("owner", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Word(DriftState, 16), nullable=False),
    Column("checked_at", Instant),
    Column("drifted_since", Instant),
    Column("run_id", Uuid),
    Column("count", Integer, nullable=False),
    Column("changes", JsonText, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("pause_reason", Text),
    Column("paused_by", Text),
    Column("ignored_until", Instant),
    Column("ignore_reason", Text),
    Column("ignored_by", Text),
    Column("revision", Integer, nullable=False),
    Index("ix_drift_watches_due_at", "due_at"),
    Index("ix_drift_watches_created", "created_at", "block_id"),
    Index("ix_drift_watches_definition", "definition_id", "created_at", "block_id"),
    Index("ix_drift_watches_state", "state", "created_at", "block_id"),
    Index("ix_drift_watches_workspace", "workspace", "created_at", "block_id"),
    Index("ix_drift_watches_owner", "owner", "created_at", "block_id"),
)

_rules = Table(
    "drift_rules",
    metadata,
    Column("definition_id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("mode", Word(ScheduleMode, 24), nullable=False),
    Column("frequency", Word(ScheduleFrequency, 8), nullable=False),
    Column("automatic_approval", Boolean, nullable=False),
    Column("is_synced", Boolean, nullable=False),
    Column("synced_behind", Uuid),
    Column("is_paused", Boolean, nullable=False),
    Column("pause_reason", Text),
    Column("paused_by", Text),
    Column("ignored", JsonText, nullable=False),
    Column("revision", Integer, nullable=False),
    Index(
        "ix_drift_rules_unsynced",
        "definition_id",
        sqlite_where=text("NOT is_synced"),
        postgresql_where=text("NOT is_synced"),
    ),
)

_rounds = Table(
    "drift_rounds",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("next_at", Instant, nullable=False),
)
"""One row: when the next portion of checks may begin, on whichever server."""


def _write_rules(rules: DriftRules) -> dict[str, object]:
    return {**members(rules), "ignored": [wire_members(one, NoiseRule) for one in rules.ignored]}


def _read_rules(row: dict[str, Any]) -> DriftRules:  # Any: what the columns' types make of the row
    return DriftRules(**{**row, "ignored": tuple(NoiseRule(**one) for one in row["ignored"])})


def _write_watch(watch: DriftWatch) -> dict[str, object]:
    return {**members(watch), "changes": [dict(one) for one in watch.changes]}


_watch_rows: Rows[DriftWatch, BlockId] = Rows(_watches, DriftWatch, "block_id", write=_write_watch)
_rule_rows: Rows[DriftRules, DefinitionId] = Rows(
    _rules, DriftRules, "definition_id", owner=None, write=_write_rules, read=_read_rules
)


class RulesStore(Store[DriftRules, DefinitionId]):
    """Reads and writes how the blocks of definitions are checked."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rule_rows)

    def unsynced(self) -> DriftRules | None:
        """Return one whose blocks are not entered yet."""
        found = select(_rules).where(text("NOT is_synced")).order_by(_rules.c.definition_id).limit(1)
        row = self._tx.execute(found).one_or_none()
        return None if row is None else _rule_rows.read(row)


class WatchStore(Store[DriftWatch, BlockId]):
    """Reads and writes what is checked."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _watch_rows)

    def begin_round(self, now: datetime, next_at: datetime) -> bool:
        """Tell whether a portion of checks may begin now; the next one may at `next_at`."""
        mine = update(_rounds).where(_rounds.c.id == 1, _rounds.c.next_at <= now).values(next_at=next_at)
        if self._tx.execute(mine).rowcount:
            return True
        if self._tx.execute(select(_rounds.c.id)).first() is None:
            self._tx.execute(insert(_rounds).values(id=1, next_at=next_at))
            return True
        return False

    def due(self, at: datetime, limit: int) -> Sequence[DriftWatch]:
        """Return the blocks whose check is due, those first that have waited longest."""
        found = select(_watches).where(_watches.c.due_at <= at).order_by(_watches.c.due_at).limit(limit)
        return [_watch_rows.read(row) for row in self._tx.execute(found)]

    def size(self) -> int:
        """Return how many blocks are checked."""
        return int(str(self._tx.execute(select(func.count()).select_from(_watches)).scalar_one()))

    def remove_of(self, definition_id: DefinitionId) -> None:
        """Check no block of a definition any more."""
        self._tx.execute(delete(_watches).where(_watches.c.definition_id == definition_id))

    def remove_block(self, block_id: UUID) -> None:
        """Check a block no more."""
        self._tx.execute(delete(_watches).where(_watches.c.block_id == block_id))

    def move(self, block_ids: Sequence[UUID], project: str) -> None:
        """Write that blocks are in another project."""
        moved = update(_watches).where(_watches.c.block_id.in_(list(block_ids)))
        self._tx.execute(moved.values(project=project, revision=_watches.c.revision + 1))

    def listed(
        self,
        request: PageRequest,
        reach: Reach,
        only_projects: dict[str, frozenset[str]],
        *,
        state: DriftState | None,
        workspace: str | None,
        definition_id: UUID | None,
    ) -> Page[DriftWatch]:
        """Return one page of what somebody may see, oldest first."""
        wanted = self.with_members({"state": state, "workspace": workspace, "definition_id": definition_id})
        return self.page_of(request, *_reached(wanted, reach, only_projects))


def _reached(
    wanted: Sequence[ColumnElement[bool]], reach: Reach, only_projects: dict[str, frozenset[str]]
) -> Sequence[ColumnElement[bool]]:
    """Return that a wanted block is of a workspace or of an owner of `reach`; each is looked up in its own index."""
    if reach.everything:
        return wanted
    sides = []
    if reach.workspaces:
        used = within(_watches.c.workspace, _watches.c.project, reach.workspaces, only_projects)
        sides.append(select(_watches.c.block_id).where(used, *wanted))
    if reach.providers:
        sides.append(select(_watches.c.block_id).where(_watches.c.owner.in_(sorted(reach.providers)), *wanted))
    return [_watches.c.block_id.in_(union(*sides))] if sides else [false()]
