"""Searching the logs of a run: all of each, not only the end that its page shows."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied
from blockyard.server.runs.model import Run, RunId, Step
from blockyard.server.runs.model.text import without_colours
from blockyard.server.runs.service import RunAccess, RunViews
from blockyard.server.services import Services
from blockyard.server.ui.frame.places import within_block
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.runs.head import around
from blockyard.server.ui.pages.runs.steps import element_id

MAX_LINES = 200
"""How many lines are shown, of all steps together."""

_LONGEST_TEXT = 255
_PIECE_BYTES = 1024 * 1024
_BESIDE, _AFTER = 200, 400
"""Characters of a long line that are shown before and after what was found in it first."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that has the text, cut where it is long; `parts` say which of them are what was looked for."""

    number: int
    parts: Sequence[tuple[str, bool]] = field(repr=False)


@dataclass(slots=True)
class StepSearch:
    """Takes the log of one step piece by piece and keeps the lines that have a text, upper and lower case alike."""

    step: Step
    wanted: re.Pattern[str]
    lines: list[Line] = field(default_factory=list)
    _rest: bytes = field(default=b"", repr=False)
    _number: int = 0

    @property
    def anchor(self) -> str:
        """The element of the step on the page of its run."""
        return element_id(self.step)

    @property
    def query(self) -> str:
        """What names the log in addresses."""
        return urlencode({"source": self.step.id.source, "step": self.step.id.name})

    def take(self, data: bytes, room: int) -> None:
        """Look through the next piece; keep at most `room` lines in all."""
        whole, end, self._rest = (self._rest + data).rpartition(b"\n")
        self._look(whole + end, room)

    def finish(self, room: int) -> None:
        """Look through a last line that has no end."""
        self._look(self._rest, room)

    def _look(self, data: bytes, room: int) -> None:
        shown = without_colours(data.decode(errors="replace"))
        if self.wanted.search(shown):
            for place, line in enumerate(shown.split("\n"), self._number + 1):
                if len(self.lines) < room and self.wanted.search(line):
                    self.lines.append(Line(place, _parts(line, self.wanted)))
        self._number += data.count(b"\n")


@dataclass(frozen=True, slots=True)
class LogSearch:
    """What was found; `is_cut` says that there may be more."""

    run: Run
    steps: Sequence[StepSearch]
    is_cut: bool

    @property
    def total(self) -> int:
        """How many lines are shown."""
        return sum(len(step.lines) for step in self.steps)


def add_search(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the search."""
    views = services.views

    @router.get("/runs/{run_id}/search")
    async def search_logs(request: Request, run_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        text = request.query_params.get("text", "").strip()[:_LONGEST_TEXT]
        found = await _search(site, views, visitor.principal, RunId(run_id), text)
        frame = await site.db.read(lambda tx: around(tx, services, found.run))
        context = {
            **frame,
            "search": found,
            "text": text,
            "crumbs": within_block(
                found.run.block_id,
                found.run.target.display_name,
                (f"Run {found.run.number}", f"/runs/{run_id}"),
                ("Search", None),
            ),
        }
        return site.page(request, visitor, "pages/runs/search.html", context)


async def _search(site: Site, views: RunViews, principal: Principal, run_id: RunId, text: str) -> LogSearch:
    detail = await site.db.read(lambda tx: views.detail(tx, principal, run_id))
    if detail.access is not RunAccess.FULL:
        raise Denied(
            "you don't have sufficient permissions: the logs of this run are for the platform team only",
            code="RunNotTransparent",
            remedy="Ask the team that offers the building block.",
        )
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    searches = [StepSearch(step, wanted) for step in detail.steps if text and step.log_bytes]
    room = MAX_LINES
    for search in searches:
        for offset in range(0, search.step.log_bytes, _PIECE_BYTES):
            if len(search.lines) < room:
                data = await _piece(site, views, principal, search.step, offset)
                await asyncio.to_thread(search.take, data, room)
        search.finish(room)
        room -= len(search.lines)
    return LogSearch(detail.run, [search for search in searches if search.lines], room <= 0)


async def _piece(site: Site, views: RunViews, principal: Principal, step: Step, offset: int) -> bytes:
    def read(tx: Transaction) -> bytes:
        return views.step_log(
            tx, principal, step.run_id, source=step.id.source, step=step.id.name, offset=offset, size=_PIECE_BYTES
        )[1]

    return await site.db.read(read)


def _parts(line: str, wanted: re.Pattern[str]) -> Sequence[tuple[str, bool]]:
    """Return a line in parts: what was found, wherever it is in it, and what is between."""
    found = [match.span() for match in wanted.finditer(line)]
    begin, end = max(0, found[0][0] - _BESIDE), min(len(line), found[0][1] + _AFTER)
    parts: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for start, stop in found:
        if stop > end:
            break
        parts += [(line[at:start], False), (line[start:stop], True)]
        at = stop
    parts.append((line[at:end], False))
    if end < len(line):
        parts.append(("…", False))
    return [(text, is_found) for text, is_found in parts if text]
