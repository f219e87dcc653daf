"""The other side of the wire: a recording control plane that speaks the official protocol and, if asked, our additions."""

import json
import re
import select
import socket
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.run import RUNNER_TYPES, ImplementationType, RunDocument
from blockyard.protocol.version import HELD_RUN_PARAMETER

T = TypeVar("T")
Content: TypeAlias = "Json | bytes"

RUNS = "/api/meshobjects/meshbuildingblockruns"
CLIENT_ID = "client-1"
CLIENT_SECRET = "client-secret-of-the-runner"
FINAL = {"SUCCEEDED", "FAILED", "ABORTED"}

LOSE_ANSWER = 0
"""A fault: the request takes effect, its answer never arrives."""


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    at: float
    connection: socket.socket | None = field(default=None, repr=False, compare=False)

    @property
    def is_disconnected(self) -> bool:
        """Whether the client hung up before it was answered."""
        if self.connection is None or not select.select([self.connection], [], [], 0)[0]:
            return False
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    @property
    def is_of_full_runner(self) -> bool:
        """Whether it claims only what the runs wait for that it names; none of the runs here waits for another."""
        return any(name == HELD_RUN_PARAMETER for name, _ in self.query)

    @property
    def json(self) -> JsonObject:
        """The body as a JSON object."""
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document


@dataclass
class OfferedRun:
    """A run and what was said about it."""

    document: JsonObject
    token: str
    status: str = "PENDING"
    aborted: bool = False
    released: list[str] = field(default_factory=list)
    registrations: list[JsonObject] = field(default_factory=list)
    updates: list[JsonObject] = field(default_factory=list)
    logs: dict[str, bytearray] = field(default_factory=dict)
    heartbeats: int = 0

    @cached_property
    def run_id(self) -> str:
        """The id of the run."""
        return RunDocument.model_validate(self.document).metadata.uuid

    def take_messages(self, update: JsonObject) -> None:
        """Keep the message of a step as its log where none of it came before."""
        steps = update["steps"]
        for step in steps if isinstance(steps, list) else []:
            assert isinstance(step, dict)
            if step.get("systemMessage") and not self.logs.get(str(step["id"])):
                self.logs[str(step["id"])] = bytearray(str(step["systemMessage"]).encode())

    def log(self, step: str) -> bytes:
        """The live log of a step."""
        return bytes(self.logs.get(step, b""))

    def step(self, step_id: str) -> dict[str, Json]:
        """The last that was said about a step, member by member."""
        told: dict[str, Json] = {}
        for update in self.updates:
            steps = update["steps"]
            for step in steps if isinstance(steps, list) else []:
                assert isinstance(step, dict)
                if step["id"] == step_id:
                    told |= step
        return told

    @property
    def final_updates(self) -> list[JsonObject]:
        """The updates that end the run."""
        return [update for update in self.updates if update["status"] in FINAL]


