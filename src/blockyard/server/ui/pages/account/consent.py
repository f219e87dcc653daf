"""The page that asks a person whether a program on their machine may act for them, and how far.

It is shown at every sign-in of a program: such programs have no secret, so nobody knows whether it is the one of last time
(RFC 8252 section 8.6). Nothing happens before the form is sent, and what it asks for is checked again then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from blockyard.server.identity.model import AccessLevel
from blockyard.server.issuer.api import AUTHORIZE, END_SESSION
from blockyard.server.issuer.model import SHOWN_AT, Asked
from blockyard.server.issuer.service import AskedWrongly, Parameters
from blockyard.server.kit.bodies import SIGN_IN_BYTES
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal, Unauthenticated
from blockyard.server.kit.http import status_of
from blockyard.server.services import Services
from blockyard.server.ui.frame.plain_forms import Ask, Option
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor

_LEVELS = {
    AccessLevel.FULL: Option("full", "Full access", "Everything that you may do, deleting included."),
    AccessLevel.WRITE: Option("write", "Read and change", "Everything but deleting."),
    AccessLevel.READ: Option("read", "Only read", "Lists and details. Nothing can be changed."),
}
_MOST_WORKSPACES = 500
_LONGEST_CODE = 100
_AGAIN = ("prompt", "max_age")
"""Parameters that ask for a new sign-in; once there was one, they have done their part."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What a program asks for, as it was sent and as it was understood."""

    sent: Parameters
    asked: Asked

    def first(self, name: str) -> str | None:
        """Return the value of a parameter."""
        return next(iter(self.sent.get(name, ())), None)


