"""The published rules by which AWS, Azure and GCP accept a token, applied by a library that signs none of ours.

Sources: AWS "Obtain the thumbprint", "Create an OpenID Connect provider", "Pass session tags in AWS STS"; Microsoft "Workload identity
federation: considerations"; Google "Configure Workload Identity Federation with other identity providers".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Cloud

Fetch = Callable[[str], JsonObject]
"""Returns the JSON at an address, as the cloud would read it."""

_ALGORITHMS: Mapping[Cloud, frozenset[str]] = {
    Cloud.AWS: frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}),
    Cloud.AZURE: frozenset({"RS256"}),
    Cloud.GCP: frozenset({"RS256", "ES256"}),
}
_AWS_TOKEN_CHARACTERS, _AWS_TAGS, _AWS_TAG_KEY, _AWS_TAG_VALUE = 20_000, 50, 128, 256
_AWS_TAG = re.compile(r"[\w .:/=+\-@]*")
_AWS_TAGS_CLAIM = "https://aws.amazon.com/tags"
_AZURE_CHARACTERS = 600
_GCP_LONGEST_LIFE, _GCP_KEYS, _GCP_SUBJECT_BYTES = timedelta(hours=24), 8, 127


class Refused(Exception):
    """The cloud does not accept the token; the message names what does not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What somebody told a cloud to trust.

    Attributes:
        tags_sessions: AWS: the trust policy allows `sts:TagSession`.
        google_subject: GCP: the claim that is mapped to `google.subject`.
    """

    cloud: Cloud
    issuer: str
    audience: str
    subject: str
    tags_sessions: bool = False
    google_subject: str = "sub"


def accepted(trust: Trust, token: str, fetch: Fetch, at: datetime) -> Mapping[str, Any]:
    """Return what a token says that the cloud accepts. Raises Refused."""
    header = jwt.get_unverified_header(token)
    _require(header.get("alg") in _ALGORITHMS[trust.cloud], "algorithm")
    _require(
        trust.issuer.startswith("https://") and not re.search(r"[?#]|/$", trust.issuer), "issuer is no https address"
    )
    document = fetch(f"{trust.issuer}/.well-known/openid-configuration")
    _require(document["issuer"] == trust.issuer, "issuer of the discovery document")
    keys = fetch(str(document["jwks_uri"]))["keys"]
    assert isinstance(keys, list)
    key = next((one for one in keys if isinstance(one, dict) and one["kid"] == header.get("kid")), None)
    _require(key is not None and key.get("alg") == header["alg"] and key.get("use") == "sig", "key")
    assert isinstance(key, dict)
    _require(not {"d", "p", "q"} & key.keys(), "the key is private")
    claims = _verified(token, jwt.PyJWK(key), header["alg"], trust)
    now = at.timestamp()
    _require(claims["iat"] <= now and claims["nbf"] <= now, "not valid yet")
    _require(now < claims["exp"], "expired")
    _require(claims["sub"] == trust.subject, "subject")
    {Cloud.AWS: _aws, Cloud.AZURE: _azure, Cloud.GCP: _gcp}[trust.cloud](trust, token, claims, len(keys))
    return claims


def _verified(token: str, key: jwt.PyJWK, algorithm: str, trust: Trust) -> dict[str, Any]:
    """Return the claims after signature, issuer and audience were looked at; times are the test's."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=trust.audience,
            issuer=trust.issuer,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "jti"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise Refused(type(error).__name__) from error
    return claims


def _aws(trust: Trust, token: str, claims: Mapping[str, Any], _: int) -> None:
    _require(len(token) <= _AWS_TOKEN_CHARACTERS, "too long")
    tags = claims.get(_AWS_TAGS_CLAIM)
    if tags is None:
        return
    _require(trust.tags_sessions, "sts:TagSession")
    principal = tags["principal_tags"]
    _require(len(principal) <= _AWS_TAGS and set(tags["transitive_tag_keys"]) <= principal.keys(), "tags")
    for name, values in principal.items():
        _require(
            len(name) <= _AWS_TAG_KEY and bool(_AWS_TAG.fullmatch(name)) and not name.startswith("aws:"), "tag key"
        )
        _require(len(values) == 1 and len(values[0]) <= _AWS_TAG_VALUE and bool(_AWS_TAG.fullmatch(values[0])), "tag")


def _azure(trust: Trust, _: str, claims: Mapping[str, Any], __: int) -> None:
    _require(all(len(text) <= _AZURE_CHARACTERS for text in (trust.issuer, trust.subject, trust.audience)), "too long")
    _require(claims["aud"] == "api://AzureADTokenExchange", "audience")


def _gcp(trust: Trust, _: str, claims: Mapping[str, Any], keys: int) -> None:
    _require(keys <= _GCP_KEYS, "too many keys")
    _require(claims["exp"] - claims["iat"] <= _GCP_LONGEST_LIFE.total_seconds(), "lives too long")
    _require(len(str(claims[trust.google_subject]).encode()) <= _GCP_SUBJECT_BYTES, "google.subject is too long")


def _require(holds: bool, what: str) -> None:  # noqa: FBT001  the sentence of each rule stands where it is asked
    if not holds:
        raise Refused(what)
