"""First pages and objects of every kind, where there are 100 000 of each: all lists and objects of the OpenAPI document."""

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import structlog

from bench.figures import Figure, median, percentile
from bench.groups import Setting
from bench.load import Request, Timings, one_by_one
from blockyard.server.app.keys import write_private
from blockyard.server.kit.database import Database
from tests.support.copies import copying
from tests.support.crowd import Crowd, things_of
from tests.support.installation import installation
from tests.support.installed import make_tables
from tests.support.matrix_world import MatrixWorld, a_matrix_world
from tests.support.readable import LISTS, READABLE, filters_of, media_of, needed_by
from tests.support.runner_keys import a_runner_key
from tests.support.whole_server import WholeServer
from tests.support.world import MASTER_KEY

PRINCIPALS = ("admin", "provider", "owner")
BUDGET_MS = 100.0
_PER_TEAM = 100
_WITHOUT_RUNNER = {"BLOCKYARD_EMBEDDED_RUNNER": "false"}
_PAGE, _FILTERED, _OBJECT = "first page", "filtered list", "object"
_SHOWN = 12
_RARE = {"planartifact", "plan-artifact", "changes", "comparison"}
"""What hardly anything has."""

_OF_PEOPLE = ("/me/", "/order-drafts/", "/bulk-jobs/", "/kept")
"""What a person has for themselves: the key of an administrator has none, and sees nobody's."""

_BOUND = {
    "/api/blockyard/v1/blocks/{uuid}/remains",
    "/api/blockyard/v1/blocks/{block_id}/state/versions/{number}",
    "/api/blockyard/v1/blocks/{block_id}/state/versions/{number}/difference",
    "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}",
}
"""What is encrypted for its own place: copies cannot be read."""


def kinds(setting: Setting) -> Iterator[Figure]:
    """Ask for each list and each object, by those who see everything, and by people of workspaces."""
    data, url = setting.new_data(), setting.new_database()
    world = _filled(data, url or f"sqlite:///{data / 'blockyard.sqlite3'}", setting.blocks)
    with installation(data, _WITHOUT_RUNNER, database_url=url) as blockyard:
        for principal in PRINCIPALS:
            requests = list(_requests(world, principal, setting.blocks))
            refused = one_by_one(blockyard.url, requests).refused
            if refused and principal == "admin":
                raise RuntimeError(f"{len(refused)} requests were refused, among them {refused}")
            answered = [one for one in requests if not any(text.endswith(f" {one.path}") for text in refused)]
            timings = one_by_one(blockyard.url, answered * setting.rounds)
            yield from _figures(setting, principal, timings)


def _filled(data: Path, url: str, count: int) -> MatrixWorld:
    data.mkdir(parents=True)
    write_private(data / "master.key", MASTER_KEY.raw.hex().encode())
    write_private(data / "runner-key.pem", a_runner_key().private_pem.encode())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with Database.open(url) as db:
        make_tables(db)
        server = WholeServer(db)
        world = a_matrix_world(server)
        world = replace(world, tokens={**world.tokens, "admin": server.lasting_token()})
    with copying(url, count) as copies:
        Crowd(copies, world.things, range(count), _teams(count)).copy_all()
    return world


def _teams(count: int) -> int:
    return max(1, count // _PER_TEAM)


def _requests(world: MatrixWorld, principal: str, count: int) -> Iterator[Request]:
    """Yield a request of each list, and of each object, one that is in the middle of all."""
    things: Mapping[str, str] = {
        **world.things,
        **(things_of(count // 2 + 1, _teams(count)) if principal == "admin" else {}),
    }
    seen = replace(world, things=things)
    for path in READABLE:
        if path.rpartition("/")[2] in _RARE or (principal == "admin" and any(one in path for one in _OF_PEOPLE)):
            continue
        where = world if path in _BOUND else seen
        yield _request(where, principal, path, _PAGE if path in LISTS else _OBJECT)
        for name, value in filters_of(path, things) if path in LISTS and principal == "admin" else ():
            yield _request(seen, principal, path, _FILTERED, **{name: value})


def _request(world: MatrixWorld, principal: str, path: str, what: str, **query: str) -> Request:
    sent = urlencode(needed_by(path, world.things) | query)
    headers = {"Accept": media_of(path), "Authorization": f"Bearer {world.tokens[principal]}"}
    address = world.address(path)
    name = " ".join((what, path, *query))
    return Request(name, "GET", f"{address}?{sent}" if sent else address, headers)


def _figures(setting: Setting, principal: str, timings: Timings) -> Iterator[Figure]:
    slowest = {kind: percentile(seconds, 0.99) * 1000 for kind, seconds in timings.by_kind.items()}
    for what in (_PAGE, _FILTERED, _OBJECT):
        of_these = {kind: ms for kind, ms in slowest.items() if kind.startswith(what)}
        if not of_these:
            continue
        worst = max(of_these, key=lambda one: of_these[one])
        size = f"{setting.blocks:,} of each kind".replace(",", " ")
        yield Figure(
            f"{what}, {size}, {principal}, p99 of the worst ({worst.removeprefix(what).strip()})",
            setting.database,
            of_these[worst],
            "ms",
            comparator=median([seconds * 1000 for kind in of_these for seconds in timings.by_kind[kind]]),
            comparator_name="all of them, in the middle",
            budget=BUDGET_MS,
            samples=len(timings.by_kind[worst]),
        )
    for kind in sorted(slowest, key=lambda one: slowest[one], reverse=True)[:_SHOWN]:
        usual = median(timings.by_kind[kind]) * 1000
        sys.stderr.write(f"  {slowest[kind]:8.1f} ms, in the middle {usual:6.1f} ms  {kind} ({principal})\n")
