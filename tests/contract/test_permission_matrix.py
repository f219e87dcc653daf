"""Who may do what: every operation of the OpenAPI document, asked by everybody who could ask.

Expected is what `tests/data/permissions.txt` says. Nothing is changed by that: what a request would write is rolled back at its
first commit, by way of `before_commit`, as replays are rehearsed (`kit/idempotency.py`). So an answer tells that somebody may,
and nobody meets what another one did.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blockyard.protocol.jsontypes import Json
from blockyard.server.kit.database import Transaction, before_commit
from blockyard.server.kit.errors import Conflict
from tests.support.http import client_for, run_aside
from tests.support.matrix_bodies import NEEDED
from tests.support.matrix_world import PRINCIPALS, STRANGERS, MatrixWorld, a_matrix_world
from tests.support.whole_server import Request, WholeServer

pytestmark = pytest.mark.one_database

TABLE = Path(__file__).parents[1] / "data" / "permissions.txt"
PATHS: Mapping[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())["paths"]
PEOPLE = ("owner", "manager", "member", "provider", "foreign")
WORDS: Mapping[str, frozenset[str]] = {
    "nobody": frozenset(),
    "anybody": frozenset(PRINCIPALS),
    "signed-in": frozenset(PRINCIPALS) - {*STRANGERS},
    "persons": frozenset(PEOPLE),
    "all": frozenset({"admin", *PEOPLE}),
    "team": frozenset({"admin", "owner", "manager", "member"}),
    "managers": frozenset({"admin", "owner", "manager"}),
    "owners": frozenset({"admin", "owner"}),
    "admin": frozenset({"admin"}),
    "provider": frozenset({"admin", "provider"}),
    "foreign": frozenset({"foreign"}),
    "powerless": frozenset({"powerless"}),
    "run": frozenset({"run"}),
    "runner": frozenset({"runner"}),
}
"""Words of the table; joined by `+` they stand for all of them together."""

NOTHING_THERE = {"PlanGone", "TicketEnded"}
"""Codes of answers to those who may, while there is nothing to hand out or to go on with."""

OF_PROJECTS = ("projects/", "projectbindings/", "tenants/", "serviceinstances/")
"""What a member knows of only if they are bound to its project."""


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation on one thing."""

    method: str
    path: str
    restricted: bool
    known: Request
    unknown: Request

    @property
    def name(self) -> str:
        """How the table calls it."""
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        return f"{self.name}{' restricted' if self.restricted else ''}"


def expectations() -> dict[str, frozenset[str]]:
    """Return who may, by operation."""
    found: dict[str, frozenset[str]] = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            restricted = " restricted" if line.startswith("restricted ") else ""
            path, *rights = line.removeprefix("restricted ").split()
            for right in rights:
                method, _, who = right.partition("=")
                found[f"{method} {path}{restricted}"] = frozenset[str]().union(
                    *(WORDS[word] for word in who.split("+"))
                )
    return found


MAY = expectations()


def may(operation: Operation) -> frozenset[str]:
    """Return who may; what is restricted is for its provider alone, unless the table says otherwise."""
    usual = MAY[operation.name]
    return MAY.get(str(operation), usual & WORDS["provider"]) if operation.restricted else usual


@dataclass(frozen=True)
class Matrix:
    """The world and all operations on its things."""

    server: WholeServer
    world: MatrixWorld
    operations: list[Operation]
    answers: dict[str, dict[Operation, httpx2.Response]] = field(default_factory=dict)

    def answers_to(self, principal: str) -> Mapping[Operation, httpx2.Response]:
        """Return what each operation answers a principal; nobody is asked twice."""
        if principal not in self.answers:
            found = self.ask(principal, [operation.known for operation in self.operations])
            self.answers[principal] = dict(zip(self.operations, found, strict=True))
        return self.answers[principal]

    def ask(self, principal: str, requests: list[Request]) -> list[httpx2.Response]:
        """Send requests of a principal one after the other; none of them changes anything."""
        return run_aside(self._ask(self.world.tokens[principal], requests))

    async def _ask(self, token: str, requests: list[Request]) -> list[httpx2.Response]:
        before = before_commit.set(_roll_back)
        try:
            async with client_for(self.server.app) as client:
                return [await self.server.send_by(client, request, token) for request in requests]
        finally:
            before_commit.reset(before)

    def readers(self) -> dict[str, set[str]]:
        """Return who may read anything of a thing, by the address of the thing."""
        found: dict[str, set[str]] = {}
        for operation in self.operations:
            if operation.method == "GET":
                found.setdefault(_thing(operation), set()).update(may(operation))
        return found


@pytest.fixture(scope="module")
def matrix(server: WholeServer) -> Matrix:
    """The world, made once: nobody changes anything in it."""
    world = a_matrix_world(server)
    return Matrix(server, world, list(_operations(server, world)))


