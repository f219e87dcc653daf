"""An identity provider on loopback that says whatever a test wants, also what no honest one would."""

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

from blockyard.server.kit.clock import Clock
from tests.support.loopback import loopback_server

CLIENT = "blockyard"
_KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}) for name in ("first", "second")}
"""Made once: it takes a while."""


@dataclass
class FakeProvider:
    """What it says at the next sign-in: `claims` beside the usual ones, signed by `signer`, of the `published` keys."""

    clock: Clock
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    without: tuple[str, ...] = ()
    signer: str = "first"
    published: tuple[str, ...] = ("first",)
    algorithm: str = "RS256"
    away: bool = False
    token_status: int = 200
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    nonce: str = ""

    def discovery(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
            **self.metadata,
        }

    def token(self, **more: Any) -> str:
        """Return what it signs about somebody."""
        now = int(self.clock().timestamp())
        usual = {"iss": self.url, "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {**usual, **self.claims, **more}
        kept = {name: value for name, value in claims.items() if name not in self.without}
        if self.algorithm != "RS256":  # no library does that any more
            parts = ({"alg": self.algorithm, "kid": "first"}, kept)
            text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
            key = _KEYS["first"].as_pem(private=False)
            mac = hmac.digest(key, text.encode(), "sha256") if self.algorithm == "HS256" else b""
            return f"{text}.{_base64(mac)}"
        header = {"alg": "RS256", "kid": self.signer}
        return jwt.encode(header, kept, _KEYS[self.signer], algorithms=["RS256"])

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return what it answers to a request."""
        self.asked.append((path, form))
        if self.away:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            return 200, self.discovery()
        if path == "/keys":
            return 200, {"keys": [_KEYS[name].as_dict(private=False) for name in self.published]}
        if path == "/token":
            body = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token()}
            return self.token_status, body if self.token_status == 200 else {"error": "invalid_grant"}
        if path == "/userinfo" and self.userinfo is not None:
            return 200, self.userinfo
        return 404, {}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def a_provider(clock: Clock) -> Iterator[FakeProvider]:
    """Serve an identity provider."""
    provider = FakeProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            self._answer({name: values[-1] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            status, document = provider.answer(self.path.partition("?")[0], form)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with loopback_server(Handler) as provider.url:
        yield provider