class FakeControlPlane:
    """A control plane on a free port of the loopback interface."""

    def __init__(self, *, blockyard: bool, hold_seconds: float = 0.2) -> None:
        self.blockyard = blockyard
        self.hold_seconds = hold_seconds
        self.requests: list[Request] = []
        self.artifact = b""
        self.unknown_runner = False
        self.answers_the_gone = False
        """A claim is answered although the runner has hung up, as by a proxy in between that does not notice."""
        self.offers_again = False
        """Runs that are handed back are offered once more."""
        self.raw_claims: deque[bytes] = deque()
        self.token_seconds = 300
        self._runs: dict[str, OfferedRun] = {}
        self._queue: deque[str] = deque()
        self._faults: deque[tuple[str, re.Pattern[str], int]] = deque()
        self._tokens: set[str] = set()
        self._changed = threading.Condition()
        plane = self

        class Handler(_Handler):
            control_plane = plane

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.public_url = self.url
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def offer(self, document: JsonObject) -> OfferedRun:
        """Put a run into the queue."""
        metadata = document["metadata"]
        assert isinstance(metadata, dict)
        run_id = str(metadata["uuid"])
        run = OfferedRun(document, token=f"run-token-of-{run_id}")
        with self._changed:
            self._runs[run_id] = run
            self._queue.append(run_id)
            self._changed.notify_all()
        return run

    def fail(self, method: str, path: str, *statuses: int) -> None:
        """Answer the next requests to a path (a regular expression) with these statuses, or lose the answer."""
        self._faults.extend((method, re.compile(path), status) for status in statuses)

    def clear_faults(self) -> None:
        """Answer normally again."""
        self._faults.clear()

    def wait_for(self, condition: Callable[[], T], seconds: float = 15) -> T:
        """Wait until the condition gives something true and return it."""
        end = time.monotonic() + seconds
        with self._changed:
            while not (result := condition()):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"waited {seconds} s in vain; last requests: {self.summary()[-12:]}")
                self._changed.wait(min(left, 0.05))
        return result

    def summary(self) -> list[str]:
        """The requests, one line each."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def of(self, method: str, path: str) -> list[Request]:
        """The requests to a path (a regular expression)."""
        return [r for r in list(self.requests) if r.method == method and re.search(path, r.path)]

    @property
    def claims(self) -> list[Request]:
        """The claims of slots that were free; a runner that is full asks, too, after a second."""
        return [claim for claim in self.of("POST", "/create$") if not claim.is_of_full_runner]

    def handle(self, request: Request) -> tuple[int, Content, dict[str, str]]:
        """Answer a request; status 0 drops the connection."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            fault = self._next_fault(request)
            if fault is not None and fault != LOSE_ANSWER:
                return fault, {"status": fault, "errorCode": "FAULT"}, {}
            answer = self._route(request)
            return answer if fault is None else (LOSE_ANSWER, None, {})

    def _next_fault(self, request: Request) -> int | None:
        for fault in list(self._faults):
            method, path, status = fault
            if method == request.method and path.search(request.path):
                self._faults.remove(fault)
                return status
        return None

    def _route(self, request: Request) -> tuple[int, Content, dict[str, str]]:
        if request.path == "/api/login":
            return self._log_in(request)
        if request.path == f"{RUNS}/create":
            return self._claim(request)
        match = re.fullmatch(rf"(?:{RUNS}|/api/blockyard/v1/runs)/([^/]+)/(.+)", request.path)
        if match is None or match[1] not in self._runs:
            return 404, {"status": 404}, {}
        run = self._runs[match[1]]
        if request.headers.get("authorization") != f"Bearer {run.token}":
            return 401, {"status": 401}, {}
        status, body = self._report(run, request, match[2])
        return status, body, {}

    def _log_in(self, request: Request) -> tuple[int, Json, dict[str, str]]:
        if request.json != {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}:
            return 401, {"status": 401}, {}
        token = f"api-token-{len(self._tokens)}"
        self._tokens.add(token)
        return 200, {"access_token": token, "expires_in": self.token_seconds}, {}

    def _claim(self, request: Request) -> tuple[int, Content, dict[str, str]]:
        headers = {"Blockyard-Protocol": "1"} if self.blockyard else {}
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return 401, {"status": 401}, headers
        if self.unknown_runner:
            return 404, {"status": 404, "errorCode": "NotFound"}, headers
        end = time.monotonic() + self.hold_seconds
        while self.blockyard and not self._has_for(request) and (left := end - time.monotonic()) > 0:
            self._changed.wait(min(left, 0.05))
        if request.is_disconnected and not self.answers_the_gone:
            return LOSE_ANSWER, None, {}
        if self.raw_claims and not request.is_of_full_runner:
            return 201, self.raw_claims.popleft(), headers
        run_id = self._wanted(request)
        if run_id is None:
            return 404, {"status": 404, "errorCode": "NoRunAvailable"}, headers
        self._queue.remove(run_id)
        run = self._runs[run_id]
        run.status = "IN_PROGRESS"
        return 201, self._rendered(run_id, run), headers

    def _has_for(self, request: Request) -> bool:
        return bool(self._wanted(request) or (self.raw_claims and not request.is_of_full_runner))

    def _wanted(self, request: Request) -> str | None:
        """The next run of one of the runner types that are claimed, or of none; an official server does not look at them."""
        if request.is_of_full_runner:
            return None
        types = [value for name, value in request.query if name == "implementationType"]
        return next(
            (run for run in self._queue if not self.blockyard or type_of(self._runs[run]) in {None, *types}), None
        )

    def _rendered(self, run_id: str, run: OfferedRun) -> JsonObject:
        spec = run.document["spec"]
        links = run.document.get("_links", {})
        assert isinstance(spec, dict)
        assert isinstance(links, dict)
        own = f"{self.public_url}{RUNS}/{run_id}"
        ours = f"{self.public_url}/api/blockyard/v1/runs/{run_id}"
        official: JsonObject = {
            "self": {"href": own},
            "registerSource": {"href": f"{own}/status/source"},
            "updateSource": {"href": f"{own}/status/source/{{sourceId}}", "templated": True},
            "meshstackBaseUrl": {"href": self.public_url},
        }
        live: JsonObject = {f"blockyard:{name}": {"href": f"{ours}/{name}"} for name in ("log", "heartbeat", "release")}
        return {
            **run.document,
            "spec": {**spec, "runToken": run.token},
            "_links": official | (live if self.blockyard else {}) | links,
        }

    def _hold(self, request: Request, run: OfferedRun) -> None:
        """Hold a heartbeat that asks for it until the run shall stop."""
        end = time.monotonic() + 4
        while request.headers.get("prefer") == "wait=4" and not run.aborted and time.monotonic() < end:
            self._changed.wait(0.02)

    def _report(self, run: OfferedRun, request: Request, what: str) -> tuple[int, Content]:
        reply: JsonObject = {"runAborted": run.aborted}
        if request.method == "POST" and what == "status/source":
            run.registrations.append(request.json)
        elif request.method == "PATCH" and what.startswith("status/source/"):
            run.updates.append(request.json)
            run.take_messages(request.json)
            if request.json["status"] in FINAL and run.status == "IN_PROGRESS":
                run.status = str(request.json["status"])
        elif request.method == "POST" and what == "heartbeat" and self.blockyard:
            run.heartbeats += 1
            self._hold(request, run)
            reply["runAborted"] = run.aborted
        elif request.method == "POST" and what == "release" and self.blockyard:
            run.released.append(str(request.json["reason"]))
            run.status = "PENDING"
            if self.offers_again:
                self._queue.append(next(run_id for run_id, each in self._runs.items() if each is run))
        elif request.method == "POST" and what == "log" and self.blockyard:
            query = dict(request.query)
            stored = run.logs.setdefault(query["step"], bytearray())
            offset = int(query["offset"])
            if offset <= len(stored):
                stored += request.body[len(stored) - offset :]
            reply |= {"offset": len(stored)}
        elif request.method == "GET" and what == "artifact":
            return 200, self.artifact
        else:
            return 404, {"status": 404}
        return 200, reply


