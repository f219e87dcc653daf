"""The server processes of a stack: one by `blockyard up`, or several by `blockyard serve` on one database."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from cryptography.hazmat.primitives import serialization

from blockyard.protocol.sealing import load_private_key
from blockyard.server.app.settings import load_settings
from tests.support import forked
from tests.support.forked import Process
from tests.support.installation import start
from tests.support.installed import install
from tests.support.network import free_port

READY_SECONDS = 60.0
_ASK_SECONDS = 0.02


@dataclass
class Server:
    """One server on a port of its own."""

    port: int
    log: Path
    begin: Callable[[], Process]
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        self.process = self.begin()

    def start_again(self) -> None:
        """Start it after it was killed."""
        self.process.wait()
        self.process = self.begin()

    def wait_until_ready(self) -> None:
        """Wait until it takes requests."""
        end = time.monotonic() + READY_SECONDS
        with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5) as client:
            while True:
                try:
                    if client.get("/readyz").status_code == httpx2.codes.OK:
                        return
                except httpx2.TransportError:
                    pass
                if time.monotonic() > end:
                    raise TimeoutError(f"the server is not ready:\n{self.log.read_text(errors='replace')[-5000:]}")
                time.sleep(_ASK_SECONDS)


def single_server(data: Path, log: Path, database_url: str | None) -> list[Server]:
    """Start `blockyard up` without its runner; it makes the keys in `data`."""
    data.mkdir(exist_ok=True)
    settings = {"BLOCKYARD_EMBEDDED_RUNNER": "false"}
    port = free_port()
    server = Server(port, log, lambda: start(data, log, settings, port=port, database_url=database_url))
    server.wait_until_ready()
    return [server]


def replicas(data: Path, log: Path, database_url: str, public_url: str, number: int) -> list[Server]:
    """Start several `blockyard serve` on one database, with the keys and tables that `up` makes."""
    for folder in (data, data.parent / "home"):
        folder.mkdir(exist_ok=True)
    install(load_settings({}, {"data_dir": str(data), "database_url": database_url}))
    (data / "runner.pem").write_bytes(
        load_private_key((data / "runner-key.pem").read_bytes())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    settings = {
        "BLOCKYARD_DATABASE_URL": database_url,
        "BLOCKYARD_PUBLIC_URL": public_url,
        "BLOCKYARD_MASTER_KEY_FILE": str(data / "master.key"),
        "BLOCKYARD_ADMIN_KEY_FILE": str(data / "admin-key.json"),
        "BLOCKYARD_SHARED_RUNNER_PUBLIC_KEY_FILE": str(data / "runner.pem"),
    }
    servers = [_replica(free_port(), log, settings, data.parent / "home") for _ in range(number)]
    for server in servers:
        server.wait_until_ready()
    return servers


def _replica(port: int, log: Path, settings: Mapping[str, str], home: Path) -> Server:
    environment = {**settings, "PATH": os.environ["PATH"], "HOME": str(home)}

    def begin() -> Process:
        with log.open("ab") as file:
            return forked.start(
                ["serve", "--port", str(port)], env=environment, stdout=file, stderr=file, start_new_session=True
            )

    return Server(port, log, begin)
