"""What one transaction knows of runs: one memory for all stores here, so that nothing is read twice in it.

The one rule: whoever writes replaces what it wrote, or takes away what it cannot know; whoever removes runs clears everything.
What other transactions commit meanwhile is not seen, see `kit.memory`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Attempt, Run, RunId, Step


@dataclass(frozen=True, slots=True)
class Positions:
    """How far the sequence of a run is, and at which of its numbers the run's own row changed last."""

    sequence: int
    changed: int


@dataclass(slots=True)
class Known:
    """What is known, by run, by block, and by run and number of the attempt.

    Attributes:
        latest: the newest run of a block; an unfinished run always is. None if there is none.
        held: attempts whose row this transaction has locked.
        steps: all steps of an attempt, in order.
        outputs: what an attempt has reported so far.
    """

    runs: dict[RunId, Run] = field(default_factory=dict)
    positions: dict[RunId, Positions] = field(default_factory=dict)
    latest: dict[UUID, RunId | None] = field(default_factory=dict)
    attempts: dict[tuple[RunId, int], Attempt] = field(default_factory=dict)
    held: set[tuple[RunId, int]] = field(default_factory=set)
    steps: dict[tuple[RunId, int], Sequence[Step]] = field(default_factory=dict)
    outputs: dict[tuple[RunId, int], JsonObject] = field(default_factory=dict)

    def is_written(self, run: Run) -> None:
        """Know a run that was written just now; where its sequence is has to be read."""
        self.positions.pop(run.id, None)
        self.is_read(run)

    def is_read(self, run: Run) -> None:
        """Know a run."""
        self.runs[run.id] = run
        if not run.is_final:
            self.latest[run.block_id] = run.id


def known(tx: Transaction) -> Known:
    """Return what is known in a transaction, to be read and changed."""
    found = tx.memory.get(Known)
    if not isinstance(found, Known):
        found = tx.memory[Known] = Known()
    return found


def forget_all(tx: Transaction) -> None:
    """Know nothing any more."""
    tx.memory.pop(Known, None)
