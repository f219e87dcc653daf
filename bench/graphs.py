"""Graphs of blocks, many runners, bulk jobs: how these grow with their number."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx2

from bench.figures import Figure, percentile, timed
from bench.groups import Setting
from bench.runner import claim, finish, new_runner
from blockyard.diagnosis.logging import configure
from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.database import Database
from tests.support.block_world import MANUAL, BlockWorld, a_value, an_input, an_output, definition_of, uuid_of
from tests.support.bulk_jobs import JOBS, a_stored_key, rounds
from tests.support.clock import RunningClock
from tests.support.installation import Installation, terraform, text_of
from tests.support.installed import make_tables

RUNNERS = (1, 4, 8)
_CLAIMED = 240
_ROUNDS = 40
_UPGRADED = 1000
_SMALLEST = 100

Order = Callable[[BlockWorld, int], None]
"""Orders a graph of so many blocks."""


def graphs(setting: Setting) -> Iterator[Figure]:
    """Bring graphs to rest with a runner that executes nothing, in this process: what the server does, and no HTTP in between."""
    for name, order in (("wide", _wide), ("deep", _deep), ("diamonds", _diamonds)):
        small, _ = _to_rest(setting, order, _SMALLEST)
        large, longest = _to_rest(setting, order, setting.graph)
        yield Figure(
            f"a {name} graph of {setting.graph} blocks, ordered → at rest, per block",
            setting.database,
            large,
            "ms",
            comparator=small,
            comparator_name=f"of {_SMALLEST}",
            budget=2 * small,
            samples=setting.graph,
        )
        yield Figure(
            f"the longest of what {setting.graph} runs of a {name} graph report, and of the turns that follow",
            setting.database,
            longest,
            "ms",
            budget=200,
            samples=setting.graph,
        )


def _to_rest(setting: Setting, order: Order, number: int) -> tuple[float, float]:
    """Return the milliseconds that each block of a graph takes from its order to the rest of the graph.

    Beside them those of the longest transaction after an order: the end of a run, or turns of the children of a wide block.
    """
    url = setting.new_database() or f"sqlite:///{setting.new_data()}.db"
    with Database.open(url) as database:
        make_tables(database)
        configure("warning", "json")
        world = BlockWorld(database, RunningClock())
        began = time.perf_counter()
        order(world, number)
        done, before, longest = 0, -1, 0.0
        while done > before:
            before = done
            while (claimed := world.claim()) is not None:
                report = partial(world.report, claimed, outputs={"out": a_value("same")})
                longest = max(longest, timed(report))
                done += 1
            longest = max(longest, timed(lambda: world.db.write_now(world.blocks.hooks.take_turns)))
        if done != number:
            raise RuntimeError(f"{done} of {number} runs")
        return (time.perf_counter() - began) * 1000 / number, longest * 1000


def _define(world: BlockWorld, name: str, *parents: JsonObject) -> JsonObject:
    """Define blocks that take an output of each parent."""
    ids = [definition_of(parent) for parent in parents]
    inputs: JsonObject = {
        f"from{at}": an_input(assignment="BUILDING_BLOCK_OUTPUT", argument=f"{id_}.out") for at, id_ in enumerate(ids)
    }
    refs: list[Json] = [{"uuid": id_, "kind": "meshBuildingBlockDefinition"} for id_ in ids]
    return world.define(name, inputs=inputs, outputs={"out": an_output()}, dependencyDefinitionRefs=refs)


def _wide(world: BlockWorld, number: int) -> None:
    """Order one block and all others below it."""
    top = _define(world, "Top")
    below = _define(world, "Below", top)
    root = world.order(top)
    for _ in range(number - 1):
        world.order(below, parents=[root])


def _deep(world: BlockWorld, number: int) -> None:
    """Order chains as deep as definitions may be."""
    depth = 10
    versions = [_define(world, "Level 0")]
    for level in range(1, depth):
        versions.append(_define(world, f"Level {level}", versions[-1]))
    above: list[Any] = []
    for at in range(number):
        above = [world.order(versions[at % depth], parents=above if at % depth else [])]


def _diamonds(world: BlockWorld, number: int) -> None:
    """Order one block, and below it threes of which the last takes from the first two."""
    top = _define(world, "Top")
    left, right = _define(world, "Left", top), _define(world, "Right", top)
    join = _define(world, "Join", left, right)
    root = world.order(top)
    for _ in range((number - 1) // 3):
        sides = [world.order(left, parents=[root]), world.order(right, parents=[root])]
        world.order(join, parents=sides)
    for _ in range((number - 1) % 3):
        world.order(left, parents=[root])


def many_runners(setting: Setting) -> Iterator[Figure]:
    """Claim with one runner process's worth of connections, with four, and with eight."""
    with setting.installation() as blockyard:
        blockyard.knows_workspace("admin")
        runner = new_runner(blockyard)
        version = blockyard.define(
            terraform("https://git.example.test/never-cloned.git"),
            runnerRef={"uuid": runner, "kind": "meshBuildingBlockRunner"},
            owner="admin",
        )
        for number in RUNNERS:
            yield _claims_per_second(blockyard, setting, runner, version, number)
            yield _wake_up(blockyard, setting, runner, version, number)


