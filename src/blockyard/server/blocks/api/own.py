"""Our own endpoints of building blocks, for people, pages and the CLI: everything about a block, and live updates."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from blockyard.protocol.kinds import BLOCK_V2
from blockyard.server.blocks.api.feed import FollowedBlock
from blockyard.server.blocks.api.rendering import block_detail, block_graph, list_item
from blockyard.server.blocks.api.wire import PeoplesBlockFilter
from blockyard.server.blocks.service import BlockService, BlockView
from blockyard.server.identity.api import CurrentPrincipal, who_asks
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.streams import ANSWERS, Feed
from blockyard.server.kit.wire import DisplayName, ExactWireModel, WireModel
from blockyard.server.runs.service import RunViews

_DESCRIPTION = (
    "With `Accept: text/event-stream`: the event `block` (status of the block) whenever it changed, and of its latest run the "
    "events `status`, `step` and `log` as in the stream of a run. `Last-Event-ID` resumes. The stream ends when the block is "
    'deleted. With `Accept: application/json`: the same as `{"events": […], "position": "…", "ended": false}`, held until '
    "something happened after the position `after` or `wait` seconds passed."
)


class StartedRun(WireModel):
    """A run that was started."""

    building_block_uuid: UUID
    run_uuid: UUID | None


class EndIn(ExactWireModel):
    """Why a wait is ended."""

    reason: DisplayName


class EndedOut(WireModel):
    """A block whose wait was ended: how it is now, and one sentence for each thing that this leaves."""

    building_block_uuid: UUID
    status: str
    leaves: list[str]


def own_routes(db: Database, blocks: BlockService, run_views: RunViews, links: Links) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    @router.get("", response_class=Answer)
    async def list_blocks(
        request: Request,
        *,
        principal: CurrentPrincipal,
        page: Annotated[PageRequest, Depends(page_request)],
        filters: PeoplesBlockFilter,
    ) -> Response:
        """Return the blocks you may see, also those that are being deleted, the newest first, as people read them.

        Each is the public API's document, with `definition`, `version`, `statusText` and `createdAt` beside it. The value of an input
        or output over 64 KB is null, and `isCut` beside it true: the block itself has it.
        """
        query = filters.model()
        found = await db.read(
            lambda tx: blocks.listed(tx, principal, query, page, oldest_first=filters.oldest_first).map(
                lambda one: list_item(one, links)
            )
        )
        return Answer(page_at(links.own("blocks"), BLOCK_V2.plural, found, sent_query(request)))

    @router.get("/{uuid}", response_class=Answer)
    async def read_block(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return a block with definition, inputs, outputs, parents, children and latest runs, as people read it."""
        return Answer(await db.read(lambda tx: block_detail(blocks.detail(tx, principal, uuid), links)))

    @router.get("/{uuid}/graph", response_class=Answer)
    async def read_graph(uuid: UUID, principal: CurrentPrincipal) -> Response:
        """Return the blocks that a block depends on and those that depend on it, some levels deep, as far as you may see them."""
        return Answer(await db.read(lambda tx: block_graph(blocks.graph(tx, principal, uuid), links)))

    @router.post("/{uuid}/detect", status_code=HTTPStatus.ACCEPTED)
    async def detect_changes(uuid: UUID, principal: CurrentPrincipal) -> StartedRun:
        """Start a dry run: it says what a run would change, and changes nothing. The block's status stays."""
        view = await db.write(lambda tx: blocks.detect(tx, principal, uuid))
        return _started(view, view.block.latest_dry_run_id)

    @router.post("/{uuid}/trust-test", status_code=HTTPStatus.ACCEPTED)
    async def try_trust(uuid: UUID, principal: CurrentPrincipal) -> StartedRun:
        """Start a run that tries whether the block's clouds trust it: it names the claim they do not accept, and changes nothing."""
        view, run_id = await db.write(lambda tx: blocks.try_trust(tx, principal, uuid))
        return _started(view, run_id)

    @router.post("/{uuid}/apply-plan", status_code=HTTPStatus.ACCEPTED)
    async def apply_plan(uuid: UUID, principal: CurrentPrincipal) -> StartedRun:
        """Start a run that applies exactly what the latest dry run planned."""
        view = await db.write(lambda tx: blocks.apply_plan(tx, principal, uuid))
        return _started(view, view.block.latest_run_id)

    @router.post("/{uuid}/end")
    async def end_wait(uuid: UUID, body: EndIn, principal: CurrentPrincipal) -> EndedOut:
        """End whatever a block waits for, or its run, at once and without asking the runner. The answer says what this leaves."""
        ended = await db.write(lambda tx: blocks.end(tx, principal, uuid, body.reason))
        return EndedOut(building_block_uuid=uuid, status=ended.block.status.value, leaves=[*ended.leaves])

    @router.get("/{uuid}/events", description=_DESCRIPTION, response_class=Response, responses=ANSWERS)
    async def watch_block(
        request: Request,
        *,
        uuid: UUID,
        principal: CurrentPrincipal,
        after: Annotated[str, Query(max_length=100)] = "",
        wait: Annotated[float, Query(ge=0, le=600)] = 0,
        last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=100)] = "",
    ) -> Response:
        """Tell what happens to a block."""
        feed = Feed(db, FollowedBlock(blocks, run_views, uuid), who_asks(request))
        return await feed.answer(request, principal, last_event_id or after, wait)

    return router


def _started(view: BlockView, run_id: UUID | None) -> StartedRun:
    return StartedRun(building_block_uuid=view.block.id, run_uuid=run_id)
