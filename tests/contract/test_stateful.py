"""Generated chains of requests that use what earlier ones created: no defect, and answers as the document says.

The links of the OpenAPI document lead from one operation to the next. Generated bodies hardly ever make an order that can be
carried out, so half of the requests get the members that a useful one has.
"""

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.stateful.state_machine import APIStateMachine, StepInput, StepOutput
from schemathesis.openapi import from_asgi

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import (
    LANDING_ZONE,
    LOCATION,
    OWN,
    PAYMENT_METHOD,
    PLATFORM,
    PLATFORM_TYPE,
    TAG_DEFINITION,
    TENANT,
)
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.document_checks import CHECKS
from tests.support.matrix_bodies import a_whole_order
from tests.support.matrix_world import UNKNOWN, MatrixWorld, a_matrix_world
from tests.support.places import (
    KUBERNETES,
    a_landing_zone,
    a_location,
    a_platform,
    a_platform_type,
    a_tenant,
    properties,
)
from tests.support.runner_keys import a_runner_key
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    OBJECTS,
    RUNS,
    VERSIONS,
    WORKSPACES,
    WholeServer,
    a_definition,
    a_version,
    an_order,
)

SCENARIOS = int(os.environ.get("GENERATED_SCENARIOS", "6"))
"""For each database, which get different ones. Each has up to twice as many requests as steps."""

STEPS = 40
OPERATIONS = 12
"""At least so many operations on single objects succeed, unless the links are broken; it was never less than 25."""

AnyCase = Case[APIOperation[Any, Any, Any, Any]]  # Any: as schemathesis has it
USERS = "/api/blockyard/v1/users"
ROLES = "/api/blockyard/v1/project-roles"
REQUESTS = "/api/blockyard/v1/binding-requests"
DRAFTS = "/api/blockyard/v1/order-drafts"
ORDERS = "/api/blockyard/v1/orders"
GROUPS = "/api/blockyard/v1/groups"
ADMIN_BINDINGS = "/api/blockyard/v1/admin-bindings"


def _spec(document: JsonObject) -> dict[str, Any]:
    spec: Any = document["spec"]
    return dict(spec)


