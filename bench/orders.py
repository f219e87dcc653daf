"""Orders from acceptance to the end: latency to the runner and to a viewer, whole orders, throughput."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.bare import MODULE, bare_pair
from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.runner import claim, finish, new_runner
from blockyard.protocol.jsontypes import JsonObject
from tests.support.git_repositories import create_repository
from tests.support.installation import Installation, an_input, an_output, terraform, text_of, value


def trivial(blockyard: Installation) -> str:
    """Define the trivial module and return the version to order."""
    repository = create_repository(blockyard.data.with_name(f"{blockyard.data.name}-trivial.git"), {"main.tf": MODULE})
    return blockyard.define(terraform(repository), inputs={"name": an_input()}, outputs={"greeting": an_output()})


def whole_orders(setting: Setting) -> Iterator[Figure]:
    """Alternate one whole order and one bare pair; the figure is what the order takes more."""
    with setting.installation() as blockyard:
        yield from _whole_orders(blockyard, setting.database, rounds=setting.rounds)


def _whole_orders(blockyard: Installation, database: str, *, rounds: int) -> Iterator[Figure]:
    version = trivial(blockyard)
    blockyard.ordered(version, {"name": value("warm")})
    bare_pair()
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        bare.append(bare_pair())
        started = time.perf_counter()
        uuid = text_of(blockyard.order(version, {"name": value("bench")}), "metadata", "uuid")
        _wait_final(blockyard, uuid)
        ours.append(time.perf_counter() - started)
    more = [order - pair for order, pair in zip(ours, bare, strict=True)]
    for name, figure, budget in (("p50", median(more), 150.0), ("p95", percentile(more, 0.95), 300.0)):
        yield Figure(
            f"whole order minus bare init+apply, {name}",
            database,
            figure * 1000,
            "ms",
            comparator=median(bare) * 1000,
            comparator_name="bare pair, median",
            budget=budget,
            samples=rounds,
        )


def _wait_final(blockyard: Installation, uuid: str) -> None:
    position = ""
    headers = {"Accept": "application/json"}
    while True:
        query = {"wait": "20"} | ({"after": position} if position else {})
        answer = blockyard.client.get(f"/api/blockyard/v1/blocks/{uuid}/events", params=query, headers=headers)
        answer.raise_for_status()
        position = answer.json()["position"]
        if text_of(blockyard.block(uuid), "status", "status") in {"SUCCEEDED", "FAILED", "ABORTED"}:
            return


def throughput(setting: Setting) -> Iterator[Figure]:
    """Order many at once; the figure is runs per minute over the bare loop with as many at a time, same minute."""
    for concurrency in (1, 2):
        with setting.installation(concurrency=concurrency) as blockyard:
            yield _throughput(blockyard, setting.database, orders=setting.rounds, concurrency=concurrency)


def _throughput(blockyard: Installation, database: str, *, orders: int, concurrency: int) -> Figure:
    version = trivial(blockyard)
    started = time.perf_counter()
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(lambda _: bare_pair(), range(orders)))
    bare = orders / (time.perf_counter() - started) * 60
    started = time.perf_counter()
    uuids = [text_of(blockyard.order(version, {"name": value("bench")}), "metadata", "uuid") for _ in range(orders)]
    for uuid in uuids:
        blockyard.settled(uuid)
    ours = orders / (time.perf_counter() - started) * 60
    return Figure(
        f"runs per minute over the bare loop, concurrency {concurrency}",
        database,
        ours / bare,
        "ratio",
        comparator=bare,
        comparator_name="bare runs per minute",
        budget=0.7,
        at_least=True,
        samples=orders,
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
        budget=25,
        samples=rounds,
    )
