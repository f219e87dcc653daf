"""Two `blockyard serve` on one PostgreSQL: what one of them was doing when it was killed, the other does, and nothing twice."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from blockyard.protocol.jsontypes import Json, JsonObject
from chaos.servers import Server, replicas
from chaos.stack import patient_client
from tests.support.installation import Installation, text_of
from tests.support.network import free_port
from tests.support.postgres import PostgresServer

BLOCKS = 100
JOBS = "/api/blockyard/v1/bulk-jobs"
MEDIA = "application/json"


class Pair:
    """Two servers, each with a client of its own."""

    def __init__(self, folder: Path, url: str, cleanup: ExitStack) -> None:
        self.database_url = url
        self.servers = replicas(folder / "data", folder / "log", url, f"http://127.0.0.1:{free_port()}", 2)
        for server in self.servers:
            cleanup.callback(self._end, server)
        self.one, self.other = (self._client(folder, server, cleanup) for server in self.servers)

    def send(self, number: signal.Signals, server: Server) -> None:
        os.kill(server.process.pid, number)

    def _client(self, folder: Path, server: Server, cleanup: ExitStack) -> Installation:
        url = f"http://127.0.0.1:{server.port}"
        client = cleanup.enter_context(patient_client(url, folder / "data"))
        return Installation(url, folder / "data", server.process, client, folder / "log")

    @staticmethod
    def _end(server: Server) -> None:
        server.process.kill()
        server.process.wait()


@pytest.fixture
def pair(postgres: PostgresServer, tmp_path: Path) -> Iterator[Pair]:
    """Two servers that answer."""
    with ExitStack() as cleanup:
        yield Pair(tmp_path, postgres.url(postgres.create_database()), cleanup)


@pytest.mark.postgres
def test_a_bulk_job_whose_server_is_killed_is_gone_on_with_by_the_other_one_and_nothing_is_done_twice(
    pair: Pair,
) -> None:
    version = pair.one.define({"type": "manual", "manual": {}})
    blocks: list[Json] = [text_of(pair.one.order(version), "metadata", "uuid") for _ in range(BLOCKS)]
    first, second = pair.servers
    job = text_of(pair.one.call("POST", JOBS, MEDIA, {"action": "RUN", "buildingBlockUuids": blocks}), "uuid")

    pair.send(signal.SIGSTOP, second)  # so that the first one takes the job
    pair.one.call("POST", f"{JOBS}/{job}/start", MEDIA)
    until(lambda: done(pair.one.call("GET", f"{JOBS}/{job}", MEDIA)) > 0)
    pair.send(signal.SIGKILL, first)
    pair.send(signal.SIGCONT, second)

    at_once = done(pair.other.call("GET", f"{JOBS}/{job}", MEDIA))
    until(lambda: done(pair.other.call("GET", f"{JOBS}/{job}", MEDIA)) == BLOCKS)
    assert 0 < at_once < BLOCKS
    assert runs_of_blocks(pair.database_url) == {2: BLOCKS}


def done(job: JsonObject) -> int:
    counts = job["counts"]
    assert isinstance(counts, dict)
    return int(str(counts["DONE"]))


def runs_of_blocks(url: str) -> dict[int, int]:
    """Return how many blocks had how many runs."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    counted = "SELECT n, count(*) FROM (SELECT count(*) AS n FROM runs GROUP BY block_id) AS counts GROUP BY n"
    with engine.connect() as connection:
        found = {row[0]: row[1] for row in connection.execute(text(counted))}
    engine.dispose()
    return found


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
