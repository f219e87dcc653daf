"""Everything that the document says can be read is read on a server that has something of every kind. Source: updates.md, how clients test.

The suite of the public command line client calls each of these, too, and wants 2xx.
"""

from dataclasses import dataclass

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import OWN
from tests.support.echo import put
from tests.support.installation import text_of
from tests.support.matrix_operations import PATHS, operation_of, who_sends
from tests.support.matrix_world import MatrixWorld, a_matrix_world
from tests.support.polling import Provider
from tests.support.whole_server import RUNS, Request, WholeServer, claim

OF_RUNS = (f"{RUNS}/{{run_id}}", f"{OWN}/runs/{{run_id}}", "/api/terraform/state/")
PLAN = f"{RUNS}/{{run_id}}/planartifact"
"""The plan of a dry run, for the run that applies it."""

SHOWN_PLAN = f"{RUNS}/{{run_id}}/plan-artifact"
OF_PLANS = (SHOWN_PLAN, f"{OWN}/runs/{{run_id}}/changes")
_BUCKET: JsonObject = {"address": "aws_s3_bucket.b", "type": "aws_s3_bucket", "action": "create", "digest": "1" * 64}
CHANGES: JsonObject = {"resources": [_BUCKET], "counts": {"create": 1}, "digest": "2" * 64}
DRIFT = f"{OWN}/blocks/{{block_id}}/drift"
DAILY: JsonObject = {"mode": "DRIFT_DETECTION", "frequency": "DAILY", "automaticApproval": False}


@dataclass(frozen=True)
class Planned:
    """A block that was applied, a dry run of it that found changes, and the token of the run that applies them."""

    block: str
    run: str
    token: str


@pytest.fixture(scope="module")
def world(server: WholeServer) -> MatrixWorld:
    """Something of every kind, with a definition whose blocks are looked at for drift."""
    world = a_matrix_world(server)
    address = kinds.DEFINITION.path(world.tenancy.definition)
    definition = server.ok(Request("GET", address, media=kinds.DEFINITION.media))
    scheduled = put(definition, "spec/schedule", DAILY)
    server.ok(Request("PUT", address, scheduled, kinds.DEFINITION.media))
    return world


@pytest.fixture(scope="module")
def planned(server: WholeServer, world: MatrixWorld) -> Planned:
    """The plan of the other block."""
    provider = Provider(server)
    block = text_of(provider.run(), "spec", "buildingBlock", "uuid")
    assert block != world.tenancy.block
    server.ok(Request("POST", f"{OWN}/blocks/{block}/detect"))
    run = text_of(provider.run(plan=b"the plan", changes=CHANGES), "metadata", "uuid")
    server.ok(Request("POST", f"{OWN}/blocks/{block}/apply-plan"))
    return Planned(block, run, text_of(claim(server), "spec", "runToken"))


def test_every_get_of_the_document_is_answered(server: WholeServer, world: MatrixWorld, planned: Planned) -> None:
    refused, paths = [], [path for path, methods in PATHS.items() if "get" in methods]
    for path in paths:
        request = operation_of(server, world, "GET", path, PATHS[path]["get"], restricted=False).known
        address, token, params = request.path, request.token, request.params
        if path == PLAN or path.startswith(OF_PLANS):
            address, token = path.format(run_id=planned.run), planned.token if path == PLAN else None
            params = {"with": planned.run} if path.endswith("/comparison") else {}
        elif path.startswith(DRIFT):
            address = path.format(block_id=planned.block)
        elif path.endswith("/difference"):
            token, params = world.tokens["admin"], {"before": "1"}
        elif path.startswith(OF_RUNS):
            token = world.tokens["run"]
        elif (person := who_sends(path)) is not None:
            token = world.tokens[person]
        answer = server.send(Request("GET", address, media=request.media, token=token, params=params))
        if not answer.is_success:
            refused.append(f"{path}: {answer.status_code} {answer.text}")

    assert refused == []
    assert len(paths) > 100
