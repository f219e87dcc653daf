"""The runner's loop: slots that claim and execute, adoption at the start, draining at the end."""

import threading
import time
from collections.abc import Callable
from functools import partial

import structlog
from pydantic import ValidationError

from blockyard.protocol.run import ImplementationType, RunDocument
from blockyard.runner.api import Claim, ClaimError, ControlPlane, Full, NoRun
from blockyard.runner.durable import PRIVATE_DIRECTORY
from blockyard.runner.frame.executor import PollingExecutor
from blockyard.runner.metrics import Metrics
from blockyard.runner.process_tree import kill_helpers
from blockyard.runner.processes import RunProcesses
from blockyard.runner.reporting import StopReason
from blockyard.runner.retry import Backoff
from blockyard.runner.session import Equipment, RunSession, report_unreadable, report_unstartable
from blockyard.runner.slots import Slots, slots_of
from blockyard.runner.waiting import WaitingRun, WaitingRuns, new_session
from blockyard.runner.workdir import ClaimedRun, RunFolder, WorkDir

log = structlog.get_logger()

_SHORT_ANSWER_SECONDS = 1.0
"""A held claim that is answered sooner than that is not repeated at once."""

_LONGEST_TURN_SECONDS = 180.0
_FREE_SLOT_SECONDS = 1.0
_CLAIMERS_FOR_WAITING = 4
"""They also begin what they claim, so that a service that hangs holds up its own runs alone."""

_AFTER_INTERRUPT_SECONDS = 30.0

_MOST_NAMED = 200
"""How many runs a full runner names; who has more of them finds one that waits among these."""