def _claims_per_second(blockyard: Installation, setting: Setting, runner: str, version: str, number: int) -> Figure:
    for _ in range(_CLAIMED):
        blockyard.order(version)
    runs: list[JsonObject] = []

    def take() -> None:
        headers = {"Accept": kinds.RUN.media, "Blockyard-Protocol": "1"}
        path = "/api/meshobjects/meshbuildingblockruns/create"
        while True:
            answer = blockyard.client.post(path, params={"forRunnerUuid": runner}, headers=headers)
            if answer.status_code != httpx2.codes.CREATED:
                return
            runs.append(answer.json())

    began = time.perf_counter()
    _at_once(number, take)
    seconds = time.perf_counter() - began
    if len({text_of(run, "metadata", "uuid") for run in runs}) != _CLAIMED:
        raise RuntimeError(f"{len(runs)} claims of {_CLAIMED} runs")
    for run in runs:
        finish(blockyard, run, runner)
    return Figure(f"claims per second, {number} runners", setting.database, _CLAIMED / seconds, "/s", samples=_CLAIMED)


def _wake_up(blockyard: Installation, setting: Setting, runner: str, version: str, number: int) -> Figure:
    """Measure from an order's answer to the answer of the first of several claims that wait."""
    delays = []
    for _ in range(_ROUNDS):
        claimed: list[tuple[float, JsonObject]] = []
        claimers = [threading.Thread(target=claim, args=(blockyard, runner, claimed)) for _ in range(number)]
        for claimer in claimers:
            claimer.start()
        time.sleep(0.1)
        blockyard.order(version)
        accepted = time.perf_counter()
        while not claimed:
            time.sleep(0.0002)
        delays.append(max(0.0, claimed[0][0] - accepted))
        for _ in claimers[1:]:
            blockyard.order(version)
        for claimer in claimers:
            claimer.join()
        for _, run in claimed:
            finish(blockyard, run, runner)
        _finish_the_rest(blockyard, runner)
    name = f"order accepted → one of {number} waiting runners has the job, p95"
    return Figure(name, setting.database, percentile(delays, 0.95) * 1000, "ms", budget=20, samples=_ROUNDS)


def _finish_the_rest(blockyard: Installation, runner: str) -> None:
    headers = {"Accept": kinds.RUN.media, "Blockyard-Protocol": "1"}
    path = "/api/meshobjects/meshbuildingblockruns/create"
    while True:
        answer = blockyard.client.post(path, params={"forRunnerUuid": runner}, headers=headers)
        if answer.status_code != httpx2.codes.CREATED:
            return
        finish(blockyard, answer.json(), runner)


def _at_once(number: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def bulk_upgrades(setting: Setting) -> Iterator[Figure]:
    """Upgrade many blocks by one bulk job, in this process."""
    seconds = {number: _upgrade(setting, number) for number in (_SMALLEST, _UPGRADED)}
    yield Figure(
        f"bulk upgrade of {_UPGRADED} blocks, per block",
        setting.database,
        seconds[_UPGRADED] * 1000 / _UPGRADED,
        "ms",
        comparator=seconds[_SMALLEST] * 1000 / _SMALLEST,
        comparator_name=f"of {_SMALLEST}",
        budget=2 * seconds[_SMALLEST] * 1000 / _SMALLEST,
        samples=_UPGRADED,
    )


def _upgrade(setting: Setting, number: int) -> float:
    url = setting.new_database() or f"sqlite:///{setting.new_data()}.db"
    with Database.open(url) as database:
        make_tables(database)
        configure("warning", "json")
        world = BlockWorld(database, RunningClock())
        version = world.define("Sample", implementation=MANUAL)
        blocks: list[Json] = [uuid_of(world.order(version)) for _ in range(number)]
        world.next_version(version, implementation=MANUAL)
        world.api.be(a_stored_key(world, "admin", everywhere=True))
        began = time.perf_counter()
        body: JsonObject = {"action": "UPGRADE", "buildingBlockUuids": blocks}
        job = world.api.ok("POST", JOBS, body, media="application/json")
        job = world.api.ok("POST", f"{JOBS}/{job['uuid']}/start", media="application/json")
        while not job["over"]:
            rounds(world)
            job = world.api.ok("GET", f"{JOBS}/{job['uuid']}", media="application/json")
        if job["counts"]["DONE"] != number:
            raise RuntimeError(f"{job['counts']}")
        return time.perf_counter() - began