def type_of(run: OfferedRun) -> str | None:
    """The runner type of a run; None where its document cannot be read."""
    try:
        document = RunDocument.model_validate(run.document)
    except ValidationError:
        return None
    return RUNNER_TYPES[ImplementationType(document.spec.building_block_definition.spec.implementation.type)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: killed runners hang up."""


class _Handler(BaseHTTPRequestHandler):
    control_plane: FakeControlPlane
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by http.server
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815  named by http.server
    do_PATCH = do_GET  # noqa: N815  named by http.server

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parse_qsl(parts.query),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            at=time.monotonic(),
            connection=self.connection,
        )
        status, answer, headers = self.control_plane.handle(request)
        if status == LOSE_ANSWER:
            self.close_connection = True
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def a_run(
    run_id: str = "run-1",
    *,
    inputs: dict[str, Json] | None = None,
    implementation: JsonObject | None = None,
    behavior: str = "APPLY",
    links: JsonObject | None = None,
) -> JsonObject:
    """A run document without token and links; the inputs are strings, the plain ones of the test."""
    given: list[Json] = [
        value
        if isinstance(value, dict)
        else {"key": key, "value": value, "type": "STRING", "isSensitive": False, "isEnvironment": False}
        for key, value in (inputs or {}).items()
    ]
    return {
        "kind": "meshBuildingBlockRun",
        "apiVersion": "v1",
        "metadata": {"uuid": run_id},
        "spec": {
            "runNumber": 1,
            "behavior": behavior,
            "buildingBlock": {
                "uuid": f"block-of-{run_id}",
                "spec": {
                    "displayName": "a block",
                    "workspaceIdentifier": "team-a",
                    "inputs": given,
                    "parentBuildingBlocks": [],
                },
            },
            "buildingBlockDefinition": {
                "uuid": "definition-1",
                "spec": {
                    "workspaceIdentifier": "platform-team",
                    "version": 1,
                    "implementation": implementation or {"type": "MANUAL"},
                },
            },
        },
        "status": "IN_PROGRESS",
        "_links": links or {},
    }


def data_url(content: bytes) -> str:
    """The value of a FILE input."""
    return f"data:text/plain;base64,{b64encode(content).decode()}"
