"""Whose request it is, as a dependency of every route that needs a principal."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from blockyard.server.identity.model import Principal
from blockyard.server.identity.model.codes import of_kind
from blockyard.server.kit.bodies import May
from blockyard.server.kit.errors import NotFound

Authenticate = Callable[[Request], Awaitable[Principal]]
"""Returns whose request it is and notes it for the access log, or raises Unauthenticated. It is `app.state.authenticate`."""

BEARER = HTTPBearer(auto_error=False, description="A token of `POST /api/login`, or the token of a run.")
"""Documents the credential; with it a route can see the bearer token itself."""


async def current_principal(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)] = None
) -> Principal:
    """Return whose request it is."""
    authenticate: Authenticate = request.app.state.authenticate
    return await authenticate(request)


Who = Callable[[], Awaitable[Principal]]
"""Tells who somebody is now: a viewer may be locked, or lose a role or a key, while it watches."""


def who_asks(request: Request) -> Who:
    """Return what authenticates a request anew, for as long as it is answered."""
    authenticate: Authenticate = request.app.state.authenticate
    return lambda: authenticate(request)


def holding(code: str) -> May:
    """Return what refuses the large bodies of everybody who holds `code` nowhere; what they may not know of is not there."""

    async def may(request: Request) -> None:
        principal = await current_principal(request)
        if request.path_params and not any(principal.holds_somewhere(each) for each in of_kind(code)):
            raise NotFound(f"there is nothing at {request.url.path} that you can see")
        principal.require_somewhere(code)

    return may


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
"""The parameter type of routes that need to know who asks."""
