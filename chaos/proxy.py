"""An HTTP proxy on loopback that names and counts requests, and springs a trap at one of them.

Before several servers it takes them in turn, and the next one where one refuses the connection.
"""

import http.client
import itertools
import json
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_UPSTREAM_SECONDS = 60
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Moment(StrEnum):
    """When a trap springs, seen from the request it waits for."""

    BEFORE = "before"
    """The request has arrived here and goes no further until the victims are dead."""
    DURING = "during"
    """The request has been passed on; nobody has answered yet."""
    AFTER = "after"
    """The server has answered; nobody has heard it."""


@dataclass
class Trap:
    """What happens at one request: the first whose label and number fit."""

    label: str
    number: int
    moment: Moment
    spring: Callable[[int], None]
    """Is told the port of the server that has the request."""
    sprung: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    held: threading.Event | None = None
    """The request is held until this is set."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and what became of it."""

    at: float
    name: str
    status: str

    def line(self, since: float) -> str:
        """Return a line for a trace."""
        return f"{self.at - since:8.3f}  {self.name:<20} {self.status}"


class Proxy:
    """Forwards to ports. `label` names a request by method, path and body, None: it is not counted."""

    def __init__(self, label: Callable[[str, str, bytes], str | None]) -> None:
        self.upstreams: list[int] = []
        self.seen: list[Seen] = []
        self.run_tokens: set[str] = set()
        self._label = label
        self._trap: Trap | None = None
        self._armed: Trap | None = None
        self._open: set[socket.socket] = set()
        self._counts: Counter[str] = Counter()
        self._turns = itertools.count()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def arm(self, trap: Trap | None) -> None:
        """Count from 1 again and wait for a request; no earlier trap springs any more."""
        with self._lock:
            if self._armed is not None:
                self._armed.cancelled.set()
            self._trap = self._armed = trap
            self._counts.clear()
            self.seen = []

    def hang_up(self) -> None:
        """Break all connections, so that held requests are sent again."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def opened(self, connection: socket.socket) -> None:
        """Take notice of a connection."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Take notice of the end of a connection."""
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def named(self, method: str, path: str, body: bytes) -> str | None:
        """Return the label and number of a request that has just arrived."""
        label = self._label(method, path, body)
        if label is None:
            return None
        with self._lock:
            self._counts[label] += 1
            return f"{label}-{self._counts[label]}"

    def trap_for(self, name: str | None) -> Trap | None:
        """Return the trap that waits for this request."""
        with self._lock:
            trap = self._trap
            if trap is None or name != f"{trap.label}-{trap.number}":
                return None
            self._trap = None
            return trap

    def ports(self) -> list[int]:
        """Return the ports to try for one request, in their order."""
        first = next(self._turns) % len(self.upstreams)
        return self.upstreams[first:] + self.upstreams[:first]

    def record(self, name: str | None, status: str) -> None:
        """Note what became of a request."""
        if name is not None:
            self.seen.append(Seen(time.monotonic(), name, status))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients are killed on purpose."""


class _Dropped(Exception):
    """The client or the server went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""

    def setup(self) -> None:
        """Take notice of the connection."""
        super().setup()
        self.proxy.opened(self.connection)

    def finish(self) -> None:
        """Take notice of its end."""
        self.proxy.closed(self.connection)
        super().finish()

    def _forward(self) -> None:
        body = self._body()
        name = self.proxy.named(self.command, self.path, body)
        trap = self.proxy.trap_for(name)
        try:
            answer, content = self._exchange(body, trap)
        except (_Dropped, OSError, http.client.HTTPException) as error:
            self.proxy.record(name, f"dropped: {type(error).__name__} {error}")
            self._drop()
            return
        self.proxy.record(name, str(answer.status))
        self._note_token(name, content)
        self.send_response(answer.status, answer.reason)
        for header, text in answer.getheaders():
            if header.lower() not in _HOP_BY_HOP:
                self.send_header(header, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_LOCK = do_UNLOCK = do_HEAD = _forward  # noqa: N815  the standard library's

    def _exchange(self, body: bytes, trap: Trap | None) -> tuple[http.client.HTTPResponse, bytes]:
        ports = self.proxy.ports()
        if trap is not None and trap.moment is Moment.BEFORE:
            self._spring(trap, ports[0])
        upstream = _connect(ports)
        try:
            headers = {name: text for name, text in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            upstream.request(self.command, self.path, body=body, headers=headers)
            if trap is not None and trap.moment is Moment.DURING:
                self._spring(trap, upstream.port)
            self._wait_for_answer(upstream.sock)
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        if trap is not None and trap.moment is Moment.AFTER:
            self._spring(trap, upstream.port, answer=str(answer.status), content=content)
        return answer, content

    def _spring(self, trap: Trap, port: int, answer: str = "", content: bytes = b"") -> None:
        if trap.cancelled.is_set():
            return
        self._note_token("claim" if trap.label == "claim" else None, content)
        self.proxy.record(f"{trap.label}-{trap.number}", f"KILL {trap.moment} {answer}")
        trap.spring(port)
        trap.sprung.set()
        if trap.held is not None:
            trap.held.wait(_UPSTREAM_SECONDS)
        self._refuse_the_dead()

    def _refuse_the_dead(self) -> None:
        """Pass nothing on for a client that was just killed; its server is asked for nothing more."""
        if _is_closed(self.connection):
            raise _Dropped("the client is dead")

    def _wait_for_answer(self, upstream: socket.socket) -> None:
        """Wait for the server, or for the client to hang up."""
        while True:
            readable, _, _ = select.select([upstream, self.connection], [], [], _UPSTREAM_SECONDS)
            if upstream in readable:
                return
            if not readable or _is_closed(self.connection):
                raise _Dropped("the client hung up")

    def _note_token(self, name: str | None, content: bytes) -> None:
        if name is None or not name.startswith("claim") or not content.startswith(b"{"):
            return
        with suppress(ValueError, AttributeError, KeyError):
            token = json.loads(content)["spec"].get("runToken")
            if token:
                self.proxy.run_tokens.add(token)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _drop(self) -> None:
        """Break the connection as a dead server does."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RDWR)


def _connect(ports: list[int]) -> http.client.HTTPConnection:
    """Return a connection to the first that takes one."""
    for port in ports:
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=_UPSTREAM_SECONDS)
        try:
            upstream.connect()
        except ConnectionRefusedError:
            continue
        return upstream
    raise _Dropped("nobody listens")


def _is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has hung up."""
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
