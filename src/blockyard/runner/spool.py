"""Final reports on disk until the control plane has them, across restarts of the runner."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
import structlog
from pydantic import ValidationError

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.live import Release
from blockyard.runner.durable import PRIVATE_DIRECTORY, remove_drafts, replace_file, sync_file
from blockyard.runner.retry import Backoff, is_passing, repeat
from blockyard.runner.run_api import RunApi

log = structlog.get_logger()

KEPT_SECONDS = 3 * 60 * 60
"""A refused report is given up after the ceiling of any attempt; an unreachable server is asked for ever."""

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class FinalReport:
    """The last thing to say about an attempt: a status update, or that the run is handed back."""

    run_id: str
    token: str = field(repr=False)
    update: JsonObject | None = field(default=None, repr=False)
    release_link: str | None = None
    release_reason: str = ""
    created_at: float = field(default_factory=time.time)

    def send(self, api: RunApi) -> None:
        """Send it. Raises httpx2.HTTPError."""
        if self.update is not None:
            api.send_update(self.update)
        if self.release_link is not None:
            api.release(self.release_link, Release(reason=self.release_reason))


class Spool:
    """The reports not yet delivered. Thread-safe."""

    def __init__(self, folder: Path, connect: Callable[[str, str], RunApi]) -> None:
        folder.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        remove_drafts(folder)
        self._folder = folder
        self._connect = connect
        self._in_flight: set[Path] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting())

    def put(self, report: FinalReport) -> Path:
        """Store a report before anything is sent; it survives the death of this process."""
        path = self._folder / f"{secrets.token_hex(8)}{_SUFFIX}"
        replace_file(path, json.dumps(asdict(report)).encode())
        return path

    def deliver(self, path: Path, *, seconds: float, stop: threading.Event | None = None) -> bool:
        """Send a stored report, repeating for up to `seconds`; tell whether nothing is left to do.

        What is not sent at once is made to survive a power failure, too.
        """
        with self._lock:
            if path in self._in_flight:
                return False
            self._in_flight.add(path)
        try:
            return self._deliver(path, seconds, stop)
        finally:
            with self._lock:
                self._in_flight.discard(path)

    def replay(self, stop: threading.Event) -> None:
        """Send what waits, until `stop`; a thread of its own."""
        backoff = Backoff(5, 60)
        while not stop.is_set():
            results = [self.deliver(path, seconds=0, stop=stop) for path in self._waiting()]
            if all(results):
                backoff.reset()
            stop.wait(backoff.pause())

    def _deliver(self, path: Path, seconds: float, stop: threading.Event | None) -> bool:
        try:
            report = FinalReport(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return True
        except (ValueError, TypeError):
            log.exception("spooled report unreadable")
            path.unlink(missing_ok=True)
            return True
        api = self._connect(report.run_id, report.token)
        try:
            try:
                report.send(api)
            except httpx2.HTTPError as error:
                if not is_passing(error) or seconds <= 0:
                    raise
                sync_file(path)
                repeat(lambda: report.send(api), seconds=seconds, stop=stop)
        except (httpx2.HTTPError, ValidationError) as error:
            refused = isinstance(error, httpx2.HTTPError) and not is_passing(error)
            log.warning("final report not delivered", run_id=report.run_id, refused=refused, error=str(error))
            if not refused or time.time() - report.created_at < KEPT_SECONDS:
                return False
            log.error("final report given up", run_id=report.run_id)  # noqa: TRY400  the cause was logged above
        path.unlink(missing_ok=True)
        return True

    def _waiting(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))
