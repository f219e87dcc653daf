"""Signing in with a browser: authorization code with a proof key, back to a port of this machine, or by a code typed in.

The client's side is a hash and two requests, so it needs no library that the server has. Source: RFC 7636, RFC 8252.
"""

import base64
import hashlib
import html
import os
import queue
import secrets
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

import typer

from blockyard.cli.contexts import Credentials
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.issuers import Issuer, redeemed
from blockyard.cli.output import Printer

WAIT_SECONDS = 600
"""How long a sign-in may take in the browser."""

SCOPES = "openid profile email offline_access"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font-family: system-ui; max-width: 30rem; margin: 4rem auto"><h1>{title}</h1><p>{text}</p></body></html>"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def sign_in(issuer: Issuer, url: str, level: str, printer: Printer, *, by_hand: bool) -> Credentials:
    """Return the credentials of whoever signs in; `by_hand`: with a code that they type in. Raises Failure, Abort."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    if by_hand:
        back = f"{issuer.address}/code"
        printer.note(
            f"Open this address, sign in, and enter the code:\n\n{_address(issuer, back, level, verifier, state)}\n"
        )
        code = str(typer.prompt("Code", err=True)).strip()
    else:
        with _listening() as (back, answers):
            address = _address(issuer, back, level, verifier, state)
            printer.note(f"Sign in with your browser. If it does not open, go to\n\n{address}\n")
            if _has_browser():
                webbrowser.open(address)
            code = _code_of(answers, state, issuer)
    return redeemed(issuer, url, code=code, back=back, verifier=verifier)


def can_open() -> bool:
    """Whether somebody may see a browser although this is no terminal: they said which one to start."""
    return bool(os.environ.get("BROWSER"))


def _has_browser() -> bool:
    if os.environ.get("BROWSER") or sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _address(issuer: Issuer, back: str, level: str, verifier: str, state: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": issuer.client_id,
        "redirect_uri": back,
        "scope": f"{SCOPES} cli-access-{level}",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{issuer.authorize}?{urlencode(asked)}"


Answers = queue.Queue[dict[str, str]]


@contextmanager
def _listening() -> Iterator[tuple[str, Answers]]:
    """Listen on a free port of this machine; yield the address to come back to, and what comes back."""
    answers: Answers = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path != "/callback":
                self._show(HTTPStatus.NOT_FOUND, "There is nothing here", "")
                return
            found = {name: values[-1] for name, values in parse_qs(query).items()}
            if "error" in found:
                self._show(
                    HTTPStatus.OK, "You are not signed in", "The command line was told. You can close this page."
                )
            else:
                self._show(HTTPStatus.OK, "Go on in your terminal", "You can close this page.")
            answers.put(found)

        def _show(self, status: HTTPStatus, title: str, text: str) -> None:
            body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", _POLICY),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as in the base class
            """Say nothing: the address has the code in it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback", answers
    finally:
        server.shutdown()
        server.server_close()


def _code_of(answers: Answers, state: str, issuer: Issuer) -> str:
    """Return the code that comes back; answers to other sign-ins are passed over. Raises Failure."""
    while True:
        try:
            found = answers.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise Failure(
                "nobody signed in with the browser",
                remedy="Try again; on a machine without a browser with --no-browser.",
                exit_code=ExitCode.DENIED,
                code="NotSignedIn",
            ) from None
        if not secrets.compare_digest(found.get("state", "").encode(), state.encode()):
            continue
        if found.get("iss", issuer.address) == issuer.address and found.get("code"):
            return found["code"]
        raise Failure(
            "you did not let the command line act for you"
            if found.get("error") == "access_denied"
            else f"the server did not sign you in: {found.get('error', 'it sent no code')}",
            remedy="Start again with 'blockyard login'.",
            exit_code=ExitCode.DENIED,
            code="NotSignedIn",
        )
