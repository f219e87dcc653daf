"""`/healthz`, `/readyz` and `/metrics` of a runner: what its loop really does, not a constant."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

_NOT_ALIVE = b"a slot neither works nor has claimed within 3 minutes\n"
_NOT_READY = (
    b"no claim was answered yet (a claim waits up to 25 seconds), the last one failed, or the runner is draining\n"
)


class Vitals(Protocol):
    """What health is judged by."""

    def is_alive(self) -> bool:
        """Tell whether every slot works or has claimed lately."""

    def is_ready(self) -> bool:
        """Tell whether the last claim worked and runs are taken."""


class HealthServer:
    """A small HTTP server in a thread of its own. Port 0 takes any free one."""

    def __init__(self, host: str, port: int, *, vitals: Vitals, registry: CollectorRegistry) -> None:
        class Handler(_Handler):
            pass

        Handler.vitals = vitals
        Handler.registry = registry
        self._server = ThreadingHTTPServer((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    vitals: Vitals
    registry: CollectorRegistry

    def do_GET(self) -> None:
        match self.path:
            case "/healthz":
                self._answer_claim(is_true=self.vitals.is_alive(), otherwise=_NOT_ALIVE)
            case "/readyz":
                self._answer_claim(is_true=self.vitals.is_ready(), otherwise=_NOT_READY)
            case "/metrics":
                self._answer(HTTPStatus.OK, generate_latest(self.registry), CONTENT_TYPE_LATEST)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, b"not found\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by http.server
        """Say nothing: probes come every few seconds."""

    def _answer_claim(self, *, is_true: bool, otherwise: bytes) -> None:
        if is_true:
            self._answer(HTTPStatus.OK, b"OK")
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, otherwise)

    def _answer(self, status: HTTPStatus, body: bytes, content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
