"""Talking to identity providers: discovery, the code flow with PKCE, their keys, and what they sign.

Everything here may wait for the network, so it runs in threads of its own and outside transactions. Whatever a provider answers
becomes a refusal with a sentence, never a bug. Source: OpenID Connect Core 1.0 §3.1.3.7, Discovery 1.0 §4, Back-Channel Logout 1.0 §2.6.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity_providers.model import Provider
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.errors import Refusal, Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

SKEW_SECONDS = 120
"""How much the clocks of a provider and of this server may differ."""

_KEPT = timedelta(hours=1)
"""How long a discovery document and keys are used; keys are asked for anew at once when a signature needs another one."""

_ANEW = timedelta(seconds=10)
"""Keys are asked for anew at most this often: anybody can send a token with a key nobody knows."""

_TIMEOUT = httpx2.Timeout(10.0)
_LARGEST = 1024 * 1024
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""All that only the provider can sign with; never `none`, nor what a shared secret makes."""

_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_WHAT_GOES_WRONG = (
    JoseError,
    AuthlibBaseError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a sign-in at a provider."""

    claims: Mapping[str, Json]
    id_token: str = field(repr=False)
    session: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Whose session, or which, has ended at a provider."""

    subject: str | None
    session: str | None


@dataclass(slots=True)
class _Known:
    """What is known of a provider."""

    metadata: Mapping[str, Json]
    until: datetime
    keys: JsonObject | None = None
    keys_at: datetime | None = None


class ProviderClient:
    """Talks to identity providers; one for the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._known: dict[str, _Known] = {}

    def begin(self, provider: Provider, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return the address that asks a provider who somebody is. Raises Unavailable."""
        try:
            with OAuth2Client(
                client_id=provider.client_id,
                redirect_uri=redirect_uri,
                scope=" ".join(provider.scopes),
                code_challenge_method="S256",
            ) as client:
                endpoint = str(self._metadata(provider)["authorization_endpoint"])
                url, _ = client.create_authorization_url(endpoint, state=state, code_verifier=verifier, nonce=nonce)
        except _WHAT_GOES_WRONG as error:
            raise _away(provider, error) from error
        return str(url)

    def finish(
        self, provider: Provider, secret: str | None, *, redirect_uri: str, code: str, nonce: str, verifier: str
    ) -> Answered:
        """Return what a provider says about who brought `code`. Raises Unavailable, Unauthenticated."""
        try:
            metadata = self._metadata(provider)
        except _WHAT_GOES_WRONG as error:
            raise _away(provider, error) from error
        try:
            with OAuth2Client(
                client_id=provider.client_id,
                client_secret=secret,
                token_endpoint_auth_method=_method(metadata, secret),
                timeout=_TIMEOUT,
                follow_redirects=False,
            ) as client:
                token = client.fetch_token(
                    str(metadata["token_endpoint"]), code=code, redirect_uri=redirect_uri, code_verifier=verifier
                )
                claims = self._id_claims(provider, dict(token), nonce)
                claims = {**self._userinfo(client, metadata, str(claims["sub"])), **claims}
        except httpx2.TransportError as error:
            raise _away(provider, error) from error
        except _WHAT_GOES_WRONG as error:
            raise _wrong(provider, error) from error
        sid = claims.get("sid")
        return Answered(claims, str(token["id_token"]), sid if isinstance(sid, str) else None)

    def logged_out(self, provider: Provider, logout_token: str) -> LoggedOut:
        """Return whose session a provider says has ended. Raises Unauthenticated, Unavailable."""
        try:
            header, claims = self._verified(provider, logout_token)
            token = CodeIDToken(
                {**claims, "exp": claims.get("exp", claims["iat"])}, header, self._expected(provider), {}
            )
            token.validate(now=int(self._clock().timestamp()), leeway=SKEW_SECONDS)
            events, subject, session = claims.get("events"), claims.get("sub"), claims.get("sid")
            if not isinstance(events, dict) or _LOGOUT not in events or "nonce" in claims:
                raise ValueError("not a logout token")
            if not isinstance(subject or session, str):
                raise TypeError("neither sub nor sid")
        except httpx2.TransportError as error:
            raise _away(provider, error) from error
        except _WHAT_GOES_WRONG as error:
            raise _wrong(provider, error) from error
        return LoggedOut(subject if isinstance(subject, str) else None, session if isinstance(session, str) else None)

    def end_session_address(self, provider: Provider, *, id_token: str, back: str) -> str | None:
        """Return the address that signs somebody out at a provider, too; None if it has none, or is away now."""
        try:
            endpoint = self._metadata(provider).get("end_session_endpoint")
        except _WHAT_GOES_WRONG as error:
            log.warning("identity provider is away", provider=provider.alias, error=type(error).__name__)
            return None
        if not isinstance(endpoint, str) or not endpoint.startswith(("https://", "http://")):
            return None
        query = {"id_token_hint": id_token, "client_id": provider.client_id, "post_logout_redirect_uri": back}
        return str(httpx2.URL(endpoint).copy_merge_params(query))

    def _id_claims(self, provider: Provider, token: Mapping[str, Json], nonce: str) -> Mapping[str, Json]:
        header, claims = self._verified(provider, str(token["id_token"]))
        parameters = {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
        found = CodeIDToken(claims, header, self._expected(provider), parameters)
        found.validate(now=int(self._clock().timestamp()), leeway=SKEW_SECONDS)
        return claims

    def _expected(self, provider: Provider) -> dict[str, dict[str, object]]:
        return {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }

    def _verified(self, provider: Provider, token: str) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
        """Return header and claims of what the provider signed; its keys may have changed since they were read."""
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        try:
            return self._decoded(self._keys(provider), token, kid)
        except (JoseError, ValueError):
            keys = self._keys(provider, anew=True)
            return self._decoded(keys, token, kid)

    @staticmethod
    def _decoded(keys: KeySet, token: str, kid: object) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
        fitting = [key for key in keys.keys if kid is None or key.kid is None or key.kid == kid]
        for key in fitting:
            try:
                found = jwt.decode(token, key, algorithms=ALGORITHMS)
            except (JoseError, ValueError, TypeError):
                continue
            return found.header, found.claims
        raise ValueError("no key of the provider has made the signature")

    def _userinfo(self, client: OAuth2Client, metadata: Mapping[str, Json], subject: str) -> Mapping[str, Json]:
        """Return what the provider tells beside the token: many leave names and groups out of that."""
        endpoint = metadata.get("userinfo_endpoint")
        if not isinstance(endpoint, str):
            return {}
        answer = client.get(endpoint)
        if not answer.is_success or "json" not in answer.headers.get("content-type", ""):
            return {}
        claims = _json(answer)
        return claims if claims.get("sub") == subject else {}

    def _metadata(self, provider: Provider) -> Mapping[str, Json]:
        return self._knowledge(provider).metadata

    def _keys(self, provider: Provider, *, anew: bool = False) -> KeySet:
        known, now = self._knowledge(provider), self._clock()
        read_lately = known.keys_at is not None and now - known.keys_at < (_ANEW if anew else _KEPT)
        if known.keys is None or not read_lately:
            known.keys = fetched(str(known.metadata["jwks_uri"]))
            known.keys_at = now
        return signing_keys(known.keys)

    def _knowledge(self, provider: Provider) -> _Known:
        now = self._clock()
        with self._guard:
            known = self._known.get(provider.issuer)
        if known is not None and now < known.until:
            return known
        metadata = fetched(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if metadata.get("issuer") != provider.issuer:
            raise ValueError("the discovery document names another issuer")
        known = _Known(metadata, now + _KEPT)
        with self._guard:
            self._known[provider.issuer] = known
        return known


def signing_keys(document: Mapping[str, Json]) -> KeySet:
    """Return the keys that a provider signs with. Raises JoseError, ValueError, KeyError, TypeError."""
    usable = [key for key in _list(document["keys"]) if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    return KeySet.import_key_set({"keys": usable})  # type: ignore[typeddict-item]  # whatever it is, it is checked there


def fetched(url: str) -> JsonObject:
    """Return a document of a provider. Raises httpx2.HTTPError, InvalidURL, ValueError, TypeError."""
    with httpx2.Client(timeout=_TIMEOUT, follow_redirects=False) as client:
        answer = client.get(url, headers={"Accept": "application/json"})
        answer.raise_for_status()
        return _json(answer)


def _json(answer: httpx2.Response) -> JsonObject:
    if len(answer.content) > _LARGEST:
        raise ValueError("the answer is too large")
    found: Json = answer.json()
    if not isinstance(found, dict):
        raise TypeError("the answer is not a JSON object")
    return found


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _method(metadata: Mapping[str, Json], secret: str | None) -> str:
    """Return how the server shows its secret: as the provider likes it. Source: OpenID Connect Discovery 1.0 §3."""
    if secret is None:
        return "none"
    offered = metadata.get("token_endpoint_auth_methods_supported")
    if isinstance(offered, list) and "client_secret_basic" not in offered and "client_secret_post" in offered:
        return "client_secret_post"
    return "client_secret_basic"


def _away(provider: Provider, error: Exception) -> Refusal:
    log.warning("identity provider is away", provider=provider.alias, error=f"{type(error).__name__}: {error}"[:300])
    return Unavailable(
        f"{provider.display_name} cannot be reached now",
        code="IdentityProviderAway",
        remedy="Try again in a moment, or sign in another way.",
    )


def _wrong(provider: Provider, error: Exception) -> Refusal:
    log.warning("sign-in was not believed", provider=provider.alias, error=f"{type(error).__name__}: {error}"[:300])
    return Unauthenticated(
        f"what {provider.display_name} answered cannot be believed",
        code="IdentityProviderRefused",
        remedy="Try again; if it happens again, tell an administrator: the log says why.",
    )
