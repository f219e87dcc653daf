"""Runs and brakes: what keeps a run back, who lets it pass, and who hears of the end of a brake."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from blockyard.protocol.names import RunStatus
from blockyard.server.brakes.model import Brake
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied
from blockyard.server.runs.model import Run, RunId
from blockyard.server.runs.service.access import RunAccess, require_access
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import QueueStore, RunStore
from blockyard.server.runs.topics import runner_topic, wake_everybody

log = structlog.get_logger(__name__)

PASS = "BRAKE_PASS"  # noqa: S105  a code of permissions
"""The code of whoever may break the glass."""


class RunBrakes:
    """What runs have to do with brakes."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def on(self, tx: Transaction, run: Run) -> Sequence[Brake]:
        """Return what keeps a run that waits back, unless it was let pass; for whoever may see the run."""
        if not run.obeys_brakes:
            return ()
        target = run.target
        return self._context.brakes.on(
            tx,
            block_id=target.block_id,
            definition_id=target.definition_id,
            workspace=target.workspace,
            platform=target.platform,
        )

    def let_pass(self, tx: Transaction, principal: Principal, run_id: UUID, reason: str) -> Run:
        """Let a run that waits pass every hold, stop and freeze, whatever becomes of its attempts. Raises NotFound, Denied, Conflict.

        Who may do so for what their workspace provides passes the brakes of that workspace and of the block's; those that
        administrators placed only administrators pass.
        """
        run = RunStore(tx).get(RunId(run_id))
        transparent = self._context.ports().content.is_transparent(tx, run)
        require_access(principal, run, RunAccess.MESSAGES, transparent=transparent)
        principal.require(PASS, workspace=None, provider=run.provider)
        brakes = self.on(tx, run) if run.status is RunStatus.PENDING else ()
        if not brakes:
            raise Conflict(
                "no hold, stop or freeze keeps this run back",
                code="NothingToPass",
                remedy="Read what the run waits for, if it does.",
            )
        foreign = [brake for brake in brakes if brake.workspace not in {run.provider, run.workspace}]
        if foreign and PASS not in principal.everywhere:
            raise Denied(foreign[0].message, code="ForeignBrake", remedy=f"Ask {foreign[0].lifted_by}.")
        told = (
            f"{principal.author.display_name} let this run pass: {reason} ({' '.join(one.message for one in brakes)})"
        )
        saved = RunStore(tx).save(run.passing(at=self._context.clock(), why=told))
        self._context.event_log.append(
            tx,
            principal.author,
            "Glass Broken",
            EventType.APPROVED,
            workspace=run.workspace,
            subject_kind="meshBuildingBlockRun",
            subject_id=str(run.id),
            description=reason,
            content={
                "buildingBlock": str(run.block_id),
                "number": run.number,
                "behavior": run.behavior.value,
                "reason": reason,
                "passed": [brake.message for brake in brakes],
            },
        )
        wake_everybody(tx, saved)
        log.warning("brakes passed", run_id=str(run.id), block_id=str(run.block_id), brakes=len(brakes))
        return saved

    def brake_gone(self, tx: Transaction, brake: Brake) -> None:
        """Wake the runners for which runs wait: one of them may be free to go."""
        log.info("brake gone", brake_id=str(brake.id))
        for runner_id in QueueStore(tx).waited_for():
            tx.wake(runner_topic(runner_id))
