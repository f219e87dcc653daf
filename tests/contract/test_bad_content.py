"""Content that no feature can take, sent to the whole application: refused with its place, and nothing has changed."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from tests.support.installation import SHARED_RUNNER, an_input, text_of
from tests.support.refused import Refused
from tests.support.whole_server import (
    BLOCKS,
    RUNS,
    SECRET,
    TERRAFORM,
    VERSIONS,
    Request,
    Tenancy,
    WholeServer,
    a_version,
    an_order,
    claim,
    error_of,
    work_on_block,
)

UNKNOWN = "0f0f0f0f-0000-4000-8000-000000000000"
OPERATOR: JsonObject = {"assignmentType": "PLATFORM_OPERATOR_MANUAL_INPUT"}
ENORMOUS = "x" * (16 * 1024 * 1024 + 1)

BAD_VERSIONS: Mapping[str, tuple[JsonObject, str]] = {
    "version latest": ({"terraformVersion": "latest"}, "terraformVersion"),
    "version as path": ({"terraformVersion": "../1.9.0"}, "terraformVersion"),
    "version as range": ({"terraformVersion": "~> 1.9"}, "terraformVersion"),
    "version with line": ({"terraformVersion": "1.9.0\n"}, "terraformVersion"),
    "path upwards": ({"repositoryPath": "../../etc"}, "repositoryPath"),
    "path upwards inside": ({"repositoryPath": "a/../../b"}, "repositoryPath"),
    "absolute path": ({"repositoryPath": "/etc"}, "repositoryPath"),
    "path of Windows": ({"repositoryPath": "..\\..\\etc"}, "repositoryPath"),
    "option as repository": ({"repositoryUrl": "--upload-pack=touch /tmp/x"}, "repositoryUrl"),
    "program as repository": ({"repositoryUrl": "ext::sh -c id"}, "repositoryUrl"),
    "file as repository": ({"repositoryUrl": "file:///etc"}, "repositoryUrl"),
    "option as reference": ({"refName": "--upload-pack=id"}, "refName"),
}
BAD_KEYS: Mapping[str, tuple[str, JsonObject]] = {
    "file upwards": ("../x", {"type": "FILE", **OPERATOR}),
    "absolute file": ("/etc/passwd", {"type": "FILE", **OPERATOR}),
    "steering variable": ("TF_CLI_ARGS", {"isEnvironment": True}),
    "bad pattern": ("k", {"valueValidationRegex": "("}),
    "growing pattern": ("k", {"valueValidationRegex": "(((a{100}){100}){100}){100}"}),
    "long pattern": ("k", {"valueValidationRegex": "a" * 100_000}),
    "oversized argument": ("k", {"assignmentType": "STATIC", "argument": ENORMOUS}),
}


@pytest.fixture(scope="module")
def draft(server: WholeServer, tenancy: Tenancy) -> str:
    """The id of a draft version."""
    body = a_version(tenancy.definition, UNKNOWN, number=2, state="DRAFT")
    body["metadata"] = {"ownedByWorkspace": "platform"}
    created = server.ok(Request("POST", VERSIONS, body, kinds.VERSION.media))
    return text_of(created, "metadata", "uuid")


def _refused_version(server: WholeServer, tenancy: Tenancy, draft: str, **members: Json) -> dict[str, Any]:
    refused = Refused(server)
    body = a_version(tenancy.definition, draft, number=2, state="DRAFT", **members)
    (answer,) = refused.all([Request("PUT", f"{VERSIONS}/{draft}", body, kinds.VERSION.media)], [400])
    refused.done()
    return error_of(answer)


@pytest.mark.parametrize("bad", BAD_VERSIONS)
@pytest.mark.one_database
def test_unusable_implementations_are_refused(server: WholeServer, tenancy: Tenancy, draft: str, bad: str) -> None:
    settings, member = BAD_VERSIONS[bad]
    implementation: JsonObject = {"type": "terraform", "terraform": {**TERRAFORM, **settings}}

    error = _refused_version(server, tenancy, draft, implementation=implementation)

    assert error["field"] == f"/spec/implementation/terraform/{member}"


@pytest.mark.parametrize("bad", BAD_KEYS)
@pytest.mark.one_database
def test_unusable_inputs_are_refused(server: WholeServer, tenancy: Tenancy, draft: str, bad: str) -> None:
    key, members = BAD_KEYS[bad]

    error = _refused_version(server, tenancy, draft, inputs={key: {**an_input(), **members}})

    assert error["field"].startswith(f"/spec/inputs/{key.replace('/', '~1')}")


BAD_VALUES: Mapping[str, tuple[JsonObject, str]] = {
    "unknown input": ({"nobody": "x"}, "/spec/inputs/nobody"),
    "type": ({"count": "3"}, "/spec/inputs/count/value"),
    "number": ({"count": 10**400}, "/spec/inputs/count/value"),
    "option": ({"size": "huge"}, "/spec/inputs/size/value"),
    "pattern": ({"code": "ABC"}, "/spec/inputs/code/value"),
    "surrogate": ({"name": "\ud800"}, "/spec/inputs/name/value"),
    "oversized": ({"name": ENORMOUS}, "/spec/inputs/name/value"),
    "secret in clear": ({"password": SECRET}, "/spec/inputs/password/isSensitive"),
    "static": ({"config.json": "data:text/plain;base64,e30="}, "/spec/inputs/config.json"),
}


@pytest.mark.parametrize("bad", BAD_VALUES)
@pytest.mark.one_database
def test_unusable_values_are_refused(server: WholeServer, tenancy: Tenancy, bad: str) -> None:
    values, field = BAD_VALUES[bad]
    refused = Refused(server)
    order = an_order(tenancy.version)
    inputs: Any = order["spec"]
    inputs["inputs"] |= {key: {"value": value, "isSensitive": False} for key, value in values.items()}

    (answer,) = refused.all([Request("POST", BLOCKS, order, kinds.BLOCK_V2.media)], [400])

    refused.done()
    assert error_of(answer)["field"] == field


def test_a_pattern_that_would_take_for_ever_is_given_up(server: WholeServer, tenancy: Tenancy, draft: str) -> None:
    inputs: JsonObject = {"k": an_input(valueValidationRegex="(a|aa)+(b|bb)+(a|aa)+$")}
    body = a_version(tenancy.definition, draft, number=2, inputs=inputs, outputs={})
    server.ok(Request("PUT", f"{VERSIONS}/{draft}", body, kinds.VERSION.media))
    refused = Refused(server)
    order = an_order(draft)
    spec: Any = order["spec"]
    spec["inputs"] = {"k": {"value": "a" * 5000 + "b" * 5000 + "a" * 5000 + "c", "isSensitive": False}}

    (answer,) = refused.all([Request("POST", BLOCKS, order, kinds.BLOCK_V2.media)], [400])

    refused.done()
    assert error_of(answer)["field"] == "/spec/inputs/k/value"


def _state(serial: int, lineage: str = "one", **members: Json) -> bytes:
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, **members}).encode()


BAD_STATES: Mapping[str, tuple[Callable[[], bytes], int, str]] = {
    "truncated": (lambda: _state(6)[:-9], 400, "NotAState"),
    "stale": (lambda: _state(4), 409, ""),
    "another of the same serial": (lambda: _state(5, outputs={"a": 1}), 409, ""),
    "foreign": (lambda: _state(6, "two"), 409, ""),
    "no state": (lambda: b"{}", 400, "NotAState"),
    "100 MB": (lambda: _state(6, filler="x" * 100 * 1024 * 1024), 413, "BodyTooLarge"),
}
"""Made where they are sent: every test process collects this module, and would keep them."""


@pytest.fixture(scope="module")
def state_path(server: WholeServer, tenancy: Tenancy) -> str:
    """Where a state of serial 5 is."""
    path = f"/api/terraform/state/workspace/shop/buildingBlock/{tenancy.block}"
    server.ok(Request("POST", path, _state(5), token=tenancy.run_token))
    return path


@pytest.mark.parametrize("bad", BAD_STATES)
@pytest.mark.one_database
def test_unusable_states_are_refused(server: WholeServer, tenancy: Tenancy, state_path: str, bad: str) -> None:
    body, status, code = BAD_STATES[bad]
    refused = Refused(server)

    (answer,) = refused.all([Request("POST", state_path, body(), token=tenancy.run_token)], [status])

    refused.done()
    assert code in {"", error_of(answer)["errorCode"]}
    assert server.send(Request("GET", state_path, token=tenancy.run_token)).content == _state(5)


def test_an_older_attempt_and_a_foreign_run_change_nothing(server: WholeServer, tenancy: Tenancy) -> None:
    old = work_on_block(server, tenancy.definition, tenancy.version)
    own = f"/api/blockyard/v1/runs/{old.run}"
    server.ok(Request("POST", f"{own}/release", {"reason": "moving"}, token=old.run_token))
    assert text_of(claim(server), "metadata", "uuid") == old.run
    state = f"/api/terraform/state/workspace/shop/buildingBlock/{old.block}"
    lock: JsonObject = {"ID": "lock", "Operation": "apply", "Who": "me"}
    source = f"{RUNS}/{old.run}/status/source"
    report: JsonObject = {"status": "SUCCEEDED", "summary": "done", "steps": []}
    registration: JsonObject = {"source": {"id": "mine", "externalRunId": "1"}, "steps": []}
    reports = [
        Request("PATCH", f"{source}/{SHARED_RUNNER}", report, kinds.RUN.media, old.run_token),
        Request("POST", source, registration, kinds.RUN.media, old.run_token),
        Request("POST", f"{own}/heartbeat", token=old.run_token),
    ]
    writes = [Request("POST", state, _state(1), token=old.run_token)]
    writes += [Request("POST", f"{state}/lock", lock, token=old.run_token)]
    refused = Refused(server)

    answers = server.send_all(reports)
    refused.all(writes, [409])
    foreign = [
        Request(request.method, request.path, request.body, request.media, tenancy.run_token)
        for request in (*reports, *writes, Request("GET", state, token=tenancy.run_token))
    ]
    refused.all(foreign, [401, 403, 404])

    refused.done()
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"runAborted": True})] * 3
