"""Writing the log of a step: chunks of our runner, whole messages of all others."""

from dataclasses import replace

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunLimits, Step
from blockyard.server.runs.model.logs import cut_character, digest, missing_part, new_part
from blockyard.server.runs.store import LogStore, StepBatch

CHUNK_BYTES = 256 * 1024
"""Longer pieces are stored as several chunks."""


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
        return self._append(replace(step, log_digest=None), fresh)

    def message(self, step: Step, text: str, *, follows_chunks: bool) -> Step:
        """Make `text` the log of the step, storing only what is new.

        With `follows_chunks` the log came in chunks and `text` is its end, as our runner sends it.
        """
        data = text.encode(errors="replace")
        if follows_chunks and step.log_bytes > 0 and step.log_digest is None:
            self._write_before_reading(step)
            tail = self._logs.tail(step, len(data))
            missing = missing_part(data, tail)
            return self._append(step, missing) if missing else step
        fresh = new_part(data, step.log_bytes, step.log_digest)
        if fresh is None:
            self._write_before_reading(step)
            self._logs.clear(step)
            step, fresh = replace(step, log_bytes=0, log_carry=b""), data
        return self._append(replace(step, log_digest=digest(data)), fresh)

    def _append(self, step: Step, data: bytes) -> Step:
        """Put `data` at the end of the log; the batch keeps it as far as the run's log is not full."""
        begin = step.log_bytes - len(step.log_carry)
        text = step.log_carry + data
        cut = cut_character(text)
        whole, carry = text[: len(text) - cut], text[len(text) - cut :]
        for at in range(0, len(whole), CHUNK_BYTES):
            self._batch.append(step, begin + at, whole[at : at + CHUNK_BYTES])
        step = replace(step, log_bytes=step.log_bytes + len(data), log_carry=carry)
        self._batch.put_log_state(step)
        return step

    def _write_before_reading(self, step: Step) -> None:
        """Store the pieces of the log that wait in the batch: what is read or removed next includes them."""
        if self._batch.has_log_of(step):
            self._batch.write(log_limit=self._limits.log_bytes)
