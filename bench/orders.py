"""Orders from acceptance to the end: latency to the runner and to a viewer, whole orders, throughput."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx2

from bench.bare import MODULE, bare_pair
from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.pages import bearer
from bench.runner import claim, finish, new_runner
from blockyard.protocol.jsontypes import JsonObject
from tests.support.git_repositories import create_repository
from tests.support.installation import (
    FINAL,
    Installation,
    an_input,
    an_output,
    engine,
    status,
    terraform,
    text_of,
    value,
)

_COUNTED_RUNS = 5


def trivial(blockyard: Installation, module: str = MODULE) -> str:
    """Define the trivial module, or another with the same variable and output, and return the version to order."""
    repository = create_repository(blockyard.data.with_name(f"{blockyard.data.name}-trivial.git"), {"main.tf": module})
    return blockyard.define(terraform(repository), inputs={"name": an_input()}, outputs={"greeting": an_output()})


def whole_orders(setting: Setting) -> Iterator[Figure]:
    """Alternate one whole order and one bare pair, with what earlier runs prepared and without; the figure is the difference."""
    with setting.installation() as blockyard:
        yield from _whole_orders(blockyard, setting, "prepared", budgets=(0.0, None))
    with setting.installation({"BLOCKYARD_RUNNER_PREPARED_DIR": "none"}) as blockyard:
        yield from _whole_orders(blockyard, setting, "nothing prepared", budgets=(100.0, 200.0))


def _whole_orders(
    blockyard: Installation, setting: Setting, kind: str, *, budgets: tuple[float | None, float | None]
) -> Iterator[Figure]:
    version = trivial(blockyard)
    blockyard.ordered(version, {"name": value("warm")})
    bare_pair()
    yield from differences(
        setting,
        kind,
        rounds=setting.rounds,
        whole=lambda: ordered_whole(blockyard, version),
        pair=bare_pair,
        budgets=budgets,
    )


def differences(
    setting: Setting,
    kind: str,
    *,
    rounds: int,
    whole: Callable[[], float],
    pair: Callable[[], float],
    budgets: tuple[float | None, float | None],
) -> Iterator[Figure]:
    """Alternate one bare pair and one whole order, both in seconds; the figures are p50 and p95 of the difference."""
    bare: list[float] = []
    more: list[float] = []
    for _ in range(rounds):
        bare.append(pair())
        more.append(whole() - bare[-1])
    for name, figure, budget in zip(("p50", "p95"), (median(more), percentile(more, 0.95)), budgets, strict=True):
        yield Figure(
            f"whole order minus bare init+apply, {kind}, {name}",
            setting.database,
            figure * 1000,
            "ms",
            comparator=median(bare) * 1000,
            comparator_name="bare pair, median",
            budget=budget,
            samples=rounds,
        )


def ordered_whole(blockyard: Installation, version: str) -> float:
    """Order a block, follow it to the end of its run and return the seconds. Raises AssertionError unless it succeeded."""
    started = time.perf_counter()
    uuid = _order(blockyard, version)
    _wait_final(blockyard, uuid)
    seconds = time.perf_counter() - started
    block = blockyard.block(uuid)
    if status(block) != "SUCCEEDED":
        raise AssertionError(blockyard.logs(block))
    return seconds


def _order(blockyard: Installation, version: str) -> str:
    return text_of(blockyard.order(version, {"name": value("bench")}), "metadata", "uuid")


def _wait_final(blockyard: Installation, uuid: str) -> None:
    """Follow a block by long poll, as scripts do, until its run has ended."""
    position = ""
    headers = {"Accept": "application/json"}
    while True:
        query = {"wait": "20"} | ({"after": position} if position else {})
        answer = blockyard.client.get(f"/api/blockyard/v1/blocks/{uuid}/events", params=query, headers=headers)
        found = answer.raise_for_status().json()
        position = found["position"]
        if any(event["type"] == "block" and event["block"]["status"] in FINAL for event in found["events"]):
            return


def _wait_drained(blockyard: Installation, last: str) -> None:
    """Wait until no run waits or works: first for the last order, then by the server's metrics."""
    _wait_final(blockyard, last)
    while any(line.startswith("blockyard_runs{") and float(line.split()[-1]) for line in _metrics(blockyard)):
        time.sleep(0.02)


