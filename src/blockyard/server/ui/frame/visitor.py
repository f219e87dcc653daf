"""Who looks at a page: the session cookie, and the token that every form sends back."""

from dataclasses import dataclass, field

from fastapi import Request

from blockyard.server.identity.api import SESSION_COOKIE, require_csrf, require_own_password
from blockyard.server.identity.model import Principal, Session
from blockyard.server.identity.service import SessionService
from blockyard.server.identity.service.sessions import SignedIn
from blockyard.server.kit.bodies import KNOWN_BYTES, Form, May, read_form
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Unauthenticated
from blockyard.server.ui.frame.places import Place, workspace_place
from blockyard.server.workspaces.service import WorkspaceService

CSRF_FIELD = "csrf_token"
"""Name of the hidden field of every form."""

WORKSPACE_COOKIE = "workspace"
"""Names the workspace that the visitor was in last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who is signed in.

    Attributes:
        session: the session; it is named in lists of sessions, and says when and how the person signed in.
        was_extended: the session lives longer now, so the cookie shall, too.
        workspace: the one they were in last, else the first of theirs; None if there is none.
    """

    principal: Principal
    session: Session
    cookie: str = field(repr=False)
    csrf_token: str = field(repr=False)
    was_extended: bool = False
    workspace: Place | None = None

    @property
    def name(self) -> str:
        """How the page calls the person."""
        return self.principal.author.display_name

    @property
    def initials(self) -> str:
        """At most two letters that stand for the person."""
        found = [word[0] for word in self.name.split() if word[0].isalnum()]
        return "".join([*found[:1], *found[1:][-1:]]).upper() or "?"

    @property
    def sets_up_sign_in(self) -> bool:
        """Whether the person may look at how people sign in to the installation."""
        return self.principal.allows("APIKEY_LIST", workspace=None)

    @property
    def username(self) -> str:
        """What the person signs in with."""
        return self.principal.author.identifier


class Visitors:
    """Finds out who looks at a page."""

    def __init__(self, db: Database, sessions: SessionService, workspaces: WorkspaceService) -> None:
        self._db = db
        self._sessions = sessions
        self._workspaces = workspaces

    async def of(self, request: Request) -> Visitor:
        """Return who is signed in. Raises Unauthenticated, Denied (somebody else chose the password)."""
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie:
            raise Unauthenticated("nobody is signed in", remedy="Sign in.")
        wanted = request.cookies.get(WORKSPACE_COOKIE, "")

        def read(tx: Transaction) -> tuple[SignedIn, Place | None]:
            found = self._sessions.of_cookie(tx, cookie)
            return found, self._workspace(tx, found.principal, wanted)

        signed_in, workspace = await self._db.read(read)
        if signed_in.extension_due:
            await self._db.write(lambda tx: self._sessions.extend(tx, cookie))
        visitor = Visitor(
            principal=signed_in.principal,
            session=signed_in.session,
            cookie=cookie,
            csrf_token=self._sessions.csrf_token(cookie),
            was_extended=signed_in.extension_due,
            workspace=workspace,
        )
        require_own_password(request, signed_in.principal)
        author = signed_in.principal.author
        request.state.principal = f"{author.type}:{author.identifier}"
        request.state.visitor = visitor
        return visitor

    def _workspace(self, tx: Transaction, principal: Principal, wanted: str) -> Place | None:
        """Return the workspace a visitor is in: the one they want if they may see it, else the first of theirs."""
        mine = sorted(principal.grants)
        names = [
            *(
                [wanted]
                if wanted and "\0" not in wanted and principal.allows("WORKSPACE_LIST", workspace=wanted)
                else []
            ),
            *mine[:1],
        ]
        known = self._workspaces.find_all(tx, names)
        living = [known[name] for name in names if name in known and known[name].deleted_at is None]
        return workspace_place(living[0].name, living[0].display_name) if living else None

    async def of_form(
        self, request: Request, max_bytes: int = KNOWN_BYTES, may: May | None = None
    ) -> tuple[Visitor, Form]:
        """Return who sent the form and what it says. Raises Unauthenticated, Denied (wrong CSRF token), Invalid, HttpRefusal."""
        visitor = await self.of(request)
        form = await read_form(request, max_bytes, may)
        require_csrf(self._sessions, visitor.cookie, form.texts.get(CSRF_FIELD, ""))
        return visitor, form
