"""The log of one step by its lines: a window of them with numbers to link to, however long the log is.

A log is stored as bytes. Where its lines are is found by counting line ends in pieces of it; what was counted of a whole piece is kept,
as nothing of a log ever changes but its end.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run, RunId, Step
from blockyard.server.runs.service import RunViews
from blockyard.server.services import Services
from blockyard.server.ui.frame.places import within_block
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.runs.colours import coloured
from blockyard.server.ui.pages.runs.head import around

WINDOW = 500
"""Lines of one page."""

_PIECE_BYTES = 1024 * 1024
_LONGEST_LINE = 4000
"""Characters of a line that are shown; the whole of it is in the file."""

_KEPT_PIECES = 4096
_Read = Callable[[int, int], Awaitable[tuple[Step, bytes]]]
"""Reads a piece of a log: so many bytes from an offset on."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_ERROR = re.compile(
    rb"^(?:\x1b\[[0-9;]*m)*(?:(?:\xe2\x94\x82|\|) ?(?:\x1b\[[0-9;]*m| )*)?(?:Error|ERROR|error|fatal): ", re.MULTILINE
)
"""As `steps` finds them, in a log with its colours."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of a piece: how many lines end in it, and after how many of them the first error begins."""

    ends: int
    error: int | None


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """One line of the window."""

    number: int
    html: Markup = field(repr=False)
    is_cut: bool
    is_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some lines of a log; `first_error` is the number of a line."""

    run: Run
    step: Step
    lines: Sequence[NumberedLine]
    first: int
    total: int
    first_error: int | None


class PieceCounts:
    """Remembers what was counted of whole pieces."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int, str, str, int], Counted] = OrderedDict()

    def of(self, step: Step, offset: int) -> Counted | None:
        """Return what is known of a piece."""
        return self._kept.get((step.run_id, step.attempt, step.id.source, step.id.name, offset))

    def keep(self, step: Step, offset: int, counted: Counted) -> None:
        """Remember a piece that will not grow any more."""
        self._kept[step.run_id, step.attempt, step.id.source, step.id.name, offset] = counted
        if len(self._kept) > _KEPT_PIECES:
            self._kept.popitem(last=False)


def add_lines(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    reader = WindowReader(site, services.views)

    @router.get("/runs/{run_id}/lines")
    async def show_lines(request: Request, run_id: UUID, step: str = "", source: str | None = None) -> Response:
        visitor = await site.visitors.of(request)
        sent = request.query_params.get("line", "")
        wanted = int(sent) if _NUMBER.fullmatch(sent) else None
        window = await reader.read(visitor.principal, RunId(run_id), source, step, wanted)
        frame = await site.db.read(lambda tx: around(tx, services, window.run))
        return site.page(request, visitor, "pages/runs/lines.html", {**frame, **_context(window)})


class WindowReader:
    """Finds and reads windows of logs."""

    def __init__(self, site: Site, views: RunViews) -> None:
        self._db = site.db
        self._views = views
        self._counts = PieceCounts()

    async def read(
        self, principal: Principal, run_id: RunId, source: str | None, name: str, wanted: int | None
    ) -> Window:
        """Return the lines around the wanted one, or the last ones. Raises NotFound, Denied."""

        async def piece(offset: int, size: int) -> tuple[Step, bytes]:
            def read(tx: Transaction) -> tuple[Step, bytes]:
                return self._views.step_log(tx, principal, run_id, source=source, step=name, offset=offset, size=size)

            return await self._db.read(read)

        step, _ = await piece(0, 0)
        run = (await self._db.read(lambda tx: self._views.detail(tx, principal, run_id))).run
        counted = [await self._count(step, offset, piece) for offset in range(0, step.log_bytes, _PIECE_BYTES)]
        ends = sum(one.ends for one in counted)
        _, last = await piece(max(step.log_bytes - 1, 0), 1)
        total = ends + (1 if step.log_bytes and last != b"\n" else 0)
        line = min(max(total if wanted is None else wanted, 1), max(total, 1))
        first = (line - 1) // WINDOW * WINDOW + 1
        lines = await self._lines(counted, first, piece)
        return Window(run=run, step=step, lines=lines, first=first, total=total, first_error=_first_error(counted))

    async def _count(self, step: Step, offset: int, piece: _Read) -> Counted:
        known = self._counts.of(step, offset)
        if known is not None:
            return known
        _, data = await piece(offset, _PIECE_BYTES)
        counted = await asyncio.to_thread(_counted, data)
        if offset + _PIECE_BYTES <= step.log_bytes:
            self._counts.keep(step, offset, counted)
        return counted

    async def _lines(self, counted: Sequence[Counted], first: int, piece: _Read) -> Sequence[NumberedLine]:
        """Return the lines from `first` on."""
        before, begin = 0, 0
        while begin < len(counted) - 1 and before + counted[begin].ends < first - 1:
            before += counted[begin].ends
            begin += 1
        data, skipped = b"", first - 1 - before
        for place in range(begin, len(counted)):
            data += (await piece(place * _PIECE_BYTES, _PIECE_BYTES))[1]
            if data.count(b"\n") >= skipped + WINDOW:
                break
        return await asyncio.to_thread(_window, data, skipped, first)


def _counted(data: bytes) -> Counted:
    error = _ERROR.search(data)
    return Counted(data.count(b"\n"), None if error is None else data.count(b"\n", 0, error.start()))


def _first_error(counted: Sequence[Counted]) -> int | None:
    before = 0
    for one in counted:
        if one.error is not None:
            return before + one.error + 1
        before += one.ends
    return None


def _window(data: bytes, skipped: int, first: int) -> Sequence[NumberedLine]:
    raw = data.split(b"\n", skipped + WINDOW)[skipped : skipped + WINDOW]
    if raw and not raw[-1]:
        raw.pop()
    return [_line(number, line) for number, line in enumerate(raw, first)]


def _line(number: int, raw: bytes) -> NumberedLine:
    is_cut = len(raw) > _LONGEST_LINE
    text = raw[:_LONGEST_LINE].decode(errors="replace").rstrip("\r")
    return NumberedLine(number, coloured(text), is_cut, _ERROR.match(raw) is not None)


def _context(window: Window) -> dict[str, object]:
    run, step = window.run, window.step
    path = f"/runs/{run.id}/lines"

    def at(line: int) -> str:
        query = urlencode({"source": step.id.source, "step": step.id.name, "line": line})
        return f"{path}?{query}#L{line}"

    last = window.first + len(window.lines) - 1
    return {
        "window": window,
        "run": run,
        "step": step,
        "last": last,
        "crumbs": within_block(
            run.block_id,
            run.target.display_name,
            (f"Run {run.number}", f"/runs/{run.id}"),
            (f"Log of {step.display_name}", None),
        ),
        "download": f"/runs/{run.id}/log?{urlencode({'source': step.id.source, 'step': step.id.name})}",
        "earlier": at(max(window.first - WINDOW, 1)) if window.first > 1 else None,
        "later": at(last + 1) if last < window.total else None,
        "begin": at(1) if window.first > 1 else None,
        "end": at(window.total) if last < window.total else None,
        "error": None if window.first_error is None else at(window.first_error),
        "here": at,
    }
