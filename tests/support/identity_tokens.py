"""Verifies identity tokens as a cloud does that knows an issuer by its address alone, with another library than signs them."""

import json
import urllib.error
import urllib.request
from collections.abc import Collection
from typing import Any

import jwt

ALGORITHMS = ("RS256", "ES256")


class BadTokenError(Exception):
    """A token that is not to be believed; the message says which claim is wrong."""


def verified(token: str, *, issuer: str, audiences: Collection[str]) -> dict[str, Any]:
    """Return the claims of a token of `issuer` for one of `audiences`. Raises BadTokenError."""
    discovered = _fetched(f"{issuer}/.well-known/openid-configuration")
    if discovered["issuer"] != issuer:
        raise BadTokenError(f"iss: the discovery document is one of {discovered['issuer']}")
    keys = {key["kid"]: key for key in _fetched(discovered["jwks_uri"])["keys"]}
    try:
        header = jwt.get_unverified_header(token)
        if header.get("kid") not in keys:
            raise BadTokenError(f"kid: the issuer has no key '{header.get('kid')}'")
        key = jwt.PyJWK(keys[header["kid"]])
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key.key,
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=audiences,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.InvalidTokenError as error:
        raise BadTokenError(f"{type(error).__name__}: {error}") from error
    return claims


def issuer_of(token: str) -> str:
    """Return the issuer a token names, which nobody has verified. Raises BadTokenError."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise BadTokenError(f"{type(error).__name__}: {error}") from error
    return str(claims.get("iss"))


def _fetched(url: str) -> Any:
    assert url.startswith(("http://127.0.0.1:", "http://localhost:", "https://localhost:")), url
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  loopback, see above
            return json.load(answer)
    except urllib.error.URLError as error:
        raise BadTokenError(f"iss: {url} cannot be fetched: {error}") from error
