"""`python -m chaos.fleet` (or `make fleet`): graphs of blocks on several replicas and runners, and the replicas are restarted.

All blocks are ordered at once, parents and children; meanwhile every replica is restarted, in the first turn as an operator does, in the
second killed. In the end every block has SUCCEEDED, gives what its parents' outputs make of it, was applied once and after its parents.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import httpx2

from blockyard.protocol.jsontypes import JsonObject
from chaos.graphs.module import Definitions, Yard, define, module_text, order, write_scripts
from chaos.graphs.shapes import SHAPES, trail_of
from chaos.processes import kill_at_once, of_runs_below
from chaos.proxy import Proxy
from chaos.runners import start_runner
from chaos.servers import Server, replicas
from chaos.stack import DURABLE, patient_client
from tests.support.forked import Process, Program
from tests.support.git_repositories import create_repository
from tests.support.git_servers import git_http_server
from tests.support.installation import Installation, outputs, status, value
from tests.support.postgres import postgres_server

FAILED = frozenset({"FAILED", "ABORTED"})
_LOOK_SECONDS = 1.0
_STOP_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph that was ordered: its blocks' ids by their names."""

    definitions: Definitions
    yard: Yard
    blocks: Mapping[str, str]

    def expected(self, name: str) -> str:
        """Return what a block gives in the end."""
        return trail_of(self.definitions.shape, name, self.yard.folder.name)


@dataclass
class Fleet:
    """The processes."""

    folder: Path
    blockyard: Installation
    servers: list[Server]
    runners: list[Program]
    definitions: list[Definitions] = field(default_factory=list)
    restart_seconds: list[float] = field(default_factory=list)

    def order(self, number: int) -> list[Graph]:
        """Order graphs of all shapes in turn, parents first, and wait for nothing."""
        return [self._order(each, at) for at, each in enumerate(islice(cycle(self.definitions), number))]

    def _order(self, definitions: Definitions, number: int) -> Graph:
        yard = Yard.create(self.folder / "yards" / f"graph-{number}")
        blocks: dict[str, str] = {}
        for node in definitions.shape:
            inputs = {"folder": value(str(yard.folder)), "name": value(node.name)}
            if not node.parents:
                inputs["first"] = value(yard.folder.name)
            above = [blocks[parent] for parent in node.parents]
            version = definitions.versions[node.name]
            blocks[node.name] = order(self.blockyard, version, inputs, above, name=f"{yard.folder.name} {node.name}")
        return Graph(definitions, yard, blocks)

    def restart_replicas(self, *, kill: bool) -> None:
        """Stop, or kill, one replica after the other and start it again."""
        for server in self.servers:
            began = time.monotonic()
            if kill:
                server.process.kill()
            else:
                server.process.terminate()
            server.process.wait(_STOP_SECONDS)
            server.start_again()
            server.wait_until_ready()
            self.restart_seconds.append(time.monotonic() - began)

    def succeeded(self) -> int:
        """Return how many blocks have SUCCEEDED."""
        return self._count("SUCCEEDED")

    def unfinished(self, number: int) -> int:
        """Return how many of so many blocks have not come to their end."""
        return number - self._count("SUCCEEDED", *sorted(FAILED))

    def _count(self, *statuses: str) -> int:
        total = 0
        for one in statuses:
            answer = self.blockyard.client.get(
                "/api/blockyard/v1/blocks", params={"workspaceIdentifier": "shop", "status": one, "size": 1}
            )
            answer.raise_for_status()
            total += int(answer.json()["page"]["totalElements"])
        return total

    def findings(self, graph: Graph) -> list[str]:
        """Return what is not as it must be of a graph."""
        acts = graph.yard.acts()
        found = [
            f"{act} was done {times} times: {graph.yard.folder.name}"
            for act, times in Counter(acts).items()
            if times > 1
        ]
        for node in graph.definitions.shape:
            uuid = graph.blocks[node.name]
            block = self.blockyard.block(uuid)
            label = f"{graph.yard.folder.name} {node.name}"
            if status(block) != "SUCCEEDED":
                found.append(f"{label} is {status(block)}: {_log_of(self.blockyard, block)}")
                continue
            if outputs(block).get("trail") != graph.expected(node.name):
                found.append(f"{label} gives {outputs(block)}")
            before = acts[: acts.index(f"apply {node.name}")] if f"apply {node.name}" in acts else []
            found += [f"{label} came before {parent}" for parent in node.parents if f"apply {parent}" not in before]
            runs = self._runs(uuid)
            if runs != ["SUCCEEDED"]:
                found.append(f"the runs of {label} are {runs}")
        return found

    def _runs(self, uuid: str) -> list[str]:
        answer = self.blockyard.client.get("/api/blockyard/v1/runs", params={"buildingBlockUuid": uuid})
        answer.raise_for_status()
        (listed,) = answer.json()["_embedded"].values()
        return [str(run["status"]) for run in listed]


