"""Who looks at a page: the session cookie, and the token that every form sends back."""

from dataclasses import dataclass, field

from fastapi import Request

from blockyard.server.identity.api import SESSION_COOKIE, require_csrf, require_own_password
from blockyard.server.identity.model import Principal, Session
from blockyard.server.identity.service import SessionService
from blockyard.server.kit.bodies import KNOWN_BYTES, Form, May, read_form
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Unauthenticated

CSRF_FIELD = "csrf_token"
"""Name of the hidden field of every form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who is signed in.

    Attributes:
        session: the session; it is named in lists of sessions, and says when and how the person signed in.
        was_extended: the session lives longer now, so the cookie shall, too.
    """

    principal: Principal
    session: Session
    cookie: str = field(repr=False)
    csrf_token: str = field(repr=False)
    was_extended: bool = False

    @property
    def name(self) -> str:
        """How the page calls the person."""
        return self.principal.author.display_name

    @property
    def username(self) -> str:
        """What the person signs in with."""
        return self.principal.author.identifier


class Visitors:
    """Finds out who looks at a page."""

    def __init__(self, db: Database, sessions: SessionService) -> None:
        self._db = db
        self._sessions = sessions

    async def of(self, request: Request) -> Visitor:
        """Return who is signed in. Raises Unauthenticated, Denied (somebody else chose the password)."""
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie:
            raise Unauthenticated("nobody is signed in", remedy="Sign in.")
        signed_in = await self._db.read(lambda tx: self._sessions.of_cookie(tx, cookie))
        if signed_in.extension_due:
            await self._db.write(lambda tx: self._sessions.extend(tx, cookie))
        visitor = Visitor(
            principal=signed_in.principal,
            session=signed_in.session,
            cookie=cookie,
            csrf_token=self._sessions.csrf_token(cookie),
            was_extended=signed_in.extension_due,
        )
        require_own_password(request, signed_in.principal)
        author = signed_in.principal.author
        request.state.principal = f"{author.type}:{author.identifier}"
        request.state.visitor = visitor
        return visitor

    async def of_form(
        self, request: Request, max_bytes: int = KNOWN_BYTES, may: May | None = None
    ) -> tuple[Visitor, Form]:
        """Return who sent the form and what it says. Raises Unauthenticated, Denied (wrong CSRF token), Invalid, HttpRefusal."""
        visitor = await self.of(request)
        form = await read_form(request, max_bytes, may)
        require_csrf(self._sessions, visitor.cookie, form.texts.get(CSRF_FIELD, ""))
        return visitor, form
