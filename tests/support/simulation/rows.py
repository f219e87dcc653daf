"""What is stored, read without any code of the product: what invariants judge by."""

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject

SOON, EXPIRED = "Building Block Expires Soon", "Building Block Expired"
"""The events of the end of a block."""

_FINAL = ("SUCCEEDED", "FAILED", "ABORTED")


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as it is stored."""

    id: UUID
    definition_id: UUID
    version_id: UUID
    status: str
    lifecycle: str
    latest_run_id: UUID | None
    is_due: bool
    applied_at: str | None
    inputs: dict[str, JsonObject]
    outputs: dict[str, JsonObject]
    follows: str
    held_by: UUID | None
    cascade: UUID | None
    tenant_id: UUID | None
    created_at: str

    @property
    def is_held(self) -> bool:
        """Whether a stopped cascade holds it."""
        return self.held_by is not None

    @property
    def is_live(self) -> bool:
        """Whether it is not deleted."""
        return self.lifecycle != "DELETED"

    @property
    def out(self) -> object:
        """The value of its output; None if it has none."""
        return self.outputs.get("out", {}).get("value")


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it is stored."""

    id: UUID
    block_id: UUID
    number: int
    version_id: UUID
    behavior: str
    status: str
    attempt: int
    finished_at: str | None
    due_at: str
    reason: str
    plan_run_id: UUID | None
    awaits_approval: bool
    passes: bool
    created_at: str
    restores: int | None
    """The version of the state that it plans with, if that is not the current one."""

    @property
    def created(self) -> datetime:
        """When it was requested."""
        return instant(self.created_at)

    @property
    def is_final(self) -> bool:
        """Whether it is over."""
        return self.status in _FINAL


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """A brake that is not lifted, as it is stored; a calendar of the simulation is of days, in UTC."""

    id: UUID
    scope: str
    block_id: UUID | None
    definition_id: UUID | None
    closes_at: str | None
    calendar: dict[str, str] | None

    def is_on(self, block: BlockRow) -> bool:
        """Whether it is on what a block belongs to; all are of the one workspace that is ever stopped."""
        on_it = {"BLOCK": self.block_id == block.id, "DEFINITION": self.definition_id == block.definition_id}
        return on_it.get(self.scope, True)

    def holds(self, now: datetime) -> bool:
        """Whether it holds at a moment, computed from what people said."""
        if self.calendar is not None:
            begin, end, at = self.calendar["begin"], self.calendar["end"], f"{now:%H:%M}"
            return begin <= at < end if begin < end else (at >= begin or at < end)
        return self.closes_at is None or instant(self.closes_at) > now


@dataclass(frozen=True, slots=True)
class WatchRow:
    """What is known of the drift of a block, as it is stored."""

    block_id: UUID
    created_at: str
    due_at: str
    state: str
    run_id: UUID | None
    is_paused: bool
    ignored_until: str | None


@dataclass(frozen=True, slots=True)
class StateRow:
    """A version of a state, as it is stored."""

    number: int
    serial: int
    md5: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ExpiryRow:
    """When a block ends by itself, as it is stored, and what was told of that."""

    expires_at: str
    try_at: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything of interest at one moment."""

    blocks: dict[UUID, BlockRow] = field(default_factory=dict)
    runs: dict[UUID, RunRow] = field(default_factory=dict)
    parents: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    live_attempts: tuple[tuple[UUID, int], ...] = ()
    locks: tuple[tuple[UUID, UUID | None], ...] = ()
    stopped: frozenset[UUID] = frozenset()
    """The cascades that are stopped."""
    stopping: frozenset[UUID] = frozenset()
    """Those of them that have not taken everything back yet."""
    jobs: dict[UUID, bool] = field(default_factory=dict)
    """The bulk jobs, and whether they have ended."""
    job_rows: dict[tuple[UUID, int], str] = field(default_factory=dict)
    """The state of each of their rows."""
    turns: int = 0
    """How many blocks cascades have yet to come to."""
    brakes: tuple[BrakeRow, ...] = ()
    watches: dict[UUID, WatchRow] = field(default_factory=dict)
    """What is checked for drift."""
    unchecked: frozenset[UUID] = frozenset()
    """The definitions whose checks are paused."""
    states: dict[UUID, tuple[StateRow, ...]] = field(default_factory=dict)
    expiries: dict[UUID, ExpiryRow] = field(default_factory=dict)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often events of ends were told, by block and title."""

    def serial_of(self, block_id: UUID, number: int | None = None) -> int:
        """Return the serial of a version of a state, of the current one unless it is said which; 0 if there is none."""
        found = [
            one for one in self.states.get(block_id, ()) if (one.is_current if number is None else one.number == number)
        ]
        return found[0].serial if found else 0

    def brakes_on(self, block: BlockRow, now: datetime) -> list[BrakeRow]:
        """Return what keeps runs of a block back that apply or destroy."""
        return [brake for brake in self.brakes if brake.is_on(block) and brake.holds(now)]

    def on_hold(self, now: datetime) -> set[UUID | None]:
        """Return the blocks that are on hold."""
        return {brake.block_id for brake in self.brakes if brake.scope == "BLOCK" and brake.holds(now)}

    def unfinished(self, block_id: UUID) -> list[RunRow]:
        """Return the runs of a block that are not over."""
        return [run for run in self.runs.values() if run.block_id == block_id and run.finished_at is None]


