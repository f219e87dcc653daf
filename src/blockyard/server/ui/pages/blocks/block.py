"""The pages of one building block: how it stands, and what can be done with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.names import StepStatus
from blockyard.server.blocks.api.feed import Cursor
from blockyard.server.blocks.model.block import WAITING, Block, BlockStatus, Lifecycle
from blockyard.server.blocks.model.deletion import DeletionEffect
from blockyard.server.blocks.model.inputs import SETTABLE
from blockyard.server.blocks.service import BlockDetail, BlockService, BlockView
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.service import RunDetail, RunViews
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.places import BLOCKS, within_block
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.values import input_rows, output_rows, summary_of

_DELETIONS = {
    DeletionEffect.DESTROYS: "A run destroys what this building block made. That cannot be undone.",
    DeletionEffect.KEEPS: "Blockyard forgets this building block. What it made is not destroyed.",
    DeletionEffect.REMOVES: "The building block is removed at once. That cannot be undone.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list of a block."""

    id: UUID
    number: int
    behavior: str
    since: datetime | None
    reason: str
    badge: words.Badge
    created_at: datetime
    took: timedelta | None


@dataclass(frozen=True, slots=True)
class Note:
    """What a visitor should know about a block first, and where to go."""

    tone: str
    text: str
    detail: str | None = None
    href: str | None = None
    action: str | None = None


