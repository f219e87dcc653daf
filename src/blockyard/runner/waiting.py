"""Runs whose work is done outside: hundreds of them on a few threads, see `rounds.py`.

Such a run has no thread that reports, and none that listens for an abort: each of its turns looks how the work outside stands,
sends what is new, gives a sign of life when one is due, and hears of an abort in the answer.
"""

import threading
import time

import structlog

from blockyard.protocol.run import ImplementationType, RunDocument
from blockyard.runner.frame.executor import Outcome, PollingExecutor, Result
from blockyard.runner.metrics import Metrics
from blockyard.runner.reporting import StopReason
from blockyard.runner.rounds import Rounds, Turn
from blockyard.runner.session import Equipment, RunSession
from blockyard.runner.slots import Slots
from blockyard.runner.workdir import ClaimedRun, RunFolder

log = structlog.get_logger()


class WaitingRun(RunSession):
    """The work on one attempt, in turns."""

    def __init__(
        self,
        equipment: Equipment,
        folder: RunFolder,
        claim: ClaimedRun,
        document: RunDocument,
        executor: PollingExecutor,
    ) -> None:
        super().__init__(equipment, folder, claim, document)
        self._executor = executor
        self._context = self._new_context()
        self._grace_seconds = equipment.settings.interrupt_grace_seconds
        self._is_adopted = self._reporter.is_registered
        self._next_look = 0.0
        self._stopped_at: float | None = None

    def execute(self) -> None:
        """Take one turn after the other."""
        while (at := self.turn()) is not None:
            time.sleep(max(0.0, at - time.monotonic()))

    resume = execute

    def turn(self) -> float | None:
        """Do what is due; return when the next turn is, None when the run is over and can be settled."""
        if self._conclude(self._look):
            return None
        published = self._publisher.turn()
        if self._stopped_at is None:
            return 0.0 if self._reporter.aborted.is_set() else min(published, self._next_look, self._deadline)
        return min(published, self._next_look, self._stopped_at + self._grace_seconds)

    def _look(self) -> Result | None:
        """Look how the work outside stands, if that is due. What is stopped is looked at once at once, to be cancelled."""
        if self._is_adopted and not self._is_still_ours():
            self._reporter.stop(StopReason.ABORTED)
        self._is_adopted = False
        now = time.monotonic()
        if now >= self._deadline:
            self._reporter.stop(StopReason.TIMED_OUT)
        has_just_stopped = self._stopped_at is None and self._reporter.aborted.is_set()
        if has_just_stopped:
            self._stopped_at = now
        if has_just_stopped or now >= self._next_look:
            answer = self._executor.poll(self._context, self._reporter)
            if isinstance(answer, Result):
                return answer
            self._next_look = time.monotonic() + answer.seconds
        if self._stopped_at is not None and now >= self._stopped_at + self._grace_seconds:
            return Result(Outcome.ABORTED)
        return None


class WaitingRuns:
    """All runs of a runner that wait outside. Each has a slot until it is settled. Thread-safe."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._rounds = Rounds()
        self._lock = threading.Lock()
        self._count = 0

    def begin(self, session: WaitingRun, slots: Slots) -> None:
        """Take the first turn of a run in this thread, and give it the later ones."""
        self._rounds.take(self._turn_of(session, slots))

    def go_on_with(self, session: WaitingRun, slots: Slots) -> None:
        """Give turns to a run that an earlier runner has begun."""
        self._rounds.add(self._turn_of(session, slots))

    def leave(self) -> None:
        """Leave them to the next runner of the directory: nothing of them ends with this one."""
        self._rounds.end()
        if self._count:
            log.info("waiting runs left to the next runner", count=self._count)

    def _turn_of(self, session: WaitingRun, slots: Slots) -> Turn:
        self._change_count(session, 1)

        def turn() -> float | None:
            at = session.turn()
            if at is None:
                try:
                    session.settle()
                except Exception:
                    log.exception("run not settled", run_id=session.run_id)
                self._change_count(session, -1)
                slots.give_back()
            return at

        return turn

    def _change_count(self, session: WaitingRun, by: int) -> None:
        self._metrics.active.labels(type=session.type).inc(by)
        with self._lock:
            self._count += by


def new_session(equipment: Equipment, folder: RunFolder, claim: ClaimedRun, document: RunDocument) -> RunSession:
    """Return the work on an attempt, in turns or as a whole, as its executor is made."""
    kind = ImplementationType(document.spec.building_block_definition.spec.implementation.type)
    executor = equipment.executors.get(kind)
    if isinstance(executor, PollingExecutor):
        return WaitingRun(equipment, folder, claim, document, executor)
    return RunSession(equipment, folder, claim, document)
