"""Who may do what: every operation of the OpenAPI document, asked by everybody who could ask.

Expected is what `tests/data/permissions.txt` says. Nothing is changed by that: what a request would write is rolled back at its
first commit, by way of `before_commit`, as replays are rehearsed (`kit/idempotency.py`). So an answer tells that somebody may,
and nobody meets what another one did.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from blockyard.server.kit.database import Transaction, before_commit
from blockyard.server.kit.errors import Conflict
from tests.support.http import client_for, run_aside
from tests.support.matrix_bodies import SCIM
from tests.support.matrix_operations import PATHS, Operation, differences, operations, paths_of
from tests.support.matrix_world import PRINCIPALS, STRANGERS, MatrixWorld, a_matrix_world
from tests.support.whole_server import Request, WholeServer

pytestmark = pytest.mark.one_database

TABLE = Path(__file__).parents[1] / "data" / "permissions.txt"
PEOPLE = ("owner", "manager", "member", "provider", "foreign")
WORDS: Mapping[str, frozenset[str]] = {
    "nobody": frozenset(),
    "anybody": frozenset(PRINCIPALS),
    "signed-in": frozenset(PRINCIPALS) - {*STRANGERS},
    "persons": frozenset(PEOPLE),
    "all": frozenset({"admin", *PEOPLE, "key"}),
    "team": frozenset({"admin", "owner", "manager", "member", "key"}),
    "managers": frozenset({"admin", "owner", "manager", "key"}),
    "owners": frozenset({"admin", "owner", "key"}),
    "owner": frozenset({"owner"}),
    "admin": frozenset({"admin"}),
    "provider": frozenset({"admin", "provider"}),
    "foreign": frozenset({"foreign"}),
    "powerless": frozenset({"powerless"}),
    "key": frozenset({"key"}),
    "run": frozenset({"run"}),
    "runner": frozenset({"runner"}),
}
"""Words of the table; joined by `+` they stand for all of them together, but for whom is behind `!`."""

NOTHING_THERE = {"NoChanges", "NotWaiting", "PlanGone", "TicketEnded"}
"""Codes of answers to those who may, while there is nothing to hand out or to go on with."""

TOKENS = {"run", "runner"}
"""Who hold no codes: they are told that a token is for something else, or that nothing is there."""

REFUSED_OTHERWISE = {
    "POST /api/blockyard/v1/order-drafts": {403, 404},  # a run has no drafts; others do not know the definition
    "PUT /api/blockyard/v1/binding-ends": {403, 404},  # a role that one may not know of is not there
    "POST /api/blockyard/v1/orders": {403, 404},  # others do not know the definition
    "POST /api/blockyard/v1/orders/check": {403, 404},
    "POST /api/blockyard/v1/brakes": {403, 404},  # what one may not stop is not there
    "POST /api/blockyard/v1/bulk-jobs": {403, 404},  # blocks that one may not list are not there
    "GET /api/meshobjects/meshapikeys/self": {404},
    "POST /api/blockyard/v1/logout": {404},
    "GET /api/meshobjects/meshbuildingblockruns/{run_id}/planartifact": {403},
    "POST /api/blockyard/v1/runs/{run_id}/identity-tokens/{cloud}": {403},
    "PUT /api/blockyard/v1/serviceinstances/{instance_id}": {403},
    "POST /api/meshobjects/meshbuildingblockdefinitionversions": {403, 404},
}
"""What has answers of its own: there is no such key, session or password; it is for run tokens alone; it would make what is not
there; the body names something that is there or not."""

OF_A_PERSON = "/api/blockyard/v1/me/"
"""How addresses begin of what only people have, such as sessions and passkeys; to others nothing is there."""

WORKSPACES = {"workspaces", "meshworkspaces"}
"""Words before the name of a workspace, which is known to everybody who holds any permission there."""

OF_PLANS = {
    *(f"GET /api/meshobjects/meshbuildingblockruns/{{run_id}}/{plan}" for plan in ("plan-artifact", "planartifact")),
    *(f"GET /api/blockyard/v1/runs/{{run_id}}/{what}" for what in ("changes", "changes/comparison")),
}
"""What only dry runs leave; `test_sequences.py` reads the plans, `test_plan_changes.py` the changes."""

OF_SCHEDULES = {f"GET /api/blockyard/v1/blocks/{{block_id}}/{what}" for what in ("drift", "drift/acceptances")}
"""What only blocks have on which drift is looked for; `test_drift.py` reads it."""

OF_PROJECTS = ("projects/", "projectbindings/", "tenants/", "serviceinstances/")
"""What a member knows of only if they are bound to its project."""


def expectations() -> dict[str, frozenset[str]]:
    """Return who may, by operation."""
    found: dict[str, frozenset[str]] = {}
    for line in TABLE.read_text().splitlines():
        if line and not line.startswith("#"):
            restricted = " restricted" if line.startswith("restricted ") else ""
            path, *rights = line.removeprefix("restricted ").split()
            for right in rights:
                method, _, who = right.partition("=")
                some, _, but = who.partition("!")
                able = frozenset[str]().union(*(WORDS[word] for word in some.split("+")))
                found[f"{method} {path}{restricted}"] = able - WORDS[but or "nobody"]
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

    def knowers(self, operation: Operation) -> set[str]:
        """Return who may do anything with the thing that an operation is about, so that it is no secret to them."""
        if operation.known.path.split("/")[operation.place - 1] in WORKSPACES:
            return {*WORDS["team"], "powerless"}
        return {who for each in self.operations if each.thing == operation.thing for who in may(each)}

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
    return Matrix(server, world, list(operations(server, world)))


def test_the_table_has_every_operation_and_no_other(server: WholeServer) -> None:
    documented = {f"{method.upper()} {path}" for path, methods in paths_of(server.app).items() for method in methods}
    assert f"PATCH {SCIM}/Users/{{uuid}}" in documented

    assert documented - MAY.keys() == set(), "say in tests/data/permissions.txt who may do it"
    assert {name.removesuffix(" restricted") for name in MAY} - documented == set()


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_everybody_may_what_the_table_says_and_nothing_else(matrix: Matrix, principal: str) -> None:
    wrong = [
        f"{operation}: {answer.status_code} {answer.text[:600]}"
        for operation, answer in matrix.answers_to(principal).items()
        if not _is_expected(answer, principal, operation, matrix.knowers(operation))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_get_of_the_document_is_answered_with_what_is_there(matrix: Matrix) -> None:
    asked = [operation for operation in matrix.operations if operation.method == "GET" and operation.path in PATHS]
    found = {
        operation.name
        for principal in ("admin", "owner", "run")
        for operation in asked
        if matrix.answers_to(principal)[operation].is_success
    }

    assert {operation.name for operation in asked} - found == OF_PLANS | OF_SCHEDULES


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


def _is_expected(answer: httpx2.Response, principal: str, operation: Operation, knowers: Collection[str]) -> bool:
    if principal in may(operation):
        return answer.is_success or answer.status_code == 409 or _code(answer) in NOTHING_THERE
    return answer.status_code in _refusals(principal, operation, knowers) and _code(answer) not in NOTHING_THERE


def _refusals(principal: str, operation: Operation, knowers: Collection[str]) -> set[int]:
    """Return how those are refused who may not: what they may not know of is not there."""
    if principal in STRANGERS:
        return {401}
    if operation.name in REFUSED_OTHERWISE:
        return REFUSED_OTHERWISE[operation.name]
    if operation.path.startswith(OF_A_PERSON):
        return {404}
    if principal in TOKENS:
        return {403, 404}
    if principal in PEOPLE and operation.path.startswith("/api/terraform/"):
        return {403}
    return {403 if not operation.place or principal in knowers else 404}


def _said(answer: httpx2.Response, operation: Operation) -> str:
    """Return what a refusal tells, whichever thing it was about."""
    refusal = answer.json()
    told = refusal["detail"] if "detail" in refusal else [refusal[name] for name in ("errorCode", "field", "message")]
    text = f"{answer.status_code} {told}"
    for there, elsewhere in differences(operation.known.path, operation.unknown.path):
        text = text.replace(there, elsewhere)
    return text


def _code(answer: httpx2.Response) -> str:
    return "" if answer.is_success else str(answer.json().get("errorCode"))


def _thing(operation: Operation) -> str:
    """Return the part of an address that names a thing, such as `…/blocks/4711`; a breaker is its definition's."""
    path = operation.path.removesuffix("/breakers/{cause}")
    end = path.rindex("}") + 1 if "}" in path else len(path)
    kept = path[:end].count("/")
    return operation.known.path.split("/", kept + 1)[kept]


def _roll_back(_tx: Transaction) -> None:
    raise Conflict("you may do this", code="RolledBack", remedy="Nothing was changed.")
