"""What one report changes of the steps of an attempt and of their logs, written at once."""

from dataclasses import replace

from sqlalchemy import bindparam, insert, update

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId, Step, StepId
from blockyard.server.runs.store.logs import LogChunk
from blockyard.server.runs.store.memory import known
from blockyard.server.runs.store.steps import replace_known, step_key, step_values
from blockyard.server.runs.store.tables import log_chunks as _chunks
from blockyard.server.runs.store.tables import runs as _runs
from blockyard.server.runs.store.tables import steps as _steps

_RESERVE = (
    update(_runs)
    .where(_runs.c.id == bindparam("of_run"))
    .values(sequence=_runs.c.sequence + bindparam("count"), log_bytes=_runs.c.log_bytes + bindparam("size"))
    .returning(_runs.c.sequence, _runs.c.log_bytes)
)
_GIVE_BACK = (
    update(_runs).where(_runs.c.id == bindparam("of_run")).values(log_bytes=_runs.c.log_bytes - bindparam("size"))
)
_ADD_STEPS = insert(_steps)
_ADD_CHUNKS = insert(_chunks)
_CHANGE_STEPS = update(_steps).where(
    _steps.c.run_id == bindparam("of_run_id"),
    _steps.c.attempt == bindparam("of_attempt"),
    _steps.c.source == bindparam("of_source"),
    _steps.c.name == bindparam("of_name"),
)


class StepBatch:
    """Collects changes of steps and pieces of logs of one attempt; `write` stores them.

    Each visible change of a step and each piece of a log gets a number of the run's sequence, in the order it came; all
    numbers are reserved in one statement. Nothing is read from here: who reads in between writes first.
    """

    def __init__(self, tx: Transaction, run_id: RunId, attempt: int) -> None:
        self._tx = tx
        self._run_id = run_id
        self._attempt = attempt
        self._count = 0
        self._numbers: dict[StepId, int] = {}
        self._new: dict[StepId, Step] = {}
        self._changed: dict[StepId, Step] = {}
        self._pieces: list[LogChunk] = []
        self._written: dict[StepId, int] = {}

    def put(self, step: Step, *, is_new: bool = False) -> Step:
        """Take up a step that changed visibly."""
        self._count += 1
        self._numbers[step.id] = self._count
        self._keep(step, is_new=is_new)
        return step

    def put_log_state(self, step: Step) -> None:
        """Take up how far the log of a step is; that is no visible change of the step."""
        self._keep(step)

    def append(self, step: Step, offset: int, data: bytes) -> None:
        """Take up a piece of a log."""
        self._count += 1
        self._pieces.append(LogChunk(self._count, step.id, offset, data))

    def has_log_of(self, step: Step) -> bool:
        """Whether a piece of the log of `step` is not written yet."""
        return any(piece.step == step.id for piece in self._pieces)

    def write(self, *, log_limit: int) -> None:
        """Store everything, but of logs only what does not make the run's larger than `log_limit` bytes."""
        begin = 0
        if self._count:
            known(self._tx).positions.pop(self._run_id, None)
            size = sum(len(piece.data) for piece in self._pieces)
            reserved = self._tx.execute(_RESERVE, {"of_run": self._run_id, "count": self._count, "size": size}).one()
            begin = reserved.sequence - self._count
            if size and reserved.log_bytes > log_limit:
                self._cut(max(0, size - (reserved.log_bytes - log_limit)))
                kept = sum(len(piece.data) for piece in self._pieces)
                self._tx.execute(_GIVE_BACK, {"of_run": self._run_id, "size": size - kept})
        self._written |= {step_id: begin + number for step_id, number in self._numbers.items()}
        new = [self._numbered(step) for step in self._new.values()]
        changed = [self._numbered(step) for step in self._changed.values()]
        if new:
            self._tx.execute(_ADD_STEPS, [step_key(step) | step_values(step) for step in new])
        if changed:
            rows = [{f"of_{name}": value for name, value in step_key(step).items()} for step in changed]
            self._tx.execute(_CHANGE_STEPS, [row | step_values(step) for row, step in zip(rows, changed, strict=True)])
        if new or changed:
            replace_known(self._tx, self._run_id, self._attempt, [*new, *changed])
        if self._pieces:
            self._tx.execute(_ADD_CHUNKS, [self._piece_row(piece, begin) for piece in self._pieces])
        self._forget()

    def _keep(self, step: Step, *, is_new: bool = False) -> None:
        (self._new if is_new or step.id in self._new else self._changed)[step.id] = step

    def _numbered(self, step: Step) -> Step:
        """Return `step` with the number of its last visible change."""
        return replace(step, changed=self._written.get(step.id, step.changed))

    def _cut(self, room: int) -> None:
        """Keep the first `room` bytes of the pieces."""
        kept: list[LogChunk] = []
        for piece in self._pieces:
            data = piece.data[:room]
            room -= len(data)
            if data:
                kept.append(replace(piece, data=data))
        self._pieces = kept

    def _piece_row(self, piece: LogChunk, begin: int) -> dict[str, object]:
        return {
            "run_id": self._run_id,
            "sequence": begin + piece.sequence,
            "attempt": self._attempt,
            "source": piece.step.source,
            "name": piece.step.name,
            "offset": piece.offset,
            "data": piece.data,
        }

    def _forget(self) -> None:
        self._count = 0
        self._numbers, self._new, self._changed, self._pieces = {}, {}, {}, []