def test_the_table_has_every_operation_of_the_document_and_no_other() -> None:
    documented = {f"{method.upper()} {path}" for path, methods in PATHS.items() for method in methods}

    assert documented - MAY.keys() == set(), "say in tests/data/permissions.txt who may do it"
    assert {name.removesuffix(" restricted") for name in MAY} - documented == set()


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_everybody_may_what_the_table_says_and_nothing_else(matrix: Matrix, principal: str) -> None:
    wrong = [
        f"{operation}: {answer.status_code} {answer.text[:200]}"
        for operation, answer in matrix.answers_to(principal).items()
        if not _is_expected(answer, principal, allowed=principal in may(operation))
    ]
    assert wrong == []


@pytest.mark.parametrize("principal", ["owner", "member", "provider", "foreign", "run", "runner"])
def test_a_refusal_does_not_tell_outsiders_that_something_is_there(matrix: Matrix, principal: str) -> None:
    readers = matrix.readers()
    hidden = [
        operation
        for operation in matrix.operations
        if "{" in operation.path and _is_outside(principal, operation)
        if principal not in may(operation) | readers.get(_thing(operation), set())
    ]
    known = [matrix.answers_to(principal)[operation] for operation in hidden]
    unknown = matrix.ask(principal, [operation.unknown for operation in hidden])

    assert len(hidden) > 20
    assert [
        f"{operation}: {said}, but {elsewhere} where nothing is"
        for operation, one, other in zip(hidden, known, unknown, strict=True)
        if (said := _said(one, operation)) != (elsewhere := _said(other, operation))
    ] == []


def _is_outside(principal: str, operation: Operation) -> bool:
    """Whether a thing is none of a workspace that the principal belongs to."""
    if principal in {"owner", "member"} and not operation.restricted:
        return principal == "member" and any(word in operation.path for word in OF_PROJECTS)
    return not (principal == "provider" and operation.restricted)


def _is_expected(answer: httpx2.Response, principal: str, *, allowed: bool) -> bool:
    if allowed:
        return answer.is_success or answer.status_code == 409 or _code(answer) in NOTHING_THERE
    return (
        answer.status_code in ({401} if principal in STRANGERS else {403, 404}) and _code(answer) not in NOTHING_THERE
    )


def _said(answer: httpx2.Response, operation: Operation) -> str:
    """Return what a refusal tells, whichever thing it was about."""
    refusal = answer.json()
    text = f"{answer.status_code} {refusal['errorCode']} {refusal['field']}: {refusal['message']}"
    for there, elsewhere in _differences(operation.known.path, operation.unknown.path):
        text = text.replace(there, elsewhere)
    return text


def _code(answer: httpx2.Response) -> str:
    return "" if answer.is_success else str(answer.json().get("errorCode"))


def _thing(operation: Operation) -> str:
    """Return the part of an address that names a thing, such as `…/blocks/4711`."""
    end = operation.path.rindex("}") + 1 if "}" in operation.path else len(operation.path)
    kept = operation.path[:end].count("/")
    return operation.known.path.split("/", kept + 1)[kept]


def _roll_back(_tx: Transaction) -> None:
    raise Conflict("you may do this", code="RolledBack", remedy="Nothing was changed.")


def _operations(server: WholeServer, world: MatrixWorld) -> Iterator[Operation]:
    for path, methods in PATHS.items():
        for method, about in methods.items():
            for restricted in [False, True] if world.can_be_restricted(path) else [False]:
                yield _operation(server, world, method.upper(), path, about, restricted=restricted)


def _operation(
    server: WholeServer, world: MatrixWorld, method: str, path: str, about: Any, *, restricted: bool
) -> Operation:
    address = world.address(path, restricted=restricted)
    done = [answer for status, answer in about["responses"].items() if status.startswith("2")]
    accept = next((next(iter(answer["content"])) for answer in done if "content" in answer), "*/*")
    body: Json | bytes = world.bodies.get(f"{method} {path}")
    if body is None and method == "PUT" and "requestBody" in about:  # what is sent back as it was read
        body = server.ok(Request("GET", address, media=accept))
    media = next(iter(about["requestBody"]["content"])) if "requestBody" in about else accept
    params = {one["name"]: NEEDED[one["name"]] for one in about.get("parameters", ()) if one["name"] in NEEDED}
    known = Request(method, address, body, media, params=params, headers={"Accept": accept})
    return Operation(method, path, restricted, known, _moved(known, world.address(path, unknown=True)))


def _differences(path: str, other: str) -> list[tuple[str, str]]:
    return [words for words in zip(path.split("/"), other.split("/"), strict=True) if len({*words}) > 1]


def _moved(request: Request, path: str) -> Request:
    """Return a request sent to another address, with a body that says so too."""
    body = request.body
    if body is not None and not isinstance(body, bytes):
        text = json.dumps(body)
        for there, elsewhere in _differences(request.path, path):
            text = text.replace(f'"{there}"', f'"{elsewhere}"')
        body = json.loads(text)
    return replace(request, path=path, body=body)
