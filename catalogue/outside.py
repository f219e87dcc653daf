"""What modules and roots reach besides the server: stand-ins of programs and of a forge, on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_PROGRAMS = {"nix": "exit 0", "aws": "echo aws-cli/2.0.0"}
"""Programs that the catalogue's own samples install and call."""


def programs(folder: Path) -> Path:
    """Write stand-ins of programs and return their folder."""
    place = folder / "programs"
    place.mkdir()
    for name, script in _PROGRAMS.items():
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
    return place


@contextmanager
def forgejo() -> Iterator[str]:
    """Answer as a Forgejo that has every organization; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Forgejo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Forgejo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Return the organization that is asked for."""
        content = json.dumps({"username": self.path.rpartition("/")[2]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Keep quiet."""
