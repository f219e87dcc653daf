"""Writing the log of a step: chunks of our runner, whole messages of all others."""

from dataclasses import replace

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunLimits, Step
from blockyard.server.runs.model.logs import (
    LONGEST_LINE_BYTES,
    column_after,
    cut_character,
    digest,
    kept_lines,
    missing_part,
    new_part,
)
from blockyard.server.runs.store import LogStore, StepBatch

CHUNK_BYTES = 256 * 1024
"""Longer pieces are stored as several chunks."""

_SHORT_BYTES = 1024
"""So little of a line is kept without looking how long the line is already."""


class Logbook:
    """Appends to the logs of one attempt by way of a batch. Only for the services of this feature."""

    def __init__(self, tx: Transaction, batch: StepBatch, limits: RunLimits) -> None:
        self._batch = batch
        self._logs = LogStore(tx)
        self._limits = limits

    def chunk(self, step: Step, offset: int, data: bytes) -> Step:
        """Append the part of `data` that begins at the end of the log; a gap or a repetition changes nothing."""
        if offset > step.log_bytes:
            return step
        fresh = data[step.log_bytes - offset :]
        if not fresh:
            return step
        column = 0 if _begins_short(fresh) else self._column(step)
        return self._append(replace(step, log_digest=None), fresh, column)

    def message(self, step: Step, text: str, *, follows_chunks: bool) -> Step:
        """Make `text` the log of the step, storing only what is new.

        With `follows_chunks` the log came in chunks and `text` is its end, as our runner sends it.
        """
        data = text.encode(errors="replace")
        if follows_chunks and step.log_bytes > 0 and step.log_digest is None:
            self._write_before_reading(step)
            tail = self._logs.tail(step, len(data))
            missing = missing_part(data, tail)
            return self._append(step, missing, column_after(tail, is_whole=True)) if missing else step
        fresh = new_part(data, step.log_bytes, step.log_digest)
        if fresh is None:
            self._write_before_reading(step)
            self._logs.clear(step)
            step, fresh = replace(step, log_bytes=0, log_carry=b""), data
        known = step.log_bytes - len(step.log_carry)
        column = column_after(data[max(0, known - LONGEST_LINE_BYTES - 1) : known], is_whole=True)
        return self._append(replace(step, log_digest=digest(data)), fresh, column)

    def _append(self, step: Step, data: bytes, column: int) -> Step:
        """Put `data` at the end of the log; the batch keeps it as far as the run's log is not full.

        Offsets count what was received: where a line was cut, the next piece does not begin where the one before ends.
        """
        begin = step.log_bytes - len(step.log_carry)
        text = step.log_carry + data
        cut = cut_character(text)
        whole, carry = text[: len(text) - cut], text[len(text) - cut :]
        for place, piece in kept_lines(whole, column):
            for at in range(0, len(piece), CHUNK_BYTES):
                self._batch.append(step, begin + place + at, piece[at : at + CHUNK_BYTES])
        step = replace(step, log_bytes=step.log_bytes + len(data), log_carry=carry)
        self._batch.put_log_state(step)
        return step

    def _column(self, step: Step) -> int:
        """Return how long the last line of the log is."""
        self._write_before_reading(step)
        wanted = min(step.log_bytes, LONGEST_LINE_BYTES + 1)
        tail = self._logs.read(step, step.log_bytes - wanted)
        return column_after(tail, is_whole=len(tail) >= wanted)

    def _write_before_reading(self, step: Step) -> None:
        """Store the pieces of the log that wait in the batch: what is read or removed next includes them."""
        if self._batch.has_log_of(step):
            self._batch.write(log_limit=self._limits.log_bytes)


def _begins_short(data: bytes) -> bool:
    return len(data) < _SHORT_BYTES or b"\n" in data[:_SHORT_BYTES]
