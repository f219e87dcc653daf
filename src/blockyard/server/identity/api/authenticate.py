"""From the headers of a request to its principal: a bearer token, the cookie of a page, Basic for state clients only."""

import base64
import binascii
import re

from fastapi import Request, Response

from blockyard.protocol.version import RUN_HEADER
from blockyard.server.identity.api.current import Authenticate
from blockyard.server.identity.api.scim.tokens import FixedToken
from blockyard.server.identity.model import SESSION_LIFE, AccessLevel, Principal
from blockyard.server.identity.model.attempts import PLACE_LIFE
from blockyard.server.identity.service import Authenticator, SessionService
from blockyard.server.identity.service.tokens import is_signed
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Denied, Unauthenticated

SESSION_COOKIE = "blockyard_session"
"""Name of the cookie that carries a session."""

DEVICE_COOKIE = "blockyard_device"
"""Name of the cookie that tells the browser of somebody who signed in before; it opens nothing."""

CSRF_HEADER = "X-CSRF-Token"
"""Name of the header that scripts of the pages send with everything but reads."""

STATE_PREFIX = "/api/terraform/state/"
"""Below this path Basic authentication with a run token is accepted. Source: runner.md 1.1."""

SCIM_PREFIX = "/api/blockyard/scim/v2/"
"""Below this path the client id and the secret of an API key are a token, with a dot between."""

_OF_RUNS = re.compile(
    re.escape(STATE_PREFIX) + r".*"
    r"|/api/meshobjects/meshbuildingblockruns"
    r"(/[^/]+(/(abort|logs|plan-?artifact|status/source(/[^/]+)?))?)?"
    r"|/api/blockyard/v1/runs(/[^/]+(/(abort|events|heartbeat|log|release))?)?"
)
"""What runners and pipelines ask for: there a run token that has ended is answered by what is asked, as reports are never refused and
the rest says 403. Anywhere else it is no token."""

OWN_PASSWORD_PATHS = frozenset(
    {
        "/account/password",
        "/account/start",
        "/api/blockyard/v1/logout",
        "/api/blockyard/v1/me",
        "/api/blockyard/v1/me/password",
        "/sign-out",
    }
)
"""All that somebody can reach whose password an administrator chose."""

OWN_ACCOUNT_PATHS = ("/account", "/sign-out", "/api/blockyard/v1/me", "/api/blockyard/v1/logout")
"""Below these paths is all that somebody can reach who has to add a second factor."""

CHANGE_FIRST = "PasswordChangeNeeded"
"""The code of the refusal of everything else to who has to choose a password."""

