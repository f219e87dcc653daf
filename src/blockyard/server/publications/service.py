"""Use cases of publications: to submit, to decide, to look at what is to be decided. Source: concepts.md 5.4 and 17."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.publications.model import (
    Audience,
    Decision,
    Publication,
    PublicationRequest,
    PublicationState,
    RequestFilter,
    RequestId,
    Restriction,
    Step,
    Subject,
)
from blockyard.server.publications.store import RequestStore
from blockyard.server.workspaces.service import WorkspaceService

REVIEW = "REVIEW_PUBLICATION"
SHOWN_REQUESTS = 50
"""How many requests the history of a service shows."""


class Publishable(Protocol):
    """A feature whose objects can be published; it adds itself to `kinds`."""

    title: str
    """What its events call an object, such as "Building Block Definition"."""

    def decided(self, tx: Transaction, principal: Principal, object_id: UUID, step: Step) -> None:
        """Take the step that a reviewer decided on. Raises Conflict."""
        ...


class PublicationService:
    """Use cases of publications.

    Attributes:
        kinds: the features whose objects can be published, by their kind on the wire.
        review: whether a service needs a reviewer's approval before others see it.
    """

    def __init__(self, basics: Basics, *, workspaces: WorkspaceService, review: bool = False) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self.review = review
        self.kinds: dict[str, Publishable] = {}

    def page(
        self, tx: Transaction, principal: Principal, wanted: RequestFilter, request: PageRequest
    ) -> Page[PublicationRequest]:
        """Return one page of the requests for publication, undecided ones first. Raises Denied."""
        principal.require(REVIEW, workspace=None)
        filters: dict[str, object | None] = {
            "kind": wanted.kind,
            "workspace": wanted.workspace,
            "decision": wanted.decision,
            "object_id": wanted.object_id,
        }
        return RequestStore(tx).page(request, owners=None, wanted=filters)

    def get(self, tx: Transaction, principal: Principal, request_id: RequestId) -> PublicationRequest:
        """Return a request for publication. Raises Denied, NotFound."""
        principal.enter(REVIEW, _unknown(request_id))
        return _found(tx, request_id)

    def decide(
        self, tx: Transaction, principal: Principal, request_id: RequestId, step: Step, comment: str
    ) -> PublicationRequest:
        """Approve or reject a request; the same decision again changes nothing.

        Raises:
            Denied, NotFound.
            Invalid: a rejection says no reason.
            Conflict: it was decided otherwise.
        """
        principal.enter(REVIEW, _unknown(request_id))
        before, decision = _found(tx, request_id), _DECISIONS[step]
        if step is Step.REJECT and not comment.strip():
            raise Invalid(
                "a rejection needs a reason",
                code="ReasonMissing",
                field="/comment",
                remedy="Say in 'comment' what the owner has to change.",
            )
        if before.decision is decision:
            return before
        after = RequestStore(tx).save(before.decided(decision, principal.author, self._basics.clock(), comment))
        self.kinds[before.kind].decided(tx, principal, before.object_id, step)
        self._tell(tx, principal, after, decision)
        return after

    # For the features whose objects are published: no principal is asked but whether they review

    def may_publish(self, principal: Principal) -> bool:
        """Whether what the principal submits is published at once."""
        return not self.review or principal.allows(REVIEW, workspace=None)

    def submit(
        self, tx: Transaction, principal: Principal, subject: Subject, publication: Publication, message: str = ""
    ) -> Publication:
        """Return the publication after its owner asked for it: in review, or published where no review is needed."""
        after = publication.moved(Step.SUBMIT)
        if after == publication:
            return after
        is_published = self.may_publish(principal)
        request = self._ask(tx, principal, subject, message, told=not is_published)
        if not is_published:
            return after
        self._close(tx, principal, request, Decision.APPROVED)
        return after.moved(Step.APPROVE)

    def withdraw(self, tx: Transaction, principal: Principal, object_id: UUID, publication: Publication) -> Publication:
        """Return the publication after its owner took the request back."""
        after = publication.moved(Step.WITHDRAW)
        request = RequestStore(tx).open_of(object_id)
        if after != publication and request is not None:
            self._close(tx, principal, request, Decision.WITHDRAWN)
        return after

    def follow(
        self, tx: Transaction, principal: Principal, subject: Subject, *, requested: bool, published: bool
    ) -> None:
        """Take note of a new state that came with the object itself, as that of a platform does: asked for, published, or neither."""
        request = RequestStore(tx).open_of(subject.id)
        if request is None and (requested or published):
            request = self._ask(tx, principal, subject, "", told=requested)
        if request is not None and not requested:
            self._close(tx, principal, request, Decision.APPROVED if published else Decision.WITHDRAWN)

    def with_audience(
        self,
        tx: Transaction,
        principal: Principal,
        publication: Publication,
        audience: Audience,
        *,
        field: str = "/restrictedToWorkspaces",
    ) -> Publication:
        """Return the publication with another audience.

        Raises:
            Invalid: workspaces are named that are not there, or where none may be, or none where there must be some.
            Conflict: more would see what a reviewer approved for fewer.
        """
        self._check(tx, publication.audience, audience, field)
        reviewed = publication.state in {PublicationState.PUBLISHED, PublicationState.DEPRECATED}
        if reviewed and not audience.within(publication.audience) and not self.may_publish(principal):
            raise Conflict(
                "this would be seen by more workspaces than a reviewer approved",
                code="ReviewNeeded",
                field=field.rpartition("/")[0] + "/restriction",
                remedy="Ask a reviewer to widen it.",
            )
        return replace(publication, audience=audience)

    def history(self, tx: Transaction, object_id: UUID) -> Sequence[PublicationRequest]:
        """Return the last requests of a service, newest first."""
        return RequestStore(tx).newest_of(object_id, SHOWN_REQUESTS)

    def forget(self, tx: Transaction, object_id: UUID) -> None:
        """Remove the requests of a service that is deleted."""
        RequestStore(tx).forget(object_id)

    def _ask(
        self, tx: Transaction, principal: Principal, subject: Subject, message: str, *, told: bool
    ) -> PublicationRequest:
        """Add a request; it is `told` where somebody has to decide on it."""
        request = PublicationRequest(
            id=RequestId(self._basics.new_id()),
            kind=subject.kind,
            object_id=subject.id,
            workspace=subject.workspace,
            display_name=subject.display_name,
            author=principal.author,
            message=message.strip(),
            created_at=self._basics.clock(),
        )
        if told:
            self._tell(tx, principal, request, Decision.OPEN)
        return RequestStore(tx).add(request)

    def _close(self, tx: Transaction, principal: Principal, request: PublicationRequest, decision: Decision) -> None:
        closed = request.decided(decision, principal.author, self._basics.clock(), "")
        self._tell(tx, principal, RequestStore(tx).save(closed), decision)

    def _check(self, tx: Transaction, before: Audience, audience: Audience, field: str) -> None:
        if audience.restriction is Restriction.RESTRICTED and not audience.workspaces:
            raise Invalid(
                "no workspace is named",
                code="NoWorkspaces",
                field=field,
                remedy="Name the workspaces that may see it, or choose PUBLIC or PRIVATE.",
            )
        if audience.restriction is not Restriction.RESTRICTED and audience.workspaces:
            raise Invalid(
                f"{audience.restriction} names no workspaces",
                code="UnexpectedWorkspaces",
                field=field,
                remedy="Leave the list empty, or choose RESTRICTED.",
            )
        for workspace in sorted(set(audience.workspaces) - set(before.workspaces)):
            if not self._workspaces.exists(tx, workspace):
                raise Invalid(
                    f"there is no workspace '{workspace}'",
                    code="UnknownWorkspace",
                    field=field,
                    remedy="Name workspaces that are there.",
                )

    def _tell(self, tx: Transaction, principal: Principal, request: PublicationRequest, decision: Decision) -> None:
        verb, type_ = _EVENTS[decision]
        self._basics.event_log.append(
            tx,
            principal.author,
            f"{self.kinds[request.kind].title} Marketplace Publication {verb}",
            type_,
            workspace=request.workspace,
            subject_kind=request.kind,
            subject_id=str(request.object_id),
            description=request.display_name,
            content=_event_content(request),
        )


_DECISIONS = {Step.APPROVE: Decision.APPROVED, Step.REJECT: Decision.REJECTED}
_EVENTS = {
    Decision.OPEN: ("Request", EventType.REQUESTED),
    Decision.APPROVED: ("Approved", EventType.APPROVED),
    Decision.REJECTED: ("Rejected", EventType.REJECTED),
    Decision.WITHDRAWN: ("Withdrawn", EventType.CANCELLED),
}


def _found(tx: Transaction, request_id: RequestId) -> PublicationRequest:
    found = RequestStore(tx).get(request_id)
    if found is None:
        raise _unknown(request_id)
    return found


def _unknown(request_id: RequestId) -> NotFound:
    return NotFound(f"there is no request for publication '{request_id}'", code="UnknownPublicationRequest")


def _event_content(request: PublicationRequest) -> JsonObject:
    return {
        "displayName": request.display_name,
        "decision": request.decision.value,
        "message": request.message,
        "comment": request.comment,
    }
