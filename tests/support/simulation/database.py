"""A database in memory whose transactions run at once, where they are asked for, and may be made to fail."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from blockyard.server.kit.database import Database, Transaction, metadata
from blockyard.server.kit.signals import Signals

T = TypeVar("T")

IN_MEMORY = "sqlite:///file::memory:?uri=true"


class Fault(StrEnum):
    """What befalls the process that executes a transaction."""

    ROLLED_BACK = "rolled back"
    """It is gone before the commit."""
    ANSWER_LOST = "answer lost"
    """It is gone after the commit: nobody is told, nobody is woken."""


class ProcessGone(Exception):
    """The server died while it worked on a request."""


class InstantDatabase(Database):
    """A `Database` without threads: in a simulation everything happens one after the other.

    A transaction that clashes is not replayed: nothing else goes on, so what clashes once clashes for ever.
    """

    def __init__(self, url: URL, signals: Signals) -> None:
        super().__init__(url, signals)
        self._read_engine.dispose()
        self._read_engine = self._write_engine  # another connection would open another database
        self._reading = self._reading_at_once = self._writing
        self.fault: Fault | None = None
        """What befalls the next transaction."""

    @classmethod
    def made(cls) -> "InstantDatabase":
        """Return a fresh one with all tables."""
        database = cls.open(IN_MEMORY)
        assert isinstance(database, cls)
        metadata.create_all(database.engine)
        return database

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection, for what looks at rows without any code of the product."""
        connection = self.engine.raw_connection().driver_connection
        assert isinstance(connection, sqlite3.Connection)
        return connection

    def _submit(self, pool: ThreadPoolExecutor, engine: Engine, fn: Callable[[Transaction], T]) -> "Future[T]":
        del pool
        done: Future[T] = Future()
        try:
            done.set_result(self._failing(engine, fn))
        except BaseException as error:  # noqa: BLE001  it is raised again by whoever waits for the result
            done.set_exception(error)
        return done

    def _failing(self, engine: Engine, fn: Callable[[Transaction], T]) -> T:
        fault, self.fault = self.fault, None

        def until_gone(tx: Transaction) -> T:
            result = fn(tx)
            if fault is Fault.ROLLED_BACK:
                raise ProcessGone
            if fault is Fault.ANSWER_LOST:
                tx.topics.clear()
            return result

        return self._once(engine, until_gone)