def _metrics(blockyard: Installation) -> Sequence[str]:
    return httpx2.get(f"{blockyard.url}/metrics").raise_for_status().text.splitlines()


def first_lines(setting: Setting) -> Iterator[Figure]:
    """Follow the events of an order from its answer on; the figure is when the first line of its log is there."""
    with setting.installation() as blockyard:
        version = trivial(blockyard)
        blockyard.ordered(version, {"name": value("warm")})
        seconds = [_first_line(blockyard, version) for _ in range(setting.rounds)]
        started = [_engine_start() for _ in range(setting.rounds)]
    yield Figure(
        "order accepted → first log line at a viewer, p95",
        setting.database,
        percentile(seconds, 0.95) * 1000,
        "ms",
        comparator=median(started) * 1000,
        comparator_name="engine start, median",
        budget=100 + median(started) * 1000,
        samples=setting.rounds,
    )


def _first_line(blockyard: Installation, version: str) -> float:
    credential = f"Bearer {bearer(blockyard)}"
    uuid = _order(blockyard, version)
    accepted = time.perf_counter()
    url = f"{blockyard.url}/api/blockyard/v1/blocks/{uuid}/events"
    with httpx2.stream(
        "GET", url, headers={"Accept": "text/event-stream", "Authorization": credential}, timeout=60
    ) as answer:
        for line in answer.iter_lines():
            if line == "event: log":
                seconds = time.perf_counter() - accepted
                break
        else:
            raise AssertionError("the events ended without a log line")
    blockyard.settled(uuid)
    return seconds


