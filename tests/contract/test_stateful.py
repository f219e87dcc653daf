"""Generated chains of requests that use what earlier ones created: no defect, and answers as the document says.

The links of the OpenAPI document lead from one operation to the next, and every operation is also asked about what is there. Generated
bodies hardly ever make an order that can be carried out, so most of the requests get the members that a useful one has, and a quarter
are useful as they are.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import Bundle
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transforms import UNRESOLVABLE
from schemathesis.core.transport import Response
from schemathesis.generation.stateful.state_machine import APIStateMachine, StepInput, StepOutput, normalize_name
from schemathesis.openapi import from_asgi
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.stateful import transition

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import OWN
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.document_checks import CHECKS
from tests.support.installation import text_of
from tests.support.matrix_bodies import PASSWORD
from tests.support.matrix_operations import PATHS, who_sends
from tests.support.matrix_world import UNKNOWN, MatrixWorld, a_matrix_world
from tests.support.useful import Useful, ends, merged
from tests.support.whole_server import RUNS, VERSIONS, Request, WholeServer

SCENARIOS = int(os.environ.get("GENERATED_SCENARIOS", "12"))
"""For each database, which get different ones."""

STEPS = 40
EXAMPLES = 8
"""Chains with one seed; the first is always the simplest one, which has no credential."""

MANY = 100
REACHED = 90
REACHED_OF_MANY = 200
"""At least so many operations succeed, unless the links are broken, with few scenarios and with many."""

Operation = APIOperation[Any, Any, Any, Any]  # Any: as schemathesis has it
AnyCase = Case[Operation]


def _resolved(body: Any) -> Any:  # Any: as schemathesis has it
    """Return a body without members that the answer which led here does not have."""
    if isinstance(body, dict):
        return {key: _resolved(value) for key, value in body.items() if value is not UNRESOLVABLE}
    return body


class Follower:
    """Sends the requests of one machine as who may send them, and collects what is wrong with the answers."""

    def __init__(self, server: WholeServer, world: MatrixWorld) -> None:
        self._server = server
        self._world = world
        self._useful = Useful(world)
        tenancy = world.tenancy
        self._tokens = {tenancy.run: tenancy.run_token, tenancy.block: tenancy.run_token}
        self._people = dict(world.tokens)
        self.faults: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self._calls = 0

    def prepare(self, step: StepInput) -> None:
        """Let most of the requests be useful ones; none waits."""
        self._calls += 1
        case = step.case
        if "wait" in case.query:
            case.query["wait"] = 0
        case.body = _resolved(case.body)
        generated = case.meta.generation.mode if case.meta else None
        if self._calls % 4 == 0 or generated is GenerationMode.NEGATIVE:
            return
        method, path = case.operation.method.upper(), case.operation.path
        if step.transition is None:
            case.path_parameters.update(self._useful.parameters(method, path) or self._made(path))
        if is_plain := self._calls % 4 == 1:
            case.query = {**self._useful.query(path, {one.name for one in case.operation.query})}
        self._fill(step, is_plain=is_plain)
        if path.endswith("/meshbuildingblockruns/create"):
            case.query = {"forRunnerUuid": str(SHARED_RUNNER_UUID)}

    def _fill(self, step: StepInput, *, is_plain: bool) -> None:
        """Give a request the body of a useful one, or some of its members, and what the link brought."""
        case, linked = step.case, None if step.transition is None else step.transition.request_body
        method, path = case.operation.method.upper(), case.operation.path
        whole = self._useful.whole(method, path) or self._read(case) if is_plain else {}
        members = whole or self._useful.members(method, path) or self._read(case)
        if members:
            generated = {} if is_plain or not isinstance(case.body, dict) else case.body
            body = merged(generated, members)
            case.body = merged(body, _resolved(linked.value.ok())) if linked and isinstance(linked.value, Ok) else body
        elif is_plain and (content := self._useful.content(method, path)) is not None:
            case.body = content

    def _made(self, path: str) -> Mapping[str, str]:
        """Make something new, for an operation that ends it; return the parameter of its address."""
        collection, _, rest = path.partition("/{")
        name, about = rest.rstrip("}"), PATHS.get(collection, {}).get("post", {}).get("requestBody")
        if "/" in name or about is None:
            return {}
        body = self._useful.whole("POST", collection) or self._useful.members("POST", collection)
        person = who_sends(path)
        token = None if person is None else self._person(person)
        answer = self._server.send(Request("POST", collection, body, next(iter(about["content"])), token=token))
        document: Any = answer.json() if answer.is_success else {}
        named = document.get("metadata", document)
        if name == "identifier" and named:
            return {name: f"{named['ownedByWorkspace']}.{named['name']}"}
        return {name: str(named[name])} if name in named else {}

    def _read(self, case: AnyCase) -> JsonObject:
        """Return what is there, for a change that sends it back."""
        path = case.operation.path
        if case.operation.method.upper() != "PUT" or "get" not in PATHS.get(path, {}):
            return {}
        media = next(iter(PATHS[path]["get"]["responses"]["200"]["content"]))
        answer = self._server.send(Request("GET", case.formatted_path, media=media))
        document: JsonObject = answer.json() if answer.is_success else {}
        return document

    def spare(self, case: AnyCase) -> None:
        """Let nobody end what everything is about, nor change the key that sends the requests, nor generate another credential."""
        for name in [name for name in case.headers or () if name.lower() == "authorization"]:
            del case.headers[name]
        method, path = case.operation.method.upper(), case.operation.path
        for name, value in case.path_parameters.items():
            is_own = value == self._server.key_id and method != "GET"
            if is_own or (ends(method, path) and self._useful.is_seeded(str(value))):
                case.path_parameters[name] = UNKNOWN

    def credentials(self, case: AnyCase) -> Mapping[str, str]:
        """Return the token of the person or the run whose matter it is, if there is one, else that of the administrator."""
        person = who_sends(case.operation.path)
        subject = str(case.path_parameters.get("run_id") or case.path_parameters.get("block_id"))
        token = self._server.token
        if person is not None:
            token = self._person(person)
        elif self._calls % 4:
            token = self._tokens.get(subject, token)
        return {"Authorization": f"Bearer {token}"}

    def _person(self, name: str) -> str:
        if name not in self._people:
            answer = self._server.send(Request("POST", f"{OWN}/login", {"username": name, "password": PASSWORD}))
            self._people[name] = text_of(answer.json(), "access_token") if answer.is_success else self._server.token
        return self._people[name]

    def look(self, case: AnyCase, answer: Response) -> None:
        """Check an answer, and keep what later requests need."""
        label = case.operation.label
        if answer.status_code == 401 and (person := who_sends(case.operation.path)):
            self._people.pop(person, None)  # signed out by an earlier request
        self.answers[f"{label} {answer.status_code}"] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as error:
            self.faults.setdefault(f"{label} {answer.status_code}", f"{error}\n{case.as_curl_command()[:4000]}")
        if answer.status_code == 201 and label == f"POST {RUNS}/create":
            run: Any = answer.json()
            token = run["spec"]["runToken"]
            self._tokens |= {run["metadata"]["uuid"]: token, run["spec"]["buildingBlock"]["uuid"]: token}
        if answer.status_code == 200 and label == f"PUT {VERSIONS}/{{uuid}}":
            version: Any = answer.json()
            if version["spec"]["state"] == "RELEASED":
                self._useful.released(version["metadata"]["uuid"])


@pytest.fixture(scope="module")
def server(own_server: WholeServer) -> WholeServer:
    """The application, whose loops run: the library that sends the requests starts them."""
    own_server.token = own_server.lasting_token()
    return own_server


@pytest.fixture
def follower(server: WholeServer) -> Follower:
    """Who sends the requests."""
    return Follower(server, a_matrix_world(server))


@pytest.fixture
def machine(server: WholeServer, follower: Follower) -> type[APIStateMachine]:
    """Chains of requests to the application, along the links of its own document, and to all that is there."""
    schema = from_asgi("/api/openapi.json", server.app)

    class Chains(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def step(self, input: StepInput) -> StepOutput:  # noqa: A002  as schemathesis has it
            follower.prepare(input)
            follower.spare(input.case)
            output: StepOutput = super().step(input)
            return output

        def get_call_kwargs(self, case: AnyCase) -> dict[str, Any]:
            return {"headers": follower.credentials(case)}

        def validate_response(self, response: Response, case: AnyCase, *_: Any, **__: Any) -> None:
            follower.look(case, response)

    for operation in _operations(schema):
        name = normalize_name(f"what is there: {operation.label}")
        setattr(Chains, name, _asked(name, operation))
    return Chains


def _operations(schema: BaseSchema) -> Iterator[Operation]:
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


def _asked(name: str, operation: Operation) -> Any:
    """Return the rule by which a chain asks an operation without a link."""
    return transition(
        name=name,
        target=Bundle("catch_all"),
        input=st.deferred(lambda: operation.as_strategy().map(StepInput.initial)),
        precondition=lambda _: True,
    )


def test_no_chain_of_requests_meets_a_defect(
    server: WholeServer, machine: type[APIStateMachine], follower: Follower
) -> None:
    bounded = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    for number in count(0 if server.db.is_sqlite else 1, 2):
        with suppress(Flaky):  # the server remembers earlier chains, so the same request has another answer
            seed(number)(machine).run(settings=bounded)
        if follower.answers.total() >= SCENARIOS * STEPS:
            break

    assert not follower.faults, "\n\n".join(follower.faults.values())
    reached = {label.rpartition(" ")[0] for label in follower.answers if label.endswith(_DONE)}
    told = "\n".join(f"{count:5} {label}" for label, count in sorted(follower.answers.items()))
    assert len(reached) >= (REACHED if SCENARIOS < MANY else REACHED_OF_MANY), told


_DONE = (" 200", " 201", " 202", " 204")
