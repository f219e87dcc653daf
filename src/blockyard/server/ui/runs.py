"""The pages of a run: its steps with their logs, and aborting it."""

import codecs
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from blockyard.protocol.names import StepStatus
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Refusal
from blockyard.server.runs.model import Run, RunId, Step
from blockyard.server.runs.service import RunAccess, RunDetail, RunService, RunViews
from blockyard.server.runs.service.access import require_abort
from blockyard.server.ui import words
from blockyard.server.ui.refusals import Shown
from blockyard.server.ui.site import Site

LIVE_HEADER = "X-Blockyard-Live"
"""Scripts that only refresh parts of a page say so with this header: logs are left out, they come as events."""

_TAIL_BYTES = 48 * 1024
"""How much of the end of each step's log the first paint carries."""

_MAX_TAILS = 40
"""How many steps get one; the others have their log behind a link."""

_PIECE_BYTES = 1024 * 1024
"""A whole log is sent in pieces of this size."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""Colours and cursor movements. Source: ECMA-48."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step as the page shows it."""

    id: str
    source: str
    name: str
    attempt: int
    label: str
    badge: words.Badge
    message: str | None
    took: timedelta | None
    runs_since: datetime | None
    is_open: bool
    log: str = field(repr=False)
    log_bytes: int
    is_cut: bool
    log_query: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run and what the visitor may do with it."""

    detail: RunDetail
    steps: Sequence[StepRow]
    may_abort: bool


def add_runs(router: APIRouter, site: Site, *, runs: RunService, views: RunViews) -> None:
    """Add the routes of runs."""
    db, frame, visitors = site.db, site.frame, site.visitors
    pages = RunPages(runs, views, site.clock)

    @router.get("/runs/{run_id}")
    async def show_run(request: Request, run_id: UUID) -> Response:
        visitor = await visitors.of(request)
        with_logs = LIVE_HEADER not in request.headers
        page = await db.read_consistently(
            lambda tx: pages.read(tx, visitor.principal, RunId(run_id), with_logs=with_logs)
        )
        told = site.told(request, visitor)
        response = frame.page(request, "run.html", {**pages.context(page), "refusal": told}, visitor=visitor)
        if told is not None:
            site.drafts.drop(response, request.url.path)
        return response

    @router.get("/runs/{run_id}/abort")
    async def ask_abort(request: Request, run_id: UUID) -> Response:
        visitor = await visitors.of(request)
        page = await db.read_consistently(lambda tx: pages.read(tx, visitor.principal, RunId(run_id), with_logs=False))
        if not page.may_abort:
            return frame.go(f"/runs/{run_id}", visitor=visitor)
        context = {"run": page.detail.run}
        return frame.page(request, "abort.html", context, visitor=visitor)

    @router.post("/runs/{run_id}/abort")
    async def abort(request: Request, run_id: UUID) -> Response:
        visitor, _ = await visitors.of_form(request)
        try:
            await db.write(lambda tx: runs.abort(tx, visitor.principal, run_id))
        except NotFound:
            raise
        except Refusal as refusal:
            return site.refuse(refusal, visitor, at=f"/runs/{run_id}")
        return frame.go(f"/runs/{run_id}", notice="aborting", visitor=visitor)

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

    def __init__(self, runs: RunService, views: RunViews, clock: Clock) -> None:
        self._runs = runs
        self._views = views
        self._clock = clock

    def read(self, tx: Transaction, principal: Principal, run_id: RunId, *, with_logs: bool) -> RunPage:
        """Return a run with its steps. Raises NotFound."""
        detail = self._views.detail(tx, principal, run_id)
        shows_logs = with_logs and detail.access is RunAccess.FULL
        rows: list[StepRow] = []
        for place, step in enumerate(detail.steps):
            log = self._tail(tx, principal, step) if shows_logs and place < _MAX_TAILS and step.log_bytes else ""
            rows.append(_row(step, log, run=detail.run, now=self._clock()))
        rows = _with_one_open(rows, detail.run)
        return RunPage(detail, rows, self._may_abort(tx, principal, detail.run))

    def context(self, page: RunPage) -> dict[str, object]:
        """Return what the template needs."""
        run = page.detail.run
        return {
            "run": run,
            "status": words.run_badge(run.status, aborting=run.abort_requested_at is not None),
            "steps": page.steps,
            "position": page.detail.position,
            "ended": run.is_final,
            "took": _took(run.claimed_at, run.finished_at or self._clock()),
            "shows_logs": page.detail.access is RunAccess.FULL,
            "may_abort": page.may_abort,
            "links": [source.external_run_url for source in page.detail.sources if _is_web(source.external_run_url)],
            "summary": _summary(run),
            "waiting": _waiting(run),
        }

    def _tail(self, tx: Transaction, principal: Principal, step: Step) -> str:
        _, data = self._views.step_log(
            tx,
            principal,
            step.run_id,
            source=step.id.source,
            step=step.id.name,
            offset=None,
            size=_TAIL_BYTES,
        )
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
        if step.log_bytes > _TAIL_BYTES:
            text = text.partition("\n")[2] or text
        return plain(text)

    def _may_abort(self, tx: Transaction, principal: Principal, run: Run) -> bool:
        if run.is_final or run.abort_requested_at is not None:
            return False
        try:
            require_abort(principal, run, transparent=self._runs.is_transparent(tx, run))
        except Refusal:
            return False
        return True


def plain(text: str) -> str:
    """Return a log without colours, cursor movements and other control characters."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text if character >= " " or character in "\n\t")


def _with_one_open(rows: Sequence[StepRow], run: Run) -> list[StepRow]:
    """Return the steps with one open where none is: of a finished run, the one that said most."""
    if not rows or not run.is_final or any(row.is_open for row in rows):
        return list(rows)
    wordiest = max(rows, key=lambda row: row.log_bytes)
    return [replace(row, is_open=row is wordiest) for row in rows]


def _row(step: Step, log: str, *, run: Run, now: datetime) -> StepRow:
    runs_on = step.status is StepStatus.IN_PROGRESS and not run.is_final
    return StepRow(
        id=_element_id(step),
        source=step.id.source,
        name=step.id.name,
        attempt=step.attempt,
        label=step.display_name,
        badge=words.run_badge(step.status),
        message=step.user_message,
        took=_took(step.started_at, step.ended_at or (now if runs_on else None)),
        runs_since=step.started_at if runs_on else None,
        is_open=step.status in {StepStatus.IN_PROGRESS, StepStatus.FAILED},
        log=log,
        log_bytes=step.log_bytes,
        is_cut=step.log_bytes > _TAIL_BYTES,
        log_query=urlencode({"source": step.id.source, "step": step.id.name}),
    )


def _element_id(step: Step) -> str:
    name = f"{step.attempt}\0{step.id.source}\0{step.id.name}".encode()
    return f"step-{hashlib.sha256(name).hexdigest()[:16]}"


def _took(begin: datetime | None, end: datetime | None) -> timedelta | None:
    return None if begin is None or end is None else end - begin


def _is_web(url: str | None) -> bool:
    return url is not None and url.lower().startswith(("https://", "http://"))


def _summary(run: Run) -> Shown | None:
    return None if not run.summary or not run.is_final else Shown(run.summary, tone=_tone(run))


def _tone(run: Run) -> str:
    return "error" if run.status.value == "FAILED" else "info"


def _waiting(run: Run) -> str:
    if run.is_final:
        return "This run ended without a step."
    if run.attempt == 0:
        return "The run waits for its runner. Its steps appear here as soon as one takes it."
    return "The runner has the run and will report its steps in a moment."
