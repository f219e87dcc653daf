"""Servers for bare git repositories on loopback: HTTP and HTTPS through git's own backend, and SSH through OpenSSH's."""

import base64
import getpass
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.certificates import Authority
from tests.support.git_repositories import git_environment
from tests.support.machine import find_sshd, need
from tests.support.network import free_port, wait_for_port


@dataclass(frozen=True)
class GitHttpServer:
    """A running server of all repositories below `root`."""

    base_url: str
    root: Path
    requests: list[str]
    """Method and path of every request so far."""

    def url(self, repository: str) -> str:
        """Return the address of the repository at `root/repository`."""
        return f"{self.base_url}/{repository}"


@contextmanager
def git_http_server(
    root: Path, *, authority: Authority | None = None, credentials: tuple[str, str] | None = None
) -> Iterator[GitHttpServer]:
    """Serve the repositories below `root`, over TLS with `authority`, only to who knows `credentials` if given."""
    requests: list[str] = []
    handler = type("Handler", (_GitHandler,), {"root": root, "credentials": credentials, "requests": requests})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if authority is not None:
        server.socket = authority.server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    scheme = "http" if authority is None else "https"
    try:
        yield GitHttpServer(f"{scheme}://localhost:{server.server_port}", root, requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _GitHandler(BaseHTTPRequestHandler):
    """Hands each request to `git http-backend`, a CGI program."""

    protocol_version = "HTTP/1.1"
    root: Path
    credentials: tuple[str, str] | None
    requests: list[str]

    def do_GET(self) -> None:
        """Answer what git asks to learn."""
        self._answer()

    def do_POST(self) -> None:
        """Answer what git asks to get or to store."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
        """Keep quiet."""

    def _answer(self) -> None:
        self.requests.append(f"{self.command} {self.path}")
        body = self._body()
        if not self._is_known():
            self._reply(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
            return
        backend = subprocess.run(
            ["git", "http-backend"], env=self._cgi_environment(len(body)), input=body, capture_output=True, check=False
        )
        head, _, content = backend.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(headers.pop("Status", "200").split()[0]) if backend.returncode == 0 else 500
        self._reply(status, headers, content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _is_known(self) -> bool:
        if self.credentials is None:
            return True
        wanted = base64.b64encode(":".join(self.credentials).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {wanted}"

    def _cgi_environment(self, length: int) -> dict[str, str]:
        address = urlsplit(self.path)
        return {
            **git_environment(),
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "REMOTE_ADDR": "127.0.0.1",
            "REMOTE_USER": "git",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }

    def _reply(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # a client that was killed
            self.wfile.write(content)


@dataclass(frozen=True)
class GitSshServer:
    """A running SSH server for the current user; it lets in the owner of `private_key`."""

    port: int
    root: Path
    user: str
    private_key: str
    known_host: str
    """The server's line of a known_hosts file."""
    host_key: str
    """Type and key, without the host."""

    def url(self, repository: str) -> str:
        """Return the address of the repository at `root/repository`."""
        return f"ssh://{self.user}@localhost:{self.port}{self.root / repository}"


@contextmanager
def git_ssh_server(root: Path, folder: Path) -> Iterator[GitSshServer]:
    """Serve the repositories below `root` through sshd, its keys and settings in `folder`."""
    sshd = need(find_sshd(), "OpenSSH's server", "openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd as root refuses to start without it
    host_key, user_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    _write_private(folder / "host_key", _private(host_key))
    (folder / "authorized_keys").write_text(_public(user_key) + "\n")
    port = free_port()
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder / 'host_key'}\nPidFile none\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLogLevel ERROR\n"
    )
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", folder / "sshd_config"], stdout=log, stderr=log)
    try:
        wait_for_port(port, process)
        yield GitSshServer(
            port=port,
            root=root,
            user=getpass.getuser(),
            private_key=_private(user_key),
            known_host=f"[localhost]:{port} {_public(host_key)}",
            host_key=_public(host_key),
        )
    finally:
        process.terminate()
        process.wait(10)


def _private(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def _write_private(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)
