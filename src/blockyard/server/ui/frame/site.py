"""What every route of pages needs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model.factors import SignInAgain
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import NotFound, Refusal, Unauthenticated
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.drafts import Drafts
from blockyard.server.ui.frame.layout import Frame
from blockyard.server.ui.frame.places import Crumb
from blockyard.server.ui.frame.refusals import Shown, shown
from blockyard.server.ui.frame.visitor import Visitor, Visitors

T = TypeVar("T")

Again = Callable[[Refusal], Awaitable[Response]]
"""Answers a form that was refused with the page that says why."""

_LONGEST_TEXT = 800
"""Characters of a refusal that travel to the page that shows it."""

NOT_ABOUT_THE_FORM = (NotFound, Unauthenticated, SignInAgain)
"""What is not there, and who is not signed in or has to sign in again, have the same answer everywhere."""


@dataclass(frozen=True, slots=True)
class Site:
    """The database, the frame of all pages, who looks at them, what refused forms said, and the time."""

    db: Database
    frame: Frame
    visitors: Visitors
    drafts: Drafts
    clock: Clock

    def page(self, request: Request, visitor: Visitor, template: str, context: Mapping[str, object]) -> Response:
        """Return a page in the visitor's frame; its `refusal` says, once, why the form before was refused."""
        kept = self.drafts.read(request, visitor.cookie)
        told, said = refusal_in(kept), kept.get("said") if kept else None
        notice = {"notice": said} if isinstance(said, str) else {}
        response = self.frame.page(request, template, {"refusal": told, **notice, **context}, visitor=visitor)
        if kept is not None:
            self.drafts.drop(response, request.url.path)
        return response

    def ask(self, request: Request, visitor: Visitor, question: Question, *, crumbs: Sequence[Crumb]) -> Response:
        """Return the page of a question: what its dialog is where no script opens it."""
        return self.page(request, visitor, "frame/question.html", {"question": question, "crumbs": crumbs})

    def go(
        self,
        path: str,
        visitor: Visitor,
        *,
        notice: str | None = None,
        said: str | None = None,
        refusal: Refusal | None = None,
    ) -> Response:
        """Return a redirection to another page, which shows the notice: one of the frame's, or what is `said` of this case.

        A refusal is told there, too.
        """
        response = self.frame.go(path, notice=notice, visitor=visitor)
        if said is not None or refusal is not None:
            content: JsonObject = {"said": said, "refusal": document_of(shown(refusal))}
            self.drafts.keep(response, path.partition("?")[0], visitor.cookie, content)
        return response

    def back_to(self, path: str, visitor: Visitor) -> Again:
        """Return what answers a refused form with a redirection to the page `path`, which says why."""

        async def again(refusal: Refusal) -> Response:
            return self.go(path, visitor, refusal=refusal)

        return again


async def submit(
    work: Awaitable[T],
    *,
    again: Again,
    done: Callable[[T], Response],
    passes: tuple[type[Refusal], ...] = NOT_ABOUT_THE_FORM,
) -> Response:
    """Do what a form asks for: `done` answers with what came of it, `again` if it was refused.

    Refusals that are not about the form, `passes`, are raised.
    """
    try:
        result = await work
    except passes:
        raise
    except Refusal as refusal:
        caught = refusal
    else:
        return done(result)
    return await again(caught)


def document_of(told: Shown | None) -> JsonObject | None:
    """Return a refusal as it is kept."""
    if told is None:
        return None
    return {"text": told.text[:_LONGEST_TEXT], "remedy": told.remedy and told.remedy[:_LONGEST_TEXT]}


def refusal_in(kept: JsonObject | None) -> Shown | None:
    """Return the refusal in what was kept."""
    match kept:
        case {"refusal": {"text": str(text), "remedy": str() | None as remedy}}:
            return Shown(text, remedy)
        case _:
            return None
