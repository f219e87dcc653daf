"""What every route of pages needs."""

from dataclasses import dataclass

from fastapi import Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Refusal
from blockyard.server.ui.frame.drafts import Drafts
from blockyard.server.ui.frame.layout import Frame
from blockyard.server.ui.frame.refusals import Shown, shown
from blockyard.server.ui.frame.visitor import Visitor, Visitors

_LONGEST_TEXT = 800
"""Characters of a refusal that travel to the page that shows it."""


@dataclass(frozen=True, slots=True)
class Site:
    """The database, the frame of all pages, who looks at them, what refused forms said, and the time."""

    db: Database
    frame: Frame
    visitors: Visitors
    drafts: Drafts
    clock: Clock

    def refuse(self, refusal: Refusal, visitor: Visitor, *, at: str) -> Response:
        """Return a redirection to the page `at`, which says why a form was refused."""
        response = self.frame.go(at, visitor=visitor)
        self.drafts.keep(response, at, visitor.cookie, {"refusal": document_of(shown(refusal))})
        return response

    def told(self, request: Request, visitor: Visitor) -> Shown | None:
        """Return why the form before was refused, if this is the page to say it."""
        return refusal_in(self.drafts.read(request, visitor.cookie))


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
