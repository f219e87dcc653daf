"""One point of a graph: what happens to the graph, a kill, and whether it ends as it does when nobody is killed."""

import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from blockyard.protocol.jsontypes import Json, JsonObject
from chaos.checks import Finding, check_lock, check_nothing_runs, current_state
from chaos.graphs import quick_runner
from chaos.graphs.module import (
    TOOK_EFFECT,
    Definitions,
    Yard,
    an_order,
    define,
    define_composition,
    define_planned,
    module_text,
    order,
    release_next,
    send_order,
    write_scripts,
)
from chaos.graphs.points import COMPOSED, QUICK
from chaos.graphs.shapes import DIAMOND, trail_of
from chaos.points import Action, Gate, Point
from chaos.proxy import Moment, Trap
from chaos.stack import Stack, Victim, stack
from chaos.trial import DOWN_SECONDS, Outcome
from tests.support.git_repositories import create_repository
from tests.support.installation import outputs, text_of, value
from tests.support.installation import status as status_of

SPRING_SECONDS = 60.0
SETTLE_SECONDS = 180.0
QUIET_SECONDS = 60.0
"""So long a runner may take to start again on a busy machine, and to remove what the one before it left."""
_LOOK_SECONDS = 0.2
_SPARED = frozenset({Victim.SERVER})


@dataclass(frozen=True, slots=True)
class Ground:
    """A stack, and what its graphs are made of."""

    stack: Stack
    definitions: Definitions
    newer: dict[str, str]
    """The second versions, by the names of the blocks."""
    composition: str
    planned: str


@contextmanager
def graph_stack(folder: Path, name: str) -> Iterator[Ground]:
    """Start a stack such as `quick/sqlite`, whose runner has one slot, give it with its definitions, stop it."""
    executor, _, database = name.partition("/")
    program = Path(quick_runner.__file__) if executor == QUICK else None
    with stack(folder, database, program=program) as running:
        running.name = name
        repository = create_repository(folder / "git" / "graph.git")
        repository.commit({"main.tf": module_text(write_scripts(folder))})
        url = f"http://127.0.0.1:{running.git_proxy.port}/graph.git"
        definitions = define(running.blockyard, DIAMOND, url, "Diamond")
        newer = {node: release_next(running.blockyard, version) for node, version in definitions.versions.items()}
        planned = define_planned(running.blockyard, url)
        yield Ground(running, definitions, newer, define_composition(running.blockyard, url), planned)


