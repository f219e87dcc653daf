"""AWS's Security Token Service before moto, which believes any token: this front believes only what AWS would.

It takes `AssumeRoleWithWebIdentity` and `AssumeRole`, reads the role's trust policy and the account's identity providers from
moto, decides as AWS does, and lets moto hand out the credentials. Everything else goes on to moto untouched, so that one address
is a whole AWS.
"""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.support import aws_trust
from tests.support.identity_tokens import BadTokenError, issuer_of, verified
from tests.support.loopback import loopback_server

TAGS_CLAIM = "https://aws.amazon.com/tags"
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_KEY = re.compile(r"Credential=([^/]+)/")
_ASSUMED = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/(.+)")


class RefusedError(Exception):
    """What AWS would answer instead of credentials."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Exchange:
    """One request for credentials; `refused` says why there were none."""

    role: str
    caller: str
    claims: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    external_id: str | None = None
    refused: str | None = None


@dataclass
class StsFront:
    """The running front."""

    url: str
    moto: str
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def given(self) -> list[Exchange]:
        """The exchanges that ended with credentials."""
        return [one for one in self.exchanges if one.refused is None]

    def role(self, arn: str) -> tuple[str, str]:
        """Return account and trust policy of a role. Raises RefusedError."""
        match = _ROLE.fullmatch(arn)
        if match is None:
            raise RefusedError(400, "ValidationError", f"{arn} is invalid")
        found = self.ask(match[1], "iam", Action="GetRole", RoleName=match[2])
        policy = None if found is None else found.findtext(".//{*}AssumeRolePolicyDocument")
        if policy is None:  # a role that is not there looks like one that trusts nobody
            raise RefusedError(403, "AccessDenied", f"not authorized to assume {arn}: there is no such role")
        return match[1], unquote(policy)

    def audiences(self, account: str, issuer: str) -> list[str]:
        """Return the client ids of the account's identity provider for an issuer. Raises RefusedError."""
        arn = provider_arn(account, issuer)
        found = self.ask(account, "iam", Action="GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
        if found is None:
            message = f"No OpenIDConnect provider found in your account for {issuer}"
            raise RefusedError(400, "InvalidIdentityToken", message)
        return [str(one.text) for one in found.iterfind(".//{*}ClientIDList/{*}member")]

    def caller(self, headers: Mapping[str, str]) -> str:
        """Return the ARN behind the access key of a request."""
        key = _KEY.search(headers.get("Authorization", ""))
        found = self.ask(None, "sts", key="" if key is None else key[1], Action="GetCallerIdentity")
        arn = None if found is None else found.findtext(".//{*}Arn")
        assert arn is not None, "moto knows who calls"
        return arn

    def ask(self, account: str | None, service: str, *, key: str = "FRONT", **parameters: str) -> ET.Element | None:
        """Ask moto as somebody of an account; None if that is not there."""
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, "
            "SignedHeaders=host, Signature=0",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        if account is not None:
            headers["x-moto-account-id"] = account
        version = {"iam": "2010-05-08", "sts": "2011-06-15"}[service]
        body = urlencode({**parameters, "Version": version}).encode()
        status, _, content = forwarded(self.moto, "POST", "/", headers, body)
        return ET.fromstring(content) if status == 200 else None  # noqa: S314  of our own moto


def provider_arn(account: str, issuer: str) -> str:
    """Return how an account names its identity provider for an issuer."""
    return f"arn:aws:iam::{account}:oidc-provider/{issuer.partition('://')[2]}"


def decide_by_token(front: StsFront, asked: Mapping[str, str]) -> Exchange:
    """Decide about `AssumeRoleWithWebIdentity`. Raises RefusedError."""
    token, arn = asked["WebIdentityToken"], asked["RoleArn"]
    account, policy = front.role(arn)
    try:
        issuer = issuer_of(token)
        audiences = front.audiences(account, issuer)
        claims = verified(token, issuer=issuer, audiences=audiences)
    except BadTokenError as error:
        expired, foreign = "Expired" in str(error), "InvalidAudience" in str(error)
        code = "ExpiredTokenException" if expired else "InvalidIdentityToken"
        words = "Token expired" if expired else "Incorrect token audience" if foreign else str(error)
        raise RefusedError(400, code, words) from error
    name = issuer.partition("://")[2]
    said = claims.get(TAGS_CLAIM, {})
    tags = {key: str(values[0]) for key, values in said.get("principal_tags", {}).items()}
    audience = claims["aud"] if isinstance(claims["aud"], str) else claims["aud"][0]
    context: dict[str, list[str]] = {
        f"{name}:sub": [claims["sub"]],
        f"{name}:aud": [audience],
        "aws:TagKeys": [*tags],
        **{f"aws:RequestTag/{key}": [value] for key, value in tags.items()},
    }
    actions = ("sts:AssumeRoleWithWebIdentity", *(("sts:TagSession",) if tags else ()))
    wanted = aws_trust.Request(actions, frozenset({provider_arn(account, issuer)}), context)
    reason = aws_trust.refusal(policy, wanted)
    if reason is not None:
        raise RefusedError(403, "AccessDenied", f"Not authorized to perform {reason}")
    return Exchange(arn, str(claims["sub"]), claims, tags)


def decide_by_caller(front: StsFront, asked: Mapping[str, str], headers: Mapping[str, str]) -> Exchange:
    """Decide about `AssumeRole`. Raises RefusedError."""
    arn, caller = asked["RoleArn"], front.caller(headers)
    _, policy = front.role(arn)
    external = asked.get("ExternalId")
    context = {} if external is None else {"sts:ExternalId": [external]}
    reason = aws_trust.refusal(policy, aws_trust.Request(("sts:AssumeRole",), principals_of(caller), context))
    if reason is not None:
        message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn} ({reason})"
        raise RefusedError(403, "AccessDenied", message)
    return Exchange(arn, caller, external_id=external)


