"""Clients that stall, split or bloat their requests, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request

from blockyard.server.kit import connections
from blockyard.server.kit.connections import MAX_HEADER_BYTES, BodyGuard, GuardedProtocol
from blockyard.server.kit.http import install_errors
from tests.support.waiting import PATIENCE_SECONDS

PATIENCE = 0.3
"""What stands for ten and thirty seconds here."""


class QuickProtocol(GuardedProtocol):
    """The protocol with little patience."""

    header_seconds = PATIENCE


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve one route that echoes the length of its body; give the port."""
    app = FastAPI()
    install_errors(app)
    app.add_middleware(BodyGuard, max_bytes=1000, stall_seconds=PATIENCE)

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=QuickProtocol, log_config=None, lifespan="off", timeout_keep_alive=5)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def talk(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send `parts` one after the other and return everything the server says until it closes or is silent for a second."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(pause)
        return read(connection)


def read(connection: socket.socket) -> bytes:
    """Return what arrives until the connection ends; fails if it stays open and silent."""
    answer = b""
    while True:
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:
            return answer
        if not chunk:
            return answer
        answer += chunk


HEAD = b"POST /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def test_a_request_split_into_single_bytes_is_answered(port: int) -> None:
    request = HEAD + b"Content-Length: 3\r\n\r\nabc"

    answer = talk(port, *(request[at : at + 1] for at in range(len(request))))

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"3")


def test_headers_that_never_end_close_the_connection(port: int) -> None:
    assert talk(port, b"POST /length HTTP/1.1\r\nHost: x\r\nX-Slow: a", pause=PATIENCE * 2) == b""


def test_a_silent_connection_is_closed(port: int) -> None:
    assert talk(port, b"", pause=PATIENCE * 2) == b""


@pytest.mark.parametrize(
    "headers",
    [b"X-Big: " + b"a" * (MAX_HEADER_BYTES + 1) + b"\r\n\r\n", b"X-Many: b\r\n" * 10_000 + b"\r\n"],
    ids=["one", "many"],
)
def test_huge_headers_are_never_answered_with_success(port: int, headers: bytes) -> None:
    answer = talk(port, HEAD + headers)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_huge_header_without_end_closes_the_connection(port: int) -> None:
    answer = talk(port, b"POST /length HTTP/1.1\r\nX-Big: ", *[b"a" * 16_384] * 6)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_stalled_body_gets_a_timeout_with_a_reason(port: int) -> None:
    answer = talk(port, HEAD + b"Content-Length: 100\r\n\r\nabc", pause=PATIENCE * 2)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BodyStalled" in answer


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1001\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"1f4\r\n" + b"a" * 500 + b"\r\n") * 3 + b"0\r\n\r\n",
    ],
    ids=["declared", "chunked"],
)
def test_a_body_over_the_limit_is_refused(port: int, body: bytes) -> None:
    answer = talk(port, HEAD + body)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"BodyTooLarge" in answer


def test_the_limits_are_those_of_the_architecture() -> None:
    assert (connections.HEADER_SECONDS, MAX_HEADER_BYTES) == (10.0, 65536)
    assert GuardedProtocol.header_seconds == connections.HEADER_SECONDS
