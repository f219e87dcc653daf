"""What all pages of one run have in common: what it does, how it stands, what it changed, and the way to its parts."""

from collections.abc import Sequence
from datetime import datetime

from blockyard.protocol.names import Behavior, ImplementationType
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.printed import Sum, sum_in
from blockyard.server.runs.model.text import without_colours
from blockyard.server.runs.service import RunAccess, RunDetail, RunViews
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.places import Crumb, place_of_block, within_block, workspace_place
from blockyard.server.ui.pages.runs.steps import took

_LAST_STEPS = 4
_END_BYTES = 16 * 1024
"""The sum stands near the end of one of the last steps."""


def head_of(detail: RunDetail, now: datetime, part: str | None, total: Sum | None) -> dict[str, object]:
    """Return what the templates need for the head; `part` is what the page is called, None for the log."""
    run = detail.run
    return {
        "run": run,
        "crumbs": crumbs_of(run, part),
        "status": _badge(run),
        "position": detail.position,
        "ended": run.is_final,
        "took": took(run.claimed_at, run.finished_at or now),
        "shows_logs": detail.access is RunAccess.FULL,
        "may_abort": detail.may_abort,
        "abort": abort_question(run),
        "sum": total,
        "tabs": _tabs(run),
    }


def around(tx: Transaction, services: Services, run: Run) -> dict[str, object]:
    """Return what the frame says around all pages of a run: where its block is, that block, and how the run stands."""
    target = run.target
    found = services.workspaces.find_all(tx, [target.workspace, target.provider])
    workspace, provider = found.get(target.workspace), found.get(target.provider)
    place = workspace_place(target.workspace, "" if workspace is None else workspace.display_name)
    return {
        "provider": target.provider if provider is None else provider.display_name or target.provider,
        "scope": place_of_block(place, target.project),
        "thing": Thing(kind=Kind.BLOCK, id=str(run.block_id), name=target.display_name, where=target.workspace),
        "state": _badge(run),
    }


def _badge(run: Run) -> words.Badge:
    return words.run_badge(run)


def sum_of(tx: Transaction, principal: Principal, views: RunViews, detail: RunDetail) -> Sum | None:
    """Return how much a run changed, or would change, by what its engine printed; None where nobody knows."""
    run = detail.run
    if not run.is_final or detail.access is not RunAccess.FULL or not _has_changes(run):
        return None
    for step in [step for step in reversed(detail.steps) if step.log_bytes][:_LAST_STEPS]:
        _, data = views.step_log(
            tx, principal, run.id, source=step.id.source, step=step.id.name, offset=None, size=_END_BYTES
        )
        found = sum_in(without_colours(data.decode(errors="replace")))
        if found is not None:
            return found
    return None


def abort_question(run: Run) -> Question:
    """Return what is asked before a run is aborted."""
    return Question(
        id="abort",
        act="Abort a run",
        title=f"Abort run {run.number}?",
        text="What the run has made so far stays as it is. A running run ends once its runner has stopped, after 5 minutes at "
        "the latest.",
        action=f"/runs/{run.id}/abort",
        yes="Abort the run",
        icon="square",
        no="Let it run",
        back=f"/runs/{run.id}",
    )


def crumbs_of(run: Run, part: str | None) -> Sequence[Crumb]:
    """Return the way to a page of a run."""
    here: Sequence[Crumb] = [(part, None)] if part else []
    return within_block(
        run.block_id,
        run.target.display_name,
        (f"Run {run.number}", f"/runs/{run.id}" if part else None),
        *here,
    )


def _tabs(run: Run) -> list[tuple[str, str]]:
    path = f"/runs/{run.id}"
    changes = [("Would change" if run.behavior is Behavior.DETECT else "Changes", f"{path}/changes")]
    return [
        ("Steps and log", path),
        *(changes if _has_changes(run) else []),
        ("Inputs and comparison", f"{path}/inputs"),
    ]


def _has_changes(run: Run) -> bool:
    return run.target.implementation is ImplementationType.TERRAFORM
