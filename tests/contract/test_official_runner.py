"""What the official OpenTofu runner sends, replayed as it was seen on the wire, with the engine's state requests between.

It signs in, claims the run, registers its steps, and ends with one report. The chapters of a block's life follow on each
other: apply, dry run, apply of the plan, destroy. Source: runner.md appendix B.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.installation import SHARED_RUNNER, an_input, an_output, text_of
from tests.support.replay import recorded, replay
from tests.support.whole_server import (
    BLOCKS,
    DEFINITIONS,
    OBJECTS,
    RUNS,
    TERRAFORM,
    VERSIONS,
    WORKSPACES,
    Request,
    WholeServer,
    a_definition,
    a_version,
    a_workspace,
    an_order,
)

SEQUENCES = Path(__file__).parents[1] / "data" / "official_runner"
OWN = "/api/blockyard/v1"
PERMISSIONS = ["MANAGED_BUILDINGBLOCKRUN_SAVE", "MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE"]
PLAN = b"PK\x03\x04plan"
STEPS = [
    "Prepare Run and download Sources",
    "Initialize Inputs",
    "Initialize Terraform and select Workspace",
    "Execute Pre-Run Script",
]


@dataclass
class OfficialRunner:
    """The runner's key, and what the last replay was answered."""

    server: WholeServer
    known: dict[str, str]
    answers: list[httpx2.Response] = field(default_factory=list)

    def plays(self, chapter: str, *, part: slice = slice(None), **known: str) -> None:
        """Send the requests of a chapter; each must be answered with the status that was seen."""
        requests = recorded(SEQUENCES / f"{chapter}.json")[part]
        self.known |= known
        self.answers = replay(self.server, requests, self.known, _learn)
        assert [answer.status_code for answer in self.answers] == [request["status"] for request in requests]

    @property
    def told(self) -> list[Any]:
        """What the reports were answered."""
        return [answer.json() for answer in self.answers if answer.request.method == "PATCH"]


@pytest.fixture(scope="module")
def runner(server: WholeServer) -> OfficialRunner:
    """The official runner with an API key of the workspace that owns the shared runner."""
    for name in ("platform", "shop"):
        server.ok(Request("POST", WORKSPACES, a_workspace(name), kinds.WORKSPACE.media))
    permissions: Any = PERMISSIONS
    body: JsonObject = {
        "metadata": {"ownedByWorkspace": "admin"},
        "spec": {"displayName": "runner", "permissions": permissions},
    }
    key = server.ok(Request("POST", f"{OBJECTS}/meshapikeys", body, kinds.API_KEY.media))
    known = {
        "RUNNER": SHARED_RUNNER,
        "CLIENT_ID": text_of(key, "status", "clientId"),
        "CLIENT_SECRET": text_of(key, "status", "clientSecret"),
    }
    return OfficialRunner(server, known)


def a_block(server: WholeServer, *, hand_over: bool = False) -> str:
    """Order a block of a definition of its own and return its id."""
    created = server.ok(Request("POST", DEFINITIONS, a_definition(), kinds.DEFINITION.media))
    definition, version = text_of(created, "metadata", "uuid"), text_of(created, "status", "latestVersionUuid")
    content = a_version(
        definition,
        version,
        inputs={"name": an_input()},
        outputs={"greeting": an_output()},
        implementation={"type": "terraform", "terraform": {**TERRAFORM, "async": hand_over}},
    )
    server.ok(Request("PUT", f"{VERSIONS}/{version}", content, kinds.VERSION.media))
    order: Any = an_order(version)
    order["spec"]["inputs"] = {"name": {"value": "ada", "isSensitive": False}}
    return text_of(server.ok(Request("POST", BLOCKS, order, kinds.BLOCK_V2.media)), "metadata", "uuid")


def status_of(server: WholeServer, block: str) -> Any:
    """Return the status of a block."""
    return server.ok(Request("GET", f"{BLOCKS}/{block}", media=kinds.BLOCK_V2.media))["status"]


def run_of(server: WholeServer, run: str) -> Any:
    """Return a run as its page shows it."""
    return server.ok(Request("GET", f"{OWN}/runs/{run}"))


def steps_of(server: WholeServer, run: str) -> list[tuple[str, str]]:
    """Return the steps of a run with their statuses."""
    logs: Any = server.ok(Request("GET", f"{RUNS}/{run}/logs", media=kinds.RUN.media))
    return [(step["displayName"], step["status"]) for step in logs["steps"]]


