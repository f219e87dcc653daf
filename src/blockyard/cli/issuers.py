"""What the client asks of a server's OpenID Connect issuer: where it is, tokens for a code or a refresh token, and their end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

import httpx2

from blockyard import __version__
from blockyard.cli.contexts import Credentials
from blockyard.cli.documents import number, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.problems import object_of, unreachable
from blockyard.protocol.jsontypes import Json

_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where people sign in to a server with a browser, and what this client is called there."""

    address: str
    client_id: str
    authorize: str
    token: str
    revoke: str


def issuer_at(url: str) -> Issuer | None:
    """Return the issuer of a server; None if the server has none, as older ones. Raises Failure."""
    info = _get(f"{url}/mesh/info")
    address, client_id = text(info, "issuer"), text(info, "cliClientId")
    if not address or not client_id:
        return None
    if url.startswith("https://") and not address.startswith("https://"):
        raise Failure(
            f"{url} sends sign-ins to {address}, which is not encrypted",
            remedy="Set BLOCKYARD_PUBLIC_URL of the server to its address with https.",
        )
    return _discovered(address, client_id)


def redeemed(issuer: Issuer, url: str, *, code: str, back: str, verifier: str) -> Credentials:
    """Return the credentials that a code is good for. Raises Failure."""
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    answer = _post(issuer.token, {**sent, "client_id": issuer.client_id})
    if answer.status_code != HTTPStatus.OK:
        raise _refused(url, answer)
    return _with_tokens(Credentials(url=url, issuer=issuer.address, issuer_client=issuer.client_id), answer)


def refreshed(known: Credentials) -> Credentials:
    """Return credentials with new tokens. Raises Failure: the sign-in has ended."""
    issuer = _discovered(known.issuer or "", known.issuer_client or "")
    sent = {"grant_type": "refresh_token", "refresh_token": known.refresh or "", "client_id": issuer.client_id}
    answer = _post(issuer.token, sent)
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        raise Failure(
            f"the sign-in to {known.url} has ended",
            remedy=f"Sign in again with 'blockyard login --url {known.url}'.",
            exit_code=ExitCode.DENIED,
            code="NotSignedIn",
        )
    if answer.status_code != HTTPStatus.OK:
        raise _refused(known.url, answer)
    return _with_tokens(known, answer)


def revoked(known: Credentials) -> bool:
    """End a sign-in at its server; return whether the server was told."""
    try:
        issuer = _discovered(known.issuer or "", known.issuer_client or "")
        answer = _post(issuer.revoke, {"token": known.refresh or "", "client_id": issuer.client_id})
    except Failure:
        return False
    return answer.status_code == HTTPStatus.OK


def _with_tokens(known: Credentials, answer: httpx2.Response) -> Credentials:
    document = object_of(answer)
    token, life = text(document, "access_token"), number(document, "expires_in")
    if not token:
        raise Failure(f"{known.url} answered the sign-in without a token", remedy="Check the server's URL.")
    ends = None if life is None else int(time.time()) + life
    return replace(known, token=token, expires_at=ends, refresh=text(document, "refresh_token") or known.refresh)


def _discovered(address: str, client_id: str) -> Issuer:
    document = _get(address + _DISCOVERY)
    if text(document, "issuer") != address:
        raise Failure(
            f"{address} says that it is another issuer",
            remedy="Check BLOCKYARD_PUBLIC_URL of the server, and its proxy.",
        )
    found = [text(document, f"{name}_endpoint") for name in ("authorization", "token", "revocation")]
    if not all(one.startswith(address) for one in found):
        raise Failure(f"{address} sends sign-ins elsewhere", remedy="Check that the URL is that of a Blockyard server.")
    return Issuer(address, client_id, *found)


def _get(address: str) -> Json:
    return object_of(_sent("GET", address))


def _post(address: str, sent: Mapping[str, str]) -> httpx2.Response:
    return _sent("POST", address, sent)


def _sent(method: str, address: str, form: Mapping[str, str] | None = None) -> httpx2.Response:
    headers = {"User-Agent": f"blockyard/{__version__}", "Accept": "application/json"}
    try:
        return httpx2.request(method, address, data=form, headers=headers, timeout=_TIMEOUT, follow_redirects=False)
    except httpx2.TransportError as error:
        raise unreachable(address, error) from error
    except (httpx2.InvalidURL, ValueError) as error:
        raise Failure(f"'{address}' is not an address", remedy="Check the server's URL.") from error


def _refused(url: str, answer: httpx2.Response) -> Failure:
    document = object_of(answer)
    reason = text(document, "error_description") or text(document, "error") or f"it answered {answer.status_code}"
    return Failure(
        f"{url} refused the sign-in: {reason}",
        remedy="Start again with 'blockyard login'.",
        exit_code=ExitCode.DENIED,
        code=text(document, "error") or "NotSignedIn",
    )