ADD_FACTOR_FIRST = "SecondFactorNeeded"
"""The code of the refusal of everything else to who has to sign in with two factors."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def authenticate_with(
    db: Database, authenticator: Authenticator, sessions: SessionService, by_fixed_token: FixedToken
) -> Authenticate:
    """Return what the application keeps as `app.state.authenticate`."""

    async def by_credential(request: Request) -> Principal:
        scheme, _, credential = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            if request.url.path.startswith(SCIM_PREFIX) and credential.count(".") == 1:
                return await by_fixed_token(request, credential.strip())
            return await _by_token(db, authenticator, request, credential.strip())
        if scheme.lower() == "basic" and request.url.path.startswith(STATE_PREFIX):
            return await _by_basic(db, authenticator, request, credential)
        cookie = request.cookies.get(SESSION_COOKIE)
        if scheme or cookie is None:
            raise Unauthenticated(
                "the request has no valid credential", remedy="Send 'Authorization: Bearer <token>' from /api/login."
            )
        return await _by_cookie(request, cookie)

    async def _by_cookie(request: Request, cookie: str) -> Principal:
        signed_in = await db.read(lambda tx: sessions.of_cookie(tx, cookie))
        if request.method not in _SAFE_METHODS:
            require_csrf(sessions, cookie, request.headers.get(CSRF_HEADER, ""))
        if signed_in.extension_due:
            await db.write(lambda tx: sessions.extend(tx, cookie))
        require_own_password(request, signed_in.principal)
        return signed_in.principal

    return _noting(by_credential)


async def _by_token(db: Database, authenticator: Authenticator, request: Request, token: str) -> Principal:
    principal = authenticator.known_run(token)
    if principal is None:
        principal = await db.read(lambda tx: authenticator.by_bearer(tx, token))
        require_own_password(request, principal)
        _require_level(request, principal)
    grant, path = principal.run, request.url.path
    if grant is not None and not _OF_RUNS.fullmatch(path):
        await db.read(lambda tx: authenticator.require_going_on(tx, grant))
    return await _serving(db, authenticator, request, principal)


async def _by_basic(db: Database, authenticator: Authenticator, request: Request, credential: str) -> Principal:
    """Return the run, or the API key, whose token is the password: engines know no other way to show one."""
    user, password = _basic(credential)
    if (run := authenticator.known_run(password)) is not None:
        return run
    if is_signed(password):
        return await _by_token(db, authenticator, request, password)
    return await db.read(lambda tx: authenticator.by_basic(tx, user, password))


async def _serving(db: Database, authenticator: Authenticator, request: Request, principal: Principal) -> Principal:
    """Return who asks, in the service of a run if the request says so."""
    served = request.headers.get(RUN_HEADER)
    if served is None or principal.run is not None:
        return principal
    return await db.read(lambda tx: authenticator.serving(tx, principal, served))


def _noting(authenticate: Authenticate) -> Authenticate:
    """Return what also notes whose request it is: for the access log, and for their share of the room for large bodies."""

    async def noting(request: Request) -> Principal:
        principal = await authenticate(request)
        request.state.principal = f"{principal.author.type}:{principal.author.identifier}"
        return principal

    return noting


def require_own_password(request: Request, principal: Principal) -> None:
    """Raise Denied if the person has to choose a password of their own, or show a second factor, before they do anything else."""
    if principal.must_change_password and request.url.path not in OWN_PASSWORD_PATHS:
        raise Denied(
            "an administrator chose your password: choose one of your own first",
            code=CHANGE_FIRST,
            remedy="Sign in on the pages, or send currentPassword and password to PUT /api/blockyard/v1/me/password.",
        )
    path = request.url.path
    if principal.must_add_factor and not any(path == own or path.startswith(f"{own}/") for own in OWN_ACCOUNT_PATHS):
        raise Denied(
            "administrators of this installation sign in with a second factor",
            code=ADD_FACTOR_FIRST,
            remedy="Add a passkey or an authenticator app to your account, then sign in with it.",
        )


def _require_level(request: Request, principal: Principal) -> None:
    """Raise Denied if the program that asks may not do such things for the person; signing itself out it always may."""
    if principal.level.allows_method(request.method) or request.url.path == "/api/blockyard/v1/logout":
        return
    may = "read" if principal.level is AccessLevel.READ else "read and change, but not delete"
    raise Denied(
        f"you let this program only {may}",
        code="AccessLevelTooLow",
        remedy="Sign it in again with a higher access level, such as 'blockyard login --access full'.",
    )


def require_csrf(sessions: SessionService, cookie: str, sent: str) -> None:
    """Raise Denied unless `sent` is the CSRF token of the session."""
    if not sessions.csrf_matches(cookie, sent):
        raise Denied("the CSRF token is missing or wrong", code="CsrfTokenInvalid", remedy="Load the page again.")


def set_session_cookie(response: Response, cookie: str, *, secure: bool) -> None:
    """Put the session into the browser; scripts cannot read it, other sites' forms do not send it."""
    life = int(SESSION_LIFE.total_seconds())
    response.set_cookie(SESSION_COOKIE, cookie, max_age=life, path="/", secure=secure, httponly=True, samesite="lax")


def set_device_cookie(response: Response, device: str, *, secure: bool) -> None:
    """Put into the browser what tells it from others at the next sign-in."""
    life = int(PLACE_LIFE.total_seconds())
    response.set_cookie(DEVICE_COOKIE, device, max_age=life, path="/", secure=secure, httponly=True, samesite="lax")


def clear_session_cookie(response: Response, *, secure: bool) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def _basic(credential: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credential.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated(
            "the Basic credential cannot be read", remedy="Send user and password as Base64 of 'user:password'."
        ) from error
    user, _, password = text.partition(":")
    return user, password
