"""The states of a publication, who it reaches, and requests for a review. Source: concepts.md 5.4 and 17, api.md 3.9."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.server.events.model import Author
from blockyard.server.kit.errors import Conflict

RequestId = NewType("RequestId", UUID)


class PublicationState(StrEnum):
    """How far a service is on its way to others."""

    UNPUBLISHED = "UNPUBLISHED"
    REQUESTED = "REQUESTED"
    REJECTED = "REJECTED"
    PUBLISHED = "PUBLISHED"
    DEPRECATED = "DEPRECATED"


class Restriction(StrEnum):
    """Whom a published service reaches: everybody, some workspaces, nobody but its owner."""

    PUBLIC = "PUBLIC"
    RESTRICTED = "RESTRICTED"
    PRIVATE = "PRIVATE"


class Step(StrEnum):
    """What moves a publication from one state to another."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    DEPRECATE = "deprecate"
    REACTIVATE = "reactivate"


_NEXT = {
    (PublicationState.UNPUBLISHED, Step.SUBMIT): PublicationState.REQUESTED,
    (PublicationState.REJECTED, Step.SUBMIT): PublicationState.REQUESTED,
    (PublicationState.REQUESTED, Step.WITHDRAW): PublicationState.UNPUBLISHED,
    (PublicationState.REQUESTED, Step.APPROVE): PublicationState.PUBLISHED,
    (PublicationState.REQUESTED, Step.REJECT): PublicationState.REJECTED,
    (PublicationState.PUBLISHED, Step.DEPRECATE): PublicationState.DEPRECATED,
    (PublicationState.DEPRECATED, Step.REACTIVATE): PublicationState.PUBLISHED,
}
_WORDS = {
    PublicationState.UNPUBLISHED: "private",
    PublicationState.REQUESTED: "in review",
    PublicationState.REJECTED: "rejected",
    PublicationState.PUBLISHED: "published",
    PublicationState.DEPRECATED: "deprecated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a service reaches once it is published; `workspaces` counts for RESTRICTED only."""

    restriction: Restriction = Restriction.PUBLIC
    workspaces: tuple[str, ...] = ()

    def reaches(self, workspaces: Collection[str]) -> bool:
        """Whether one of these workspaces, which are not the owner's, belongs to the audience."""
        if self.restriction is Restriction.RESTRICTED:
            return not set(workspaces).isdisjoint(self.workspaces)
        return self.restriction is Restriction.PUBLIC and bool(workspaces)

    def within(self, other: "Audience") -> bool:
        """Whether nobody belongs to this audience who does not belong to the other."""
        if other.restriction is Restriction.PUBLIC or self.restriction is Restriction.PRIVATE:
            return True
        return other.restriction is self.restriction and set(self.workspaces) <= set(other.workspaces)

    def without(self, workspace: str) -> "Audience":
        """Return the audience without a workspace; without anybody left, it is the owner alone."""
        others = tuple(name for name in self.workspaces if name != workspace)
        if self.restriction is Restriction.RESTRICTED and not others:
            return Audience(restriction=Restriction.PRIVATE)
        return replace(self, workspaces=others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The state of a service on its way to others, and whom it shall reach."""

    state: PublicationState = PublicationState.UNPUBLISHED
    audience: Audience = field(default_factory=Audience)

    def moved(self, step: Step) -> "Publication":
        """Return the publication after a step; where it is there already, a repeated step changes nothing.

        Raises:
            Conflict: the step does not lead on from here.
        """
        after = _NEXT.get((self.state, step))
        if after is not None:
            return replace(self, state=after)
        if any(self.state is there and step is taken for (_, taken), there in _NEXT.items()):
            return self
        froms = " or ".join(_WORDS[state] for state, leads in _NEXT if leads is step)
        raise Conflict(
            f"the publication is {_WORDS[self.state]}: '{step}' needs one that is {froms}",
            code="WrongPublicationState",
            remedy="Read the publication again and choose one of its steps.",
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """What its owner can do next."""
        return tuple(step for state, step in _NEXT if state is self.state and step not in {Step.APPROVE, Step.REJECT})

    def offered_to(self, workspace: str) -> bool:
        """Whether a workspace that is not the owner's may use the service for something new."""
        return self.state is PublicationState.PUBLISHED and self.audience.reaches([workspace])

    def known_to(self, workspaces: Collection[str]) -> bool:
        """Whether one of these workspaces, which are not the owner's, may know of the service; also once it is deprecated."""
        return self.state in {PublicationState.PUBLISHED, PublicationState.DEPRECATED} and self.audience.reaches(
            workspaces
        )


class Decision(StrEnum):
    """What became of a request."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The service that is to be published, as reviewers read it; `kind` is its kind on the wire."""

    kind: str
    id: UUID
    workspace: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRequest:
    """A request for a review.

    Attributes:
        display_name: the name of the service when it was submitted.
        message: what the owner tells the reviewer.
        comment: what the reviewer tells the owner.
        is_decided: whether nobody has to look at it any more; lists begin with what is not decided.
    """

    id: RequestId
    kind: str
    object_id: UUID
    workspace: str
    display_name: str
    author: Author
    message: str = ""
    created_at: datetime
    decision: Decision = Decision.OPEN
    is_decided: bool = False
    decided_by: Author | None = None
    decided_at: datetime | None = None
    comment: str = ""
    revision: int = 0

    @property
    def key(self) -> RequestId:
        """What addresses this request."""
        return self.id

    def decided(self, decision: Decision, author: Author, at: datetime, comment: str) -> "PublicationRequest":
        """Return the request after a decision. Raises Conflict: there is another one."""
        if self.decision is not Decision.OPEN:
            raise Conflict(
                f"the request is {self.decision.lower()} already",
                code="AlreadyDecided",
                remedy="Read it again; the owner can submit the service once more.",
            )
        return replace(
            self, decision=decision, is_decided=True, decided_by=author, decided_at=at, comment=comment.strip()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which requests a list shall show; None: any."""

    kind: str | None = None
    workspace: str | None = None
    decision: Decision | None = None
    object_id: UUID | None = None