class Useful:
    """Knows what bodies of useful requests have."""

    def __init__(self, world: MatrixWorld) -> None:
        self._count = 0
        self._world = world
        self._tenancy = tenancy = world.tenancy
        self._version = tenancy.version

    def released(self, version: str) -> None:
        """Note a version that can be ordered."""
        self._version = version

    def members(self, method: str, path: str) -> JsonObject:
        """Return what a useful request of this operation sends."""
        self._count += 1
        name = f"w{self._count}"
        of_platform: JsonObject = {"ownedByWorkspace": "platform"}
        order, definition = an_order(self._version), _spec(a_definition())
        version = _spec(a_version(self._tenancy.definition, ""))
        binding: JsonObject = {"metadata": {"name": name}, "targetRef": {"name": "shop"}, "expiryDate": None}
        key: JsonObject = {"displayName": name, "permissions": ["BUILDINGBLOCK_LIST"], "expiresAt": None}
        known: Mapping[tuple[str, str], JsonObject] = {
            ("POST", WORKSPACES): {"metadata": {"name": name, "tags": {}}},
            ("POST", f"{OBJECTS}/meshprojects"): {
                "metadata": {"name": name, "ownedByWorkspace": "shop"},
                "spec": _PROJECT,
            },
            ("POST", TAG_DEFINITION.collection): {
                "metadata": {"name": f"meshPrincipal.{name}"},
                "spec": {"targetKind": "meshPrincipal", "key": name, **_TAG},
            },
            ("PUT", f"{TAG_DEFINITION.collection}/{{name}}"): {"spec": _TAG},
            ("POST", PAYMENT_METHOD.collection): {
                "metadata": {"name": name, "ownedByWorkspace": "shop"},
                "spec": {"expirationDate": None, "amount": self._count, "tags": {}},
            },
            ("PUT", f"{OWN}/serviceinstances/{{instance_id}}"): _INSTANCE,
            ("POST", f"{OBJECTS}/meshapikeys"): {"metadata": of_platform, "spec": key},
            ("POST", f"{OBJECTS}/meshworkspacebindings/userbindings"): {
                **binding,
                "roleRef": {"name": "Workspace Member"},
                "subject": {"name": "admin"},
            },
            ("POST", REQUESTS): {
                "kind": "meshWorkspaceUserBinding",
                "name": f"asked-{name}",
                "role": "Workspace Member",
                "workspaceIdentifier": "shop",
                "projectIdentifier": None,
                "subject": "admin",
                "expiryDate": None,
            },
            ("POST", DRAFTS): {"definitionUuid": self._tenancy.definition, "fields": {"name": name}},
            ("POST", ORDERS): a_whole_order(self._tenancy.definition),
            ("POST", f"{ORDERS}/check"): a_whole_order(self._tenancy.definition),
            ("POST", GROUPS): {"name": name, "displayName": name, "workspaceIdentifier": None, "members": []},
            ("POST", ADMIN_BINDINGS): {
                "role": "Auditor",
                "subject": {"kind": "user", "name": "admin"},
                "expiryDate": None,
            },
            ("POST", ROLES): {"name": name, "displayName": name, "tags": {}},
            ("POST", f"{OBJECTS}/meshprojectbindings/userbindings"): {
                "metadata": {"name": name},
                "roleRef": {"name": "Project Reader"},
                "targetRef": {"name": "dev", "ownedByWorkspace": "shop"},
                "subject": {"name": "admin"},
            },
            ("POST", USERS): {"username": name, "password": f"a-long-password-{name}", "euid": None},
            ("PUT", f"{USERS}/{{uuid}}"): {"firstName": "N", "lastName": name, "email": f"{name}@x.test", "euid": None},
            ("PUT", f"{USERS}/{{uuid}}/tags"): {"tags": {}},
            ("PUT", f"{GROUPS}/{{name}}/tags"): {"tags": {}},
            ("POST", f"{OBJECTS}/meshbuildingblockrunners"): {"metadata": of_platform, "spec": _RUNNER},
            ("PUT", f"{OBJECTS}/meshbuildingblockrunners/{{uuid}}"): {"spec": _RUNNER},
            ("POST", f"{OBJECTS}/meshintegrations"): {"metadata": of_platform, "spec": _INTEGRATION},
            ("PUT", f"{OBJECTS}/meshintegrations/{{uuid}}"): {"spec": _INTEGRATION},
            ("POST", DEFINITIONS): {"metadata": {**of_platform, "tags": {}}, "spec": definition},
            ("PUT", f"{DEFINITIONS}/{{uuid}}"): {"spec": definition},
            ("POST", VERSIONS): {"metadata": of_platform, "spec": {**version, "state": "DRAFT"}},
            ("PUT", f"{VERSIONS}/{{uuid}}"): {"spec": {**version, "state": _STATES[self._count % len(_STATES)]}},
            ("POST", LOCATION.collection): a_location(name, "platform"),
            ("POST", PLATFORM_TYPE.collection): a_platform_type(name.upper(), "platform"),
            ("PUT", f"{PLATFORM_TYPE.collection}/{{name}}"): {"spec": a_platform_type()["spec"]},
            ("POST", PLATFORM.collection): a_platform(name, "platform", config=KUBERNETES),
            ("PUT", f"{PLATFORM.collection}/{{uuid}}"): {"spec": a_platform(config=KUBERNETES)["spec"]},
            ("POST", LANDING_ZONE.collection): a_landing_zone(self._tenancy.platform, name, "platform", **_ZONE),
            ("PUT", f"{LANDING_ZONE.collection}/{{name}}"): {
                "spec": a_landing_zone(self._tenancy.platform, **_ZONE)["spec"]
            },
            ("POST", TENANT.collection): a_tenant(self._tenancy.platform, "dev", "shop"),
            ("POST", f"{OWN}/tenants/{{uuid}}/decline-deletion"): {"comment": "not yet"},
            ("POST", BLOCKS): order,
            ("PUT", f"{BLOCKS}/{{uuid}}"): order,
            ("POST", _STATE): {"version": 4, "serial": self._count, "lineage": "one"},
            ("POST", f"{_STATE}/lock"): {"ID": "lock", "Operation": "apply", "Who": "me"},
            ("DELETE", f"{_STATE}/lock"): {"ID": "lock"},
            ("PATCH", f"{RUNS}/{{run_id}}/status/source/{{source_id}}"): _REPORTS[self._count % len(_REPORTS)],
        }
        return known.get((method, path)) or self._of_world(method, path, name)

    def _of_world(self, method: str, path: str, name: str) -> JsonObject:
        """Return what the permission matrix sends, with another name than it does."""
        body = self._world.bodies.get(f"{method} {path}")
        if not isinstance(body, dict):
            return {}
        renamed: JsonObject = json.loads(json.dumps(body).replace('"new"', f'"{name}"'))
        return renamed

    def parameters(self, method: str, path: str) -> Mapping[str, str]:
        """Return the address of something that is there and stays there."""
        ends = method == "DELETE" or path.endswith(("/abort", "/purge", "/release"))
        return {} if ends else self._world.parameters(path)


