"""A small HTTP state server on loopback, as the engine's `http` backend wants it; runs have tokens."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from blockyard.protocol.jsontypes import JsonObject

TOKEN = "run-token-0123456789"


@dataclass
class StateServer:
    """What the server holds, what it was asked, and which troubles it shall make."""

    base_url: str = ""
    states: dict[str, bytes] = field(default_factory=dict)
    locks: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    refuse_writes_with_lock: int | None = None
    """Status of the answer to writes of an engine (they carry the id of its lock)."""
    refuse_writes: int | None = None
    """Status of the answer to every write."""

    def state(self) -> JsonObject:
        """Return the only state, parsed."""
        (content,) = self.states.values()
        parsed: JsonObject = json.loads(content)
        return parsed

    def resources(self) -> list[str]:
        """Return the names of the resources in the only state."""
        resources = self.state()["resources"]
        assert isinstance(resources, list)
        return [str(resource["name"]) for resource in resources if isinstance(resource, dict)]


@contextmanager
def state_server() -> Iterator[StateServer]:
    """Serve states below any path."""
    content = StateServer()
    handler = type("Handler", (_StateHandler,), {"content": content})
    server = _Server(("127.0.0.1", 0), handler)
    content.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield content
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that hang up."""


class _StateHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content: StateServer

    def do_GET(self) -> None:
        """Answer with the state."""
        if self._begin() is not None:
            state = self.content.states.get(self._path)
            self._reply(404 if state is None else 200, state or b"")

    def do_POST(self) -> None:
        """Store a state."""
        body = self._begin()
        if body is None:
            return
        locked = "ID=" in urlsplit(self.path).query
        refusal = self.content.refuse_writes or (self.content.refuse_writes_with_lock if locked else None)
        if refusal is None:
            self.content.states[self._path] = body
        self._reply(refusal or 200, b"")

    def do_LOCK(self) -> None:
        """Take the lock."""
        body = self._begin()
        if body is not None:
            holder = self.content.locks.setdefault(self._path, body)
            self._reply(200 if holder == body else 423, holder)

    def do_UNLOCK(self) -> None:
        """Give the lock back."""
        if self._begin() is not None:
            self.content.locks.pop(self._path, None)
            self._reply(200, b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _begin(self) -> bytes | None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.content.requests.append(f"{self.command} {self.path}")
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(credentials).decode().partition(":")
        self.content.users.add(user)
        if scheme == "Basic" and password in self.content.tokens:
            return body
        self._reply(401, b"")
        return None

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
