"""What came of all points: a line for each, the trace of a failure, a summary."""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from blockyard.protocol.jsontypes import Json, JsonObject
from chaos.stack import Stack
from chaos.trial import NOTICED_SECONDS, Outcome

PATH = Path("chaos") / "report.json"
SERVER_SECONDS = 5.0
"""The server is back that soon after its restart."""


class Report:
    """Collects outcomes from several threads and prints them."""

    def __init__(self) -> None:
        self._outcomes: list[Outcome] = []
        self._server_seconds: list[float] = []
        self._broken: list[str] = []
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """Print one line, and the trace of a failure."""
        with self._lock:
            self._outcomes.append(outcome)
            sys.stdout.write(f"{time.monotonic() - self._began:7.1f} {len(self._outcomes):4} {_line(outcome)}\n")
            if not outcome.passed:
                sys.stdout.write("".join(f"         - {finding}\n" for finding in outcome.findings))
                sys.stdout.write(outcome.trace + "\n")
            sys.stdout.flush()

    def add_restarts(self, running: Stack) -> None:
        """Take over how long restarts took."""
        with self._lock:
            self._server_seconds += running.server_seconds

    def add_breakdown(self, name: str, problem: BaseException) -> None:
        """Note that the points of a stack could not be carried out to the end."""
        with self._lock:
            self._broken.append(f"{name} ({type(problem).__name__})")
            sys.stdout.write(f"        the stack {name} broke down: {type(problem).__name__}: {problem}\n")
            sys.stdout.flush()

    def problems(self) -> list[str]:
        """Return what is not as promised, as sentences."""
        late = [seconds for seconds in self._server_seconds if seconds > SERVER_SECONDS]
        found = [f"{outcome.stack} {outcome.point.name} failed" for outcome in self._outcomes if not outcome.passed]
        found += [f"the points of {words} were given up" for words in self._broken]
        if late:
            found.append(f"{len(late)} of {len(self._server_seconds)} restarts of the server took over 5 s")
        return found

    def summary(self) -> JsonObject:
        """Return all figures."""
        reached = [outcome for outcome in self._outcomes if outcome.reached]
        recoveries = sorted(outcome.recovery_seconds for outcome in reached)
        noticed = [outcome.noticed_seconds for outcome in reached if outcome.noticed_seconds is not None]
        restarts = sorted(self._server_seconds)
        return {
            "seconds": round(time.monotonic() - self._began),
            "points": len(self._outcomes),
            "killed": len(reached),
            "passed": sum(outcome.passed for outcome in self._outcomes),
            "failed": [f"{outcome.stack} {outcome.point.name}" for outcome in self._outcomes if not outcome.passed],
            "notReached": [outcome.point.name for outcome in self._outcomes if not outcome.reached],
            "byStack": _counted(outcome.stack for outcome in reached),
            "byVictims": _counted(outcome.point.victim_names for outcome in reached),
            "ends": _counted(outcome.end for outcome in reached),
            "attempts": _counted(str(outcome.attempts) for outcome in reached),
            "repeated": {
                f"{outcome.stack} {outcome.point.name}": list[Json](outcome.repeated)
                for outcome in reached
                if outcome.repeated
            },
            "recoverySeconds": _figures(recoveries),
            "lostRunnerNoticedSeconds": {
                "limit": NOTICED_SECONDS,
                "times": len(noticed),
                "max": max(noticed, default=None),
            },
            "serverBackSeconds": {"limit": SERVER_SECONDS, "restarts": len(restarts), **_figures(restarts)},
        }

    def write(self) -> JsonObject:
        """Write everything to a file and return the summary."""
        summary = self.summary()
        outcomes = [outcome.document() for outcome in self._outcomes]
        PATH.write_text(json.dumps({**summary, "outcomes": outcomes}, indent=1) + "\n")
        return summary


def _line(outcome: Outcome) -> str:
    word = "FAILED" if not outcome.passed else "ok" if outcome.reached else "missed"
    words = [f"{word:<7} {outcome.stack:<8} {outcome.point.name:<58} {outcome.seconds:5.1f} s"]
    if outcome.attempts > 1:
        words.append(f"{outcome.attempts} attempts")
    if outcome.repeated:
        words.append(f"repeated: {', '.join(outcome.repeated)}")
    return ", ".join(words)


def _counted(words: Iterable[str]) -> JsonObject:
    return dict(sorted(Counter(words).items()))


def _figures(ordered: Sequence[float]) -> JsonObject:
    return {"median": _at(ordered, 0.5), "p95": _at(ordered, 0.95), "max": _at(ordered, 1)}


def _at(values: Sequence[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None
