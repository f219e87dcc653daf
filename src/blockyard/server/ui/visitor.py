"""Who looks at a page: the session cookie, and the token that every form sends back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from blockyard.server.identity.api import SESSION_COOKIE, require_csrf, require_own_password
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import UserService
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Invalid, Unauthenticated

CSRF_FIELD = "csrf_token"
"""Name of the hidden field of every form."""

_MAX_FIELDS = 1000
_MAX_FIELD_BYTES = 16 * 1024 * 1024
"""A value of an input may have 16 MB. Source: architecture.md 8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person who is signed in.

    Attributes:
        was_extended: the session lives longer now, so the cookie shall, too.
    """

    principal: Principal
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


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: texts by field (the last one wins), all texts of a field, files by field."""

    texts: Mapping[str, str] = field(repr=False)
    lists: Mapping[str, list[str]] = field(repr=False)
    files: Mapping[str, "SentFile"] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file from the visitor's machine."""

    media_type: str
    content: bytes = field(repr=False)


class Visitors:
    """Finds out who looks at a page."""

    def __init__(self, db: Database, users: UserService) -> None:
        self._db = db
        self._users = users

    async def of(self, request: Request) -> Visitor:
        """Return who is signed in. Raises Unauthenticated, Denied (somebody else chose the password)."""
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie:
            raise Unauthenticated("nobody is signed in", remedy="Sign in.")
        signed_in = await self._db.read(lambda tx: self._users.session(tx, cookie))
        if signed_in.extension_due:
            await self._db.write(lambda tx: self._users.extend(tx, cookie))
        visitor = Visitor(
            principal=signed_in.principal,
            cookie=cookie,
            csrf_token=self._users.csrf_token(cookie),
            was_extended=signed_in.extension_due,
        )
        require_own_password(request, signed_in.principal)
        author = signed_in.principal.author
        request.state.principal = f"{author.type}:{author.identifier}"
        request.state.visitor = visitor
        return visitor

    async def of_form(self, request: Request) -> tuple[Visitor, Form]:
        """Return who sent the form and what it says. Raises Unauthenticated, Denied (wrong CSRF token), Invalid."""
        visitor = await self.of(request)
        form = await read_form(request)
        require_csrf(self._users, visitor.cookie, form.texts.get(CSRF_FIELD, ""))
        return visitor, form


async def read_form(request: Request) -> Form:
    """Return what a form sent. Raises Invalid."""
    lists: dict[str, list[str]] = {}
    files: dict[str, SentFile] = {}
    try:
        async with request.form(max_files=_MAX_FIELDS, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES) as sent:
            for name, value in sent.multi_items():
                if isinstance(value, UploadFile):
                    if value.filename:
                        media_type = value.content_type or "application/octet-stream"
                        files[name] = SentFile(media_type, await value.read())
                else:
                    lists.setdefault(name, []).append(value)
    except MultiPartException as error:
        raise Invalid(
            f"the form cannot be read: {error.message}", code="MalformedForm", remedy="Send the form again."
        ) from error
    return Form({name: values[-1] for name, values in lists.items()}, lists, files)
