"""What the public Terraform provider sends and polls, and the runner that works meanwhile."""

from collections.abc import Callable
from typing import Any

from blockyard.protocol import kinds
from blockyard.protocol.kinds import Kind
from blockyard.server.app.seeds import SHARED_RUNNER_UUID
from tests.support.whole_server import RUNS, VERSIONS, Request, WholeServer, claim


class Provider:
    """Sends what the provider sends, and takes nothing but the answers it takes."""

    def __init__(self, server: WholeServer) -> None:
        self.server = server

    def ok(self, method: str, path: str, kind: Kind, body: Any = None, **params: str) -> Any:
        return self.server.ok(Request(method, path, body, kind.media, params=params))

    def poll(self, path: str, kind: Kind, ended: Callable[[Any], bool], work: Callable[[], object]) -> Any:
        """Ask until it has ended or is gone; some work is done after the first time."""
        for turn in range(3):
            answer = self.server.send(Request("GET", path, media=kind.media))
            assert answer.status_code in {200, 404}, answer.text
            if answer.status_code == 404 or ended(answer.json()):
                return answer.json()
            if turn == 0:
                work()
        raise AssertionError(answer.text)

    def versions(self, definition: str) -> list[Any]:
        found = self.ok("GET", VERSIONS, kinds.VERSION, buildingBlockDefinitionUuid=definition, page="0")
        items: list[Any] = found["_embedded"]["meshBuildingBlockDefinitionVersions"]
        return items

    def run(self, status: str = "SUCCEEDED", *, plan: bytes | None = None, changes: Any = None) -> Any:
        """Be the runner of the next run: it succeeds, or not; return its document. Blockyard's runner tells changes, too."""
        run: Any = claim(self.server)
        token, uuid, source = run["spec"]["runToken"], run["metadata"]["uuid"], str(SHARED_RUNNER_UUID)
        step = {"id": "apply", "displayName": "Apply", "status": status, "systemMessage": "intentionally broken"}
        outputs = {"result": {"value": "done", "type": "STRING", "sensitive": False}}
        registration: Any = {"source": {"id": source}, "steps": [{"id": "apply", "displayName": "Apply"}]}
        report: Any = {"status": status, "summary": "", "steps": [{**step, "outputs": outputs}]}
        if plan is not None:
            upload = Request("PUT", f"{RUNS}/{uuid}/plan-artifact", plan, "application/octet-stream", token)
            assert self.server.send(upload).is_success
            report = {**report, "changesDetected": True, **({"planChanges": changes} if changes else {})}
        for method, path, body in (
            ("POST", f"{RUNS}/{uuid}/status/source", registration),
            ("PATCH", f"{RUNS}/{uuid}/status/source/{source}", report),
        ):
            assert self.server.send(Request(method, path, body, kinds.RUN.media, token)).is_success
        return run