def read_rows(connection: sqlite3.Connection) -> Rows:
    """Read them."""
    blocks = connection.execute(
        "SELECT id, definition_id, version_id, status, lifecycle, latest_run_id, rerun_due, applied_at, inputs, outputs, follows,"
        " held_by, cascade, tenant_id, created_at"
        " FROM blocks ORDER BY rowid"
    )
    runs = connection.execute(
        "SELECT id, block_id, number, version_id, behavior, status, attempt, finished_at, due_at, reason, plan_run_id,"
        " awaits_approval, passes_since, created_at, task FROM runs ORDER BY rowid"
    )
    parents: dict[UUID, tuple[UUID, ...]] = {}
    for child, parent in connection.execute(
        "SELECT child_id, parent_id FROM block_parents ORDER BY child_id, position"
    ):
        parents[UUID(child)] = (*parents.get(UUID(child), ()), UUID(parent))
    attempts = connection.execute("SELECT run_id, number FROM run_attempts WHERE state = 'LIVE' ORDER BY rowid")
    locks = connection.execute("SELECT block_id, run_id FROM state_locks ORDER BY block_id")
    stopped = connection.execute("SELECT id FROM block_cascades WHERE stopped_at IS NOT NULL")
    jobs = connection.execute("SELECT id, ended_at FROM bulk_jobs ORDER BY rowid")
    job_rows = connection.execute("SELECT job_id, position, state FROM bulk_job_rows")
    (turns,) = connection.execute("SELECT count(*) FROM block_cascade_turns").fetchone()
    brakes = connection.execute(
        "SELECT id, scope, block_id, definition_id, closes_at, calendar FROM brakes WHERE deleted_at IS NULL ORDER BY rowid"
    )
    return Rows(
        {block.id: block for block in map(_block, blocks)},
        {run.id: run for run in map(_run, runs)},
        parents,
        tuple((UUID(run_id), number) for run_id, number in attempts),
        tuple((UUID(block_id), run_id and UUID(run_id)) for block_id, run_id in locks),
        frozenset(UUID(cascade) for (cascade,) in stopped),
        frozenset(UUID(cascade) for (cascade,) in connection.execute("SELECT cascade FROM block_cascade_stops")),
        {UUID(job_id): ended is not None for job_id, ended in jobs},
        {(UUID(job_id), position): state for job_id, position, state in job_rows},
        turns,
        tuple(map(_brake, brakes)),
        {one.block_id: one for one in map(_watch, connection.execute(_WATCHES))},
        frozenset(UUID(id_) for (id_,) in connection.execute("SELECT definition_id FROM drift_rules WHERE is_paused")),
        _states(connection),
        {UUID(id_): ExpiryRow(*times) for id_, *times in connection.execute(_EXPIRIES)},
        Counter({(block, title): number for block, title, number in connection.execute(_TOLD, (SOON, EXPIRED))}),
    )


_WATCHES = (
    "SELECT block_id, created_at, due_at, state, run_id, is_paused, ignored_until FROM drift_watches ORDER BY rowid"
)
_EXPIRIES = "SELECT block_id, expires_at, try_at FROM block_expiries ORDER BY rowid"
_TOLD = "SELECT subject_id, title, count(*) FROM events WHERE title IN (?, ?) GROUP BY subject_id, title"


def _watch(row: tuple[str, ...]) -> WatchRow:
    block_id, created_at, due_at, state, run_id, paused, ignored_until = row
    return WatchRow(
        UUID(block_id), created_at, due_at, state, UUID(run_id) if run_id else None, bool(paused), ignored_until
    )


def _states(connection: sqlite3.Connection) -> dict[UUID, tuple[StateRow, ...]]:
    found: dict[UUID, tuple[StateRow, ...]] = {}
    for block_id, number, serial, md5, is_current in connection.execute(
        "SELECT block_id, number, serial, md5, is_current FROM state_versions ORDER BY block_id, number"
    ):
        version = StateRow(number, serial, md5, bool(is_current))
        found[UUID(block_id)] = (*found.get(UUID(block_id), ()), version)
    return found


def instant(text: str) -> datetime:
    """Return the instant that a column has."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _block(row: tuple[str, ...]) -> BlockRow:
    id_, definition, version, status, lifecycle, latest, due, applied, inputs, outputs, follows, *others = row
    held_by, cascade, tenant = (UUID(one) if one else None for one in others[:-1])
    return BlockRow(
        UUID(id_),
        UUID(definition),
        UUID(version),
        status,
        lifecycle,
        UUID(latest) if latest else None,
        bool(due),
        applied,
        json.loads(inputs),
        json.loads(outputs),
        follows,
        held_by,
        cascade,
        tenant,
        others[-1],
    )


def _brake(row: tuple[str, ...]) -> BrakeRow:
    id_, scope, block_id, definition_id, closes_at, calendar = row
    ids = (UUID(block_id) if block_id else None, UUID(definition_id) if definition_id else None)
    return BrakeRow(UUID(id_), scope, *ids, closes_at, json.loads(calendar))


def _run(row: tuple[str, ...]) -> RunRow:
    (
        id_,
        block_id,
        number,
        version,
        behavior,
        status,
        attempt,
        finished,
        due,
        reason,
        plan,
        awaits,
        passes,
        created,
        task,
    ) = row
    ids = UUID(id_), UUID(block_id)
    of_plan = UUID(plan) if plan else None
    begin = (*ids, int(number), UUID(version), behavior, status, int(attempt), finished, due, reason)
    does = json.loads(task or "null") or {}
    restores = does.get("version") if does.get("kind") == "RESTORE_PLAN" else None
    return RunRow(*begin, of_plan, bool(awaits), bool(passes), created, restores)
