"""Sources and steps of attempts."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, insert, select, update

from blockyard.protocol.names import StepStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId, Source, Step, StepId
from blockyard.server.runs.store.memory import known
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import sources as _sources
from blockyard.server.runs.store.tables import steps as _steps

_SOURCES = (
    select(_sources)
    .where(_sources.c.run_id == bindparam("of_run"), _sources.c.attempt == bindparam("of_attempt"))
    .order_by(_sources.c.position)
)
_ADD_SOURCE = insert(_sources)
_NEWEST_ATTEMPT = select(func.max(_sources.c.attempt)).where(_sources.c.run_id == bindparam("of_run"))
_OF_ATTEMPT = (
    select(_steps)
    .join(
        _sources,
        (_sources.c.run_id == _steps.c.run_id)
        & (_sources.c.attempt == _steps.c.attempt)
        & (_sources.c.source == _steps.c.source),
    )
    .where(
        _steps.c.run_id == bindparam("of_run"),
        _steps.c.attempt == bindparam("of_attempt"),
        _steps.c.changed > bindparam("after"),
    )
    .order_by(_sources.c.position, _steps.c.position, _steps.c.name)
)


class StepStore:
    """Reads and writes sources and steps."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def sources(self, run_id: RunId, attempt: int) -> Sequence[Source]:
        """Return the sources of an attempt in the order they appeared."""
        rows = self._tx.execute(_SOURCES, {"of_run": run_id, "of_attempt": attempt})
        return [_source(row) for row in rows]

    def put_source(self, source: Source, *, is_new: bool) -> None:
        """Write a source."""
        values = {
            "position": source.position,
            "external_run_id": source.external_run_id,
            "external_run_url": source.external_run_url,
        }
        key = {"run_id": source.run_id, "attempt": source.attempt, "source": source.id}
        if is_new:
            self._tx.execute(_ADD_SOURCE, {**key, **values})
            return
        which = [_sources.c[name] == value for name, value in key.items()]
        self._tx.execute(update(_sources).where(*which).values(values))

    def steps(self, run_id: RunId, attempt: int, *, after: int = -1) -> Sequence[Step]:
        """Return the steps of an attempt that changed after sequence number `after`, in the order people see them."""
        key = (run_id, attempt)
        remembered = known(self._tx).steps
        if key in remembered and after < 0:
            return remembered[key]
        rows = self._tx.execute(_OF_ATTEMPT, {"of_run": run_id, "of_attempt": attempt, "after": after})
        steps = [_step(row) for row in rows]
        if after < 0:
            remembered[key] = steps
        return steps

    def newest_attempt(self, run_id: RunId) -> int:
        """Return the number of the newest attempt somebody reported on; 0 if there is none."""
        return int(str(self._tx.execute(_NEWEST_ATTEMPT, {"of_run": run_id}).scalar_one() or 0))


def replace_known(tx: Transaction, run_id: RunId, attempt: int, written: Sequence[Step]) -> None:
    """Know the steps that were `written`; all are read again where one is new or moved."""
    remembered = known(tx).steps
    before = {step.id: step for step in remembered.pop((run_id, attempt), ())}
    after = before | {step.id: step for step in written}
    if [(step.id, step.position) for step in before.values()] == [(step.id, step.position) for step in after.values()]:
        remembered[run_id, attempt] = list(after.values())


def step_key(step: Step) -> dict[str, object]:
    """Return which row is that of a step."""
    return {"run_id": step.run_id, "attempt": step.attempt, "source": step.id.source, "name": step.id.name}


def step_values(step: Step) -> dict[str, object]:
    """Return what the row of a step says."""
    return {
        "position": step.position,
        "display_name": step.display_name,
        "status": step.status.value,
        "user_message": step.user_message,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "log_bytes": step.log_bytes,
        "log_carry": step.log_carry,
        "log_digest": step.log_digest,
        "changed": step.changed,
    }


def _source(row: RunRow) -> Source:
    return Source(
        run_id=RunId(row.run_id),
        attempt=row.attempt,
        id=row.source,
        position=row.position,
        external_run_id=row.external_run_id,
        external_run_url=row.external_run_url,
    )


def _step(row: RunRow) -> Step:
    return Step(
        run_id=RunId(row.run_id),
        attempt=row.attempt,
        id=StepId(row.source, row.name),
        position=row.position,
        display_name=row.display_name,
        status=StepStatus(row.status),
        user_message=row.user_message,
        started_at=row.started_at,
        ended_at=row.ended_at,
        log_bytes=row.log_bytes,
        log_carry=bytes(row.log_carry),
        log_digest=row.log_digest,
        changed=row.changed,
    )
