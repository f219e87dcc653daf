"""A useful request of nearly every operation succeeds, and is answered as the OpenAPI document says.

Generated requests hardly ever succeed where much has to fit together. These are those of the permission matrix, sent for good: first
what is read, then what makes and changes something, last what deletes something. What ends a thing gets one of its own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import from_dict
from schemathesis.schemas import BaseSchema

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import OWN
from tests.support.document_checks import CHECKS
from tests.support.installation import text_of
from tests.support.matrix_bodies import LOCK
from tests.support.matrix_operations import DOCUMENT, PATHS, Operation, operation_of, who_sends
from tests.support.matrix_world import MatrixWorld, a_matrix_world
from tests.support.whole_server import Request, WholeServer

pytestmark = pytest.mark.one_database

RUN = "/api/meshobjects/meshbuildingblockruns/{run_id}"
STATE = "/api/terraform/state/"
BLOCK = "/api/meshobjects/meshbuildingblocks/{uuid}"
REQUEST = f"{OWN}/binding-requests/{{uuid}}"
PUBLICATION = f"{OWN}/definitions/{{uuid}}/publication"
TENANT = f"{OWN}/tenants/{{uuid}}"

ELSEWHERE: Mapping[str, Sequence[str]] = {
    "contract/test_sequences.py": (
        f"GET {RUN}/plan-artifact",
        f"GET {RUN}/planartifact",
        f"PUT {RUN}/plan-artifact",
        f"POST {OWN}/blocks/{{uuid}}/detect",
        f"POST {OWN}/blocks/{{uuid}}/apply-plan",
        f"DELETE {BLOCK}",
        "POST /api/meshobjects/meshtenants",
    ),
    "server/blocks/test_trust_tests.py": (f"POST {OWN}/blocks/{{uuid}}/trust-test",),
    "server/identity/test_login.py": ("POST /api/login",),
    "server/identity/test_sign_in_methods.py": (
        f"PUT {OWN}/me/authenticator-app",
        f"POST {OWN}/me/recovery-codes",
        f"POST {OWN}/me/passkeys",
        f"PUT {OWN}/me/passkeys/{{uuid}}",
        f"DELETE {OWN}/me/passkeys/{{uuid}}",
        f"DELETE {OWN}/me/sessions/{{uuid}}",
    ),
    "server/brakes/test_stops.py": (f"POST {OWN}/runs/{{run_id}}/break-glass",),
    "server/issuer/test_signing_in.py": (f"DELETE {OWN}/me/client-sessions/{{uuid}}",),
    "server/runs/test_identity_tokens.py": (f"POST {OWN}/runs/{{run_id}}/identity-tokens/{{cloud}}",),
    "server/orders/test_orders.py": (f"POST {OWN}/orders", f"POST {OWN}/orders/check"),
    "server/binding_requests/test_binding_requests.py": (f"POST {REQUEST}/decline", f"POST {REQUEST}/cancel"),
    "server/publications/test_publications.py": (
        f"POST {OWN}/publications/{{uuid}}/reject",
        f"POST {PUBLICATION}/submit",
        f"POST {PUBLICATION}/withdraw",
    ),
    "server/tenants/test_tenant_deletion.py": (
        f"POST {TENANT}/approve-deletion",
        f"POST {TENANT}/decline-deletion",
        f"POST {TENANT}/confirm-deletion",
    ),
    "server/blocks/test_approvals.py": (f"POST {RUN}/approve", f"POST {OWN}/runs/{{run_id}}/decline"),
    "server/runs/test_plan_changes.py": (
        f"GET {OWN}/runs/{{run_id}}/changes",
        f"GET {OWN}/runs/{{run_id}}/changes/comparison",
    ),
    "server/tofu_state/test_state_versions.py": (f"POST {OWN}/blocks/{{block_id}}/state/versions/{{number}}/restore",),
    "server/tofu_state/test_state_work.py": (
        f"POST {OWN}/blocks/{{block_id}}/state/versions/{{number}}/plan-restore",
        f"POST {OWN}/blocks/{{block_id}}/state/versions/{{number}}/apply-restore",
        f"POST {OWN}/blocks/{{block_id}}/state/maintenance",
    ),
    "server/drift/test_drift.py": (
        f"GET {OWN}/blocks/{{block_id}}/drift",
        f"GET {OWN}/blocks/{{block_id}}/drift/acceptances",
        f"POST {OWN}/blocks/{{block_id}}/drift/ignore",
        f"POST {OWN}/blocks/{{block_id}}/drift/attend",
        f"POST {OWN}/blocks/{{block_id}}/drift/pause",
        f"POST {OWN}/blocks/{{block_id}}/drift/resume",
    ),
}
"""What takes a sequence of requests, by the tests that send it."""


@pytest.fixture(scope="module")
def world(server: WholeServer) -> MatrixWorld:
    """Something of every kind."""
    return a_matrix_world(server)


@pytest.fixture(scope="module")
def document() -> BaseSchema:
    """The document, as it is published."""
    return from_dict(dict(DOCUMENT))


def test_a_useful_request_of_nearly_every_operation_succeeds_as_the_document_says(
    server: WholeServer, world: MatrixWorld, document: BaseSchema
) -> None:
    faults, refused = [], {}
    for method, path in sorted(((m.upper(), p) for p, methods in PATHS.items() for m in methods), key=_turn):
        operation = operation_of(server, world, method, path, PATHS[path][method.lower()], restricted=False)
        answer = server.send(_aimed(server, world, operation))
        sent: Any = {"media_type": operation.known.media, "body": {}}
        sent = sent if "requestBody" in PATHS[path][method.lower()] else {}
        case = document[path][method].Case(path_parameters=dict(world.parameters(path)), **sent)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as error:
            faults.append(f"{operation}: {error}")
        if not answer.is_success:
            refused[operation.name] = f"{answer.status_code} {answer.json().get('message')}"

    assert not faults, "\n\n".join(faults)
    elsewhere = {name for names in ELSEWHERE.values() for name in names}
    unexpected = [f"{name}: {said}" for name, said in refused.items() if name not in elsewhere]
    assert not unexpected, "\n".join(unexpected)
    assert elsewhere - refused.keys() == set(), "it succeeds here"


def _turn(operation: tuple[str, str]) -> tuple[int, int]:
    method, path = operation
    at = [*PATHS].index(path)
    return ({"GET": 0, "DELETE": 2}.get(method, 1), -at if method == "DELETE" else at)


def _aimed(server: WholeServer, world: MatrixWorld, operation: Operation) -> Request:
    """Return the request of an operation as the one who sends it; what ends a thing is sent to a new one."""
    request = operation.known
    if operation.path.startswith((STATE, RUN, f"{OWN}/runs/{{run_id}}")) and not operation.path.endswith("/abort"):
        by_run = replace(request, token=world.tokens["run"], params={**request.params, "ID": text_of(LOCK, "ID")})
        return request if operation.method == "DELETE" else by_run
    person = who_sends(operation.path)
    if person is not None:
        return replace(request, token=world.tokens[person])
    if operation.method == "POST" and isinstance(request.body, dict):
        return replace(request, body=_renamed(request.body))
    collection, _, rest = operation.path.partition("/{")
    if operation.method == "DELETE" and "/" not in rest:
        made = _made(server, world, collection, rest.rstrip("}"))
        return request if made is None else replace(request, path=f"{collection}/{made}")
    return request


_numbers = count()


def _made(server: WholeServer, world: MatrixWorld, collection: str, member: str) -> str | None:
    """Make something new and return the member that addresses it; None if that takes more than one request."""
    body, about = world.bodies.get(f"POST {collection}"), PATHS.get(collection, {}).get("post")
    if about is None or not isinstance(body, dict):
        return None
    media = next(iter(about["requestBody"]["content"]))
    made: Any = server.ok(Request("POST", collection, _renamed(body), media))
    named = made.get("metadata", made)
    return f"{named['ownedByWorkspace']}.{named['name']}" if member == "identifier" else str(named[member])


def _renamed(body: Json) -> JsonObject:
    """Return a body with a name that nothing has."""
    text = re.sub(r'(?<=[".])(new|NEW|New)"', rf'\1-{next(_numbers)}"', json.dumps(body))
    renamed: JsonObject = json.loads(text)
    return renamed
