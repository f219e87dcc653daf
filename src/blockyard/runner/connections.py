"""Ends connections while other threads wait for answers on them, which an HTTP client offers no way to do."""

import socket
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress

_OPENED = (".connect_tcp.complete", ".start_tls.complete")


class Connections:
    """The connections that a client opened for requests with the extension `trace`. Thread-safe."""

    def __init__(self) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_hung_up = False

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        """Take notice of a connection. Source: the `trace` extension of httpx2."""
        if not event.endswith(_OPENED):
            return
        opened = getattr(info.get("return_value"), "get_extra_info", lambda _name: None)("socket")
        if isinstance(opened, socket.socket):
            with self._lock:
                self._sockets.add(opened)
                if self._is_hung_up:
                    _hang_up(opened)

    def hang_up(self) -> None:
        """Say on all connections, and on those still to come, that no more will be sent.

        The other side ends what it holds for us; an answer that has been sent already still arrives.
        """
        with self._lock:
            self._is_hung_up = True
            for each in self._sockets:
                _hang_up(each)


def _hang_up(connection: socket.socket) -> None:
    """End our direction. Not by the method of an SSLSocket, which would take the key from whoever reads."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
