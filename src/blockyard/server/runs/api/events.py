"""Live updates of a run: server-sent events, and a long poll where a proxy breaks them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.api import CurrentPrincipal, Who, who_asks
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database
from blockyard.server.kit.http import answers, require_accept
from blockyard.server.kit.streams import SWEEP_SECONDS, follow
from blockyard.server.runs.api.rendering import run_summary, step_document
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunEvents, RunViews

EVENT_STREAM = "text/event-stream"
MAX_WAIT_SECONDS = 30.0
_POSITION = re.compile(r"\d{1,9}", re.ASCII)
_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_DESCRIPTION = (
    "With `Accept: text/event-stream`: events `status` (the run), `step` (one step) and `log` (text of a step's log from "
    "`offset` on; an offset before the end replaces what follows it). `Last-Event-ID` resumes. The stream ends with the run. "
    'With `Accept: application/json`: the same as `{"events": […], "position": n, "ended": false}`, held until something '
    "happened after `after` or `wait` seconds passed."
)


def event_routes(db: Database, views: RunViews) -> APIRouter:
    """Return the route for viewers."""
    router = APIRouter(prefix="/api/blockyard/v1/runs", tags=["runs"])
    feed = RunFeed(db, views)

    @router.get(
        "/{run_id}/events",
        description=_DESCRIPTION,
        response_class=Response,
        responses=answers("application/json", EVENT_STREAM) | {204: {"description": "Nothing will follow."}},
    )
    async def watch_run(
        request: Request,
        *,
        run_id: UUID,
        principal: CurrentPrincipal,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        wait: Annotated[float, Query(ge=0, le=600)] = 0,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    ) -> Response:
        """Tell what happens to a run."""
        wanted = require_accept(request, ["application/json", EVENT_STREAM])
        if EVENT_STREAM in request.headers.get("accept", ""):
            wanted = EVENT_STREAM
        if wanted != EVENT_STREAM:
            found = await feed.wait(principal, RunId(run_id), after, min(wait, MAX_WAIT_SECONDS))
            return JSONResponse(_batch(found), headers={"Cache-Control": "no-store"})
        if last_event_id is not None and _POSITION.fullmatch(last_event_id):
            after = int(last_event_id)
        first = await feed.look(principal, RunId(run_id), after)
        if first.ended and not event_documents(first):
            return Response(status_code=HTTPStatus.NO_CONTENT)
        stream = feed.stream(who_asks(request), RunId(run_id), first)
        return StreamingResponse(stream, media_type=EVENT_STREAM, headers=_STREAM_HEADERS)

    return router


class RunFeed:
    """Follows runs for viewers."""

    def __init__(self, db: Database, views: RunViews) -> None:
        self._db = db
        self._views = views

    async def look(self, principal: Principal, run_id: RunId, after: int) -> RunEvents:
        """Return what happened after a position."""
        return await self._db.read_consistently(lambda tx: self._views.events(tx, principal, run_id, after))

    async def wait(self, principal: Principal, run_id: RunId, after: int, seconds: float) -> RunEvents:
        """Return what happened after a position, as soon as something did, or nothing after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        with self._db.signals.subscribe(f"run:{run_id}") as subscription:
            while True:
                found = await self.look(principal, run_id, after)
                left = deadline - asyncio.get_running_loop().time()
                if event_documents(found) or found.ended or left <= 0:
                    return found
                await subscription.wait(min(left, SWEEP_SECONDS))

    def stream(self, who: Who, run_id: RunId, first: RunEvents) -> AsyncIterator[str]:
        """Yield server-sent events, beginning with `first`, until the run ended or the viewer may not see it any more."""

        async def look(found: RunEvents) -> RunEvents:
            return await self.look(await who(), run_id, found.position)

        return follow(self._db.signals, first, look=look, topics=lambda _: (f"run:{run_id}",), frames=_frames)


def _batch(found: RunEvents) -> JsonObject:
    events: list[Json] = list(event_documents(found))
    return {"events": events, "position": found.position, "ended": found.ended}


def event_documents(found: RunEvents) -> list[JsonObject]:
    """Return the events of a batch; a final status comes last, after everything that led to it."""
    events: list[JsonObject] = [
        {"type": "step", "attempt": found.attempt, "step": step_document(step, with_log=found.with_log)}
        for step in found.steps
    ]
    events += [
        {
            "type": "log",
            "attempt": found.attempt,
            "source": chunk.step.source,
            "step": chunk.step.name,
            "offset": chunk.offset,
            "text": chunk.data.decode(errors="replace"),
        }
        for chunk in found.chunks
    ]
    if found.run is None:
        return events
    status: JsonObject = {"type": "status", "run": run_summary(found.run)}
    return [*events, status] if found.run.is_final else [status, *events]


def _frames(found: RunEvents) -> str:
    """Return a batch as frames; only the last one has an id, so that a broken batch is sent again as a whole."""
    events = event_documents(found)
    if not events:
        return ""
    frames = [f"event: {event['type']}\ndata: {json.dumps(event, separators=(',', ':'))}\n" for event in events]
    frames[-1] = f"id: {found.position}\n{frames[-1]}"
    return "".join(f"{frame}\n" for frame in frames)
