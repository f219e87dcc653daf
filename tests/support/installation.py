"""A whole Blockyard for end-to-end tests: `blockyard up` as its users start it, spoken to over HTTP only."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx2

from blockyard.protocol import kinds
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.app.settings import RUNNER_KEY
from tests.support import forked
from tests.support.forked import Process
from tests.support.git_repositories import Repository
from tests.support.runner_keys import a_runner_key

START_SECONDS = 60
RUN_SECONDS = 120
_LONGEST_PAUSE_SECONDS = 0.2
SHARED_RUNNER = "98520496-627d-43e6-82da-ce499179ff3f"
FINAL = frozenset({"SUCCEEDED", "FAILED", "ABORTED"})
WAITING = frozenset({f"WAITING_FOR_{what}" for what in ("OPERATOR_INPUT", "USER_INPUT", "DEPENDENT_INPUT", "APPROVAL")})


def an_input(type_: str = "STRING", source: str = "USER_INPUT", **members: Json) -> JsonObject:
    """Return an input of a definition version."""
    return {
        "displayName": "Input",
        "type": type_,
        "assignmentType": source,
        "isEnvironment": False,
        "isSensitive": False,
        "argument": None,
        "defaultValue": None,
        "updateableByConsumer": True,
        "displayOrder": 0,
        **members,
    }


def an_output(type_: str = "STRING", assignment: str = "NONE") -> JsonObject:
    """Return an output of a definition version."""
    return {"displayName": "Output", "type": type_, "assignmentType": assignment, "displayOrder": 0}


@dataclass
class Installation:
    """A running Blockyard and an administrator's client of it."""

    url: str
    data: Path
    process: Process
    client: httpx2.Client
    log: Path
    password: str | None = None
    database_url: str | None = None
    _workspaces: set[str] = field(default_factory=set)

    def call(
        self, method: str, path: str, kind: str, body: JsonObject | None = None, *, expect: int | None = None
    ) -> JsonObject:
        """Send one request of media type `kind` and return its JSON; fails unless the status is 2xx (or `expect`)."""
        headers = {"Accept": kind} | ({"Content-Type": kind} if body is not None else {})
        content = None if body is None else json.dumps(body)
        answer = self.client.request(method, path, headers=headers, content=content)
        fine = answer.status_code == expect if expect else answer.is_success
        assert fine, f"{method} {path}: {answer.status_code} {answer.text}"
        parsed: JsonObject = answer.json() if answer.content else {}
        return parsed

    def workspace(self, name: str) -> str:
        """Make sure that a workspace exists and return its name."""
        if name not in self._workspaces:
            body: JsonObject = {
                "apiVersion": "v2",
                "kind": "meshWorkspace",
                "metadata": {"name": name, "tags": {}},
                "spec": {"displayName": name, "platformBuilderAccessEnabled": True},
            }
            self.call("POST", "/api/meshobjects/meshworkspaces", kinds.WORKSPACE.media, body)
            self._workspaces.add(name)
        return name

    def knows_workspace(self, name: str) -> None:
        """Take a workspace for one that exists."""
        self._workspaces.add(name)

    def define(
        self,
        implementation: JsonObject,
        *,
        inputs: Mapping[str, JsonObject] | None = None,
        outputs: Mapping[str, JsonObject] | None = None,
        owner: str = "platform-team",
        name: str = "Sample",
        about: JsonObject | None = None,
        **version: Json,
    ) -> str:
        """Create a released definition and return the id of its version."""
        definition: JsonObject = {
            "metadata": {"ownedByWorkspace": self.workspace(owner), "tags": {}},
            "spec": {
                "displayName": name,
                "targetType": "WORKSPACE_LEVEL",
                "description": "A sample",
                "runTransparency": True,
                "useInLandingZonesOnly": False,
                "supportedPlatforms": None,
                **(about or {}),
            },
        }
        created = self.call("POST", "/api/meshobjects/meshbuildingblockdefinitions", kinds.DEFINITION.media, definition)
        uuid = _text(created, "metadata", "uuid")
        version_uuid = _text(created, "status", "latestVersionUuid")
        ordered = {key: {**spec, "displayOrder": at} for at, (key, spec) in enumerate((inputs or {}).items())}
        spec: JsonObject = {
            "buildingBlockDefinitionRef": {"uuid": uuid, "kind": "meshBuildingBlockDefinition"},
            "versionNumber": 1,
            "state": "RELEASED",
            "runnerRef": {"uuid": SHARED_RUNNER, "kind": "meshBuildingBlockRunner"},
            "onlyApplyOncePerTenant": False,
            "deletionMode": "DELETE",
            "inputs": dict(ordered),
            "outputs": dict(outputs or {}),
            "implementation": implementation,
            **version,
        }
        body: JsonObject = {
            "metadata": {"uuid": version_uuid, "ownedByWorkspace": owner, "createdOn": ""},
            "spec": spec,
        }
        path = f"/api/meshobjects/meshbuildingblockdefinitionversions/{version_uuid}"
        self.call("PUT", path, kinds.VERSION.media, body)
        return version_uuid

    def order(
        self, version: str, inputs: Mapping[str, JsonObject] | None = None, *, workspace: str = "shop"
    ) -> JsonObject:
        """Order a block and return it as it was answered."""
        body: JsonObject = {
            "apiVersion": "v2-preview",
            "kind": "meshBuildingBlock",
            "metadata": {"uuid": None, "ownedByWorkspace": ""},
            "spec": {
                "buildingBlockDefinitionVersionRef": {"uuid": version, "kind": "meshBuildingBlockDefinitionVersion"},
                "targetRef": {"kind": "meshWorkspace", "uuid": None, "name": self.workspace(workspace)},
                "displayName": "sample",
                "inputs": dict(inputs or {}),
                "parentBuildingBlockRefs": [],
                "parentBuildingBlocks": [],
            },
            "status": None,
        }
        return self.call("POST", "/api/meshobjects/meshbuildingblocks", kinds.BLOCK_V2.media, body)

    def block(self, uuid: str) -> JsonObject:
        """Return a block."""
        return self.call("GET", f"/api/meshobjects/meshbuildingblocks/{uuid}", kinds.BLOCK_V2.media)

    def change(self, uuid: str, inputs: Mapping[str, JsonObject]) -> JsonObject:
        """Change inputs of a block, which starts a run."""
        block = self.block(uuid)
        spec = _object(block, "spec")
        body: JsonObject = {**block, "spec": {**spec, "inputs": dict(inputs)}}
        return self.call("PUT", f"/api/meshobjects/meshbuildingblocks/{uuid}", kinds.BLOCK_V2.media, body)

    def run_again(self, uuid: str) -> None:
        """Start a run of a block with its current inputs."""
        path = f"/api/meshobjects/meshbuildingblocks/{uuid}/trigger-run"
        self.client.post(path, headers={"Accept": "application/json"}).raise_for_status()

    def delete(self, uuid: str) -> None:
        """Ask for the deletion of a block."""
        self.call("DELETE", f"/api/meshobjects/meshbuildingblocks/{uuid}", kinds.BLOCK_V2.media)

    def settled(self, uuid: str, *, seconds: float = RUN_SECONDS) -> JsonObject:
        """Wait until a block has a final or waiting status (a deleted one: until it is gone) and return it."""
        deadline, pause = time.monotonic() + seconds, 0.02
        while True:
            block = self.block(uuid)
            lifecycle = _text(block, "status", "lifecycle", "state")
            status = _text(block, "status", "status")
            if lifecycle == "DELETED" or status in FINAL | WAITING:
                return block
            assert time.monotonic() < deadline, f"still {status} after {seconds} s:\n{self.log.read_text()[-4000:]}"
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def ended(self, run: str, *, seconds: float = RUN_SECONDS) -> JsonObject:
        """Wait for the end of a run and return it as people read it."""
        deadline = time.monotonic() + seconds
        while True:
            shown = self.call("GET", f"/api/blockyard/v1/runs/{run}", "application/json")
            if _text(shown, "status") in FINAL:
                return shown
            assert time.monotonic() < deadline, f"{shown}\n{self.log.read_text()[-4000:]}"
            time.sleep(0.05)

    def ordered(self, version: str, inputs: Mapping[str, JsonObject] | None = None) -> JsonObject:
        """Order a block and wait for the end of its run."""
        return self.settled(_text(self.order(version, inputs), "metadata", "uuid"))

    def logs(self, block: JsonObject) -> str:
        """Return all messages of a block's latest run as one text."""
        run = _text(block, "status", "latestRunUuid")
        document = self.call("GET", f"/api/meshobjects/meshbuildingblockruns/{run}/logs", kinds.RUN.media)
        return json.dumps(document, indent=1, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')

    def dump(self) -> bytes:
        """Return every byte that the installation keeps in its data directory, but for its key files."""
        keys = {"master.key", "admin-key.json", "runner-api-key.json", "runner-key.pem"}
        return b"".join(file.read_bytes() for file in self.data.rglob("*") if file.is_file() and file.name not in keys)


def value(plain: Json) -> JsonObject:
    """Return an input value."""
    return {"value": plain, "isSensitive": False}


def secret(plain: str) -> JsonObject:
    """Return the value of a sensitive input."""
    return {"value": {"plaintext": plain}, "isSensitive": True}


def terraform(repository: Repository | str, **members: Json) -> JsonObject:
    """Return an OpenTofu implementation for the engine version of this machine."""
    url = repository if isinstance(repository, str) else repository.path.as_uri()
    settings: JsonObject = {
        "terraformVersion": engine_version(),
        "repositoryUrl": url,
        "async": False,
        "useMeshHttpBackendFallback": True,
        **members,
    }
    return {"type": "terraform", "terraform": settings}


@cache
def engine_version() -> str:
    """Return the version of the engine on PATH."""
    answer = subprocess.run([engine(), "version", "-json"], check=True, capture_output=True)
    return str(json.loads(answer.stdout)["terraform_version"])


def engine() -> str:
    """Return the name of the engine on PATH."""
    names = [
        name for name in ("tofu", "terraform") if any((Path(p) / name).exists() for p in os.environ["PATH"].split(":"))
    ]
    assert names, "no engine: install OpenTofu or Terraform"
    return names[0]


def outputs(block: JsonObject) -> dict[str, Json]:
    """Return the plain output values of a block."""
    return {key: item["value"] for key, item in _object(block, "status", "outputs").items() if isinstance(item, dict)}


def status(block: JsonObject) -> str:
    """Return the status of a block."""
    return _text(block, "status", "status")


@contextmanager
def installation(
    data: Path, settings: Mapping[str, str] | None = None, *, database_url: str | None = None
) -> Iterator[Installation]:
    """Start `blockyard up` on a free port, give it, stop it; `settings` are environment variables."""
    log = data.parent / f"{data.name}.log"
    process = start(data, log, settings or {}, database_url=database_url)
    try:
        url, password = _address(process, log)
        key = json.loads((data / "admin-key.json").read_text())
        with httpx2.Client(base_url=url, timeout=60, auth=Login(url, key)) as client:
            yield Installation(url, data, process, client, log, password, database_url)
    finally:
        stop(process)


def start(
    data: Path, log: Path, settings: Mapping[str, str], *, port: int = 0, database_url: str | None = None
) -> Process:
    """Start `blockyard up` with an environment of its own, and with a runner's key: to make one takes long."""
    data.mkdir(parents=True, exist_ok=True)
    if not (data / RUNNER_KEY).exists():
        (data / RUNNER_KEY).write_text(a_runner_key().private_pem)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE") if name in os.environ}
    home = data.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {**kept, "HOME": str(home), "BLOCKYARD_LOG_LEVEL": "info", **settings}
    if database_url:
        environment["BLOCKYARD_DATABASE_URL"] = database_url
    with log.open("ab") as file:
        return forked.start(
            ["up", "--data-dir", str(data), "--port", str(port)],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def stop(process: Process) -> None:
    """Stop a server as an operator does; kill its process group if it does not end."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(45)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


class Login(httpx2.Auth):
    """Signs in with an API key and again when the token is refused."""

    requires_response_body = True

    def __init__(self, url: str, key: Mapping[str, str]) -> None:
        self._url = url
        self._key = dict(key)
        self._token = ""

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if response.status_code != 401:
                return
        answer = yield httpx2.Request("POST", f"{self._url}/api/login", json=self._key)
        self._token = answer.json()["access_token"]
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _address(process: Process, log: Path) -> tuple[str, str | None]:
    deadline = time.monotonic() + START_SECONDS
    url = password = None
    with httpx2.Client(timeout=5) as client:
        while True:
            text = log.read_text()
            assert process.poll() is None, f"the server ended:\n{text}"
            assert time.monotonic() < deadline, f"the server did not start:\n{text}"
            for line in text.splitlines():
                if line.startswith("Blockyard is at "):
                    url = line.removeprefix("Blockyard is at ").strip()
                if line.strip().startswith("password "):
                    password = line.split()[1]
            if url and _is_ready(client, url):
                return url, password
            time.sleep(0.05)


def _is_ready(client: httpx2.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _object(document: JsonObject, *path: str) -> JsonObject:
    found: Json = document
    for name in path:
        assert isinstance(found, dict), path
        found = found[name]
    assert isinstance(found, dict), path
    return found


def _text(document: JsonObject, *path: str) -> str:
    found = _object(document, *path[:-1])[path[-1]]
    assert isinstance(found, str), (path, found)
    return found


object_of, text_of = _object, _text
