"""Logs of steps, in chunks that are numbered by the run's sequence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId, Step, StepId
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import log_chunks as _chunks
from blockyard.server.runs.store.tables import runs as _runs

_CHUNKS_AT_ONCE = 16
"""How many chunks come from the database at a time: who wants a part of a log must not get all of it."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a step's log; `offset` counts the bytes that were received before it, kept or not."""

    sequence: int
    step: StepId
    offset: int
    data: bytes


class LogStore:
    """Reads and writes logs."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def clear(self, step: Step) -> None:
        """Remove the log of a step."""
        removed = delete(_chunks).where(*_of(step)).returning(_chunks.c.data)
        size = sum(len(row.data) for row in self._tx.execute(removed))
        less = update(_runs).where(_runs.c.id == step.run_id).values(log_bytes=_runs.c.log_bytes - size)
        self._tx.execute(less)

    def after(self, run_id: RunId, attempt: int, sequence: int, *, up_to_bytes: int) -> tuple[Sequence[LogChunk], bool]:
        """Return the chunks after `sequence`, at least one and about `up_to_bytes` in all, and whether there are more."""
        found: list[LogChunk] = []
        size = 0
        for row in self._chunks_after(run_id, attempt, sequence):
            if found and size + len(row.data) > up_to_bytes:
                return found, True
            found.append(LogChunk(row.sequence, StepId(row.source, row.name), row.offset, bytes(row.data)))
            size += len(row.data)
        return found, False

    def tail(self, step: Step, size: int) -> bytes:
        """Return the last `size` bytes that were kept of a step's log, or all of them."""
        pieces, found = [step.log_carry], len(step.log_carry)
        for row in self._chunks_before(step, step.log_bytes):
            if found >= size:
                break
            pieces.append(bytes(row.data))
            found += len(row.data)
        return b"".join(reversed(pieces))[-size:] if size else b""

    def read(self, step: Step, offset: int = 0, size: int | None = None) -> bytes:
        """Return what was kept of the `size` bytes of a step's log from `offset` on."""
        end = step.log_bytes if size is None else min(step.log_bytes, offset + size)
        pieces: list[bytes] = []
        for row in self._chunks_before(step, end):
            pieces.append(bytes(row.data)[max(0, offset - row.offset) : end - row.offset])
            if row.offset <= offset:
                break
        text = b"".join(reversed(pieces))
        return text + step.log_carry if end == step.log_bytes else text

    def _chunks_after(self, run_id: RunId, attempt: int, sequence: int) -> Iterator[RunRow]:
        of_attempt = (_chunks.c.run_id == run_id, _chunks.c.attempt == attempt)
        while True:
            query = select(_chunks).where(*of_attempt, _chunks.c.sequence > sequence).order_by(_chunks.c.sequence)
            rows = self._tx.execute(query.limit(_CHUNKS_AT_ONCE)).all()
            yield from rows
            if len(rows) < _CHUNKS_AT_ONCE:
                return
            sequence = rows[-1].sequence

    def _chunks_before(self, step: Step, end: int) -> Iterator[RunRow]:
        while True:
            query = select(_chunks.c.offset, _chunks.c.data).where(*_of(step), _chunks.c.offset < end)
            rows = self._tx.execute(query.order_by(_chunks.c.offset.desc()).limit(_CHUNKS_AT_ONCE)).all()
            yield from rows
            if len(rows) < _CHUNKS_AT_ONCE:
                return
            end = rows[-1].offset


def _of(step: Step) -> list[ColumnElement[bool]]:
    return [
        _chunks.c.run_id == step.run_id,
        _chunks.c.attempt == step.attempt,
        _chunks.c.source == step.id.source,
        _chunks.c.name == step.id.name,
    ]