class GraphTrial:
    """Carries out one point on a stack."""

    def __init__(self, ground: Ground, point: Point) -> None:
        self._ground, self._stack, self._point = ground, ground.stack, point
        self._outcome = Outcome(point, ground.stack.name)
        name = f"{point.name.replace('/', '_')}-{secrets.token_hex(3)}"
        self._yard = Yard.create(ground.stack.folder / "yards" / name)
        self._blocks: dict[str, str] = {}
        self._seed = "seed"
        self._before = 0
        self._trap: Trap | None = None
        self._killed_at = 0.0

    def run(self) -> Outcome:
        """Do it all; a finding never raises."""
        began = time.monotonic()
        self._stack.killed_processes.clear()
        try:
            self._prepare()
            self._strike()
            self._settle()
            self._judge()
        except (AssertionError, OSError, RuntimeError, httpx2.HTTPError, Finding) as problem:
            self._outcome.findings.append(f"{type(problem).__name__}: {problem}")
        finally:
            self._yard.open_all()
            if self._outcome.passed:
                self._stack.proxy.arm(None)  # nobody is killed any more, not even late
            self._stack.revive()
        self._outcome.seconds = time.monotonic() - began
        if not self._outcome.passed:
            self._outcome.trace = self._trace(began)
            self._stack.proxy.arm(None)
            self._stack.revive()
        return self._outcome

    # Before

    def _prepare(self) -> None:
        self._stack.proxy.arm(None)
        if self._point.action not in {Action.GRAPH_ORDER, Action.GRAPH_COMPOSE}:
            self._order_all()
            self._until(self._problems_when_applied, "the graph before")
            self._make_ready()
            self._wait_for_quiet()
            self._before = len(self._yard.acts())
        if isinstance(self._point.moment, Gate):
            self._yard.close_gate(self._point.place)
            return
        label, _, number = self._point.place.rpartition("-")
        self._trap = Trap(label, int(number), Moment(self._point.moment), self._kill)
        self._stack.proxy.arm(self._trap)
        if label == "claim":
            self._stack.proxy.hang_up()

    def _make_ready(self) -> None:
        """Do what else comes before the action."""

    # The kill

    def _strike(self) -> None:
        starter = threading.Thread(target=self._start, daemon=True)
        starter.start()
        struck = self._wait_for_strike(starter)
        if struck and isinstance(self._point.moment, Gate):
            self._kill()
        self._outcome.reached = struck
        time.sleep(DOWN_SECONDS if struck else 0)
        if self._point.moment is Gate.OPEN_AT_ONCE:
            self._yard.open_all()
            time.sleep(DOWN_SECONDS)
        if struck:
            self._stack.revive(_SPARED if self._stack.is_redundant else frozenset())
        self._yard.open_all()
        starter.join(SETTLE_SECONDS)
        if starter.is_alive():
            raise Finding("the requests that start the runs were never answered")

    def _wait_for_strike(self, starter: threading.Thread) -> bool:
        """Wait for the kill, or for the end of a graph that never came by the trap; tell whether anybody was killed."""
        over = threading.Event()
        threading.Thread(target=self._watch, args=(starter, over), daemon=True).start()
        end = time.monotonic() + SPRING_SECONDS
        while time.monotonic() < end:
            if self._trap is not None and self._trap.sprung.wait(0.02):
                return True
            if self._trap is None and self._yard.wait(0.02):
                return True
            if over.is_set():
                return False
        return False

    def _watch(self, starter: threading.Thread, over: threading.Event) -> None:
        """Notice the end from a thread of its own, since whoever asks a dead server waits for it to come back."""
        starter.join()
        while not self._killed_at:
            with suppress(AssertionError, httpx2.HTTPError):
                if self._blocks and not self._problems():
                    time.sleep(_LOOK_SECONDS)  # what ended it may be the request of the trap
                    over.set()
                    return
            time.sleep(_LOOK_SECONDS)

    def _kill(self, port: int | None = None) -> None:
        self._killed_at = time.monotonic()
        self._stack.kill(self._point.victims, port)

    def _start(self) -> None:
        try:
            self._act()
        except (AssertionError, httpx2.HTTPError) as problem:
            self._outcome.findings.append(f"what starts the runs: {type(problem).__name__}: {problem}")

    def _act(self) -> None:
        match self._point.action:
            case Action.GRAPH_ORDER:
                self._order_all()
            case Action.GRAPH_CHANGE:
                self._seed = "other"
                self._stack.blockyard.change(self._blocks["root"], {"first": value(self._seed)})
            case Action.GRAPH_UPGRADE:
                self._bulk("UPGRADE")
            case Action.GRAPH_DELETE:
                self._bulk("DELETE")
            case _:
                self._compose()

    def _order_all(self) -> None:
        definitions = self._ground.definitions
        for node in definitions.shape:
            inputs = {"folder": value(str(self._yard.folder)), "name": value(node.name)}
            if not node.parents:
                inputs["first"] = value(self._seed)
            above = [self._blocks[parent] for parent in node.parents]
            version = definitions.versions[node.name]
            self._blocks[node.name] = order(self._stack.blockyard, version, inputs, above, name=self._named(node.name))

    def _bulk(self, action: str) -> None:
        """Store a job over the whole graph, start it, and wait until it is over."""
        path = "/api/blockyard/v1/bulk-jobs"
        body: JsonObject = {"action": action, "buildingBlockUuids": list[Json](self._blocks.values())}
        job = text_of(self._post(path, body), "uuid")
        end = time.monotonic() + SETTLE_SECONDS
        while not (now := self._post(f"{path}/{job}/start"))["over"]:
            if time.monotonic() > end:
                raise AssertionError(f"the bulk job is not over: {now}")
            time.sleep(_LOOK_SECONDS)
        assert isinstance(counts := now["counts"], dict)
        assert not counts["REFUSED"], now

    def _post(self, path: str, body: JsonObject | None = None) -> JsonObject:
        """Send a request that may be repeated, once more where its answer died with a server."""
        while True:
            try:
                return self._stack.blockyard.call("POST", path, "application/json", body)
            except AssertionError as refusal:
                if TOOK_EFFECT not in str(refusal):
                    raise

    def _named(self, name: str) -> str:
        return f"{name} {self._yard.folder.name[-6:]}"

    def _compose(self) -> None:
        """Order the topmost block, which has all others ordered in the end."""
        blockyard = self._stack.blockyard
        key = json.loads((self._stack.data / "admin-key.json").read_text())
        token = blockyard.client.post("/api/login", json=key).json()[
            "access_token"
        ]  # one that lasts as long as the trial
        text = "none"  # an empty text is no value, and would be waited for
        for name in reversed(COMPOSED):
            inputs = {
                "folder": value(str(self._yard.folder)),
                "name": value(name),
                "first": value(self._seed),
                "INPUT_TOKEN": value(token),
                "INPUT_ORDERS": value(text),
            }
            body = an_order(blockyard, self._ground.composition, inputs, [], name=self._named(name))
            text = json.dumps(body)
        self._blocks[COMPOSED[0]] = send_order(blockyard, body, self._named(COMPOSED[0]))

    # Afterwards

    def _settle(self) -> None:
        self._until(self._problems, "the graph")
        if self._killed_at:
            self._outcome.recovery_seconds = time.monotonic() - self._killed_at
        self._wait_for_quiet()

    def _until(self, problems: Callable[[], list[str]], what: str) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        while found := problems():
            if time.monotonic() > end:
                raise Finding(f"{what} after {SETTLE_SECONDS:g} s: {'; '.join(found)}")
            self._repair()
            time.sleep(_LOOK_SECONDS)

    def _repair(self) -> None:
        """Run again what failed because its engine was killed before the eyes of its runner."""
        if not self._point.fails or not self._killed_at:
            return
        for uuid in self._blocks.values():
            block = self._stack.blockyard.block(uuid)
            if status_of(block) == "FAILED":
                self._wait_for_quiet()
                if self._point.action is Action.GRAPH_DELETE:
                    self._stack.blockyard.delete(uuid)
                else:
                    self._stack.blockyard.run_again(uuid)

    def _problems(self) -> list[str]:
        """Return in what the graph differs from what it is in the end when nobody is killed."""
        match self._point.action:
            case Action.GRAPH_DELETE:
                return self._problems_when_deleted()
            case Action.GRAPH_COMPOSE:
                return self._problems_when_composed()
            case _:
                return self._problems_when_applied()

    def _problems_when_applied(self) -> list[str]:
        found = []
        is_upgraded = self._point.action is Action.GRAPH_UPGRADE and self._is_prepared
        versions = self._ground.newer if is_upgraded else self._ground.definitions.versions
        if len(self._blocks) < len(DIAMOND):
            return [f"only {len(self._blocks)} blocks are there"]
        for name, uuid in self._blocks.items():
            block = self._stack.blockyard.block(uuid)
            trail, version = outputs(block).get("trail"), text_of(block, *_VERSION)
            expected = trail_of(DIAMOND, name, self._seed)
            if (status_of(block), trail, version) != ("SUCCEEDED", expected, versions[name]):
                found.append(f"{name} is {status_of(block)} and gives {trail}")
        return found

    @property
    def _is_prepared(self) -> bool:
        return self._before > 0

    def _problems_when_deleted(self) -> list[str]:
        found = []
        for name, uuid in self._blocks.items():
            block = self._stack.blockyard.block(uuid)
            lifecycle = text_of(block, "status", "lifecycle", "state")
            if lifecycle != "DELETED":
                found.append(f"{name} is {lifecycle}, its run {status_of(block)}")
        return found

    def _problems_when_composed(self) -> list[str]:
        ordered = self._yard.folder / "ordered"
        below = list(dict.fromkeys(ordered.read_text().split())) if ordered.exists() else []
        uuids = [*self._blocks.values(), *below]
        if len(uuids) != len(COMPOSED):
            return [f"{len(uuids)} blocks are there"]
        found = []
        for uuid in uuids:
            block = self._stack.blockyard.block(uuid)
            if status_of(block) != "SUCCEEDED":
                found.append(f"{text_of(block, 'spec', 'displayName')} is {status_of(block)}")
        return found

    def _judge(self) -> None:
        outcome = self._outcome
        outcome.end = "DELETED" if self._point.action is Action.GRAPH_DELETE else "SUCCEEDED"
        outcome.findings += self._problems()
        outcome.findings += self._judge_acts(self._yard.acts()[self._before :])
        outcome.findings += check_nothing_runs(self._stack)
        if not self._stack.name.startswith(QUICK):
            for uuid in self._blocks.values():
                outcome.findings += self._judge_state(self._stack.blockyard.block(uuid))

    def _judge_state(self, block: JsonObject) -> list[str]:
        state = current_state(self._stack, block)
        resources = [] if state is None else state["resources"]
        assert isinstance(resources, list)
        wanted = 0 if self._point.action is Action.GRAPH_DELETE else 2
        found = check_lock(self._stack, block)
        if len(resources) != wanted:
            found.append(f"the state has {len(resources)} resources")
        return found

    def _judge_acts(self, acts: list[str]) -> list[str]:
        """Return what was done too often, not at all, or in the wrong order."""
        is_deleted = self._point.action is Action.GRAPH_DELETE
        verb = "destroy" if is_deleted else "apply"
        is_composed = self._point.action is Action.GRAPH_COMPOSE
        counts, found = Counter(acts), []
        for name in COMPOSED if is_composed else [node.name for node in DIAMOND]:
            times = counts[f"{verb} {name}"]
            if not 1 <= times <= self._limit(name):
                found.append(f"{verb} {name} was done {times} times, {self._limit(name)} at most")
            self._outcome.repeated += [f"{verb} {name}"] * max(0, times - 1)
        for node in () if is_composed else DIAMOND:
            for parent in node.parents:
                first, then = (node.name, parent) if is_deleted else (parent, node.name)
                if found or acts.index(f"{verb} {first}") > acts.index(f"{verb} {then}"):
                    found.append(f"{verb} {then} came before {verb} {first}")
        return found

    def _limit(self, name: str) -> int:
        """Return how often a block may be applied: once, once more where its engine may have died, and for each parent's change."""
        killed = 1 if self._point.kills_engine else 0
        if self._point.action in {Action.GRAPH_CHANGE, Action.GRAPH_UPGRADE}:
            return _PATHS[name] + killed + (1 if self._point.action is Action.GRAPH_UPGRADE else 0)
        return 1 + killed

    def _wait_for_quiet(self) -> None:
        end = time.monotonic() + QUIET_SECONDS
        folders = [self._stack.work_dir / name for name in ("runs", "spool")]
        while time.monotonic() < end and any(any(folder.iterdir()) for folder in folders if folder.is_dir()):
            time.sleep(0.02)

    def _trace(self, began: float) -> str:
        lines = [f"repeat it: make chaos ARGS='--graphs --stack {self._stack.name} --only {self._point.name}'"]
        if self._killed_at:
            lines.append(f"killed at {self._killed_at - began:.3f} s")
        lines += [seen.line(began) for seen in self._stack.proxy.seen]
        lines.append(f"acts: {self._yard.acts()}")
        for uuid in self._blocks.values():
            with suppress(AssertionError, httpx2.HTTPError):
                lines.append(self._stack.blockyard.logs(self._stack.blockyard.block(uuid))[-2000:])
        return "\n".join([*lines, self._stack.log_tail()])


_VERSION = ("spec", "buildingBlockDefinitionVersionRef", "uuid")
_PATHS = {"root": 1, "left": 1, "right": 1, "join": 2, "leaf": 2}
"""By how many paths a change of the root arrives."""
