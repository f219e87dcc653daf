"""What lists and objects ask the database for: as many statements however much there is, each with an index.

Every list and every object of the OpenAPI document joins by itself, with each filter that it has. What is there is copied by
`tests/support/crowd.py`. The plans are those of SQLite, which do not depend on how full tables are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from blockyard.protocol.names import ChangeAction
from blockyard.server.kit.database import Database
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.plan import Plan, PlannedChange, PlanSource, PlanSummary
from blockyard.server.runs.store import PlanStore
from tests.support.copies import copying
from tests.support.crowd import Crowd, things_of
from tests.support.http import client_for, run_aside
from tests.support.installed import say_current
from tests.support.matrix_world import MatrixWorld, a_matrix_world
from tests.support.readable import LISTS, READABLE, filters_of, first_page, media_of, needed_by, orders_of
from tests.support.whole_server import Request, WholeServer

PRINCIPALS = ("admin", "owner", "provider")
FEW, MANY = 3, 30

TINY = {"run_tallied"}
"""Tables of one row."""

FOUND = {"near", "found"}
"""What a statement has found by an index itself, before it looks at it again."""

OF_MAKERS = {"/api/blockyard/v1/bulk-jobs/{uuid}/blocks"}
"""Lists that only whoever made them reads, administrators as little as others."""

FEW_HAVE_IT = {
    "/api/meshobjects/meshplatforms identifier",
    "/api/meshobjects/meshplatforms contributingWorkspace",
    "/api/meshobjects/meshlandingzones identifier",
    "/api/meshobjects/meshbuildingblockdefinitionversions buildingBlockDefinitionUuid",
    "/api/blockyard/v1/blocks name",
    "/api/blockyard/scim/v2/Groups filter",
    "/api/blockyard/v1/marketplace search",
    "/api/blockyard/v1/marketplace platformType",
    "/api/blockyard/v1/marketplace tag",
}
"""Filters that leave so few that their rows are read and sorted: names, what a workspace contributes to, versions of a definition, what
is like the words of a search, for one platform type, or has a tag."""

MANY_HAVE_IT = {
    "/api/meshobjects/meshbuildingblocks targetRefKind",
    "/api/blockyard/v1/blocks targetRefKind",
    "/api/blockyard/v1/blocks deleted",
    "/api/meshobjects/mesheventlogs excludeTitle",
    "/api/meshobjects/mesheventlogs description",
    "/api/blockyard/v1/events excludedTitle",
    "/api/meshobjects/mesheventlogs from",
    "/api/blockyard/v1/events since",
    "/api/blockyard/v1/marketplace targetType",
}
"""Filters that leave so many, or look into texts, that all are looked through, in the order of the list."""

A_PLAN = Plan(
    summary=PlanSummary(source=PlanSource.ENGINE, counts={ChangeAction.CREATE: 1}),
    changes=[PlannedChange(address="a.b", action=ChangeAction.CREATE, is_output=False, digest="1" * 64, document={})],
)


@dataclass(frozen=True)
class Statement:
    """What was executed, and how SQLite finds the rows."""

    text: str
    plan: Sequence[str]

    @property
    def counts(self) -> bool:
        """Whether it counts the rows of a list."""
        return "count(*)" in self.text and "GROUP BY" not in self.text

    def __str__(self) -> str:
        """Return it without the columns."""
        return " ".join(self.text[self.text.rfind("FROM", 0, self.text.find("WHERE")) :].split())


@dataclass(frozen=True)
class Asked:
    """A server that tells what it asks its database for."""

    server: WholeServer
    world: MatrixWorld

    def get(self, path: str, principal: str, **query: str) -> Sequence[Statement]:
        """Send a request that must be answered, and return what it executed."""
        request = Request(
            "GET", self.world.address(path), media=media_of(path), params=needed_by(path, self.world.things) | query
        )
        with self._statements() as found:
            answer = run_aside(self._send(request, self.world.tokens[principal]))
        is_shown = principal == "admin" and path in LISTS and path not in OF_MAKERS
        allowed = {200} if is_shown else {200, 204, 403, 404, 409}  # 409: drift of what has no schedule
        assert answer.status_code in allowed, f"{path} {query}: {answer.text}"
        return found

    async def _send(self, request: Request, token: str) -> Any:
        async with client_for(self.server.app) as client:
            return await self.server.send_by(client, request, token)

    @contextmanager
    def _statements(self) -> Iterator[list[Statement]]:
        found: list[Statement] = []

        def note(_connection: object, cursor: Any, text: str, values: Any, *_: object) -> None:
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
            found.append(Statement(text, [str(row[-1]) for row in plan]))

        engines = {self.server.db._read_engine, self.server.db._write_engine}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)


def grow(asked: Asked, numbers: range) -> None:
    """Copy everything that is there."""
    with copying(asked.server.db.url.set(drivername="sqlite").render_as_string(), MANY) as copies:
        Crowd(copies, asked.world.things, numbers).copy_all()


@pytest.fixture(scope="module")
def asked(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Something of everything."""
    file = tmp_path_factory.mktemp("queries") / "blockyard.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    with Database.open(f"sqlite:///{file}") as db:
        say_current(db)
        server = WholeServer(db)
        world = a_matrix_world(server)
        db.write_now(lambda tx: PlanStore(tx).put(RunId(UUID(world.tenancy.run)), A_PLAN))
        yield Asked(server, world)


