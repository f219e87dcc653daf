"""Routes of a definition's publication. Source: concepts.md 5.4 and 17."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from blockyard.server.definitions.model import Definition, DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import Name, WireModel
from blockyard.server.publications.model import Audience, PublicationRequest, PublicationState, Restriction, Step
from blockyard.server.publications.wire import Comment, PublicationRequestOut, request_out

_MAX_WORKSPACES = 500


class AudienceIn(WireModel):
    """Whom a definition reaches once it is published: everybody, some workspaces, or nobody but its owner."""

    restriction: Annotated[Restriction, Field(strict=False)]
    restricted_to_workspaces: Annotated[list[Name], Field(max_length=_MAX_WORKSPACES)] = Field(default_factory=list)

    def model(self) -> Audience:
        """Return what is asked for."""
        return Audience(restriction=self.restriction, workspaces=tuple(dict.fromkeys(self.restricted_to_workspaces)))


class Submission(WireModel):
    """What the owner tells the reviewer."""

    message: Comment = ""


class Reason(WireModel):
    """Why something is done; the event log keeps it."""

    reason: Comment = ""


class DefinitionPublication(WireModel):
    """The publication of a definition: its state, whom it reaches, what its owner can do next, and its last requests."""

    definition_uuid: UUID
    state: PublicationState
    restriction: Restriction
    restricted_to_workspaces: list[str]
    next_steps: list[Step]
    requests: list[PublicationRequestOut]


def publishing_routes(db: Database, definitions: DefinitionService) -> APIRouter:
    """Return the routes of the publication of a definition."""
    router = api_router(prefix="/api/blockyard/v1/definitions/{uuid}/publication", tags=["Publications"])
    publishing = definitions.publishing

    @router.get("")
    async def read_definition_publication(uuid: UUID, principal: CurrentPrincipal) -> DefinitionPublication:
        """Return how far a definition is on its way to others, with its last 50 requests, newest first."""
        return _shown(*await db.read(lambda tx: publishing.show(tx, principal, DefinitionId(uuid))))

    @router.put("")
    async def restrict_definition(uuid: UUID, body: AudienceIn, principal: CurrentPrincipal) -> DefinitionPublication:
        """Say whom a definition reaches; blocks that are there go on."""
        audience = body.model()
        return _shown(*await db.write(lambda tx: publishing.restrict(tx, principal, DefinitionId(uuid), audience)))

    @router.post("/submit")
    async def submit_definition(uuid: UUID, body: Submission, principal: CurrentPrincipal) -> DefinitionPublication:
        """Submit a definition for publishing; where no review is needed it is published at once."""
        message = body.message
        return _shown(*await db.write(lambda tx: publishing.submit(tx, principal, DefinitionId(uuid), message)))

    @router.post("/withdraw")
    async def withdraw_definition(uuid: UUID, principal: CurrentPrincipal) -> DefinitionPublication:
        """Take a request for publication back."""
        return _shown(*await db.write(lambda tx: publishing.withdraw(tx, principal, DefinitionId(uuid))))

    @router.post("/deprecate")
    async def deprecate_definition(uuid: UUID, body: Reason, principal: CurrentPrincipal) -> DefinitionPublication:
        """Deprecate a published definition: nothing new is made of it, blocks that are there go on."""
        step, reason = Step.DEPRECATE, body.reason
        return _shown(*await db.write(lambda tx: publishing.turn(tx, principal, DefinitionId(uuid), step, reason)))

    @router.post("/reactivate")
    async def reactivate_definition(uuid: UUID, body: Reason, principal: CurrentPrincipal) -> DefinitionPublication:
        """Publish a deprecated definition again."""
        step, reason = Step.REACTIVATE, body.reason
        return _shown(*await db.write(lambda tx: publishing.turn(tx, principal, DefinitionId(uuid), step, reason)))

    return router


def _shown(definition: Definition, requests: Sequence[PublicationRequest]) -> DefinitionPublication:
    publication = definition.publication
    return DefinitionPublication(
        definition_uuid=definition.id,
        state=publication.state,
        restriction=publication.audience.restriction,
        restricted_to_workspaces=list(publication.audience.workspaces),
        next_steps=list(publication.steps),
        requests=[request_out(request) for request in requests],
    )