class Runner:
    """Claims and executes runs until it is told to drain."""

    def __init__(self, equipment: Equipment, control_plane: ControlPlane, work_dir: WorkDir) -> None:
        self._equipment = equipment
        self._control_plane = control_plane
        self._work_dir = work_dir
        self._draining = threading.Event()
        self._claims_no_more = False
        self._hurry = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._active: dict[RunSession, None] = {}
        self._idle = threading.Condition(self._lock)
        self._turns: dict[str, float] = {}
        self._threads: list[threading.Thread] = []
        self._claims_work = False
        self._asks_blockyard = False
        self._slots = slots_of(equipment.settings)
        self._waiting = WaitingRuns(equipment.metrics)

    @property
    def metrics(self) -> Metrics:
        """What it counts."""
        return self._equipment.metrics

    def is_alive(self) -> bool:
        """Tell whether every slot works or has claimed lately."""
        now = time.monotonic()
        with self._lock:
            busy = len(self._active)
            late = sum(now - turn > _LONGEST_TURN_SECONDS for turn in self._turns.values())
        return late <= busy and all(thread.is_alive() for thread in self._threads if thread.name in self._turns)

    def is_ready(self) -> bool:
        """Tell whether the last claim worked and runs are taken."""
        return self._claims_work and not self._claims_no_more

    def claim_no_more(self) -> None:
        """Take no more runs. For signal handlers: no lock is needed for it."""
        self._claims_no_more = True

    def drain(self) -> None:
        """Take no more runs and end when the current ones have; called again: interrupt them now."""
        self.claim_no_more()
        if self._draining.is_set():
            self._hurry.set()
        self._draining.set()

    def run(self) -> int:
        """Work until drained; return the exit code."""
        for slots in self._slots:
            self._equipment.metrics.slots.labels(types=slots.name).set(slots.number)
        for kind in self._equipment.settings.implementation_types:
            self._equipment.metrics.active.labels(type=kind).set(0)
        self._start_thread("spool", lambda: self._equipment.spool.replay(self._stopped))
        if any(kind is not ImplementationType.MANUAL for kind in self._equipment.settings.implementation_types):
            self._equipment.supervisors.prepare()
        self._adopt()
        claimers = [slots for slots in self._slots for _ in range(self._claimers(slots))]
        for number, slots in enumerate(claimers, start=1):
            self._start_thread(f"slot-{number}", partial(self._slot, number, slots))
        for number, slots in enumerate(self._slots, start=len(claimers) + 1):
            if not self._only_waits(slots):
                self._start_thread(f"lender-{number}", partial(self._lend, number, slots))
        self._draining.wait()
        self._control_plane.hang_up()
        code = self._finish()
        self._waiting.leave()
        self._stopped.set()
        return code

    def join(self, seconds: float) -> None:
        """Wait for the slots, some of which may still wait for an answer to a claim."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _start_thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _finish(self) -> int:
        """Wait for the current runs, then interrupt them; return the exit code."""
        settings = self._equipment.settings
        log.info("draining", active=len(self._active), seconds=settings.drain_seconds)
        if self._wait_until_idle(settings.drain_seconds, self._hurry):
            return 0
        with self._lock:
            sessions = list(self._active)
        for session in sessions:
            session.stop(StopReason.DRAINED)
        if self._wait_until_idle(settings.interrupt_grace_seconds + _AFTER_INTERRUPT_SECONDS):
            return 0
        log.error("runs left behind", active=len(self._active))
        return 1

    def _wait_until_idle(self, seconds: float, hurry: threading.Event | None = None) -> bool:
        end = time.monotonic() + seconds
        with self._idle:
            while self._active and time.monotonic() < end and not (hurry is not None and hurry.is_set()):
                self._idle.wait(min(0.5, max(0.0, end - time.monotonic())))
            return not self._active

    def _claimers(self, slots: Slots) -> int:
        """Return how many threads claim for these slots: one for each run that needs a thread, a few for any that wait outside."""
        return min(slots.number, _CLAIMERS_FOR_WAITING) if self._only_waits(slots) else slots.number

    def _only_waits(self, slots: Slots) -> bool:
        executors = [self._equipment.executors.get(kind) for kind in slots.types]
        return all(isinstance(executor, PollingExecutor) for executor in executors)

    def _lend(self, number: int, slots: Slots) -> None:
        """While all slots are taken, claim what runs wait for: a run that only waits lends its slot to what it ordered.

        Otherwise one slot would wait for ever for a run that needs this very slot.
        """
        while not self._claims_no_more:
            if not slots.wait_until_taken(_FREE_SLOT_SECONDS):
                continue
            runs = self._executed(slots)
            if not runs or not self._asks_blockyard:
                self._draining.wait(_FREE_SLOT_SECONDS)
                continue
            try:
                answer = self._control_plane.claim(number, slots.types, Full(runs, slots.number))
            except ClaimError as error:
                if not self._draining.is_set():
                    log.warning("claim failed", error=str(error))
                self._draining.wait(_SHORT_ANSWER_SECONDS)
                continue
            if isinstance(answer, Claim):
                slots.take_anyway()
                threading.Thread(target=self._execute, args=(answer, slots), name=f"lent-{number}", daemon=True).start()

    def _executed(self, slots: Slots) -> list[str]:
        with self._lock:
            return [session.run_id for session in self._active if session.type in slots.types][:_MOST_NAMED]

    def _execute(self, claim: Claim, slots: Slots) -> None:
        """Execute a claimed run, for which a slot is taken, to its end."""
        waits = False
        try:
            session = self._begin(claim)
            if isinstance(session, WaitingRun) and not self._claims_no_more:
                waits = True
                self._waiting.begin(session, slots)
            else:
                self._work(session, session.hand_back if self._claims_no_more else session.execute)
        except ClaimError as error:
            log.warning("claim failed", error=str(error))
        finally:
            if not waits:
                slots.give_back()

    def _slot(self, number: int, slots: Slots) -> None:
        """Execute one run after the other."""
        name = f"slot-{number}"
        backoff = Backoff(1, 15)
        while not self._claims_no_more:
            with self._lock:
                self._turns[name] = time.monotonic()
            if not slots.take(_FREE_SLOT_SECONDS):
                continue
            try:
                pause = self._turn(number, slots)
                backoff.reset()
            except ClaimError as error:
                if self._draining.is_set():
                    break
                self._note_claim("error", works=False)
                log.warning("claim failed", error=str(error))
                pause = backoff.pause()
            except Exception:
                self._note_claim("error", works=False)
                log.exception("turn failed")
                pause = backoff.pause()
            self._draining.wait(pause)

    def _turn(self, number: int, slots: Slots) -> float:
        """Claim once and execute what comes; return how long to wait before the next claim."""
        waits = False
        try:
            asked_at = time.monotonic()
            answer = self._control_plane.claim(number, slots.types)
            if isinstance(answer, NoRun):
                self._note_claim("none", works=True)
                if not answer.waited:
                    return self._equipment.settings.poll_seconds
                return 0.0 if time.monotonic() - asked_at > _SHORT_ANSWER_SECONDS else _SHORT_ANSWER_SECONDS
            self._note_claim("run", works=True)
            self._asks_blockyard = answer.blockyard
            session = self._begin(answer)
            if isinstance(session, WaitingRun) and not self._claims_no_more:
                waits = True
                self._waiting.begin(session, slots)
            else:
                self._work(session, session.hand_back if self._claims_no_more else session.execute)
            return 0.0
        finally:
            if not waits:
                slots.give_back()

    def _begin(self, claim: Claim) -> RunSession:
        try:
            document = RunDocument.model_validate(claim.document)
        except ValidationError as error:
            report_unreadable(self._equipment, claim.document, error)
            raise ClaimError("the run document cannot be read") from None
        if not document.spec.run_token:
            raise ClaimError("the run document carries no run token")
        try:
            claimed = ClaimedRun(claim.document, claim.blockyard, time.time(), claim.attempt_minutes)
            return new_session(
                self._equipment, self._work_dir.create(document.metadata.uuid, claimed), claimed, document
            )
        except OSError as error:
            report_unstartable(self._equipment, document, error)
            raise ClaimError("the working directory cannot be used") from error

    def _work(self, session: RunSession, work: Callable[[], None]) -> None:
        """Do something with a session and settle it, which the slot need not wait for; until then it counts as active."""
        with self._lock:
            self._active[session] = None
        self._equipment.metrics.active.labels(type=session.type).inc()
        try:
            work()
        except BaseException:
            self._forget(session)
            raise
        threading.Thread(target=self._settle, args=(session,), name=f"settle-{session.run_id}", daemon=True).start()

    def _settle(self, session: RunSession) -> None:
        try:
            session.settle()
        except Exception:
            log.exception("run not settled", run_id=session.run_id)
        finally:
            self._forget(session)

    def _forget(self, session: RunSession) -> None:
        with self._idle:
            del self._active[session]
            self._equipment.metrics.active.labels(type=session.type).dec()
            self._equipment.metrics.spooled.set(len(self._equipment.spool))
            self._idle.notify_all()

    def _adopt(self) -> None:
        """Go on with the runs that an earlier runner of this directory left unfinished; remove the rest."""
        sessions = [session for folder in self._work_dir.leftovers() if (session := self._open(folder)) is not None]
        self._equipment.metrics.adopted.inc(len(sessions))
        for session in sessions:
            slots = next((slots for slots in self._slots if session.type in slots.types), self._slots[0])
            slots.take_anyway()
            if isinstance(session, WaitingRun):
                self._waiting.go_on_with(session, slots)
            else:
                self._start_thread(f"adopted-{session.run_id}", partial(self._resume, session, slots))

    def _resume(self, session: RunSession, slots: Slots) -> None:
        try:
            self._work(session, session.resume)
        finally:
            slots.give_back()

    def _open(self, folder: RunFolder) -> RunSession | None:
        """Return the session of a folder; remove the folder where there is nothing to go on with."""
        kill_helpers(folder.work)
        claim = folder.load_claim()
        if claim is not None and not folder.has_ended:
            try:
                document = RunDocument.model_validate(claim.document)
            except ValidationError:
                log.warning("leftover unreadable", folder=folder.path.name)
            else:
                if document.spec.run_token:
                    self._asks_blockyard = (
                        self._asks_blockyard or claim.blockyard
                    )  # what is gone on with lends its slot, too
                    folder.work.mkdir(exist_ok=True)
                    folder.home.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
                    return new_session(self._equipment, folder, claim, document)
        log.info("leftover removed", folder=folder.path.name)
        RunProcesses.kill_in(folder.commands)
        folder.remove()
        return None

    def _note_claim(self, answer: str, *, works: bool) -> None:
        self._claims_work = works
        self._equipment.metrics.claims.labels(answer=answer).inc()
