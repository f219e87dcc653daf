"""What the public GitHub Actions `meshstack-auth`, `register-source` and `send-status` send, replayed as it was seen on the wire.

A workflow signs in, registers its jobs twice (as a re-run does), reports two steps and an output, then the end, then once too
late. It gets the run by its address or as an object, and signs in with an API key or holds the run's token. Source: runner.md 4.3.
"""

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
    VERSIONS,
    WORKSPACES,
    Request,
    WholeServer,
    a_definition,
    a_version,
    a_workspace,
    an_order,
)

SEQUENCES = Path(__file__).parents[1] / "data" / "github_actions"
PERMISSIONS = ["MANAGED_BUILDINGBLOCKRUN_LIST", "MANAGED_BUILDINGBLOCKRUNSOURCE_SAVE"]
TRIGGER = {"id": "gh-trigger", "displayName": "Trigger GitHub Action", "status": "PENDING"}


@pytest.fixture(scope="module")
def workflow(server: WholeServer) -> str:
    """A released version whose runs start a workflow."""
    for name in ("platform", "shop"):
        server.ok(Request("POST", WORKSPACES, a_workspace(name), kinds.WORKSPACE.media))
    github = {"owner": "acme", "baseUrl": "https://api.github.com", "appId": "1", "appPrivateKey": {"plaintext": "PEM"}}
    integration: Any = {
        "metadata": {"ownedByWorkspace": "platform"},
        "spec": {"displayName": "GitHub", "config": {"type": "github", "github": github}},
    }
    connected = server.ok(Request("POST", f"{OBJECTS}/meshintegrations", integration, kinds.INTEGRATION.media))
    settings: JsonObject = {
        "repository": "bucket",
        "branch": "main",
        "applyWorkflow": "apply.yml",
        "destroyWorkflow": "destroy.yml",
        "async": True,
        "omitRunObjectInput": True,
        "integrationRef": {"uuid": text_of(connected, "metadata", "uuid"), "kind": "meshIntegration"},
    }
    created = server.ok(Request("POST", DEFINITIONS, a_definition(), kinds.DEFINITION.media))
    definition, version = text_of(created, "metadata", "uuid"), text_of(created, "status", "latestVersionUuid")
    content = a_version(
        definition,
        version,
        inputs={"name": an_input()},
        outputs={"url": an_output()},
        implementation={"type": "githubWorkflows", "githubWorkflows": settings},
    )
    server.ok(Request("PUT", f"{VERSIONS}/{version}", content, kinds.VERSION.media))
    return version


@pytest.mark.parametrize("sequence", sorted(file.stem for file in SEQUENCES.iterdir()))
def test_the_actions_report_on_a_run(server: WholeServer, workflow: str, sequence: str) -> None:
    order: Any = an_order(workflow)
    order["spec"]["inputs"] = {"name": {"value": "ada", "isSensitive": False}}
    block = text_of(server.ok(Request("POST", BLOCKS, order, kinds.BLOCK_V2.media)), "metadata", "uuid")
    run = server.ok(Request("POST", f"{RUNS}/create", media=kinds.RUN.media, params={"forRunnerUuid": SHARED_RUNNER}))
    trigger(server, run)

    answers = replay_actions(server, sequence, run)

    assert [answer.status_code for answer in answers] == [200] * len(answers)
    reported = [
        answer for answer in answers if answer.request.method in {"POST", "PATCH"} and "status" in str(answer.url)
    ]
    assert {answer.text for answer in reported} == {'{"runAborted":false}'}
    read = [answer.json() for answer in answers if answer.request.method == "GET"]
    assert {str(document["metadata"]["uuid"]) for document in read} <= {text_of(run, "metadata", "uuid")}
    ended: Any = server.ok(Request("GET", f"{BLOCKS}/{block}", media=kinds.BLOCK_V2.media))["status"]
    assert ended["status"] == "SUCCEEDED"
    assert ended["outputs"]["url"]["value"] == "https://bucket.example.org"
    logs: Any = server.ok(Request("GET", f"{RUNS}/{text_of(run, 'metadata', 'uuid')}/logs", media=kinds.RUN.media))
    assert [
        (step["displayName"], step["status"], step["userMessage"], step["systemMessage"]) for step in logs["steps"]
    ] == [
        ("Trigger GitHub Action", "SUCCEEDED", None, "triggered"),
        ("Build", "SUCCEEDED", "built", "a log"),
        ("Deploy", "SUCCEEDED", None, None),
    ]


def trigger(server: WholeServer, run: JsonObject) -> None:
    """Do what the official runner does before the workflow begins: register its step and report it done."""
    path, token = f"{RUNS}/{text_of(run, 'metadata', 'uuid')}/status/source", text_of(run, "spec", "runToken")
    source: JsonObject = {
        "source": {"id": SHARED_RUNNER, "externalRunId": None, "externalRunUrl": None},
        "steps": [dict(TRIGGER)],
    }
    done: JsonObject = {
        "status": "IN_PROGRESS",
        "summary": None,
        "steps": [{"id": "gh-trigger", "status": "SUCCEEDED", "systemMessage": "triggered", "outputs": None}],
    }
    server.ok(Request("POST", path, source, kinds.RUN.media, token))
    server.ok(Request("PATCH", f"{path}/{SHARED_RUNNER}", done, kinds.RUN.media, token))


def replay_actions(server: WholeServer, sequence: str, run: JsonObject) -> list[httpx2.Response]:
    """Send the requests of a sequence with the ids and credentials of this run."""
    known = {
        "RUN": text_of(run, "metadata", "uuid"),
        "TOKEN": text_of(run, "spec", "runToken"),
        **a_key(server),
    }
    return replay(server, recorded(SEQUENCES / f"{sequence}.json"), known, _learn)


def _learn(path: str, answer: httpx2.Response) -> dict[str, str]:
    return {"TOKEN": answer.json()["access_token"]} if path == "/api/login" and answer.is_success else {}


def a_key(server: WholeServer) -> dict[str, str]:
    """Make the API key a workflow of the platform team signs in with."""
    permissions: Any = PERMISSIONS
    body: JsonObject = {
        "metadata": {"ownedByWorkspace": "platform"},
        "spec": {"displayName": "workflows", "permissions": permissions},
    }
    key = server.ok(Request("POST", f"{OBJECTS}/meshapikeys", body, kinds.API_KEY.media))
    return {
        "CLIENT_ID": text_of(key, "status", "clientId"),
        "CLIENT_SECRET": text_of(key, "status", "clientSecret"),
    }
