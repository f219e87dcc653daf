"""OAuth 2.0 as a library knows it, over our client sessions: which parameters there have to be, which errors there are.

The library is given its request and keeps what it found there, so each request has a server object of its own. It has no types,
so what leaves this module has ours. Source: RFC 6749, 7009, 7636, 8252, 9207.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge

from blockyard.protocol.jsontypes import Json
from blockyard.server.issuer.model import (
    CLIENT_ID,
    Asked,
    ClientSession,
    asked_level,
    asked_workspace,
    checked_nonce,
    is_redirect,
)
from blockyard.server.issuer.service.sessions import ClientSessionService, Place
from blockyard.server.kit.database import Transaction

T = TypeVar("T")

Parameters = Mapping[str, Sequence[str]]
"""All values that a request has for each parameter."""

_HERE = "https://blockyard.invalid/"
"""What the library takes for the address of a request: it refuses plain HTTP, which is the operator's to decide."""

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to a program: status and document."""

    status: int
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AskedWrongly:
    """Why a request for consent is refused; `back` is the address that tells the program, if it may be told."""

    error: str
    description: str
    back: str | None


class _Client:
    """The one client, which has no secret."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def check_redirect_uri(self, uri: str) -> bool:
        return is_redirect(uri, self._base_url)

    def get_default_redirect_uri(self) -> None:
        return None

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {"authorization_code", "refresh_token"}

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "none"

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""


@dataclass(frozen=True, slots=True)
class _Held:
    """A client session as the library asks for a code, or for a refresh token."""

    session: ClientSession
    text: str

    @property
    def code_challenge(self) -> str:
        return self.session.challenge

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str:
        return self.session.redirect_uri

    def get_scope(self) -> str:
        return self.session.scopes

    def check_client(self, client: _Client) -> bool:
        return isinstance(client, _Client)


class _Request(OAuth2Request):  # type: ignore[misc]  # the library has no types
    """The parameters of a request, wherever they came from."""

    def __init__(self, method: str, parameters: Parameters) -> None:
        super().__init__(method, _HERE)
        self.payload = BasicOAuth2Payload({name: values[-1] for name, values in parameters.items()})
        self.payload._datalist = {name: [*values] for name, values in parameters.items()}  # noqa: SLF001  no other way

    @property
    def form(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.payload.data
        return found

    @property
    def args(self) -> Mapping[str, str]:
        return self.form


class _Server(AuthorizationServer):  # type: ignore[misc]  # the library has no types
    """Finds the client and leaves answers as they are."""

    def __init__(self, tx: Transaction, sessions: ClientSessionService, base_url: str, place: Place) -> None:
        super().__init__()
        self.tx, self.sessions, self.base_url, self.place = tx, sessions, base_url, place

    def query_client(self, client_id: str) -> _Client | None:
        return _Client(self.base_url) if client_id == CLIENT_ID else None

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Mapping[str, Json], _headers: object) -> Said:
        return Said(status, body)

    def send_signal(self, *_args: object, **_more: object) -> None:
        """Nobody listens."""


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # the library has no types
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def query_authorization_code(self, code: str, _client: _Client) -> _Held | None:
        found = self.server.sessions.by_code(self.server.tx, code)
        return None if found is None else _Held(found, code)

    def authenticate_user(self, held: _Held) -> ClientSession:
        return held.session

    def generate_token(self, user: ClientSession, **_more: object) -> Mapping[str, Json]:
        return _granted(self.server.sessions.redeem(self.server.tx, user, self.server.place))

    def save_token(self, _token: Mapping[str, Json]) -> None:
        """The session was saved with its first token."""

    def delete_authorization_code(self, _held: _Held) -> None:
        """A used code is kept, to be known again."""


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # the library has no types
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def authenticate_refresh_token(self, text: str) -> _Held | None:
        found = self.server.sessions.by_refresh_token(self.server.tx, text)
        return None if found is None else _Held(found, text)

    def _validate_token_scope(self, _held: _Held) -> None:
        """Scopes that were not granted are left out, and the answer says so; one may name the workspace of the token."""

    def authenticate_user(self, held: _Held) -> ClientSession:
        return held.session

    def issue_token(self, user: ClientSession, held: _Held) -> Mapping[str, Json]:
        workspace = _checked(lambda: asked_workspace((self.request.payload.scope or "").split()))
        return _granted(self.server.sessions.refresh(self.server.tx, user, held.text, workspace))

    def save_token(self, _token: Mapping[str, Json]) -> None:
        """The session was saved with its new token."""

    def revoke_old_credential(self, _held: _Held) -> None:
        """The turn of the session went on."""


