"""A runner over HTTP that executes nothing: what it reports is up to the benchmark."""

import json
import time

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import JsonObject
from tests.support.installation import Installation, text_of
from tests.support.runner_keys import a_runner_key


def new_runner(blockyard: Installation) -> str:
    """Create a private runner and return its id."""
    body: JsonObject = {
        "metadata": {"ownedByWorkspace": "admin"},
        "spec": {
            "displayName": "bench",
            "publicKey": a_runner_key().public_pem,
            "implementationType": "TERRAFORM",
            "restriction": "PRIVATE",
        },
    }
    created = blockyard.call("POST", "/api/meshobjects/meshbuildingblockrunners", kinds.RUNNER.media, body)
    return text_of(created, "metadata", "uuid")


def claim(blockyard: Installation, runner: str, claimed: list[tuple[float, JsonObject]]) -> None:
    """Claim a run by long poll as our own runner does; append when it came, and the run."""
    headers = {"Accept": kinds.RUN.media, "Prefer": "wait=25", "Blockyard-Protocol": "1"}
    path = "/api/meshobjects/meshbuildingblockruns/create"
    while not claimed:
        answer = blockyard.client.post(path, params={"forRunnerUuid": runner}, headers=headers)
        if answer.status_code == httpx2.codes.CREATED:
            claimed.append((time.perf_counter(), answer.json()))


class Reporter:
    """Reports on one claimed run, with the run's token."""

    def __init__(self, blockyard: Installation, run: JsonObject, runner: str) -> None:
        token = text_of(run, "spec", "runToken")
        headers = {"Accept": kinds.RUN.media, "Content-Type": kinds.RUN.media, "Authorization": f"Bearer {token}"}
        self.run = text_of(run, "metadata", "uuid")
        self._runner = runner
        self._objects = f"{blockyard.url}/api/meshobjects/meshbuildingblockruns/{self.run}/status/source"
        self._log = f"{blockyard.url}/api/blockyard/v1/runs/{self.run}/log"
        self._client = httpx2.Client(headers=headers, timeout=60)

    def register(self, *steps: str) -> None:
        """Register the runner with these steps, in progress."""
        announced = [{"id": step, "displayName": step, "status": "IN_PROGRESS"} for step in steps]
        body = json.dumps({"source": {"id": self._runner}, "steps": announced})
        self._client.post(self._objects, content=body).raise_for_status()

    def report(self, status: str, steps: list[JsonObject]) -> None:
        """Report a status of the run and of steps."""
        body = json.dumps({"status": status, "steps": steps})
        self._client.patch(f"{self._objects}/{self._runner}", content=body).raise_for_status()

    def append(self, step: str, offset: int, data: bytes) -> int:
        """Append to the log of a step as our own runner does; return how much the server has of it."""
        headers = {"Accept": "application/json", "Content-Type": "application/octet-stream"}
        where = {"step": step, "offset": str(offset)}
        answer = self._client.post(self._log, params=where, headers=headers, content=data).raise_for_status()
        return int(answer.json()["offset"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def finish(blockyard: Installation, run: JsonObject, runner: str) -> None:
    """Report a run as done, without steps."""
    reporter = Reporter(blockyard, run, runner)
    reporter.register()
    reporter.report("SUCCEEDED", [])
    reporter.close()