def _engine_start() -> float:
    started = time.perf_counter()
    environment = {"PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1"}
    subprocess.run([engine(), "version"], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def engine_starts(setting: Setting) -> Iterator[Figure]:
    """Count how often the engine is started per run, by a script of its name before it on PATH."""
    program = shutil.which(engine()) or engine()
    folder = setting.new_data()
    folder.mkdir()
    script, count = folder / engine(), folder / "starts"
    script.write_text(f'#!/bin/sh\necho >>"{count}"\nexec "{program}" "$@"\n')
    script.chmod(0o755)
    for kind, more in (("prepared", {}), ("nothing prepared", {"BLOCKYARD_RUNNER_PREPARED_DIR": "none"})):
        with setting.installation({"PATH": f"{folder}:{os.environ['PATH']}", **more}) as blockyard:
            version = trivial(blockyard)
            blockyard.ordered(version, {"name": value("warm")})
            count.write_text("")
            for _ in range(_COUNTED_RUNS):
                blockyard.ordered(version, {"name": value("bench")})
        starts = count.read_text().count("\n") / _COUNTED_RUNS
        yield Figure(
            f"engine starts per run, {kind}", setting.database, starts, "starts", budget=3, samples=_COUNTED_RUNS
        )


def throughput(setting: Setting) -> Iterator[Figure]:
    """Keep the queue full; the figure is runs per minute over the bare loop with as many at a time, same minutes."""
    for kind, settings, budget in (
        ("prepared", {}, 0.9),
        ("nothing prepared", {"BLOCKYARD_RUNNER_PREPARED_DIR": "none"}, None),
    ):
        for concurrency in (1, 2):
            with setting.installation(settings, concurrency=concurrency) as blockyard:
                orders = setting.rounds * 4
                ratio, bare = _throughput(blockyard, orders=orders, concurrency=concurrency)
            yield Figure(
                f"runs per minute over the bare loop, {kind}, concurrency {concurrency}",
                setting.database,
                ratio,
                "ratio",
                comparator=bare,
                comparator_name="bare runs per minute",
                budget=budget,
                at_least=True,
                samples=orders,
            )


def _throughput(blockyard: Installation, *, orders: int, concurrency: int) -> tuple[float, float]:
    """Return the ratio, and how many bare pairs a minute has; those run before and after."""
    version = trivial(blockyard)
    blockyard.ordered(version, {"name": value("warm")})
    bare = _bare_seconds(orders // 2, concurrency)
    uuids = [_order(blockyard, version) for _ in range(orders)]
    begun = sum(status(blockyard.block(uuid)) in FINAL for uuid in uuids)
    started = time.perf_counter()
    _wait_drained(blockyard, uuids[-1])
    ours = (time.perf_counter() - started) / (orders - begun)
    bare = (bare + _bare_seconds(orders // 2, concurrency)) / 2
    return bare / ours, 60 / bare


def _bare_seconds(pairs: int, concurrency: int) -> float:
    """Return how long one bare pair takes when `concurrency` run at a time."""
    started = time.perf_counter()
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(lambda _: bare_pair(), range(pairs)))
    return (time.perf_counter() - started) / pairs


def burst(setting: Setting) -> Iterator[Figure]:
    """Order very many at once; figures are what became of them, and how long all took over the bare loop."""
    with setting.installation(concurrency=2) as blockyard:
        version = trivial(blockyard)
        blockyard.ordered(version, {"name": value("warm")})
        sample = max(2, setting.burst // 10)
        bare = _bare_seconds(sample, 2)
        started = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            uuids = list(pool.map(lambda _: _order(blockyard, version), range(setting.burst)))
        _wait_drained(blockyard, uuids[-1])
        ours = (time.perf_counter() - started) / setting.burst
        bare = (bare + _bare_seconds(sample, 2)) / 2
        succeeded = sum(status(blockyard.block(uuid)) == "SUCCEEDED" for uuid in uuids)
        claims_ = [line for line in blockyard.log.read_text().splitlines() if '"run claimed"' in line]
    name = f"{setting.burst} orders at once"
    lost, twice = setting.burst - succeeded, len(claims_) - 1 - setting.burst
    yield Figure(f"{name}: not succeeded", setting.database, lost, "runs", budget=0, samples=setting.burst)
    yield Figure(f"{name}: claimed more than once", setting.database, twice, "runs", budget=0, samples=setting.burst)
    yield Figure(
        f"{name}: drained, over the bare loop at concurrency 2",
        setting.database,
        ours / bare,
        "ratio",
        comparator=bare * setting.burst,
        comparator_name="seconds of the bare loop",
        budget=1.3,
        samples=setting.burst,
    )


def claims(setting: Setting) -> Iterator[Figure]:
    """Claim by long poll as a runner of our own does; the figure is the time from the order's answer to the job."""
    with setting.installation() as blockyard:
        yield _claims(blockyard, setting.database, rounds=setting.rounds * 2)


def _claims(blockyard: Installation, database: str, *, rounds: int) -> Figure:
    blockyard.knows_workspace("admin")
    runner = new_runner(blockyard)
    version = blockyard.define(
        {**terraform("https://git.example.test/never-cloned.git")},
        runnerRef={"uuid": runner, "kind": "meshBuildingBlockRunner"},
        owner="admin",
    )
    delays: list[float] = []
    for _ in range(rounds):
        claimed: list[tuple[float, JsonObject]] = []
        claimer = threading.Thread(target=claim, args=(blockyard, runner, claimed))
        claimer.start()
        time.sleep(0.05)
        blockyard.order(version)
        accepted = time.perf_counter()
        claimer.join()
        at, run = claimed[0]
        delays.append(max(0.0, at - accepted))
        finish(blockyard, run, runner)
    return Figure(
        "order accepted → runner has the job, p95",
        database,
        percentile(delays, 0.95) * 1000,
        "ms",
        budget=10,
        samples=rounds,
    )