class _Pkce(CodeChallenge):  # type: ignore[misc]  # the library has no types
    """Proof keys: always, and never in plain text."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: _CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A 'code_challenge' of the method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class _Revocation(RevocationEndpoint):  # type: ignore[misc]  # the library has no types
    CLIENT_AUTH_METHODS = ("none",)

    def query_token(self, text: str, _hint: str | None) -> _Held | None:
        self.server.sessions.end_by_token(self.server.tx, text)
        return None

    def revoke_token(self, _held: _Held, _request: _Request) -> None:
        """Its session has ended already."""


class Protocol:
    """Answers requests of programs."""

    def __init__(self, sessions: ClientSessionService, *, base_url: str, issuer: str) -> None:
        self._sessions = sessions
        self._base_url = base_url
        self._issuer = issuer

    def asked(self, tx: Transaction, parameters: Parameters) -> Asked | AskedWrongly:
        """Return what a program asks a person for."""
        data = {name: values[-1] for name, values in parameters.items()}
        if _repeated(parameters) or any(len(value) > _LONGEST for value in data.values()):
            return AskedWrongly("invalid_request", "A parameter is repeated, or too long.", None)
        if not (_plain(data.get("redirect_uri", "")) and _plain(data.get("response_type", ""))):
            return AskedWrongly("invalid_request", "A parameter has characters that it cannot have.", None)
        try:
            grant = self._server(tx, Place()).get_consent_grant(_Request("GET", parameters))
            return self._asked_of(data, str(grant.redirect_uri))
        except OAuth2Error as error:
            back = None if error.redirect_uri is None else str(error.redirect_uri)
            return self._wrongly(error, back, data.get("state"))

    def agreed(self, asked: Asked, code: str, state: str | None) -> str:
        """Return the address that takes a code to the program."""
        return _with(asked.redirect_uri, {"code": code, "state": state, "iss": self._issuer})

    def declined(self, asked: Asked, state: str | None, error: str = "access_denied") -> str:
        """Return the address that tells the program that the person did not agree, or was not to be asked."""
        return _with(asked.redirect_uri, {"error": error, "state": state, "iss": self._issuer})

    def token(self, tx: Transaction, parameters: Parameters, place: Place) -> Said:
        """Answer a code or a refresh token with new tokens."""
        return self._said(lambda request: self._server(tx, place).create_token_response(request), parameters)

    def revoked(self, tx: Transaction, parameters: Parameters) -> Said:
        """End the session of a token."""
        return self._said(
            lambda request: self._server(tx, Place()).create_endpoint_response("revocation", request), parameters
        )

    def _server(self, tx: Transaction, place: Place) -> _Server:
        server = _Server(tx, self._sessions, self._base_url, place)
        server.register_grant(_CodeGrant, [_Pkce(required=True)])
        server.register_grant(_RefreshGrant)
        server.register_endpoint(_Revocation)
        return server

    def _asked_of(self, data: Mapping[str, str], redirect_uri: str) -> Asked:
        scopes = tuple(data.get("scope", "").split())
        try:
            return Asked(
                client_id=data["client_id"],
                redirect_uri=redirect_uri,
                scopes=scopes,
                challenge=data["code_challenge"],
                nonce=_checked(lambda: checked_nonce(data.get("nonce"))),
                level=_checked(lambda: asked_level(scopes)),
                workspace=_checked(lambda: asked_workspace(scopes)),
            )
        except OAuth2Error as error:
            error.redirect_uri = redirect_uri
            raise

    def _wrongly(self, error: OAuth2Error, back: str | None, state: str | None) -> AskedWrongly:
        told: dict[str, str | None] = {"error": str(error.error), "error_description": error.description or ""}
        where = None if back is None else _with(back, {**told, "state": state, "iss": self._issuer})
        return AskedWrongly(str(error.error), str(error.description or ""), where)

    @staticmethod
    def _said(answer: Callable[[_Request], Said], parameters: Parameters) -> Said:
        if _repeated(parameters):
            return Said(400, {"error": "invalid_request", "error_description": "A parameter is repeated."})
        try:
            said = answer(_Request("POST", parameters))
        except ValueError:  # the library's word for text that its errors cannot repeat
            return Said(400, {"error": "invalid_request"})
        document = said.document
        return Said(said.status, document if isinstance(document, dict) else dict(document))


def _granted(tokens: Mapping[str, Json] | None) -> Mapping[str, Json]:
    if tokens is None:
        raise InvalidGrantError("The person's sign-in has ended.")
    return tokens


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise InvalidScopeError(str(error)) from error


def _repeated(parameters: Parameters) -> bool:
    return any(len(values) > 1 for values in parameters.values())


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def _with(address: str, said: Mapping[str, str | None]) -> str:
    """Return an address with what is said added; redirect addresses have no query of their own."""
    return f"{address}?{urlencode({name: text for name, text in said.items() if text})}"
