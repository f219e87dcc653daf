"""Lists and details where there is much: 100 requests a second, mixed, with 1 000 and with 100 000 blocks."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import browser
from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.load import Timings, at_rate, one_by_one
from bench.pages import bearer, signed_in
from bench.requests import FLAT, SEARCH, Access, Mix, interleaved
from bench.runner import Reporter, claim, new_runner
from bench.seeding import STEPS, Scale, Template, seed
from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.installation import Installation, an_input, an_output, installation, terraform, text_of, value

SMALL_BLOCKS = 1_000
"""What growth is compared to."""

PAGE_MS = 30.0
"""What a page may take the server, in the middle."""

PER_SECOND = 100.0
SECONDS = 20
WARM_SECONDS = 2
WARM_OBJECTS = 5
"""Growth is that of the work: rows the disk has to be asked for are the business of the mix."""

SETTLE_SECONDS = 10
"""A server that has just got a year of runs first tallies them, as after an upgrade; that is not what is measured."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """Answers of one server: one request at a time, and many at a fixed rate."""

    alone: Timings
    mixed: Timings
    cpu_seconds: float
    """What the server process used for the mixed requests."""
    painted: Sequence[float] = ()
    answered: Sequence[float] = ()
    """LCP and INP of the list of blocks, in milliseconds; empty where there is no browser."""

    def alone_ms(self, kind: str) -> float:
        """Return how long a request of this kind takes while nothing else happens, in the middle."""
        return median(self.alone.by_kind[kind]) * 1000

    @property
    def cpu_ms(self) -> float:
        """How much processor time one mixed request took of the server."""
        return self.cpu_seconds / len(self.mixed.all) * 1000


def large(setting: Setting) -> Iterator[Figure]:
    """Ask a small and a large database the same; each figure of the large one stands beside that of the small one."""
    few = _measure(setting, Scale(SMALL_BLOCKS))
    many = _measure(setting, Scale(setting.blocks))
    size = f"{setting.blocks:,} blocks".replace(",", " ")
    for name, share, budget in (("p50", 0.5, 10.0), ("p99", 0.99, 50.0)):
        yield Figure(
            f"100 mixed requests/s, {size}, {name}",
            setting.database,
            percentile(many.mixed.all, share) * 1000,
            "ms",
            comparator=percentile(few.mixed.all, share) * 1000,
            comparator_name=f"{SMALL_BLOCKS} blocks",
            budget=budget,
            samples=len(many.mixed.all),
        )
    yield Figure(
        f"server CPU per mixed request, {size}",
        setting.database,
        many.cpu_ms,
        "ms",
        comparator=few.cpu_ms,
        comparator_name=f"{SMALL_BLOCKS} blocks",
        samples=len(many.mixed.all),
    )
    yield from _growth(setting, few, many, size)
    yield from _pages(setting, few, many, size)
    _print_kinds(setting, few, many)


def _growth(setting: Setting, few: _Measured, many: _Measured, size: str) -> Iterator[Figure]:
    """Compare what single requests take, with nothing else going on."""
    growth = {kind: many.alone_ms(kind) - few.alone_ms(kind) for kind in many.alone.by_kind}
    flat = {kind: more for kind, more in growth.items() if kind in FLAT}
    others = {kind: more for kind, more in growth.items() if kind not in FLAT and kind != SEARCH}
    kinds = (
        ("details and first pages", flat, 2.0),
        ("counts and deep pages", others, 10.0),
        ("search in names", {SEARCH: growth[SEARCH]}, None),
    )
    for what, grown, budget in kinds:
        kind = max(grown, key=lambda one: grown[one])
        yield Figure(
            f"{what}, {size}: growth of the worst ({kind})",
            setting.database,
            grown[kind],
            "ms",
            comparator=few.alone_ms(kind),
            comparator_name=f"with {SMALL_BLOCKS} blocks",
            budget=budget,
            samples=len(many.alone.by_kind[kind]),
        )


def _pages(setting: Setting, few: _Measured, many: _Measured, size: str) -> Iterator[Figure]:
    """Tell what pages take the server, and how soon a browser shows the list of all blocks."""
    for kind in sorted(kind for kind in many.alone.by_kind if kind.startswith("page: ")):
        yield Figure(
            f"{kind}, {size}, p50",
            setting.database,
            many.alone_ms(kind),
            "ms",
            comparator=few.alone_ms(kind),
            comparator_name=f"{SMALL_BLOCKS} blocks",
            budget=PAGE_MS,
            samples=len(many.alone.by_kind[kind]),
        )
    for name, budget, taken, compared in (
        ("LCP", browser.LCP_MS, many.painted, few.painted),
        ("INP", browser.INP_MS, many.answered, few.answered),
    ):
        if taken:
            yield Figure(
                f"list of {size} in a browser, {name}, p95",
                setting.database,
                percentile(taken, 0.95),
                "ms",
                comparator=percentile(compared, 0.95),
                comparator_name=f"{SMALL_BLOCKS} blocks",
                budget=budget,
                samples=len(taken),
            )


def _measure(setting: Setting, scale: Scale) -> _Measured:
    data, url = setting.new_data(), setting.new_database()
    with installation(data, _WITHOUT_RUNNER, database_url=url) as blockyard:
        template, password = _template(blockyard), blockyard.password or ""
    seed(url or f"sqlite:///{data / 'blockyard.sqlite3'}", template, scale)
    with installation(data, _WITHOUT_RUNNER, database_url=url) as blockyard:
        access = Access(bearer(blockyard), signed_in(blockyard, password))
        mix = Mix(scale, access, order=_order(template))
        time.sleep(SETTLE_SECONDS)
        warm = Mix(scale, access, order=_order(template), objects=WARM_OBJECTS)
        one_by_one(blockyard.url, list(interleaved(warm, 2 * WARM_OBJECTS)))
        alone = one_by_one(blockyard.url, list(interleaved(warm, setting.rounds)))
        at_rate(blockyard.url, mix.mixed(int(WARM_SECONDS * PER_SECOND)), PER_SECOND)
        used = _cpu_seconds(blockyard)
        mixed = at_rate(blockyard.url, mix.mixed(int(SECONDS * PER_SECOND)), PER_SECOND)
        used = _cpu_seconds(blockyard) - used
        there = browser.is_there()
        painted, answered = (
            browser.opened(blockyard.url, access.cookies, "/blocks", setting.rounds) if there else ((), ())
        )
    refused = [*alone.refused, *mixed.refused]
    if refused:
        raise RuntimeError(f"{len(refused)} requests were refused, among them {refused[0]}")
    return _Measured(alone, mixed, used, painted, answered)


_WITHOUT_RUNNER = {"BLOCKYARD_EMBEDDED_RUNNER": "false", "BLOCKYARD_LOG_LEVEL": "info"}


def _template(blockyard: Installation) -> Template:
    """Order a block and report a run of it with steps, logs and outputs, as a runner does."""
    blockyard.knows_workspace("admin")
    runner = new_runner(blockyard)
    version = blockyard.define(
        terraform("https://git.example.test/never-cloned.git"),
        inputs={"name": an_input(), "size": an_input("INTEGER"), "region": an_input(argument="eu", source="STATIC")},
        outputs={"url": an_output(), "summary": an_output()},
        runnerRef={"uuid": runner, "kind": "meshBuildingBlockRunner"},
        owner="admin",
    )
    block = text_of(blockyard.order(version, {"name": value("template"), "size": value(3)}), "metadata", "uuid")
    claimed: list[tuple[float, JsonObject]] = []
    claim(blockyard, runner, claimed)
    reporter = Reporter(blockyard, claimed[0][1], runner)
    reporter.register(*STEPS)
    for step in STEPS:
        reporter.append(step, 0, f"{step} of the template\n".encode() * 100)
    outputs: JsonObject = {
        name: {"value": f"https://{name}.example.test/", "type": "STRING"} for name in ("url", "summary")
    }
    reporter.report(
        "SUCCEEDED",
        [{"id": step, "status": "SUCCEEDED", "outputs": outputs if step == "apply" else None} for step in STEPS],
    )
    reporter.close()
    definition = blockyard.call(
        "GET", f"/api/meshobjects/meshbuildingblockdefinitionversions/{version}", kinds.VERSION.media
    )
    uuid = text_of(definition, "spec", "buildingBlockDefinitionRef", "uuid")
    return Template("shop", uuid, version, block, reporter.run)


def _order(template: Template) -> JsonObject:
    return {
        "metadata": {},
        "spec": {
            "buildingBlockDefinitionVersionRef": {
                "uuid": template.version,
                "kind": "meshBuildingBlockDefinitionVersion",
            },
            "targetRef": {"kind": "meshWorkspace", "name": template.workspace},
            "displayName": "ordered",
            "inputs": {"name": value("ordered"), "size": value(1)},
        },
    }


def _cpu_seconds(blockyard: Installation) -> float:
    """Return the processor time that the server has used so far."""
    numbers = Path(f"/proc/{blockyard.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def _print_kinds(setting: Setting, few: _Measured, many: _Measured) -> None:
    """Tell which kinds of requests are slow, slowest first."""
    sys.stderr.write(
        f"{'ms, alone and in the mix':34}{SMALL_BLOCKS:>10}{setting.blocks:>10}   in the mix: p50, worst\n"
    )
    for kind in [*sorted(many.alone.by_kind, key=many.alone_ms, reverse=True), "order", "change"]:
        alone = [f"{one.alone_ms(kind):10.1f}" if kind in one.alone.by_kind else " " * 10 for one in (few, many)]
        in_mix = many.mixed.by_kind.get(kind, [0.0])
        sys.stderr.write(f"  {kind:32}{''.join(alone)}   {median(in_mix) * 1000:8.1f} {max(in_mix) * 1000:8.1f}\n")
