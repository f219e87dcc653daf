"""A run token that has ended opens nothing, whatever operation it is sent to."""

from pathlib import PurePosixPath

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.contract.test_bad_input import OPEN, filled, operations
from tests.support.whole_server import RUNS, Request, Tenancy, WholeServer

GRACE_SECONDS = 120
ME = "/api/blockyard/v1/me"
REPORTS = {"source", "{source_id}", "log", "heartbeat", "release"}
"""They are answered still, and change nothing: runners answer a refusal with a second, wrong report."""


def test_no_operation_takes_the_token_of_an_attempt_that_is_over(server: WholeServer, tenancy: Tenancy) -> None:
    assert server.send(Request("GET", ME, token=tenancy.run_token)).status_code == 200
    source: JsonObject = {"source": {"id": "source"}, "steps": [{"id": "apply", "displayName": "Apply"}]}
    server.ok(Request("POST", f"{RUNS}/{tenancy.run}/status/source", source, kinds.RUN.media, tenancy.run_token))
    end: JsonObject = {"status": "SUCCEEDED"}
    server.ok(Request("PATCH", f"{RUNS}/{tenancy.run}/status/source/source", end, kinds.RUN.media, tenancy.run_token))
    server.clock.advance(GRACE_SECONDS + 10)
    asked = {
        (method, path): Request(
            method,
            filled(path, tenancy),
            None if kind is None else b"{}",
            kind,
            tenancy.run_token,
            params={"forRunnerUuid": str(SHARED_RUNNER_UUID), "step": "apply"},
            headers={"Accept": "*/*"},
        )
        for method, path, kind in operations()
        if path not in OPEN and (method == "GET" or PurePosixPath(path).name not in REPORTS)
    }

    answers = dict(zip(asked, server.send_all(asked.values()), strict=True))

    assert len(answers) > 70
    assert {key: answer.text for key, answer in answers.items() if answer.status_code not in {401, 403}} == {}
    assert (answers["GET", ME].status_code, answers["GET", ME].json()["errorCode"]) == (401, "RunTokenExpired")
