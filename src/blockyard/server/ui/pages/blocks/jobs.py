"""The same done to many blocks: what the list offers for a selection, and the page that tells what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import BlockHead, Lifecycle
from blockyard.server.blocks.model.bulk import BulkAction, BulkProgress, BulkRow, JobState, RowState
from blockyard.server.blocks.model.query import BlockQuery
from blockyard.server.blocks.service.access import DELETE, SAVE
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.lists import Act, Asked
from blockyard.server.ui.frame.places import BLOCKS
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.paging import page_number, pages_around

DELETED = Lifecycle.DELETED.value
"""What the list calls blocks that are gone, beside the statuses of the others."""

_PAGE_SIZE = 50

_SAYS = {
    BulkAction.RUN: ("Run", "play", "Runs of"),
    BulkAction.UPGRADE: ("Upgrade", "rocket", "Upgrade of"),
    BulkAction.DELETE: ("Delete", "trash-2", "Deletion of"),
    BulkAction.PURGE: ("Forget", "x", "Forgetting"),
}
_ASKS = {
    BulkAction.UPGRADE: "Each gets the newest version of its definition and runs at once. Those whose new version asks for inputs "
    "that they do not have are left alone.",
    BulkAction.DELETE: "Where a definition says so, a run destroys what the building block made; the others are forgotten at once. "
    "That cannot be undone. Those that others depend on go after them.",
    BulkAction.PURGE: "No run destroys anything: what they made stays where it is and goes on to cost, and nobody here looks "
    "after it any more. That cannot be undone.",
}
_ENDS = {BulkAction.DELETE, BulkAction.PURGE}
_CAME_OF = {
    "STARTED": "A run was requested",
    "WAITS": "It still waits: a run starts by itself once nothing is missing",
    "GONE": "It is gone",
    "UPGRADED": "It has the newest version now",
    "UP_TO_DATE": "It has the newest version already",
}
_BADGES = {
    RowState.OPEN: words.Badge("To do", "circle", "neutral"),
    RowState.DONE: words.Badge("Done", "circle-check", "success"),
    RowState.UNCHANGED: words.Badge("Unchanged", "minus", "neutral"),
    RowState.REFUSED: words.Badge("Refused", "circle-x", "error"),
    RowState.STOPPED: words.Badge("Left out", "ban", "neutral"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One block of a job, and what came of it."""

    href: str
    name: str
    badge: words.Badge
    text: str


def acts_on_blocks(services: Services) -> Sequence[Act]:
    """Return what can be done with blocks that are selected."""
    return [_act(services, action) for action in BulkAction]


def _act(services: Services, action: BulkAction) -> Act:
    label, icon, _ = _SAYS[action]

    def begin(tx: Transaction, principal: Principal, keys: Sequence[str] | None, asked: Asked) -> str:
        chosen = query_of(asked) if keys is None else _ids(keys)
        made = services.bulk.create(tx, principal, action, chosen)
        return _path(services.bulk.start(tx, principal, made.job.id))

    def ask(number: int) -> tuple[str, str]:
        told = words.count(number, "building block", "building blocks")
        return f"{label} {told}?", _ASKS.get(action, "")

    return Act(
        name=action.value.lower(),
        label=label,
        icon=icon,
        begin=begin,
        ask=ask if action in _ASKS else None,
        is_dangerous=action in _ENDS,
    )


def offered(act: Act, principal: Principal, blocks: Sequence[BlockHead]) -> bool:
    """Whether something can be done with these blocks: not to those that are gone, and forgotten only by who provides for them."""
    if all(block.lifecycle is Lifecycle.DELETED for block in blocks):
        return False
    if act.name != BulkAction.PURGE.value.lower():
        return principal.holds_somewhere(DELETE if act.is_dangerous else SAVE)
    provided = principal.reach(SAVE).providers
    return principal.reach(DELETE).everything or any(block.provider in provided for block in blocks)


