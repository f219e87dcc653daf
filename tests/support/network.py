"""Sockets on this machine's loopback interface."""

import os
import random
import socket
import subprocess
import time
from contextlib import suppress
from itertools import cycle

_PORTS = list(range(20_000, 32_000))
"""Below those that systems give to whoever connects: none of them takes one of these while its server is started again."""

random.Random(os.getpid()).shuffle(_PORTS)  # noqa: S311  so that test processes at the same time take different ones
_next_ports = cycle(_PORTS)


def free_port() -> int:
    """Return a TCP port that nobody on loopback listens to at this moment, another one each time."""
    for port in _next_ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable: the ports come again and again")


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = 30) -> None:
    """Wait until something accepts connections on `port`; fail when `process` ends first or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with exit code {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")
