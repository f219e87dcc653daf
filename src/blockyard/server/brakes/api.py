"""Our own endpoints of brakes: stops, freezes, and the holds that blocks have."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.brakes.model import Brake, BrakeKind, BrakeScope, Calendar, Recurrence
from blockyard.server.brakes.service import BrakeOrder, BrakeService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, ExactWireModel, ShortText, WireInstant, WireModel


class CalendarIn(ExactWireModel):
    """Windows that come again. `begin` and `end` are `2026-12-24T18:00`, `18:00`, `FRIDAY 18:00` or `12-20 00:00`."""

    recurrence: Annotated[Recurrence, Field(strict=False)]
    time_zone: ShortText
    begin: ShortText
    end: ShortText


class BrakeIn(ExactWireModel):
    """What is stopped, by its id, name or identifier, and why: now and until somebody lifts it, or in the windows of a calendar."""

    scope: Annotated[BrakeScope, Field(strict=False)]
    subject: ShortText | None = None
    reason: DisplayName
    until: WireInstant | None = None
    calendar: CalendarIn | None = None

    def order(self) -> BrakeOrder:
        """Return it for the use case."""
        calendar = None if self.calendar is None else self.calendar.into(Calendar)
        return BrakeOrder(
            scope=self.scope, subject=self.subject, reason=self.reason, until=self.until, calendar=calendar
        )


class LiftIn(ExactWireModel):
    """Why a brake is lifted."""

    reason: DisplayName


class BrakeOut(WireModel):
    """A brake. `isOn` says whether it holds now; `closesAt` when it, or its window, ends by itself; `liftedBy` who can end it."""

    uuid: UUID
    kind: BrakeKind
    scope: BrakeScope
    subject: str
    building_block_uuid: UUID | None
    definition_uuid: UUID | None
    workspace_identifier: str | None
    platform_identifier: str | None
    owned_by_workspace: str | None
    reason: str
    author: str
    calendar: CalendarIn | None
    created_at: str
    opens_at: str
    closes_at: str | None
    ended_at: str | None
    is_on: bool
    message: str
    lifted_by: str


def brake_routes(db: Database, brakes: BrakeService, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/brakes", tags=["Brakes"])

    def shown(brake: Brake) -> BrakeOut:
        return brake_out(brake, is_on=brakes.is_on(brake))

    @router.get("", response_class=Answer)
    async def list_brakes(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        kind: BrakeKind | None = None,
        scope: BrakeScope | None = None,
    ) -> Response:
        """List the holds, stops and freezes of the installation and of your workspaces, oldest first."""

        def document(brake: Brake) -> JsonObject:
            written: JsonObject = shown(brake).model_dump(mode="json", by_alias=True)
            return written

        found = await db.read(lambda tx: brakes.page(tx, principal, page, kind=kind, scope=scope))
        return Answer(page_at(links.own("brakes"), "brakes", found.map(document), sent_query(request)))

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_brake(body: BrakeIn, principal: CurrentPrincipal) -> BrakeOut:
        """Stop new applies of a definition, a workspace, a platform or everything, now or in the windows of a calendar.

        What a runner has already goes on, and so do dry runs. Runs that wait are claimed in their order afterwards.
        """
        return shown(await db.write(lambda tx: brakes.create(tx, principal, body.order())))

    @router.get("/{uuid}")
    async def read_brake(uuid: UUID, principal: CurrentPrincipal) -> BrakeOut:
        """Return a hold, a stop or a freeze, also one that has ended."""
        return shown(await db.read(lambda tx: brakes.get(tx, principal, uuid)))

    @router.post("/{uuid}/lift")
    async def lift_brake(uuid: UUID, body: LiftIn, principal: CurrentPrincipal) -> BrakeOut:
        """Let go on what a stop or a freeze keeps back. Lifting it again changes nothing."""
        return shown(await db.write(lambda tx: brakes.lift(tx, principal, uuid, body.reason)))

    return router


def brake_out(brake: Brake, *, is_on: bool) -> BrakeOut:
    """Return a brake as clients see it."""
    calendar = None if brake.calendar is None else CalendarIn.model_validate(brake.calendar.document())
    return BrakeOut(
        uuid=brake.id,
        kind=brake.kind,
        scope=brake.scope,
        subject=brake.subject,
        building_block_uuid=brake.block_id,
        definition_uuid=brake.definition_id,
        workspace_identifier=brake.on_workspace,
        platform_identifier=brake.platform,
        owned_by_workspace=brake.workspace,
        reason=brake.reason,
        author=brake.author.display_name,
        calendar=calendar,
        created_at=wire_time(brake.created_at),
        opens_at=wire_time(brake.opens_at),
        closes_at=None if brake.closes_at is None else wire_time(brake.closes_at),
        ended_at=None if brake.deleted_at is None else wire_time(brake.deleted_at),
        is_on=is_on,
        message=brake.message,
        lifted_by=brake.lifted_by,
    )
