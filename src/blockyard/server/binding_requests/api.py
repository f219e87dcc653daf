"""The routes of requests for bindings. Blockyard's own endpoints."""

from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.binding_requests.model import BindingRequest, RequestedKind, RequestId, RequestState, Wanted
from blockyard.server.binding_requests.service import BindingRequestService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, Name, ShortText, Text, WireDate, WireJson, WireModel


class RequestedBinding(WireModel):
    """Who shall get which role in which workspace, or in which project of it, until the end of which day, and why.

    Roles in projects are named by their display names, and have no last day.
    """

    kind: Annotated[RequestedKind, Field(strict=False)] = RequestedKind.WORKSPACE_USER
    name: Annotated[Text, Field(min_length=1, max_length=45)]
    role: Name
    workspace_identifier: Name
    project_identifier: Name | None = None
    subject: Name
    expiry_date: WireDate | None = None
    reason: DisplayName

    def wanted(self) -> Wanted:
        """Return what is asked for as use cases take it."""
        return Wanted(
            kind=self.kind,
            name=self.name,
            role=self.role,
            workspace=self.workspace_identifier,
            project=self.project_identifier,
            subject=self.subject,
            expires_on=self.expiry_date,
            reason=self.reason,
        )


class BindingRequestOut(RequestedBinding):
    """A request as the API shows it."""

    uuid: str
    state: RequestState
    requested_by: str
    approvals: list[str]
    decided_by: str | None
    decided_on: str | None
    created_on: str


def binding_request_routes(db: Database, requests: BindingRequestService, links: Links) -> APIRouter:
    """Return the routes of requests for bindings."""
    router = api_router(prefix="/api/blockyard/v1/binding-requests", tags=["Binding requests"])

    @router.get("")
    async def list_binding_requests(
        request: Request,
        principal: CurrentPrincipal,
        *,
        page: Annotated[PageRequest, Depends(page_request)],
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
        project: Annotated[ShortText | None, Query(alias="projectIdentifier")] = None,
        state: Annotated[RequestState | None, Query()] = None,
    ) -> dict[str, WireJson]:
        """Return the requests for roles in your workspaces, oldest first."""
        wanted = partial(requests.page, workspace=workspace, project=project, state=state)
        found = await db.read(lambda tx: wanted(tx, principal, page))
        return page_at(links.own("binding-requests"), "bindingRequests", found.map(_json), sent_query(request))

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_binding_request(
        body: Annotated[RequestedBinding, Body()], principal: CurrentPrincipal
    ) -> BindingRequestOut:
        """Ask for a role; that counts as your approval."""
        return _request(await db.write(lambda tx: requests.create(tx, principal, body.wanted())))

    @router.get("/{uuid}")
    async def read_binding_request(uuid: UUID, principal: CurrentPrincipal) -> BindingRequestOut:
        """Return a request for a role."""
        return _request(await db.read(lambda tx: requests.get(tx, principal, RequestId(uuid))))

    @router.post("/{uuid}/approve")
    async def approve_binding_request(uuid: UUID, principal: CurrentPrincipal) -> BindingRequestOut:
        """Approve a request for a role; enough approvals give it."""
        return _request(await db.write(lambda tx: requests.approve(tx, principal, RequestId(uuid))))

    @router.post("/{uuid}/decline")
    async def decline_binding_request(uuid: UUID, principal: CurrentPrincipal) -> BindingRequestOut:
        """Decline a request for a role, which ends it."""
        return _request(await db.write(lambda tx: requests.decline(tx, principal, RequestId(uuid))))

    @router.post("/{uuid}/cancel")
    async def cancel_binding_request(uuid: UUID, principal: CurrentPrincipal) -> BindingRequestOut:
        """Take your own request for a role back."""
        return _request(await db.write(lambda tx: requests.cancel(tx, principal, RequestId(uuid))))

    return router


def _request(request: BindingRequest) -> BindingRequestOut:
    return BindingRequestOut(
        uuid=str(request.id),
        kind=request.kind,
        name=request.name,
        role=request.role,
        workspace_identifier=request.workspace,
        project_identifier=request.project,
        subject=request.subject,
        expiry_date=request.expires_on,
        reason=request.reason,
        state=request.state,
        requested_by=request.requested_by,
        approvals=[*request.approvals],
        decided_by=request.decided_by,
        decided_on=wire_time(request.decided_at) if request.decided_at else None,
        created_on=wire_time(request.created_at),
    )


def _json(request: BindingRequest) -> JsonObject:
    document: JsonObject = _request(request).model_dump(by_alias=True, mode="json")
    return document
