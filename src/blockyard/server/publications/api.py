"""The routes of reviewers. Source: concepts.md 5.4, 17 and 27.4."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ShortText, WireModel
from blockyard.server.publications.model import Decision, RequestFilter, RequestId, Step
from blockyard.server.publications.service import PublicationService
from blockyard.server.publications.wire import Comment, PublicationRequestOut, request_out, shown_request


class PublicationRequestList(WireModel):
    """A page of requests for publication."""

    embedded: Annotated[dict[str, list[PublicationRequestOut]], Field(alias="_embedded")]
    links: Annotated[dict[str, dict[str, str]], Field(alias="_links")]
    page: dict[str, int]


class Review(WireModel):
    """A decision; a rejection needs a comment."""

    comment: Comment = ""


class PublicationRequestQuery(WireModel):
    """The filters of a list; a filter without a value filters nothing."""

    kind: ShortText | None = None
    owned_by_workspace: ShortText | None = None
    decision: Annotated[Decision | None, Field(strict=False)] = None
    object_uuid: Annotated[UUID | None, Field(strict=False)] = None

    def model(self) -> RequestFilter:
        """Return what is asked for."""
        return RequestFilter(
            kind=self.kind or None,
            workspace=self.owned_by_workspace or None,
            decision=self.decision,
            object_id=self.object_uuid,
        )


def publication_routes(db: Database, publications: PublicationService, links: Links) -> APIRouter:
    """Return the routes of reviewers."""
    router = api_router(prefix="/api/blockyard/v1/publications", tags=["Publications"])

    @router.get("", response_model=PublicationRequestList)
    async def list_publication_requests(
        request: Request,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: Annotated[PublicationRequestQuery, Query()],
    ) -> JSONResponse:
        """Return the requests for publication of all workspaces, undecided ones first."""
        found = await db.read(lambda tx: publications.page(tx, principal, filters.model(), page))
        document = page_at(links.own("publications"), "publications", found.map(shown_request), request.query_params)
        return JSONResponse(document)

    @router.get("/{uuid}")
    async def read_publication_request(uuid: UUID, principal: CurrentPrincipal) -> PublicationRequestOut:
        """Return a request for publication."""
        return request_out(await db.read(lambda tx: publications.get(tx, principal, RequestId(uuid))))

    @router.post("/{uuid}/approve")
    async def approve_publication(uuid: UUID, body: Review, principal: CurrentPrincipal) -> PublicationRequestOut:
        """Publish what was submitted; a first version that is still a draft is released."""
        step, comment = Step.APPROVE, body.comment
        return request_out(
            await db.write(lambda tx: publications.decide(tx, principal, RequestId(uuid), step, comment))
        )

    @router.post("/{uuid}/reject")
    async def reject_publication(uuid: UUID, body: Review, principal: CurrentPrincipal) -> PublicationRequestOut:
        """Reject what was submitted; its owner reads the comment and can submit it again."""
        step, comment = Step.REJECT, body.comment
        return request_out(
            await db.write(lambda tx: publications.decide(tx, principal, RequestId(uuid), step, comment))
        )

    return router
