"""A program that signs people in: what the public command line client sends, step by step."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from tests.support.page_world import PageWorld, Person

BACK = "http://127.0.0.1:43215/callback"
CLIENT = "blockyard-cli"
SCOPES = "openid profile email offline_access"
VERIFIER = "a-verifier-of-a-program-that-has-43-characters"


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class Program:
    """A command line; `person` is the browser of whoever sits in front of it."""

    def __init__(self, world: PageWorld, username: str | None = "sam") -> None:
        self.world = world
        self.person = world.person(username)
        self.machine = Person(world.app)

    def address(self, level: str | None = "full", **more: str | None) -> str:
        """Return the address that the browser is sent to; None leaves a parameter out."""
        scopes = SCOPES if level is None else f"{SCOPES} cli-access-{level}"
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": BACK,
            "scope": scopes,
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        asked = {name: value for name, value in (usual | more).items() if value is not None}
        return f"/oidc/authorize?{urlencode(asked)}"

    def consent(self, level: str | None = "full", answer: str = "allow", **more: Any) -> dict[str, str]:
        """Ask, and answer the page that opens; return what the browser takes back to the program."""
        chosen = {name: more.pop(name) for name in ("workspace", "chooses") if name in more}
        at = self.address(level, **more)
        form = self.person.form(at, action="/oidc/authorize")
        fields = {name: values[-1] for name, values in parse_qs(form.encoded()[1].decode()).items()}
        wanted = chosen.get("chooses", fields.get("level", ""))
        sent = {**fields, "answer": answer, "level": wanted, "workspace": chosen.get("workspace", "")}
        return returned(self.person.post_raw("/oidc/authorize", sent))

    def token(self, **sent: str) -> httpx2.Response:
        """Ask for tokens."""
        headers = {"User-Agent": "meshstack/1.0"}
        return self.machine._send("POST", "/oidc/token", data={"client_id": CLIENT, **sent}, headers=headers)

    def redeem(self, code: str, verifier: str = VERIFIER, back: str = BACK) -> httpx2.Response:
        """Bring a code."""
        return self.token(grant_type="authorization_code", code=code, redirect_uri=back, code_verifier=verifier)

    def refresh(self, token: str, scope: str = "openid offline_access") -> httpx2.Response:
        """Bring a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=token, scope=scope)

    def sign_in(self, level: str | None = "full", **more: Any) -> dict[str, Any]:
        """Sign in; return the tokens."""
        answer = self.redeem(self.consent(level, **more)["code"])
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def call(self, token: str, path: str = "/api/blockyard/v1/me", method: str = "GET", **more: Any) -> httpx2.Response:
        """Ask the API with an access token."""
        return self.machine._send(
            method, path, headers={"Authorization": f"Bearer {token}", **more.pop("headers", {})}, **more
        )


def returned(answer: httpx2.Response) -> dict[str, str]:
    """Return what an answer takes to the program: a page that leads on, or a redirection."""
    address = answer.headers.get("location") or found_in(answer.text)
    assert address.startswith((BACK, "/oidc/code")), f"{answer.status_code} {address}"
    return {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}


def found_in(page: str) -> str:
    """Return where a page leads on to by itself."""
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    return found[1].replace("&amp;", "&") if found else ""