_STATE = "/api/terraform/state/workspace/{workspace}/buildingBlock/{block_id}"
_STATES = ("RELEASED", "DRAFT", "RELEASED")
_PROJECT: JsonObject = {"tags": {}, "paymentMethodIdentifier": None, "substitutePaymentMethodIdentifier": None}
_INSTANCE: JsonObject = {
    "metadata": {"ownedByWorkspace": "shop", "ownedByProject": "dev", "marketplaceIdentifier": "global"},
    "spec": {"creator": "jane", "displayName": "DB", "planId": "small", "serviceId": "postgres", "parameters": {}},
}
_TAG: JsonObject = {"valueType": {"string": {}}}
_RUNNER: JsonObject = {"publicKey": a_runner_key().public_pem, "implementationType": "TERRAFORM"}
_ZONE: dict[str, Any] = {"platformProperties": properties("kubernetes")}
_INTEGRATION: JsonObject = {
    "config": {
        "type": "gitlab",
        "gitlab": {
            "baseUrl": "https://git.example.test",
            "runnerRef": {"uuid": str(SHARED_RUNNER_UUID), "kind": "meshBuildingBlockRunner"},
        },
    }
}
_STEP: JsonObject = {"id": "apply", "displayName": "Apply", "status": "IN_PROGRESS", "systemMessage": "going on"}
_RESULT: JsonObject = {"result": {"value": "done", "type": "STRING", "sensitive": False}}
_REPORTS: list[JsonObject] = [
    {"status": "IN_PROGRESS", "summary": "going on", "steps": [_STEP]},
    {"status": "SUCCEEDED", "summary": "done", "steps": [{**_STEP, "status": "SUCCEEDED", "outputs": _RESULT}]},
    {"status": "FAILED", "summary": "broken", "steps": [{**_STEP, "status": "FAILED"}]},
]
_WHOLE = {
    "inputs",
    "outputs",
    "config",
    "tags",
    "implementation",
    "steps",
    "platformProperties",
    "availability",
    "quotaDefinitions",
    "valueType",
}
"""Members whose own members are not mixed with generated ones."""


def _merged(body: Json, members: Json) -> Json:
    if not isinstance(body, dict) or not isinstance(members, dict):
        return members
    made = {key: value if key in _WHOLE else _merged(body.get(key), value) for key, value in members.items()}
    return {**body, **made}


class Follower:
    """Sends the requests of one machine as who may send them, and collects what is wrong with the answers."""

    def __init__(self, server: WholeServer, world: MatrixWorld) -> None:
        self._server = server
        self._useful = Useful(world)
        tenancy = world.tenancy
        self._seen: dict[str, JsonObject] = {}
        self._tokens = {tenancy.run: tenancy.run_token, tenancy.block: tenancy.run_token}
        self.faults: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self._calls = 0

    def prepare(self, step: StepInput) -> None:
        """Let most of the requests be useful ones; none waits."""
        self._calls += 1
        case = step.case
        if "wait" in case.query:
            case.query["wait"] = 0
        generated = case.meta.generation.mode if case.meta else None
        if self._calls % 4 == 0 or generated is GenerationMode.NEGATIVE:
            return
        method, path = case.operation.method.upper(), case.operation.path
        if step.transition is None:
            case.path_parameters.update(self._useful.parameters(method, path))
        linked = None if step.transition is None else step.transition.request_body
        if members := self._useful.members(method, path) or self._seen.get(f"{method} {case.formatted_path}", {}):
            body = _merged(case.body if isinstance(case.body, dict) else {}, members)
            case.body = _merged(body, linked.value.ok()) if linked and isinstance(linked.value, Ok) else body
        if path.endswith("/meshbuildingblockruns/create"):
            case.query = {"forRunnerUuid": str(SHARED_RUNNER_UUID)}

    def spare(self, case: AnyCase) -> None:
        """Let nobody end or change the key that sends the requests, nor generate another credential."""
        for name in [name for name in case.headers or () if name.lower() == "authorization"]:
            del case.headers[name]
        if case.path_parameters.get("uuid") == self._server.key_id and case.operation.method.upper() != "GET":
            case.path_parameters["uuid"] = UNKNOWN

    def credentials(self, case: AnyCase) -> Mapping[str, str]:
        """Return the run token of a run or a block that has one, else that of the administrator."""
        subject = case.path_parameters.get("run_id") or case.path_parameters.get("block_id")
        token = self._tokens.get(str(subject), self._server.token) if self._calls % 4 else self._server.token
        return {"Authorization": f"Bearer {token}"}

    def look(self, case: AnyCase, answer: Response) -> None:
        """Check an answer, and keep what later requests need."""
        label = case.operation.label
        self.answers[f"{label} {answer.status_code}"] += 1
        if label.startswith("GET ") and "{" in label and answer.status_code == 200:
            with suppress(ValueError):  # no JSON
                self._seen[f"PUT {case.formatted_path}"] = answer.json()
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
    return own_server


@pytest.fixture
def follower(server: WholeServer) -> Follower:
    """Who sends the requests."""
    return Follower(server, a_matrix_world(server))


@pytest.fixture
def machine(server: WholeServer, follower: Follower) -> type[APIStateMachine]:
    """Chains of requests to the application, along the links of its own document."""
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

    return Chains


def test_no_chain_of_requests_meets_a_defect(
    server: WholeServer, machine: type[APIStateMachine], follower: Follower
) -> None:
    bounded = settings(
        max_examples=2,  # the first of a run is always the simplest one
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    first = 0 if server.db.is_sqlite else SCENARIOS
    for number in range(first, first + SCENARIOS):
        with suppress(Flaky):  # the server remembers earlier chains, so the same request has another answer
            seed(number)(machine).run(settings=bounded)

    assert not follower.faults, "\n\n".join(follower.faults.values())
    used = {label for label in follower.answers if "{" in label and label.endswith(_DONE)}
    assert len(used) >= OPERATIONS, "\n".join(f"{count:5} {label}" for label, count in sorted(follower.answers.items()))


_DONE = (" 200", " 201", " 202", " 204")
