"""Keeps the program that supervises commands, see `supervisor.py`; it is started ahead, so that no command waits for it."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from blockyard.runner import supervisor

_PROBE_SECONDS = 10.0


class Supervisors:
    """Has commands started by supervisors. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._can_mount: bool | None = None

    def prepare(self) -> None:
        """Start the program unless it runs."""
        with self._lock:
            self._running()

    def launch(
        self,
        folder: Path,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        mounts: Sequence[tuple[Path, Path]] = (),
    ) -> None:
        """Have a supervisor start a command whose directory is `folder`, and which sees folders at other places."""
        order: dict[str, object] = {"folder": str(folder), "argv": list(argv), "cwd": str(cwd), "env": dict(env)}
        if mounts:
            order["mounts"] = [[str(source), str(target)] for source, target in mounts]
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as file:
            try:
                self._hand_over(reader)
            finally:
                os.close(reader)
            file.write(json.dumps(order).encode() + b"\n")

    def can_mount(self) -> bool:
        """Tell whether commands can see folders at other places; the machine is asked once."""
        with self._lock:
            if self._can_mount is None:
                self._can_mount = self._probed()
            return self._can_mount

    def has_ended(self) -> bool:
        """Tell whether the program ended, perhaps before it took an order."""
        program = self._program
        return program is not None and program.poll() is not None

    def close(self) -> None:
        """End the program; supervisors of commands stay."""
        with self._lock:
            self._end()

    def _hand_over(self, order_file: int) -> None:
        with self._lock:
            try:
                socket.send_fds(self._running(), [b"+"], [order_file])
            except (BrokenPipeError, ConnectionResetError):
                self._end()
                socket.send_fds(self._running(), [b"+"], [order_file])

    def _probed(self) -> bool:
        orders = self._running()
        try:
            orders.sendall(supervisor.PROBE)
            orders.settimeout(_PROBE_SECONDS)
            return orders.recv(1) == b"+"
        except OSError:
            self._end()
            return False
        finally:
            if self._orders is not None:
                self._orders.settimeout(None)

    def _running(self) -> socket.socket:
        if self._orders is not None:
            return self._orders
        ours, theirs = socket.socketpair()
        with theirs:
            self._program = subprocess.Popen(  # noqa: S603  our own program
                [sys.executable, "-I", "-S", supervisor.__file__],
                env={},
                cwd="/",
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._orders = ours
        return ours

    def _end(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._program is not None:
            self._program.wait()
            self._program = None
