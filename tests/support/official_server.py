"""A server that speaks only the official protocol, the states it keeps, and our runner as its users start it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.sealing import seal
from tests.support import forked
from tests.support.fake_control_plane import CLIENT_ID, CLIENT_SECRET, RUNS, FakeControlPlane, OfferedRun, a_run
from tests.support.forked import Program
from tests.support.git_repositories import create_repository
from tests.support.runner_keys import a_runner_key
from tests.support.runners import RUNNER_UUID
from tests.support.state_server import StateServer, state_server

_numbers = count(1)


@dataclass
class OfficialServer:
    """What runs are offered, and where everything lies."""

    plane: FakeControlPlane
    state: StateServer
    folder: Path

    def repository(self, files: Mapping[str, str | bytes | None]) -> str:
        """Make a repository and return its address."""
        return f"file://{create_repository(self.folder / f'module-{next(_numbers)}.git', files).path}"

    def offer(
        self,
        repository: str,
        *,
        inputs: dict[str, Json] | None = None,
        behavior: str = "APPLY",
        block: str | None = None,
        plan: bytes | None = None,
        hand_over: bool = False,
        **implementation: Json,
    ) -> OfferedRun:
        """Put a run of a module into the queue; runs of one `block` share a state, and one with a `plan` applies it."""
        settings: JsonObject = {
            "type": "TERRAFORM",
            "terraformVersion": "1.11.4",
            "repositoryUrl": repository,
            "async": hand_over,
            "useMeshHttpBackendFallback": True,
            **implementation,
        }
        run_id = f"run-{next(_numbers)}"
        links: JsonObject = {"meshstackBaseUrl": {"href": self.state.base_url}}
        if plan is not None:
            self.plane.artifact = plan
            links["planArtifact"] = {"href": f"{self.plane.url}{RUNS}/{run_id}/artifact"}
        document = a_run(run_id, inputs=inputs, implementation=settings, behavior=behavior, links=links)
        spec = document["spec"]
        assert isinstance(spec, dict)
        of_block = spec["buildingBlock"]
        assert isinstance(of_block, dict)
        of_block["uuid"] = block or f"block-of-{run_id}"
        self.state.tokens.add(f"run-token-of-{run_id}")
        return self.plane.offer(document)

    def run_file(self, run: OfferedRun) -> Path:
        """Write a run as a run controller does that has claimed it, and return the file."""
        spec = run.document["spec"]
        assert isinstance(spec, dict)
        file = self.folder / "run.json"
        file.write_text(json.dumps({**run.document, "spec": {**spec, "runToken": run.token}}))
        return file

    def ended(self, run: OfferedRun, seconds: float = 60) -> OfferedRun:
        """Wait until a final status of a run was reported and return the run."""
        self.plane.wait_for(lambda: run.final_updates, seconds)
        return run

    def start(self, name: str = "work", **settings: object) -> Program:
        """Start a runner process of its own."""
        key = self.folder / "runner-key.pem"
        key.write_text(a_runner_key().private_pem)
        given: dict[str, object] = {
            "server_url": self.plane.url,
            "runner_uuid": RUNNER_UUID,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "private_key_file": key,
            "work_dir": self.folder / name,
            "poll_seconds": 0.1,
            "update_seconds": 0.3,
            "engine_fallback": "warn",
            "offline": True,
            "allow_file_repositories": True,
            **settings,
        }
        own = {f"BLOCKYARD_RUNNER_{name.upper()}": str(value) for name, value in given.items()}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **own}
        return forked.start(["runner"], env=environment)

    @contextmanager
    def runner(self, name: str = "work", **settings: object) -> Iterator[Program]:
        """Have a runner while the block lasts."""
        process = self.start(name, **settings)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                finally:
                    process.kill()


@contextmanager
def official_server(folder: Path) -> Iterator[OfficialServer]:
    """Serve until the block ends."""
    with FakeControlPlane(blockyard=False) as plane, state_server() as state:
        yield OfficialServer(plane, state, folder)


def sealed(key: str, value: str, type_: str = "STRING", *, environment: bool = False) -> JsonObject:
    """Return a sensitive input, sealed for the runner."""
    envelope = seal(a_runner_key().public_pem, value)
    return {"key": key, "value": envelope, "type": type_, "isSensitive": True, "isEnvironment": environment}


def plain(key: str, value: Json, type_: str, *, environment: bool = False) -> JsonObject:
    """Return a plain input."""
    return {"key": key, "value": value, "type": type_, "isSensitive": False, "isEnvironment": environment}


def outputs_of(run: OfferedRun, step: str = "output") -> dict[str, Json]:
    """Return the values of the outputs that were reported."""
    outputs = run.step(step)["outputs"]
    assert isinstance(outputs, dict)
    return {key: item["value"] for key, item in outputs.items() if isinstance(item, dict)}
