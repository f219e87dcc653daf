"""Connections that are given up while somebody waits for an answer on them."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import pytest

from blockyard.runner.connections import Connections
from tests.support.certificates import create_authority

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Holder:
    """Holds a request until its client has hung up, then answers all the same."""

    def __init__(self, wrap: Callable[[socket.socket], socket.socket]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wrap = wrap
        self.port: int = self._listener.getsockname()[1]
        self.asked = threading.Event()
        self.noticed = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            plain, _ = self._listener.accept()
        except OSError:  # nobody came before the end
            return
        with suppress(OSError), closing(self._wrap(plain)) as connection:
            if not connection.recv(65536):
                return
            self.asked.set()
            with suppress(ssl.SSLError):  # TLS misses a farewell
                assert connection.recv(1) == b""
            self.noticed.set()
            connection.sendall(ANSWER)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
        self._thread.join(5)


@pytest.fixture(params=["http", "https"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Holder, str, ssl.SSLContext]]:
    authority = create_authority(tmp_path)
    of_server = authority.server_context()
    is_secure = request.param == "https"
    holder = Holder(lambda plain: of_server.wrap_socket(plain, server_side=True) if is_secure else plain)
    with closing(holder):
        yield holder, f"{request.param}://127.0.0.1:{holder.port}", ssl.create_default_context(cafile=authority.ca_file)


def test_the_other_side_learns_of_it(held: tuple[Holder, str, ssl.SSLContext]) -> None:
    holder, url, tls = held
    connections = Connections()

    def hang_up() -> None:
        assert holder.asked.wait(10)
        connections.hang_up()

    other = threading.Thread(target=hang_up)
    other.start()
    with httpx2.Client(verify=tls) as client, suppress(httpx2.TransportError):
        answer = client.post(url, extensions={"trace": connections.trace})
        assert answer.text == "ok", "an answer that is on its way is heard"
    other.join()

    assert holder.noticed.wait(10)


def test_no_request_gets_through_afterwards(held: tuple[Holder, str, ssl.SSLContext]) -> None:
    holder, url, tls = held
    connections = Connections()
    connections.hang_up()

    with httpx2.Client(verify=tls) as client, pytest.raises(httpx2.TransportError):
        client.post(url, extensions={"trace": connections.trace})

    assert not holder.asked.is_set()