def query_of(asked: Asked) -> BlockQuery:
    """Return what the list of blocks looks for."""
    wanted = asked.filters
    deleted = wanted["status"] == DELETED
    return BlockQuery(
        search=asked.search or None,
        workspace=wanted["workspace"] or None,
        status=None if deleted else wanted["status"] or None,
        deleted=deleted,
    )


def add_block_jobs(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of a job."""
    bulk = services.bulk

    def read(tx: Transaction, principal: Principal, job_id: UUID, page: int, state: RowState | None) -> _Job:
        rows = bulk.rows(tx, principal, job_id, PageRequest(page - 1, _PAGE_SIZE), state)
        return _Job(bulk.get(tx, principal, job_id), rows, state)

    @router.get("/blocks/jobs/{job_id}")
    async def show_job(request: Request, job_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        page, wanted = page_number(request), request.query_params.get("state", "")
        state = RowState(wanted) if wanted in set(RowState) else None
        job = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, job_id, page, state))
        return site.page(request, visitor, "pages/blocks/job.html", _context(job))

    @router.post("/blocks/jobs/{job_id}/start")
    async def start_job(request: Request, job_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        progress = await site.db.write(lambda tx: bulk.start(tx, visitor.principal, job_id))
        return site.go(_path(progress), visitor)

    @router.post("/blocks/jobs/{job_id}/stop")
    async def stop_job(request: Request, job_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        progress = await site.db.write(lambda tx: bulk.stop(tx, visitor.principal, job_id))
        return site.go(_path(progress), visitor, said="The rest was left out. What was done stays done.")


@dataclass(frozen=True, slots=True)
class _Job:
    """A job, one page of its rows, and which of them are shown."""

    progress: BulkProgress
    rows: Page[BulkRow]
    state: RowState | None


def _context(job: _Job) -> dict[str, object]:
    progress, counts = job.progress, job.progress.counts
    path, total = _path(progress), sum(counts.values())
    title = f"{_SAYS[progress.job.action][2]} {words.count(total, 'building block', 'building blocks')}"
    left = counts.get(RowState.OPEN, 0)
    chips = [("All", total, path, job.state is None)]
    for state, badge in _BADGES.items():
        if counts.get(state):
            chips.append((badge.text, counts[state], f"{path}?state={state.value}", job.state is state))
    return {
        "title": title,
        "crumbs": [BLOCKS, (title, None)],
        "state": _state_of(progress),
        "job": progress.job,
        "path_of_job": path,
        "total": total,
        "settled": total - left,
        "job_state": progress.state.value,
        "chips": chips,
        "outcomes": [_outcome(row, progress.job.action) for row in job.rows.items],
        **pages_around(path, job.rows.request.number + 1, job.rows.pages, state=job.state and job.state.value),
    }


def _state_of(progress: BulkProgress) -> words.Badge:
    if progress.state is JobState.UNDER_WAY:
        return words.Badge("Under way", "loader-circle", "info")
    if progress.state in {JobState.HELD, JobState.STOPPED}:
        return words.Badge("Stopped", "ban", "neutral")
    refused = progress.counts.get(RowState.REFUSED, 0)
    if refused:
        return words.Badge(f"Done, {refused} refused", "triangle-alert", "warning")
    return words.Badge("Done", "circle-check", "success")


def _outcome(row: BulkRow, action: BulkAction) -> Outcome:
    told = _CAME_OF.get(row.code or "", row.message or "")
    if row.code == "STARTED" and action in _ENDS:
        told = (row.message or "").removesuffix(".")
    return Outcome(href=f"/blocks/{row.block_id}", name=row.name, badge=_BADGES[row.state], text=told)


def _path(progress: BulkProgress) -> str:
    return f"/blocks/jobs/{progress.job.id}"


def _ids(keys: Sequence[str]) -> Sequence[UUID]:
    try:
        return [UUID(key) for key in keys]
    except ValueError:
        raise Invalid(
            "a selected row has no id", code="MalformedForm", remedy="Open the list again, then select its rows."
        ) from None
