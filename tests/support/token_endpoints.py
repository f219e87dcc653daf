"""The token endpoints of Azure and Google Cloud on loopback: they verify identity tokens, and refuse in these clouds' words.

Sources: Microsoft identity platform, "federated identity credentials" and its error codes; Google Cloud, "Security Token Service"
and "workload identity federation".
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from tests.support.identity_tokens import BadTokenError, issuer_of, verified
from tests.support.loopback import loopback_server

ACCESS_TOKEN = "ya29.an-access-token-of-google"


class RefusedError(Exception):
    """What a cloud answers instead of credentials."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


@dataclass
class TokenEndpoints:
    """The running endpoints, and what the clouds were told to trust.

    Attributes:
        credentials: federated credentials of Azure, by tenant and client.
        providers: providers of Google Cloud's pools, by audience of the exchange: `issuer`, `audiences`, `subject`.
        members: which subjects may act as a service account.
    """

    url: str
    credentials: dict[tuple[str, str], list[Mapping[str, str]]] = field(default_factory=dict)
    providers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    _signed_in: str = ""

    def answer(self, path: str, form: Mapping[str, str], authorization: str) -> Any:
        """Return what the endpoint at a path answers. Raises RefusedError."""
        if path.endswith("/oauth2/v2.0/token"):
            return self._azure(path.split("/")[1], form)
        if path == "/v1/token":
            return self._google(form)
        if path.endswith(":generateAccessToken") and authorization == f"Bearer {ACCESS_TOKEN}":
            return self._impersonated(path.rpartition("/")[2].partition(":")[0])
        raise RefusedError(404, {"error": "not_found"})

    def _azure(self, tenant: str, form: Mapping[str, str]) -> Any:
        known = self.credentials.get((tenant, form["client_id"]))
        if known is None:
            raise _azure(700016, f"Application with identifier '{form['client_id']}' was not found in the directory")
        token = form["client_assertion"]
        issuer = issuer_of(token)
        wanted = [one for one in known if one["issuer"] == issuer]
        if not wanted:
            raise _azure(
                700211, f"No matching federated identity record found for presented assertion issuer '{issuer}'."
            )
        audiences = [one["audience"] for one in wanted]
        try:
            claims = verified(token, issuer=issuer, audiences=audiences)
        except BadTokenError as error:
            code = 700212 if "udience" in str(error) else 700024 if "xpired" in str(error) else 50013
            raise _azure(code, str(error)) from error
        if claims["sub"] not in {one["subject"] for one in wanted}:
            said = f"No matching federated identity record found for presented assertion subject '{claims['sub']}'."
            raise _azure(700213, said)
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": ACCESS_TOKEN}

    def _google(self, form: Mapping[str, str]) -> Any:
        provider = self.providers.get(form["audience"])
        if provider is None:
            raise _google('Invalid value for "audience". This value should be the full resource name of the provider.')
        token = form["subject_token"]
        issuer = issuer_of(token)
        if issuer != provider["issuer"]:
            raise _google(f"The issuer in ID Token {issuer} does not match the expected ones.")
        try:
            claims = verified(token, issuer=issuer, audiences=provider["audiences"])
        except BadTokenError as error:
            words = "The audience in ID Token does not match." if "udience" in str(error) else "ID Token is stale."
            raise _google(words) from error
        if claims["sub"] != provider["subject"]:
            raise _google("The given credential is rejected by the attribute condition.")
        self._signed_in = claims["sub"]
        return {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}

    def _impersonated(self, account: str) -> Any:
        if self._signed_in not in self.members.get(account, []):
            message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
            raise RefusedError(403, {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED"}})
        return {"accessToken": "ya29.of-the-account", "expireTime": "2026-12-01T00:00:00Z"}


def _azure(code: int, message: str) -> RefusedError:
    body = {"error": "invalid_client", "error_description": f"AADSTS{code}: {message}", "error_codes": [code]}
    return RefusedError(401, body)


def _google(message: str) -> RefusedError:
    return RefusedError(400, {"error": "invalid_grant", "error_description": message})


@contextmanager
def token_endpoints() -> Iterator[TokenEndpoints]:
    """Run the endpoints on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {} if body.startswith("{") else {key: values[0] for key, values in parse_qs(body).items()}
            try:
                status, answer = 200, endpoints.answer(self.path, form, self.headers.get("Authorization", ""))
            except RefusedError as error:
                status, answer = error.status, error.body
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name the base class gives it
            """Say nothing."""

    with loopback_server(Handler) as url:
        endpoints = TokenEndpoints(url)
        yield endpoints