def principals_of(arn: str) -> frozenset[str]:
    """Return everything a policy may call a caller: itself, its role, its account."""
    assumed = _ASSUMED.fullmatch(arn)
    account = arn.split(":")[4]
    names = {arn, account, f"arn:aws:iam::{account}:root"}
    return frozenset(names | ({f"arn:aws:iam::{assumed[1]}:role/{assumed[2]}"} if assumed else set()))


def forwarded(
    moto: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request on to moto and return its answer."""
    request = urllib.request.Request(moto + path, data=body or None, method=method, headers=dict(headers))  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@contextmanager
def sts_front(moto: str) -> Iterator[StsFront]:
    """Run the front of a moto on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP_BY_HOP}
            asked = {key: values[0] for key, values in parse_qs(_form(headers, body)).items()}
            status, answered, content = self.decided(asked, headers, body)
            self.send_response(status)
            kept = {key: value for key, value in answered.items() if key.lower() not in _OF_THE_ANSWER}
            length = answered.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            for name, value in {**kept, "Content-Length": length, "Connection": "close"}.items():
                self.send_header(name, value)
            self.close_connection = True
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def decided(
            self, asked: Mapping[str, str], headers: Mapping[str, str], body: bytes
        ) -> tuple[int, Mapping[str, str], bytes]:
            try:
                if asked.get("Action") == "AssumeRoleWithWebIdentity":
                    front.exchanges.append(decide_by_token(front, asked))
                elif asked.get("Action") == "AssumeRole":
                    front.exchanges.append(decide_by_caller(front, asked, headers))
            except RefusedError as error:
                front.exchanges.append(Exchange(asked["RoleArn"], "", refused=str(error)))
                text = f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(str(error))}</Message></Error>"
                whole = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{text}</ErrorResponse>'
                return error.status, {"Content-Type": "text/xml"}, whole.encode()
            return forwarded(moto, self.command, self.path, headers, body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815  the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name the base class gives it
            """Say nothing."""

    with loopback_server(Handler) as url:
        front = StsFront(url, moto)
        yield front


_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "accept-encoding", "expect"})
_OF_THE_ANSWER = frozenset({"connection", "content-length", "transfer-encoding", "date", "server"})


def _form(headers: Mapping[str, str], body: bytes) -> str:
    kind = next((value for key, value in headers.items() if key.lower() == "content-type"), "")
    return body.decode() if kind.startswith("application/x-www-form-urlencoded") else ""
