"""How requests for publication look: to reviewers, and in the history of what was submitted."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.wire import Text, WireModel
from blockyard.server.publications.model import Decision, PublicationRequest

MAX_COMMENT_CHARACTERS = 4000

Comment = Annotated[Text, Field(max_length=MAX_COMMENT_CHARACTERS)]
"""What owners and reviewers tell each other."""


class PublicationRequestOut(WireModel):
    """A request for publication; `kind` and `objectUuid` name what is to be published."""

    uuid: UUID
    kind: str
    object_uuid: UUID
    owned_by_workspace: str
    display_name: str
    message: str
    requested_by: str
    requested_on: str
    decision: Decision
    decided_by: str | None
    decided_on: str | None
    comment: str


def shown_request(request: PublicationRequest) -> JsonObject:
    """Return a request as the API shows it, in the history of what was submitted too."""
    return {
        "uuid": str(request.id),
        "kind": request.kind,
        "objectUuid": str(request.object_id),
        "ownedByWorkspace": request.workspace,
        "displayName": request.display_name,
        "message": request.message,
        "requestedBy": request.author.display_name,
        "requestedOn": wire_time(request.created_at),
        "decision": request.decision.value,
        "decidedBy": None if request.decided_by is None else request.decided_by.display_name,
        "decidedOn": _time(request.decided_at),
        "comment": request.comment,
    }


def _time(instant: datetime | None) -> Json:
    return None if instant is None else wire_time(instant)


def request_out(request: PublicationRequest) -> PublicationRequestOut:
    return PublicationRequestOut.model_validate(shown_request(request), strict=False)
