"""Live updates of a run."""

import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api import CurrentPrincipal, who_asks
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.streams import ANSWERS, Batch, Feed
from blockyard.server.runs.api.rendering import run_summary, step_document
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunEvents, RunViews
from blockyard.server.runs.topics import run_topic

_POSITION = re.compile(r"\d{1,9}", re.ASCII)
_DESCRIPTION = (
    "With `Accept: text/event-stream`: events `status` (the run), `step` (one step) and `log` (text of a step's log from "
    "`offset` on; an offset before the end replaces what follows it). `Last-Event-ID` resumes. The stream ends with the run. "
    'With `Accept: application/json`: the same as `{"events": […], "position": n, "ended": false}`, held until something '
    "happened after `after` or `wait` seconds passed."
)


def event_routes(db: Database, views: RunViews) -> APIRouter:
    """Return the route for viewers."""
    router = api_router(prefix="/api/blockyard/v1/runs", tags=["runs"])

    @router.get("/{run_id}/events", description=_DESCRIPTION, response_class=Response, responses=ANSWERS)
    async def watch_run(
        request: Request,
        *,
        run_id: UUID,
        principal: CurrentPrincipal,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        wait: Annotated[float, Query(ge=0, le=600)] = 0,
        last_event_id: Annotated[str, Header(alias="Last-Event-ID")] = "",
    ) -> Response:
        """Tell what happens to a run."""
        feed = Feed(db, FollowedRun(views, RunId(run_id)), who_asks(request))
        position = int(last_event_id) if _POSITION.fullmatch(last_event_id) else after
        return await feed.answer(request, principal, position, wait)

    return router


class FollowedRun:
    """A run as its viewers follow it."""

    def __init__(self, views: RunViews, run_id: RunId) -> None:
        self._views = views
        self._run_id = run_id

    def look(self, tx: Transaction, viewer: Principal, after: int) -> Batch[int]:
        """Return what happened after a sequence number."""
        found = self._views.events(tx, viewer, self._run_id, after)
        return Batch(found.position, event_documents(found), more=found.more, ended=found.ended)

    def topics(self, _position: int) -> Sequence[str]:
        """Return the topic of the run."""
        return [run_topic(self._run_id)]


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
