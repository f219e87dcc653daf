"""Servers, a runner and, if chosen, PostgreSQL as processes of their own, each of which can be killed and started again."""

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import httpx2

from chaos.labels import label_of_git_request, label_of_request
from chaos.module import SCRIPT, module_text
from chaos.processes import descendants, freeze, kill_at_once, of_runs_below, words_of
from chaos.proxy import Proxy
from chaos.runners import start_runner
from chaos.servers import READY_SECONDS, Server, replicas, single_server
from tests.support.forked import Program
from tests.support.git_repositories import Repository, create_repository
from tests.support.git_servers import git_http_server
from tests.support.installation import Installation, Login, an_input, an_output, terraform
from tests.support.postgres import SETTINGS, PostgresServer, postgres_server

DURABLE = {**SETTINGS, "synchronous_commit": "on"}
"""Survives the death of its processes, which is all that happens here; not a power failure."""


class Victim(StrEnum):
    """What can be killed."""

    SERVER = "server"
    """Where there are two: the one that has the request."""
    RUNNER = "runner"
    SUPERVISOR = "supervisor"
    """The supervisors of all commands, and the program that starts them."""
    ENGINE = "engine"
    """Everything below the supervisors: the engine, its providers and scripts."""
    POSTGRES = "postgres"


MACHINE = frozenset({Victim.RUNNER, Victim.SUPERVISOR, Victim.ENGINE})
"""All that ends with the machine of a runner."""

_SUPERVISOR = str(Path("runner") / "supervisor.py")


@dataclass
class Stack:
    """The processes. One thread kills, one starts again."""

    name: str
    folder: Path
    proxy: Proxy
    git_proxy: Proxy
    repository: Repository
    postgres: PostgresServer | None
    servers: list[Server]
    runner: Program | None = None
    blockyard: Installation = field(init=False)
    version: str = ""
    concurrency: int = 1
    """How many runs the runner executes at once."""
    runner_program: Path | None = None
    """What runs as the runner instead of `blockyard runner`."""
    dead: set[Victim] = field(default_factory=set)
    killed_processes: list[int] = field(default_factory=list)
    fetchers: list[int] = field(default_factory=list)
    """What git processes the runner had when it was killed."""
    server_seconds: list[float] = field(default_factory=list)
    """How long each restart of a server took until it was ready."""
    work_dir: Path = field(init=False)
    _dead_server: Server = field(init=False)
    _commits: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.work_dir = self.folder / "runner"
        self._dead_server = self.servers[0]

    @property
    def is_redundant(self) -> bool:
        """Whether runs go on while one server is away."""
        return len(self.servers) > 1

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.folder / "data"

    def kill(self, victims: frozenset[Victim], port: int | None = None) -> None:
        """SIGKILL all of them in one moment; of several servers the one on `port`."""
        pids: list[int] = []
        if Victim.SERVER in victims:
            self._dead_server = next((server for server in self.servers if server.port == port), self.servers[0])
            pids.append(self._dead_server.process.pid)
        if Victim.RUNNER in victims and self.runner is not None:
            pids.append(self.runner.pid)
        freeze(pids)  # to look for the others takes seconds on a busy machine, in which these would go on
        if Victim.RUNNER in victims and self.runner is not None:
            self.fetchers = [
                pid for pid in descendants(self.runner.pid) if words_of(pid).partition(" ")[0].endswith("git")
            ]
        pids += self._commands(victims)
        if Victim.POSTGRES in victims and self.postgres is not None:
            pids += [self.postgres.process.pid, *descendants(self.postgres.process.pid)]
        kill_at_once(pids)
        with self._lock:
            self.dead |= victims
            self.killed_processes += pids

    def _commands(self, victims: frozenset[Victim]) -> list[int]:
        """Return the processes of supervisors and engines that are to die."""
        below = of_runs_below(self.work_dir)
        below += descendants(self.runner.pid) if self.runner is not None else []
        supervisors = {pid for pid in below if _SUPERVISOR in words_of(pid)}
        if victims >= MACHINE:
            return list(dict.fromkeys(below))
        pids = supervisors if Victim.SUPERVISOR in victims else set()
        if Victim.ENGINE in victims:
            pids |= {pid for supervisor in supervisors for pid in descendants(supervisor)} - supervisors
        return sorted(pids)

    def revive(self, spared: frozenset[Victim] = frozenset()) -> None:
        """Start what is dead, but for `spared`, and wait until the servers are ready."""
        with self._lock:
            back, self.dead = self.dead - spared, self.dead & spared
            still_dead = self._dead_server if Victim.SERVER in self.dead else None
        if Victim.POSTGRES in back and self.postgres is not None:
            self.postgres.start_again()
        began = time.monotonic()
        if Victim.SERVER in back:
            self._dead_server.start_again()
        if Victim.RUNNER in back:
            self.start_runner()
        if back & {Victim.SERVER, Victim.POSTGRES}:
            for server in self.servers:
                if server is not still_dead:
                    server.wait_until_ready()
                if Victim.SERVER in back and server is self._dead_server:
                    self.server_seconds.append(time.monotonic() - began)

    def start_runner(self, work_dir: Path | None = None) -> None:
        """Start the runner, on another work directory if one is given."""
        self.work_dir = work_dir or self.work_dir
        if self.runner is not None:
            self.runner.wait()
        url = f"http://127.0.0.1:{self.proxy.port}"
        log = self.folder / "runner.log"
        self.runner = start_runner(
            url, self.data, self.work_dir, log, concurrency=self.concurrency, program=self.runner_program
        )

    def commit_anew(self) -> None:
        """Give the repository a commit no prepared folder exists for."""
        self._commits += 1
        self.repository.commit({"README.md": f"{self._commits}\n"}, message=f"Commit {self._commits}")

    def log_tail(self) -> str:
        """Return the ends of the logs of server and runner."""
        parts = []
        for name in ("data.log", "runner.log"):
            path = self.folder / name
            text = path.read_text(errors="replace") if path.exists() else ""
            parts.append(f"--- {name}\n{text[-5000:]}")
        return "\n".join(parts)

    def stop(self) -> None:
        """End everything."""
        processes = [server.process for server in self.servers]
        processes += [self.runner] if self.runner is not None else []
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        kill_at_once(of_runs_below(self.work_dir))

    def define(self) -> None:
        """Release the definition all blocks are of."""
        url = f"http://127.0.0.1:{self.git_proxy.port}/module.git"
        inputs = {
            "folder": an_input(),
            "extra": an_input("BOOLEAN"),
            "password": an_input(isSensitive=True),
        }
        outputs = {"ids": an_output(), "count": an_output("INTEGER")}
        self.version = self.blockyard.define(terraform(url), inputs=inputs, outputs=outputs)
        self.blockyard.workspace("shop")