def add_block(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of one block."""
    blocks, views = services.blocks, services.views

    pages = BlockPages(blocks, views, site.clock)

    @router.get("/blocks/{block_id}")
    async def show_block(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: pages.context(tx, visitor.principal, block_id))
        return site.page(request, visitor, "pages/blocks/block.html", context)

    def run(tx: Transaction, principal: Principal, block_id: UUID) -> bool:
        before = blocks.find(tx, principal, block_id)
        return blocks.trigger_run(tx, principal, block_id).block.latest_run_id != before.latest_run_id

    @router.post("/blocks/{block_id}/runs")
    async def run_again(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        path = f"/blocks/{block_id}"
        return await submit(
            site.db.write(lambda tx: run(tx, visitor.principal, block_id)),
            again=site.back_to(path, visitor),
            done=lambda ran: site.go(path, visitor, notice="run" if ran else "waits"),
        )

    _add_deletion(router, site, blocks)


def _add_deletion(router: APIRouter, site: Site, blocks: BlockService) -> None:
    @router.get("/blocks/{block_id}/delete")
    async def ask_delete(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        detail = await site.db.read(lambda tx: blocks.detail(tx, visitor.principal, block_id))
        crumbs = within_block(block_id, detail.view.block.name)
        return site.ask(request, visitor, deletion_question(detail), crumbs=crumbs)

    @router.post("/blocks/{block_id}/delete")
    async def delete(request: Request, block_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        expected = form.texts.get("deletion", "")

        def done(view: BlockView) -> Response:
            if view.block.lifecycle is Lifecycle.DELETED:
                return site.go("/blocks", visitor, notice="deleted")
            return site.go(f"/blocks/{block_id}", visitor, notice="deleting")

        return await submit(
            site.db.write(lambda tx: blocks.delete(tx, visitor.principal, block_id, expected=expected)),
            again=site.back_to(f"/blocks/{block_id}/delete", visitor),
            done=done,
        )


class BlockPages:
    """Reads what the page of a block shows."""

    def __init__(self, blocks: BlockService, views: RunViews, clock: Clock) -> None:
        self._blocks = blocks
        self._views = views
        self._clock = clock

    def context(self, tx: Transaction, principal: Principal, block_id: UUID) -> dict[str, object]:
        """Return what the template needs. Raises NotFound."""
        detail = self._blocks.detail(tx, principal, block_id)
        block, is_live = detail.view.block, detail.view.block.is_live
        is_leaving = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
        latest = self._views.detail(tx, principal, detail.runs[0].id) if detail.runs else None
        return {
            "block": block,
            "crumbs": [BLOCKS, (block.name, None)],
            "cursor": Cursor(block.revision)
            if latest is None
            else Cursor(block.revision, latest.run.id, latest.position),
            "definition": detail.view.definition,
            "latest": detail.latest.number if detail.latest is not None and is_live else None,
            "status": words.block_badge(block, is_yours=detail.view.is_yours),
            "reasons": reasons(detail),
            "running": block.is_running,
            "leaving": is_leaving,
            "notes": notes(detail, latest),
            "summary": summary_of(detail.view),
            "outputs": output_rows(detail.view),
            "no_outputs": _no_outputs(block),
            "inputs": input_rows(detail.view),
            "runs": [self._run_row(run) for run in detail.runs],
            "more_runs": bool(detail.runs) and detail.runs[-1].number > 1,
            "parents": detail.parents,
            "children": detail.children,
            "may_run": detail.may_run and is_live and not (is_leaving and block.is_running),  # one button that deletes
            "can_run": not block.is_running and (is_leaving or block.status not in WAITING),
            "may_change": bool(detail.editable) and block.lifecycle is Lifecycle.ACTIVE,
            "may_delete": detail.may_delete and is_live,
            "may_order": principal.allows("BUILDINGBLOCK_SAVE", workspace=block.workspace),
            "deletion": deletion_question(detail),
        }

    def _run_row(self, run: Run) -> RunRow:
        end = run.finished_at or self._clock()
        return RunRow(
            id=run.id,
            number=run.number,
            behavior=words.behavior(run.behavior),
            since=None if run.is_final else run.claimed_at,
            reason=words.reason(run.trigger.reason),
            badge=words.run_badge(run.status, aborting=run.abort_requested_at is not None),
            created_at=run.created_at,
            took=None if run.claimed_at is None else end - run.claimed_at,
        )


def reasons(detail: BlockDetail) -> list[str]:
    """Return why the visitor cannot do now what the page is for: sentences for below the buttons."""
    block = detail.view.block
    if not block.is_live:
        return []
    if not (detail.may_save or detail.may_delete):
        return [f"You can look at this building block. An owner or a manager of {block.workspace} can change it."]
    if block.is_running and block.lifecycle is Lifecycle.MARKED_FOR_DELETION:
        return ["A run is destroying it. If the run fails, you can delete this again."]
    if block.is_running:
        return [
            "A run is under way. What you change now is applied by one run after it; you can run or delete this once it has ended."
        ]
    found: list[str] = []
    if detail.may_run and block.status in WAITING and block.lifecycle is Lifecycle.ACTIVE:
        found.append("It cannot run yet: it still waits. A run starts by itself once nothing is missing.")
    if detail.may_save and not detail.may_run:
        found.append("Only the platform team can run it again as it is; saving a changed input starts a run.")
    has_inputs = any(spec.assignment_type in SETTABLE for spec in detail.view.version.inputs.values())
    if detail.may_save and has_inputs and not detail.editable and block.lifecycle is Lifecycle.ACTIVE:
        found.append("You cannot change any of its inputs.")
    return found


def deletion_question(detail: BlockDetail) -> Question:
    """Return what is asked before the block is deleted."""
    block = detail.view.block
    return Question(
        id="delete",
        act="Delete a building block",
        title=f"Delete {block.name}?",
        text=_DELETIONS[detail.deletion],
        action=f"/blocks/{block.id}/delete",
        fields={"deletion": detail.deletion.value},
        yes="Delete",
        icon="trash-2",
        back=f"/blocks/{block.id}",
    )


def notes(detail: BlockDetail, latest: RunDetail | None) -> list[Note]:
    """Return what comes first: what the block waits for, why it failed, that it goes."""
    block = detail.view.block
    if block.lifecycle is Lifecycle.DELETED:
        return [Note("info", "This building block is deleted. Its history is kept.")]
    found: list[Note] = []
    if block.lifecycle is Lifecycle.MARKED_FOR_DELETION and block.is_running:
        found.append(Note("info", "This building block is being deleted."))
    found += _defect(detail)
    found += _waiting(detail)
    if latest is not None and latest.run.id == block.latest_run_id and block.status is BlockStatus.FAILED:
        run = latest.run
        found.append(
            Note("error", f"Run {run.number} failed.", _reason(latest), f"/runs/{run.id}", "See what happened")
        )
    return found


def _reason(latest: RunDetail) -> str | None:
    """Return why a run failed, as far as the visitor may know: the message of the step that did, or the summary."""
    told = (step.user_message for step in latest.steps if step.status is StepStatus.FAILED and step.user_message)
    return next(told, latest.run.summary)


def _defect(detail: BlockDetail) -> list[Note]:
    version = detail.view.version
    if version.defect is None:
        return []
    way = f"Version {detail.latest.number} is available." if detail.latest else "There is no other version yet."
    text = f"Version {version.number} is defective. This building block goes on. {way}"
    return [Note("warning", text, version.defect.reason)]


def _waiting(detail: BlockDetail) -> list[Note]:
    block = detail.view.block
    form = f"/blocks/{block.id}/inputs"
    missing = ", ".join(sorted(detail.view.version.inputs[key].label for key in detail.missing))
    may_fill = any(spec.key in detail.missing for spec in detail.editable)
    href, action = (form, "Fill in") if may_fill else (None, None)
    match block.status:
        case BlockStatus.WAITING_FOR_OPERATOR_INPUT:
            text = "Waiting for you: please fill in" if may_fill else "Waiting for the platform team to fill in"
            return [Note("warning", f"{text} {missing or 'inputs'}.", None, href, action)]
        case BlockStatus.WAITING_FOR_USER_INPUT:
            text = "Waiting for you: please fill in" if may_fill else f"Waiting for {block.workspace} to fill in"
            return [Note("warning", f"{text} {missing or 'inputs'}.", None, href, action)]
        case BlockStatus.WAITING_FOR_DEPENDENT_INPUT:
            names = ", ".join(parent.name for parent in detail.parents)
            text = f"Waiting for {names}." if names else "Waiting for another building block."
            return [Note("info", text, " ".join(detail.waits_for) or None)]
        case _:
            return [Note("info", sentence) for sentence in detail.waits_for if block.status is BlockStatus.PENDING]


def _no_outputs(block: Block) -> str:
    if block.is_running:
        return "They appear here when the run has succeeded."
    return (
        "This building block has no outputs." if block.status is BlockStatus.SUCCEEDED else "There are no outputs yet."
    )
