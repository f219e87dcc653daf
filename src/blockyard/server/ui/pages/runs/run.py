"""The pages of a run: its steps with their logs, and aborting it."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.blocks.model.block import RUNNING, WAITING, Lifecycle
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.runs.model import AttemptState, Run, RunId, RunWait, Step
from blockyard.server.runs.model.failure import Failure
from blockyard.server.runs.model.failure_rules import UNKNOWN
from blockyard.server.runs.model.printed import Sum
from blockyard.server.runs.service import RunAccess, RunDetail, RunViews
from blockyard.server.services import Services
from blockyard.server.ui.frame.refusals import Shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.runs.head import abort_question, around, crumbs_of, head_of, sum_of
from blockyard.server.ui.pages.runs.steps import TAIL_BYTES, Log, StepRow, cause_of, log_of, rows_of

LIVE_HEADER = "X-Blockyard-Live"
"""Scripts that only refresh parts of a page say so with this header: logs are left out, they come as events."""

_MAX_TAILS = 40
"""How many steps get one; the others have their log behind a link."""

_PIECE_BYTES = 1024 * 1024
"""A whole log is sent in pieces of this size."""

_BECAME = {
    AttemptState.LIVE: "at work",
    AttemptState.LOST: "lost",
    AttemptState.TIMED_OUT: "took too long",
    AttemptState.RELEASED: "handed back",
    AttemptState.FAILED: "failed, tried again",
    AttemptState.ENDED: "ended",
}


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run and what the visitor may do with it."""

    detail: RunDetail
    steps: Sequence[StepRow]
    after: "WayOut"
    wait: RunWait | None
    total: Sum | None
    around: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One hand-out of the run to a runner, and what became of it."""

    number: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WayOut:
    """What the visitor can do after a run that did not succeed.

    Attributes:
        again: what to call the button that runs the block again; None if the visitor cannot.
    """

    again: str | None = None
    may_change: bool = False


def add_runs(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of runs."""
    runs, views = services.runs, services.views

    pages = RunPages(services, site.clock)

    @router.get("/runs/{run_id}")
    async def show_run(request: Request, run_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        with_logs = LIVE_HEADER not in request.headers
        page = await site.db.read_consistently(
            lambda tx: pages.read(tx, visitor.principal, RunId(run_id), with_logs=with_logs)
        )
        return site.page(request, visitor, "pages/runs/run.html", pages.context(page))

    @router.get("/runs/{run_id}/abort")
    async def ask_abort(request: Request, run_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        detail = await site.db.read_consistently(lambda tx: views.detail(tx, visitor.principal, RunId(run_id)))
        if not detail.may_abort:
            return site.go(f"/runs/{run_id}", visitor)
        return site.ask(request, visitor, abort_question(detail.run), crumbs=crumbs_of(detail.run, "Abort"))

    @router.post("/runs/{run_id}/abort")
    async def abort(request: Request, run_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        path = f"/runs/{run_id}"
        return await submit(
            site.db.write(lambda tx: runs.abort(tx, visitor.principal, run_id)),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="aborting"),
        )

    _add_log(router, site, views)


def _add_log(router: APIRouter, site: Site, views: RunViews) -> None:
    @router.get("/runs/{run_id}/log")
    async def download_log(request: Request, run_id: UUID, step: str = "", source: str | None = None) -> Response:
        visitor = await site.visitors.of(request)

        def read(tx: Transaction, offset: int) -> tuple[Step, bytes]:
            return views.step_log(
                tx, visitor.principal, RunId(run_id), source=source, step=step, offset=offset, size=_PIECE_BYTES
            )

        async def piece(offset: int) -> tuple[Step, bytes]:
            return await site.db.read(lambda tx: read(tx, offset))

        async def whole(log_bytes: int, data: bytes) -> AsyncIterator[bytes]:
            yield data
            for offset in range(_PIECE_BYTES, log_bytes, _PIECE_BYTES):
                yield (await piece(offset))[1]

        name = quote(re.sub(r"[^\w.-]+", "-", f"run-{run_id}-{step}.log"))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        found, data = await piece(0)
        content = whole(found.log_bytes, data)
        return StreamingResponse(content, HTTPStatus.OK, headers, media_type="text/plain; charset=utf-8")


class RunPages:
    """Reads what the page of a run shows."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._runs = services.runs
        self._views = services.views
        self._blocks = services.blocks
        self._clock = clock

    def read(self, tx: Transaction, principal: Principal, run_id: RunId, *, with_logs: bool) -> RunPage:
        """Return a run with its steps. Raises NotFound."""
        detail = self._views.detail(tx, principal, run_id)
        shows_logs = with_logs and detail.access is RunAccess.FULL
        logs = [
            self._tail(tx, principal, step) if shows_logs and place < _MAX_TAILS and step.log_bytes else Log()
            for place, step in enumerate(detail.steps)
        ]
        rows = rows_of(detail.run, detail.steps, logs, self._clock())
        return RunPage(
            detail,
            rows,
            self._way_out(tx, principal, detail.run),
            self._runs.wait_of(tx, detail.run),
            sum_of(tx, principal, self._views, detail),
            around(tx, self._services, detail.run),
        )

    def context(self, page: RunPage) -> dict[str, object]:
        """Return what the template needs."""
        run = page.detail.run
        return {
            **page.around,
            **head_of(page.detail, self._clock(), None, page.total),
            "steps": page.steps,
            "attempts": _attempts(page.detail),
            "links": [source.external_run_url for source in page.detail.sources if _is_web(source.external_run_url)],
            "summary": _summary(run),
            "cause": cause_of(run, page.steps),
            "explained": _explained(page.detail),
            "again": page.after.again,
            "may_change": page.after.may_change,
            "waiting": _waiting(run, page.wait),
        }

    def _tail(self, tx: Transaction, principal: Principal, step: Step) -> Log:
        _, data = self._views.step_log(
            tx,
            principal,
            step.run_id,
            source=step.id.source,
            step=step.id.name,
            offset=None,
            size=TAIL_BYTES,
        )
        return log_of(data, step.log_bytes)

    def _way_out(self, tx: Transaction, principal: Principal, run: Run) -> WayOut:
        """Return what can be done after this run, if it is the newest of its block and did not succeed."""
        if run.status not in {RunStatus.FAILED, RunStatus.ABORTED} or run.behavior is Behavior.DETECT:
            return WayOut()
        try:
            detail = self._blocks.detail(tx, principal, run.block_id)
        except Refusal:
            return WayOut()
        block = detail.view.block
        if not block.is_live or block.latest_run_id != run.id or block.status in RUNNING | WAITING:
            return WayOut()
        is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        again = "Delete again" if is_leaving else "Run again"
        return WayOut(again if detail.may_run else None, bool(detail.editable) and not is_leaving)


def _explained(detail: RunDetail) -> Failure | None:
    """Return why the run failed in words of ours, where more is known than what its engine said."""
    failure = detail.failure
    is_known = failure is not None and failure.code != UNKNOWN.code
    return failure if is_known and detail.run.status is RunStatus.FAILED else None


def _attempts(detail: RunDetail) -> Sequence[AttemptLine]:
    """Return the attempts where there is more than one."""
    if len(detail.attempts) < 2:  # noqa: PLR2004  the first one alone says nothing
        return []
    return [AttemptLine(one.number, _BECAME[one.state], one.claimed_at) for one in detail.attempts]


def _is_web(url: str | None) -> bool:
    return url is not None and url.lower().startswith(("https://", "http://"))


def _summary(run: Run) -> Shown | None:
    """Return what a run says of itself; why one failed is told as its cause."""
    if not run.summary or not run.is_final or run.status is RunStatus.FAILED:
        return None
    return Shown(run.summary, tone="info")


def _waiting(run: Run, wait: RunWait | None) -> str:
    if run.is_final:
        return "This run ended without a step."
    if run.attempt == 0:
        why = f" {wait.message}" if wait is not None else ""
        return f"The run waits for its runner.{why} Its steps appear here as soon as one takes it."
    return "The runner has the run and will report its steps in a moment."
