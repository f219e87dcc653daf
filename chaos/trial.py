"""One point: a run, a kill, and what must hold afterwards."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from blockyard.protocol.jsontypes import Json, JsonObject
from chaos.checks import Finding, check_applied, check_destroyed, check_disk, check_nothing_runs
from chaos.module import Site
from chaos.points import Action, Gate, Point
from chaos.processes import is_alive, words_of
from chaos.proxy import Moment, Trap
from chaos.stack import Stack, Victim
from tests.support.installation import secret, text_of, value
from tests.support.installation import status as status_of

DOWN_SECONDS = 0.3
"""How long the victims stay dead."""

HELD_SECONDS = 10.0
"""How long git, left behind by a killed runner, at most waits for an answer; its successor ends it before."""

_SPARED = frozenset({Victim.SERVER})
"""Stays dead until the run has ended where there is another."""

KILLED = "killed by signal 9, perhaps for lack of memory"

SLOW_GATE = "create-b-before"

SPRING_SECONDS = 60.0
SETTLE_SECONDS = 120.0
REPLACED_SECONDS = 300.0
NOTICED_SECONDS = 60
"""A lost runner is noticed that soon."""

ENDED = frozenset({"SUCCEEDED", "FAILED", "ABORTED"})


@dataclass
class Outcome:
    """What came of a point."""

    point: Point
    stack: str
    findings: list[str] = field(default_factory=list)
    reached: bool = True
    recovery_seconds: float = 0.0
    seconds: float = 0.0
    repeated: list[str] = field(default_factory=list)
    """What was created or destroyed once more than wanted, as `create a`."""
    end: str = ""
    """What has become of the block."""
    attempts: int = 0
    noticed_seconds: float | None = None
    """How long it took to offer the run of a runner that never came back."""
    trace: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything was as it must be."""
        return not self.findings

    def document(self) -> JsonObject:
        """Return the outcome as JSON."""
        return {
            "point": self.point.name,
            "stack": self.stack,
            "passed": self.passed,
            "reached": self.reached,
            "findings": list(self.findings),
            "recoverySeconds": round(self.recovery_seconds, 2),
            "seconds": round(self.seconds, 2),
            "end": self.end,
            "repeated": list[Json](self.repeated),
            "attempts": self.attempts,
            "noticedSeconds": self.noticed_seconds,
        }