def test_a_block_lives_with_the_official_runner(server: WholeServer, runner: OfficialRunner) -> None:
    block = a_block(server)
    runner.plays("apply")
    assert runner.told == [{"runAborted": False}]
    names = [*STEPS, "Run Terraform Apply", "Collect Outputs and clean up"]
    assert steps_of(server, runner.known["RUN"]) == [(name, "SUCCEEDED") for name in names]
    assert status_of(server, block)["outputs"]["greeting"]["value"] == "hello ada"

    server.ok(Request("POST", f"{OWN}/blocks/{block}/detect"))
    runner.plays("detect")
    planned = runner.known["RUN"]
    assert (run_of(server, planned)["status"], run_of(server, planned)["changesDetected"]) == ("SUCCEEDED", True)
    assert steps_of(server, planned) == [(name, "SUCCEEDED") for name in [*STEPS, "Run Terraform Plan"]]
    assert status_of(server, block)["outputs"]["greeting"]["value"] == "hello ada"

    server.ok(Request("POST", f"{OWN}/blocks/{block}/apply-plan"))
    runner.plays("apply_plan", PLANNED=planned)
    assert [answer.content for answer in runner.answers if "planartifact" in str(answer.url)] == [PLAN]
    assert status_of(server, block)["outputs"]["greeting"]["value"] == "goodbye ada"

    server.ok(Request("DELETE", f"{BLOCKS}/{block}", media=kinds.BLOCK_V2.media))
    runner.plays("destroy")
    assert status_of(server, block)["lifecycle"] == {"state": "DELETED"}


def test_a_run_is_handed_over_to_whoever_ends_it(server: WholeServer, runner: OfficialRunner) -> None:
    block = a_block(server, hand_over=True)
    runner.plays("hand_over")
    run = runner.known["RUN"]

    assert run_of(server, run)["status"] == status_of(server, block)["status"] == "IN_PROGRESS"
    assert steps_of(server, run) == [("Prepare Run", "SUCCEEDED")]
    path = f"{RUNS}/{run}/status/source/pipeline"
    ended = server.ok(Request("PATCH", path, {"status": "SUCCEEDED"}, kinds.RUN.media, runner.known["TOKEN"]))
    assert ended == {"runAborted": False}
    assert status_of(server, block)["outputs"]["greeting"]["value"] == "goodbye ada"


def test_a_registration_that_was_refused_on_its_way_fails_the_run(server: WholeServer, runner: OfficialRunner) -> None:
    """What refused it was in front of the server, which hears of the failure only."""
    block = a_block(server)
    runner.plays("refused", part=slice(2))
    runner.plays("refused", part=slice(3, None))
    run = runner.known["RUN"]

    assert status_of(server, block)["status"] == "FAILED"
    assert steps_of(server, run) == [("Prepare the run", "FAILED")]
    assert "without saying why" in run_of(server, run)["summary"]


def test_an_aborted_run_keeps_what_it_had_made(server: WholeServer, runner: OfficialRunner) -> None:
    block = a_block(server)
    runner.plays("abort", part=slice(5))
    run = runner.known["RUN"]
    server.ok(Request("POST", f"{OWN}/runs/{run}/abort"))
    runner.plays("abort", part=slice(5, None))

    assert runner.told == [{"runAborted": True}]
    assert run_of(server, run)["status"] == "IN_PROGRESS"
    server.clock.advance(76)
    server.sweep()
    assert run_of(server, run)["status"] == status_of(server, block)["status"] == "ABORTED"
    statuses = dict(steps_of(server, run))
    assert (statuses["Initialize Inputs"], statuses["Run Terraform Apply"]) == ("SUCCEEDED", "ABORTED")
    versions: Any = server.ok(Request("GET", f"{OWN}/blocks/{block}/state/versions"))
    assert [version["serial"] for version in versions["versions"]] == [2, 1]


def _learn(path: str, answer: httpx2.Response) -> dict[str, str]:
    if path == "/api/login":
        return {"API_TOKEN": answer.json()["access_token"]}
    if "/create?" not in path:
        return {}
    run: Any = answer.json()
    token = run["spec"]["runToken"]
    block = run["spec"]["buildingBlock"]["uuid"]
    basic = b64encode(f"x:{token}".encode()).decode()
    return {"RUN": run["metadata"]["uuid"], "BLOCK": block, "TOKEN": token, "BASIC": basic}