def add_consent(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the page, of the page that shows a code, and of signing out for who was sent here to do it."""
    pages = _Pages(site, services)

    @router.get(AUTHORIZE)
    async def show_consent(request: Request) -> Response:
        found = await pages.understood(request, _parameters(request.url.query))
        return found if isinstance(found, Response) else await pages.ask(request, found)

    @router.post(AUTHORIZE)
    async def do_consent(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request, SIGN_IN_BYTES)
        found = await pages.understood(request, _parameters(form.texts.get("asked", "")))
        return found if isinstance(found, Response) else await pages.answer(request, visitor, found, form.texts)

    @router.get(SHOWN_AT)
    async def show_code(request: Request) -> Response:
        code = request.query_params.get("code", "")[:_LONGEST_CODE]
        context = {"code": code if code.isalnum() else ""}
        return site.frame.page(request, "pages/account/code_shown.html", context, visitor=None)

    @router.get(END_SESSION)
    async def ask_to_sign_out(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        return site.page(request, visitor, "pages/account/sign_out_asked.html", {})


class _Pages:
    """The steps of a consent."""

    def __init__(self, site: Site, services: Services) -> None:
        self._site = site
        self._services = services

    async def understood(self, request: Request, sent: Parameters) -> _Request | Response:
        """Return what a program asks for, or the answer to one that asks wrongly."""
        found = await self._site.db.read(lambda tx: self._services.issuer.asked(tx, sent))
        if not isinstance(found, AskedWrongly):
            return _Request(sent, found)
        if found.back is not None:
            return _away(found.back)
        context = {"error": found.error, "description": found.description}
        return self._site.frame.page(
            request, "pages/account/consent_refused.html", context, visitor=None, status=HTTPStatus.BAD_REQUEST
        )

    async def ask(self, request: Request, wanted: _Request, refusal: Refusal | None = None) -> Response:
        """Return the page that asks, or the way to what has to come before."""
        prompt, issuer = (wanted.first("prompt") or "").split(), self._services.issuer
        try:
            visitor = await self._site.visitors.of(request)
        except Unauthenticated:
            if "none" in prompt:
                return _away(issuer.declined(wanted.asked, wanted.first("state"), "login_required"))
            raise
        if "none" in prompt:
            return _away(issuer.declined(wanted.asked, wanted.first("state"), "consent_required"))
        if "login" in prompt or self._is_too_old(visitor, wanted.first("max_age")):
            kept = {name: [*values] for name, values in wanted.sent.items() if name not in _AGAIN}
            back = f"{AUTHORIZE}?{urlencode(kept, doseq=True)}"
            return self._site.frame.go(f"/sign-in?{urlencode({'ended': 'again', 'next': back})}", visitor=visitor)
        context = {
            "asked": urlencode({name: [*values] for name, values in wanted.sent.items()}, doseq=True),
            "level": _level(wanted.asked),
            "workspace": await self._workspace(visitor, wanted.asked),
            "is_shown": wanted.asked.is_shown,
            "stays": wanted.asked.stays,
            "refusal": shown(refusal),
        }
        status = HTTPStatus.OK if refusal is None else status_of(refusal)
        return self._site.frame.page(request, "pages/account/consent.html", context, visitor=visitor, status=status)

    async def answer(self, request: Request, visitor: Visitor, wanted: _Request, texts: Mapping[str, str]) -> Response:
        """Do what a person decided, and take the program's browser back to it."""
        issuer, asked, state = self._services.issuer, wanted.asked, wanted.first("state")
        if texts.get("answer") != "allow":
            return self._go_on(request, visitor, issuer.declined(asked, state), is_shown=False, allowed=False)
        level, workspace = _chosen_level(texts.get("level", "")), texts.get("workspace", "") or None

        def begun(tx: Transaction) -> str:
            return self._services.client_sessions.begin(
                tx, visitor.principal, visitor.session, asked, level=level, workspace=workspace
            )

        async def again(refusal: Refusal) -> Response:
            return await self.ask(request, wanted, refusal)

        def done(code: str) -> Response:
            return self._go_on(request, visitor, issuer.agreed(asked, code, state), is_shown=asked.is_shown)

        return await submit(self._site.db.write(begun), again=again, done=done, passes=(Unauthenticated,))

    def _go_on(
        self, request: Request, visitor: Visitor, address: str, *, is_shown: bool, allowed: bool = True
    ) -> Response:
        """Return a page that leads on: a form may not be led to another site, and the program is another one."""
        if is_shown:  # in the host that the person uses, which may have several names
            return self._site.frame.go(f"{SHOWN_AT}?{address.partition('?')[2]}", visitor=visitor)
        context = {"address": address, "allowed": allowed}
        return self._site.frame.page(request, "pages/account/consent_given.html", context, visitor=visitor)

    def _is_too_old(self, visitor: Visitor, max_age: str | None) -> bool:
        if not max_age or not max_age.isdecimal() or not max_age.isascii():
            return False
        longest = timedelta(seconds=min(int(max_age[:9]), 10**9))
        return self._site.clock() - visitor.session.created_at > longest

    async def _workspace(self, visitor: Visitor, asked: Asked) -> Ask:
        names = sorted(visitor.principal.grants)[:_MOST_WORKSPACES]
        known = await self._site.db.read(lambda tx: self._services.workspaces.find_all(tx, names))
        options = [
            Option(name, f"{known[name].display_name or name} ({name})")
            for name in names
            if name in known and known[name].deleted_at is None
        ]
        wanted = asked.workspace if asked.workspace in names else ""
        return Ask(
            name="workspace",
            label="Workspace",
            kind="select",
            value=wanted or "",
            options=[Option("", "All workspaces that I have a role in"), *options],
            help="In a single one, the program sees and changes nothing else.",
        )


def _level(asked: Asked) -> Ask:
    return Ask(
        name="level",
        label="It may",
        kind="radios",
        value=asked.suggested.value,
        options=[_LEVELS[level] for level in asked.levels],
    )


def _chosen_level(text: str) -> AccessLevel:
    """Return the access level of a form; the least one if somebody sends another word."""
    return AccessLevel(text) if text in set(AccessLevel) else AccessLevel.READ


def _parameters(query: str) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(query, max_num_fields=40)
    except ValueError:
        return {}


def _away(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