@dataclass(frozen=True)
class Counted:
    """How many statements each request takes, with few things of everything and with many."""

    few: Mapping[tuple[str, str], int]
    many: Mapping[tuple[str, str], int]


def count(asked: Asked) -> Mapping[tuple[str, str], int]:
    """Count the statements of all lists, on one page, and of all objects."""
    return {
        (path, principal): len(asked.get(path, principal, **first_page(path, 1000)))
        for path in READABLE
        for principal in PRINCIPALS
    }


@pytest.fixture(scope="module")
def counted(asked: Asked) -> Counted:
    """All statements, counted twice."""
    grow(asked, range(FEW))
    few = count(asked)
    grow(asked, range(FEW, MANY))
    return Counted(few, count(asked))


def test_everything_of_the_matrix_is_copied(asked: Asked) -> None:
    known = {word for word in asked.world.things if not word.startswith("restricted ")}

    assert known - things_of(0, 1).keys() == set(), "copy it in tests/support/crowd.py"


def test_every_list_and_object_takes_as_many_statements_however_much_there_is(counted: Counted) -> None:
    more = {
        f"{path} for {who}: {counted.few[path, who]} → {number}"
        for (path, who), number in counted.many.items()
        if number != counted.few[path, who]
    }

    assert not more, "\n".join(sorted(more))


def test_every_statement_of_a_list_or_an_object_has_an_index(asked: Asked, counted: Counted) -> None:
    del counted
    bad = {
        f"{path} for {who}: {line} of {statement}"
        for path in READABLE
        for who in PRINCIPALS
        for statement in asked.get(path, who)
        for line in statement.plan
        if (found := re.fullmatch(_LOOKS_AT_ROWS if statement.counts else _SCANS, line))
        and found[1] not in TINY | FOUND
    }

    assert not bad, "\n".join(sorted(bad))


def test_every_filter_of_a_list_has_an_index_that_ends_in_its_order(asked: Asked, counted: Counted) -> None:
    del counted
    bad: dict[str, None] = {}
    for path in LISTS:
        for name, value in filters_of(path, asked.world.things):
            for order in orders_of(path):
                for statement in asked.get(path, "admin", **{name: value}, **order):
                    for line in statement.plan:
                        if _is_slow(f"{path} {name}", line, statement):
                            bad[f"{path} {name}: {line} of {statement}"] = None

    assert not bad, "\n".join(bad)


_SCANS, _LOOKS_AT_ROWS = r"SCAN (\w+)", r"SCAN (\w+)(?: USING INDEX \w+)?"


def _is_slow(which: str, line: str, statement: Statement) -> bool:
    if line == "USE TEMP B-TREE FOR ORDER BY":
        return "LIMIT" in statement.text and which not in FEW_HAVE_IT
    if which in MANY_HAVE_IT:
        return re.fullmatch(_SCANS, line) is not None
    if statement.counts and line.startswith("SEARCH "):
        return "COVERING" not in line and which not in FEW_HAVE_IT
    if (found := re.match(r"SCAN (\w+)", line)) and found[1] in FOUND:
        return False
    return re.match(r"SCAN \w+( USING|$)", line) is not None or "ix_events_at " in line