class Trial:
    """Carries out one point on a stack."""

    def __init__(self, stack: Stack, point: Point) -> None:
        self._stack = stack
        self._point = point
        self._outcome = Outcome(point, stack.name)
        self._password = f"pw-{secrets.token_hex(12)}"
        folder = stack.folder / "sites" / f"{point.name.replace('/', '_')}-{secrets.token_hex(3)}"
        self._site = Site.create(folder)
        self._trap: Trap | None = None
        self._held: threading.Event | None = None
        self._killed_at = 0.0
        self._uuid = ""
        self._was_repaired = False

    def run(self) -> Outcome:
        """Do it all; a finding never raises."""
        began = time.monotonic()
        self._stack.killed_processes.clear()
        self._stack.fetchers = []
        self._stack.proxy.run_tokens.clear()
        try:
            self._prepare()
            self._strike()
            self._settle()
            if self._point.action is Action.ABORT:
                self._repair()
            elif self._point.fails:
                self._repair_failed()
            self._judge()
        except (AssertionError, OSError, RuntimeError, httpx2.HTTPError, Finding) as problem:
            self._outcome.findings.append(f"{type(problem).__name__}: {problem}")
        finally:
            self._site.open_all()
            self._stack.proxy.arm(None) if self._outcome.passed else None
            self._stack.git_proxy.arm(None) if self._outcome.passed else None
            self._stack.revive()
        self._outcome.seconds = time.monotonic() - began
        if not self._outcome.passed:
            self._outcome.trace = self._trace(began)
            self._stack.proxy.arm(None)
            self._stack.git_proxy.arm(None)
        return self._outcome

    @property
    def _is_gate(self) -> bool:
        return isinstance(self._point.moment, Gate) and not self._point.is_git

    def _prepare(self) -> None:
        """Bring about what the run starts from, and set the trap."""
        if self._point.action in {Action.UPDATE, Action.DESTROY, Action.PLAN}:
            block = self._stack.blockyard.order(self._stack.version, self._inputs(extra=False))
            self._uuid = text_of(block, "metadata", "uuid")
            self._until_ended(SETTLE_SECONDS, "the run before")
            self._wait_for_quiet()
        if self._point.action is Action.FRESH:
            self._stack.commit_anew()
        proxy = self._stack.git_proxy if self._point.is_git else self._stack.proxy
        self._stack.git_proxy.arm(None)
        self._stack.proxy.arm(None)
        if self._is_gate:
            self._site.close_gate(self._point.place)
        else:
            label, _, number = self._point.place.rpartition("-")
            is_held = isinstance(self._point.moment, Gate)
            moment = Moment.BEFORE if is_held else Moment(self._point.moment)
            self._held = threading.Event() if is_held else None
            self._trap = Trap(label, int(number), moment, self._kill, held=self._held)
            proxy.arm(self._trap)
            if label == "claim":
                proxy.hang_up()
            if label == "heartbeat":
                self._site.close_gate(SLOW_GATE)  # the run takes so long that there is one

    def _strike(self) -> None:
        """Start the run and wait until the victims are dead."""
        starter = threading.Thread(target=self._start, daemon=True)
        starter.start()
        struck = self._wait_for_strike()
        if struck and self._is_gate:
            self._kill()
        self._outcome.reached = struck
        time.sleep(DOWN_SECONDS if struck else 0)
        if self._point.moment is Gate.OPEN_AT_ONCE:
            self._site.open_gate(self._point.place)
            time.sleep(DOWN_SECONDS)
        if struck and not self._point.is_replaced:
            self._stack.revive(_SPARED if self._stack.is_redundant else frozenset())
        if struck and self._point.is_replaced:
            self._replace_runner()
        if self._point.action is not Action.ABORT:
            self._site.open_all()
        if self._held is not None:
            self._wait_for_end_of_fetchers()
            left = [words_of(pid) for pid in self._stack.fetchers if is_alive(pid)]
            self._outcome.findings += [f"goes on although its runner is dead: {words}" for words in left]
            self._held.set()
        starter.join(90)
        if starter.is_alive() or not self._uuid:
            raise Finding("the request that starts the run was never answered")

    def _apply_plan(self) -> None:
        blockyard = self._stack.blockyard
        own = f"/api/blockyard/v1/blocks/{self._uuid}"
        run = text_of(blockyard.call("POST", f"{own}/detect", "application/json"), "runUuid")
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            detail = blockyard.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")
            if detail["status"] in ENDED or time.monotonic() > end:
                break
            time.sleep(0.1)
        if detail["status"] != "SUCCEEDED":
            self._outcome.findings.append(f"the dry run is {detail['status']}")
            return
        blockyard.call("POST", f"{own}/apply-plan", "application/json")

    def _wait_for_end_of_fetchers(self) -> None:
        end = time.monotonic() + HELD_SECONDS
        while any(is_alive(pid) for pid in self._stack.fetchers) and time.monotonic() < end:
            time.sleep(0.02)

    def _start(self) -> None:
        blockyard = self._stack.blockyard
        match self._point.action:
            case Action.APPLY | Action.FRESH:
                block = blockyard.order(self._stack.version, self._inputs(extra=False))
                self._uuid = text_of(block, "metadata", "uuid")
            case Action.ABORT:
                self._site.close_gate(SLOW_GATE)
                block = blockyard.order(self._stack.version, self._inputs(extra=False))
                self._uuid = text_of(block, "metadata", "uuid")
                self._site.wait(SPRING_SECONDS)
                run = text_of(blockyard.block(self._uuid), "status", "latestRunUuid")
                blockyard.call("POST", f"/api/blockyard/v1/runs/{run}/abort", "application/json")
            case Action.PLAN:
                self._apply_plan()
            case Action.UPDATE:
                blockyard.change(self._uuid, self._inputs(extra=True))
            case Action.DESTROY:
                blockyard.delete(self._uuid)

    def _wait_for_strike(self) -> bool:
        end = time.monotonic() + SPRING_SECONDS
        while time.monotonic() < end:
            if self._trap is not None and self._trap.sprung.wait(0.02):
                return True
            if self._is_gate and self._site.wait(0.02):
                return True
            last = "final-2" if self._point.action is Action.PLAN else "final-1"
            if any(seen.name == last and seen.status == "200" for seen in self._stack.proxy.seen):
                time.sleep(0.3)
                return self._trap is not None and self._trap.sprung.is_set()
        return False

    def _kill(self, port: int | None = None) -> None:
        self._killed_at = time.monotonic()
        self._stack.kill(self._point.victims, port)

    def _replace_runner(self) -> None:
        """Let a runner with an empty directory take the place of the dead one."""
        self._stack.dead.clear()
        self._stack.start_runner(self._stack.folder / f"runner-{secrets.token_hex(3)}")

    def _settle(self) -> None:
        self._until_ended(REPLACED_SECONDS if self._point.is_replaced else SETTLE_SECONDS, "the run")
        if self._killed_at:
            self._outcome.recovery_seconds = time.monotonic() - self._killed_at

    def _repair(self) -> None:
        """Check that an aborted run left nothing, and apply the block again."""
        self._wait_for_quiet()
        block = self._stack.blockyard.block(self._uuid)
        if status_of(block) != "ABORTED":
            self._outcome.findings.append(f"the aborted block is {status_of(block)}")
        self._outcome.findings += check_nothing_runs(self._stack)
        self._site.open_all()
        self._stack.blockyard.change(self._uuid, self._inputs(extra=True))
        self._until_ended(REPLACED_SECONDS, "the run after the abort")

    def _repair_failed(self) -> None:
        """Check that a run whose engine was killed says so, and run the block again."""
        self._wait_for_quiet()
        block = self._stack.blockyard.block(self._uuid)
        if status_of(block) != "FAILED":
            return  # the engine had ended before
        if KILLED not in self._stack.blockyard.logs(block):
            self._outcome.findings.append(f"the run does not say '{KILLED}'")
        self._outcome.findings += check_nothing_runs(self._stack)
        self._site.open_all()
        if self._point.action is Action.DESTROY:
            self._stack.blockyard.delete(self._uuid)
        elif self._point.action is Action.UPDATE:  # the block has the new inputs already
            self._stack.blockyard.run_again(self._uuid)
        else:
            self._stack.blockyard.change(self._uuid, self._inputs(extra=True))
            self._was_repaired = True
        self._until_ended(SETTLE_SECONDS, "the run after the one whose engine was killed")

    def _until_ended(self, seconds: float, what: str) -> None:
        """Wait for the end of the block's run."""
        end = time.monotonic() + seconds
        while True:
            block = self._stack.blockyard.block(self._uuid)
            status = text_of(block, "status", "status")
            lifecycle = text_of(block, "status", "lifecycle", "state")
            self._note_retry(status)
            if lifecycle == "DELETED" or (status in ENDED and lifecycle == "ACTIVE"):
                return
            if status in {"FAILED", "ABORTED"}:
                return
            if time.monotonic() > end:
                raise Finding(f"{what} is still {status} ({lifecycle}) after {seconds:g} s")
            time.sleep(0.1)

    def _note_retry(self, status: str) -> None:
        if self._point.is_replaced and self._killed_at and status == "PENDING" and not self._outcome.noticed_seconds:
            self._outcome.noticed_seconds = round(time.monotonic() - self._killed_at, 1)

    def _judge(self) -> None:
        stack, outcome = self._stack, self._outcome
        is_destroyed = self._point.action is Action.DESTROY
        self._wait_for_quiet()
        block = stack.blockyard.block(self._uuid)
        lifecycle = text_of(block, "status", "lifecycle", "state")
        outcome.end = lifecycle if lifecycle == "DELETED" else status_of(block)
        claims = [seen for seen in stack.proxy.seen if seen.name.startswith("claim") and "201" in seen.status]
        outcome.attempts = len({seen.name for seen in claims})
        if (
            self._point.is_replaced and outcome.noticed_seconds is None and claims
        ):  # offered and taken between two looks
            outcome.noticed_seconds = round(claims[-1].at - self._killed_at, 1)
        limit = 2 if self._point.kills_engine else 1
        extra = self._point.action in {Action.UPDATE, Action.ABORT} or self._was_repaired
        if is_destroyed:
            findings, outcome.repeated = check_destroyed(stack, block, self._site, limit=limit)
        else:
            # an engine whose runner never comes back tells nobody what it has made
            makes = self._point.action is not Action.PLAN and not self._point.is_replaced
            findings, outcome.repeated = check_applied(stack, block, self._site, limit=limit, extra=extra, makes=makes)
        outcome.findings += findings
        outcome.findings += check_nothing_runs(stack)
        outcome.findings += check_disk(stack, {self._password, *stack.proxy.run_tokens})
        if outcome.noticed_seconds is not None and outcome.noticed_seconds > NOTICED_SECONDS:
            outcome.findings.append(f"the lost runner was noticed after {outcome.noticed_seconds} s only")

    def _wait_for_quiet(self) -> None:
        """Give the runner a moment to clean up after its last report."""
        end = time.monotonic() + 15
        runs, spool = self._stack.work_dir / "runs", self._stack.work_dir / "spool"
        while time.monotonic() < end and (_entries(runs) or _entries(spool)):
            time.sleep(0.02)

    def _inputs(self, *, extra: bool) -> dict[str, JsonObject]:
        return {
            "folder": value(str(self._site.folder)),
            "extra": value(extra),
            "password": secret(self._password),
        }

    def _trace(self, began: float) -> str:
        lines = [f"repeat it: make chaos ARGS='--stack {self._outcome.stack} --only {self._point.name}'"]
        if self._killed_at:
            lines.append(f"killed at {self._killed_at - began:.3f} s")
        for proxy in (self._stack.proxy, self._stack.git_proxy):
            lines += [seen.line(began) for seen in proxy.seen]
        lines.append(f"counter: {dict(self._site.counts())}")
        if self._uuid:
            try:
                lines.append(self._stack.blockyard.logs(self._stack.blockyard.block(self._uuid))[-6000:])
            except (AssertionError, httpx2.HTTPError) as error:
                lines.append(str(error))
        lines.append(self._stack.log_tail())
        return "\n".join(lines)


def _entries(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
