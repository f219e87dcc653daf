"""Sources and steps of attempts."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update

from blockyard.protocol.names import StepStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId, Source, Step, StepId
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import sources as _sources
from blockyard.server.runs.store.tables import steps as _steps


class StepStore:
    """Reads and writes sources and steps."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def sources(self, run_id: RunId, attempt: int) -> Sequence[Source]:
        """Return the sources of an attempt in the order they appeared."""
        query = (
            select(_sources)
            .where(_sources.c.run_id == run_id, _sources.c.attempt == attempt)
            .order_by(_sources.c.position)
        )
        return [_source(row) for row in self._tx.execute(query)]

    def put_source(self, source: Source, *, is_new: bool) -> None:
        """Write a source."""
        values = {
            "position": source.position,
            "external_run_id": source.external_run_id,
            "external_run_url": source.external_run_url,
        }
        key = {"run_id": source.run_id, "attempt": source.attempt, "source": source.id}
        if is_new:
            self._tx.execute(insert(_sources).values(**key, **values))
            return
        which = [_sources.c[name] == value for name, value in key.items()]
        self._tx.execute(update(_sources).where(*which).values(values))

    def steps(self, run_id: RunId, attempt: int, *, after: int = -1) -> Sequence[Step]:
        """Return the steps of an attempt that changed after sequence number `after`, in the order people see them."""
        of_source = (
            (_sources.c.run_id == _steps.c.run_id)
            & (_sources.c.attempt == _steps.c.attempt)
            & (_sources.c.source == _steps.c.source)
        )
        query = (
            select(_steps)
            .join(_sources, of_source)
            .where(_steps.c.run_id == run_id, _steps.c.attempt == attempt, _steps.c.changed > after)
            .order_by(_sources.c.position, _steps.c.position, _steps.c.name)
        )
        return [_step(row) for row in self._tx.execute(query)]

    def newest_attempt(self, run_id: RunId) -> int:
        """Return the number of the newest attempt somebody reported on; 0 if there is none."""
        query = select(func.max(_sources.c.attempt)).where(_sources.c.run_id == run_id)
        return int(str(self._tx.execute(query).scalar_one() or 0))


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