@contextmanager
def stack(folder: Path, name: str, *, concurrency: int = 1, program: Path | None = None) -> Iterator[Stack]:
    """Start everything of the stack `sqlite`, `postgres` or `replicas`, give it, stop it."""
    with ExitStack() as cleanup:
        postgres = cleanup.enter_context(postgres_server(DURABLE)) if name != "sqlite" else None
        script = folder / "act.sh"
        script.write_text(SCRIPT)
        (folder / "git").mkdir()
        repository = create_repository(folder / "git" / "module.git")
        repository.commit({"main.tf": module_text(script)})
        git = cleanup.enter_context(git_http_server(folder / "git"))
        proxy, git_proxy = Proxy(label_of_request), Proxy(label_of_git_request)
        cleanup.callback(git_proxy.close)
        cleanup.callback(proxy.close)
        git_proxy.upstreams = [int(git.base_url.rpartition(":")[2])]
        url = f"http://127.0.0.1:{proxy.port}"
        servers = _servers(name, folder, postgres, url)
        proxy.upstreams = [server.port for server in servers]
        running = Stack(name, folder, proxy, git_proxy, repository, postgres, servers)
        cleanup.callback(running.stop)
        client = cleanup.enter_context(patient_client(url, running.data))
        running.blockyard = Installation(url, running.data, servers[0].process, client, folder / "data.log")
        running.define()
        running.concurrency, running.runner_program = concurrency, program
        running.start_runner()
        yield running


def patient_client(url: str, data: Path) -> httpx2.Client:
    """Return an administrator's client that repeats requests while no server is there."""
    key = json.loads((data / "admin-key.json").read_text())
    return httpx2.Client(base_url=url, timeout=60, auth=Login(url, key), transport=_Patient())


def _servers(name: str, folder: Path, postgres: PostgresServer | None, url: str) -> list[Server]:
    data, log = folder / "data", folder / "data.log"
    database_url = postgres.url(postgres.create_database()) if postgres is not None else None
    if name == "replicas" and database_url is not None:
        return replicas(data, log, database_url, url, 2)
    return single_server(data, log, database_url)


_HANDLED = b"is still being handled"
_HANDLED_SECONDS = 3.0
"""Who handled it for longer was killed; the reservation of its key, without an effect, lasts for minutes."""


class _Patient(httpx2.BaseTransport):
    """Repeats requests while the server is away. A repeated POST carries the same Idempotency-Key."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request until it is answered."""
        if request.method == "POST":
            request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        end = time.monotonic() + READY_SECONDS
        given_up_at = 0.0
        while True:
            try:
                response = self._inner.handle_request(request)
            except httpx2.TransportError:
                if time.monotonic() > end:
                    raise
            else:
                if response.status_code == httpx2.codes.CONFLICT and _HANDLED in response.read():
                    given_up_at = given_up_at or time.monotonic() + _HANDLED_SECONDS
                    if time.monotonic() > given_up_at:
                        request.headers["Idempotency-Key"] = str(uuid.uuid4())
                elif response.status_code != httpx2.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
                    return response
                response.close()
            time.sleep(0.1)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
