"""Tells other replicas of wake-ups by PostgreSQL's NOTIFY, in a thread and on a connection of its own.

A NOTIFY within each transaction would make all commits wait for each other and cost each one a statement. What is told
after the commit instead can be lost with this process; then the others notice by their sweeps, as with any lost wake-up.
"""

import queue
import threading
from collections.abc import Collection, Iterable, Iterator

import psycopg
import structlog

log = structlog.get_logger(__name__)

CHANNEL = "blockyard"
"""The channel on which all replicas of one database notify each other."""

_NOTIFY = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"
_PAYLOAD_CHARACTERS = 7000
"""PostgreSQL takes up to 7999 bytes."""


class Notifier:
    """Sends notifications, those that come meanwhile together; starts with the first one."""

    def __init__(self, dsn: str, origin: str) -> None:
        self._dsn = dsn
        self._origin = origin
        self._waiting: queue.SimpleQueue[Collection[str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connection: psycopg.Connection | None = None

    def tell(self, topics: Collection[str]) -> None:
        """Have others woken for `topics`, soon."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
                self._thread.start()
        self._waiting.put(topics)

    def stop(self) -> None:
        """Send what waits and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            told = [self._waiting.get()]
            while not self._waiting.empty():
                told.append(self._waiting.get())
            is_over = None in told
            topics = dict.fromkeys(topic for group in told if group is not None for topic in group)
            if topics:
                self._send(list(payloads(self._origin, topics)))
        if self._connection is not None:
            self._connection.close()

    def _send(self, notifications: list[str]) -> None:
        """Send notifications; a connection that was lost meanwhile is replaced once."""
        for is_last in (False, True):
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(
                        self._dsn, autocommit=True, application_name="blockyard-notify", connect_timeout=10
                    )
                self._connection.execute(_NOTIFY, (CHANNEL, notifications))
            except psycopg.Error as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                if is_last:
                    log.warning("other replicas not notified", cause=type(error).__name__)
            else:
                return


def payloads(origin: str, topics: Iterable[str]) -> Iterator[str]:
    """Return what notifies others of `topics`, in as few notifications as it fits into."""
    payload = origin
    for topic in topics:
        if len(payload) + len(topic) >= _PAYLOAD_CHARACTERS:
            yield payload
            payload = origin
        payload += f"\n{topic}"
    if payload != origin:
        yield payload
