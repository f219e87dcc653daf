"""Receives PostgreSQL's NOTIFY in a thread of its own and passes it on as wake-ups.

A notification carries who sent it, and topics; the sender has woken its own waiters and leaves it alone.
"""

import threading

import psycopg
import structlog

from blockyard.server.kit.notifier import CHANNEL
from blockyard.server.kit.signals import Signals

log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
_RECONNECT_SECONDS = 1.0


class Listener:
    """Listens until it is stopped; reconnects by itself and wakes everybody afterwards. `origin` names who not to hear."""

    def __init__(self, dsn: str, signals: Signals, origin: str) -> None:
        self._origin = origin
        self._dsn = dsn
        self._signals = signals
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; calling it twice changes nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="listen", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("database notifications interrupted", cause=type(error).__name__)
                self._stop.wait(_RECONNECT_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True, application_name="blockyard-listen") as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._signals.wake_all()
            while not self._stop.is_set():
                for notice in connection.notifies(timeout=_POLL_SECONDS):
                    origin, *topics = notice.payload.split("\n")
                    for topic in topics if origin != self._origin else ():
                        self._signals.wake(topic)
