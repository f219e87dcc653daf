"""Who sees what of a run. Source: concepts.md 11.4, runner.md 1.1.2, api.md 3.20."""

from enum import IntEnum

from blockyard.server.identity.model import Principal
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Refusal
from blockyard.server.runs.model import Run, RunId


class RunAccess(IntEnum):
    """How much of a run somebody sees."""

    NONE = 0
    MESSAGES = 1
    """Status, steps and user messages."""
    FULL = 2
    """Also logs, system messages, inputs and outputs."""


def consumer(principal: Principal, run: Run) -> str | None:
    """Return the workspace of the block; None for a member who may not know of the project that the block is in."""
    project = run.target.project
    return run.workspace if project is None or principal.sees_project(run.workspace, project) else None


def access_of(principal: Principal, run: Run, *, transparent: bool) -> RunAccess:
    """Return what `principal` sees of `run`; `transparent` is the run transparency of its definition."""
    if principal.run is not None:
        return RunAccess.FULL if principal.run.run_id == run.id else RunAccess.NONE
    if principal.runner is not None:
        return RunAccess.FULL if principal.runner == run.target.runner_id else RunAccess.NONE
    if any(
        principal.allows("BUILDINGBLOCKRUN_LIST", workspace=None, provider=owner)
        for owner in (run.provider, run.runner_workspace)
    ):
        return RunAccess.FULL
    workspace = consumer(principal, run)
    if transparent and principal.allows("BUILDINGBLOCK_LIST", workspace=workspace):
        return RunAccess.FULL
    if principal.allows("BUILDINGBLOCK_LIST", workspace=workspace, provider=run.provider):
        return RunAccess.MESSAGES
    return RunAccess.NONE


def require_access(principal: Principal, run: Run, needed: RunAccess, *, transparent: bool) -> RunAccess:
    """Return what `principal` sees if that is at least `needed`: else Denied, or NotFound where even the run is unknown."""
    access = access_of(principal, run, transparent=transparent)
    if access >= needed:
        return access
    if access is RunAccess.NONE:
        refuse_foreign_token(principal, run.id)
        raise NotFound(f"there is no run {run.id}", code="RunUnknown")
    raise Denied(
        "you don't have sufficient permissions: the logs of this run are for the platform team only",
        code="RunNotTransparent",
        remedy="Ask the owner of the building block definition, or for run transparency of the definition.",
    )


def require_report(principal: Principal, run: Run) -> None:
    """Refuse whoever may not report on `run`: it takes a token of the run, or a key of the runner, its or the definition's owner."""
    if principal.attempt_of(run.id) is not None or principal.runner == run.target.runner_id:
        return
    refuse_foreign_token(principal, run.id)
    _require_managed(principal, run, "BUILDINGBLOCKRUNSOURCE_SAVE")


def require_abort(principal: Principal, run: Run, *, transparent: bool) -> None:
    """Refuse whoever may not stop `run`: platform team, or the block's workspace where runs are transparent."""
    if transparent and principal.allows("BUILDINGBLOCK_SAVE", workspace=consumer(principal, run)):
        return
    refuse_foreign_token(principal, run.id)
    _require_managed(principal, run, "BUILDINGBLOCKRUN_SAVE", own="BUILDINGBLOCK_SAVE" if transparent else None)


def may_abort(principal: Principal, run: Run, *, transparent: bool) -> bool:
    """Whether `require_abort` lets the principal stop `run`."""
    try:
        require_abort(principal, run, transparent=transparent)
    except Refusal:
        return False
    return True


def refuse_foreign_token(principal: Principal, run_id: RunId) -> None:
    """Refuse the token of another run."""
    if principal.run is not None and principal.run.run_id != run_id:
        raise Denied(
            "this run token belongs to another run",
            code="ForeignRunToken",
            remedy="Use the token that came with the claim of this run.",
        )


def superseded() -> Conflict:
    """Return the refusal of an attempt that works on its run no more."""
    return Conflict(
        "the run is finished, or another attempt works on it",
        code="AttemptSuperseded",
        remedy="Stop working on this run.",
    )


def _require_managed(principal: Principal, run: Run, code: str, *, own: str | None = None) -> None:
    """Refuse unless the principal has `code` for the owner of the runner or of the definition.

    `own` is the code that would do for the block's workspace: its people are told of that one.
    """
    if any(principal.allows(code, workspace=None, provider=owner) for owner in (run.runner_workspace, run.provider)):
        return
    if access_of(principal, run, transparent=False) is RunAccess.NONE:
        raise NotFound(f"there is no run {run.id}", code="RunUnknown")
    if own is not None and principal.belongs_to(run.workspace):
        principal.require(own, workspace=run.workspace)
    principal.require(code, workspace=None, provider=run.provider)