def _log_of(blockyard: Installation, block: JsonObject) -> str:
    try:
        return blockyard.logs(block)[-600:]
    except (AssertionError, httpx2.HTTPError) as error:
        return str(error)


@contextmanager
def fleet(folder: Path, *, replicas_number: int, runners_number: int) -> Iterator[Fleet]:
    """Start replicas on one PostgreSQL and processes of the shared runner, give them, stop them."""
    with ExitStack() as cleanup:
        postgres = cleanup.enter_context(postgres_server(DURABLE))
        script = write_scripts(folder)
        (folder / "git").mkdir()
        repository = create_repository(folder / "git" / "module.git")
        repository.commit({"main.tf": module_text(script)})
        git = cleanup.enter_context(git_http_server(folder / "git"))
        proxy = Proxy(lambda _method, _path, _body: None)
        cleanup.callback(proxy.close)
        url = f"http://127.0.0.1:{proxy.port}"
        data, log = folder / "data", folder / "data.log"
        servers = replicas(data, log, postgres.url(postgres.create_database()), url, replicas_number)
        cleanup.callback(_stop, [server.process for server in servers], folder)
        proxy.upstreams = [server.port for server in servers]
        client = cleanup.enter_context(patient_client(url, data))
        blockyard = Installation(url, data, servers[0].process, client, log)
        running = Fleet(folder, blockyard, servers, [])
        running.definitions = [
            define(blockyard, shape, f"{git.base_url}/module.git", name) for name, shape in SHAPES.items()
        ]
        for number in range(runners_number):
            running.runners.append(
                start_runner(url, data, folder / f"runner-{number}", folder / f"runner-{number}.log")
            )
        cleanup.callback(lambda: _stop([*running.runners, *(server.process for server in servers)], folder))
        yield running


def _stop(processes: Sequence[Process], folder: Path) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for work_dir in folder.glob("runner-*"):
        kill_at_once(of_runs_below(work_dir) if work_dir.is_dir() else [])


def carry_out(running: Fleet, graphs_number: int, *, restarts: int, seconds: float) -> list[str]:
    """Order graphs, restart the replicas so many times meanwhile, and return what is not as it must be."""
    graphs = running.order(graphs_number)
    number = sum(len(graph.blocks) for graph in graphs)
    end = time.monotonic() + seconds
    for turn in range(restarts):
        while running.succeeded() < number * (turn + 1) // (restarts + 1) and running.unfinished(number):
            if time.monotonic() > end:
                break
            time.sleep(_LOOK_SECONDS)
        running.restart_replicas(kill=turn % 2 == 1)
    while running.unfinished(number) and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
    return [finding for graph in graphs for finding in running.findings(graph)]


def main() -> int:
    """Carry it out; return 1 when something is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m chaos.fleet", description=__doc__)
    parser.add_argument("--graphs", type=int, default=60, help="of five blocks each (%(default)s)")
    parser.add_argument("--replicas", type=int, default=2, help="servers on one PostgreSQL (%(default)s)")
    parser.add_argument("--runners", type=int, default=3, help="processes of the shared runner (%(default)s)")
    parser.add_argument("--restarts", type=int, default=2, help="of every replica (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3600, help="until it is given up (%(default)g)")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="blockyard-fleet-") as name,
        fleet(Path(name), replicas_number=chosen.replicas, runners_number=chosen.runners) as running,
    ):
        began = time.monotonic()
        found = carry_out(running, chosen.graphs, restarts=chosen.restarts, seconds=chosen.seconds)
        sys.stdout.write(
            f"{running.succeeded()} blocks of {chosen.graphs} graphs SUCCEEDED on {chosen.replicas} replicas and "
            f"{chosen.runners} runners in {time.monotonic() - began:.0f} s; {len(running.restart_seconds)} restarts, "
            f"the longest {max(running.restart_seconds, default=0):.1f} s; {len(found)} findings\n"
        )
        sys.stdout.write("".join(f"  - {finding}\n" for finding in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
