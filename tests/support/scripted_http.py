"""A real HTTP server on localhost that answers what a test wrote down, and keeps what it was asked."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.loopback import loopback_server


@dataclass(frozen=True)
class Answer:
    """One answer; without a status the connection is closed without any."""

    status: int | None = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body as bytes: JSON unless it is bytes already."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers each path with its answers in order; the last one again and again."""

    url: str
    answers: Mapping[str, list[Answer]]
    asked: list[Asked] = field(default_factory=list)

    def answer(self, path: str) -> Answer:
        """Return the next answer for a path."""
        left = self.answers.get(path.partition("?")[0], [Answer(404, {"message": f"nothing at {path}"})])
        return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def scripted_server(answers: Mapping[str, list[Answer]]) -> Iterator[ScriptedServer]:
    """Run such a server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            wanted = server.answer(self.path)
            self.close_connection = True
            if wanted.status is None:
                return
            content = wanted.content()
            self.send_response(wanted.status)
            for name, value in {"Content-Length": str(len(content)), "Connection": "close", **wanted.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name the base class gives it
            """Say nothing."""

    with loopback_server(Handler) as url:
        server = ScriptedServer(url, answers)
        yield server
