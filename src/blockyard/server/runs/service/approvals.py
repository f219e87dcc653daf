"""Approving and declining what waits for it. Who may abort a run may decide about it, and needs to see its plan.

A run that waits exists already, but no runner gets it: `awaits_approval`. The approval names the plan, by its run and by the digest
of its file; whatever else is wanted of the block voids it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import RunStatus
from blockyard.server.events.model import PERSON, SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import GroupDirectory
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Invalid
from blockyard.server.kit.usage import Above
from blockyard.server.runs.model import Run, RunId, Wait
from blockyard.server.runs.model.approval import Approval, ApprovalOutcome, Asked, Vote
from blockyard.server.runs.model.wait import approval_wait
from blockyard.server.runs.ports import OutdatedState
from blockyard.server.runs.service.access import RunAccess, access_of, may_abort, require_abort, require_access
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.ending import RunEnding
from blockyard.server.runs.store import ApprovalStore, FileStore, PlanStore, RunStore
from blockyard.server.runs.topics import wake_everybody

log = structlog.get_logger(__name__)

_LONG = 300
"""So much of what works on a state is said in a sentence."""

_SUBJECT = "meshBuildingBlockRun"


Voters = Callable[[Transaction, Author], Principal | None]
"""Returns who an author is now; None: nobody any more."""


class ApprovalService:
    """Decides about runs that wait. The application puts `voters` there: votes count of those who may decide still."""

    def __init__(self, context: RunContext) -> None:
        self.voters: Above[Voters] = Above()
        self._context = context
        self._ending = RunEnding(context)

    def ask(self, tx: Transaction, run: Run, asked: Asked) -> None:
        """Note what a new run waits for; what was approved before, and is carried, is noted as its approval. For other services."""
        if asked.destruction is not None and asked.destruction.plan is not None:
            PlanStore(tx).put(run.id, asked.destruction.plan)
        approval, carried = _new_approval(tx, run, asked), asked.carried
        if carried is None:
            ApprovalStore(tx).add(run.block_id, approval)
            return
        by = carried.decided_by or SYSTEM
        decided = approval.carried(carried, by=by, at=self._context.clock())
        ApprovalStore(tx).add(run.block_id, decided)
        self._tell(tx, by, "Building Block Run Approval Carried", run, {"approvedFor": str(carried.run_id)})

    def approve(
        self,
        tx: Transaction,
        principal: Principal,
        run_id: RunId,
        *,
        plan: RunId,
        comment: str | None = None,
        name: str | None = None,
    ) -> Run:
        """Approve the plan of a waiting run; the last approval that is needed lets runners have it. Doing it again changes nothing.

        Raises NotFound, Denied, Invalid (it does not wait any more), Conflict (the plan is another one by now).
        """
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run)
        approval = self._waited_for(tx, run)
        if approval.has_voted(principal.author) and approval.plan_run_id == plan:
            return run
        now = self._context.clock()
        block_name = self._context.ports().content.name_of(tx, run)
        approval.check(principal.author, plan=plan, name=name, block_name=block_name, at=now)
        self._require_plan(tx, run, approval)
        approval = self._without_strangers(tx, run, approval)
        after = approval.voted(Vote(principal.author, now, comment))
        ApprovalStore(tx).save(after)
        saved = RunStore(tx).save(replace(run, awaits_approval=after.is_open, due_at=max(run.due_at, now)))
        self._tell(
            tx, principal.author, "Building Block Run Approved", saved, {"missing": after.missing, "comment": comment}
        )
        if not after.is_open:
            self._context.ports().listener.run_changed(tx, saved)
        wake_everybody(tx, saved)
        log.info("run approved", run_id=str(run.id), missing=after.missing)
        return saved

    def decline(self, tx: Transaction, principal: Principal, run_id: RunId, comment: str | None) -> Run:
        """End a waiting run unapplied. Raises NotFound, Denied, Invalid (it does not wait any more)."""
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run)
        approval = self._waited_for(tx, run)
        return self._end(tx, run, approval, ApprovalOutcome.DECLINED, by=principal.author, comment=comment)

    def due(self, tx: Transaction, limit: int) -> Sequence[RunId]:
        """Return runs whose approval did not come in time, and those of whose people are reminded now."""
        store, now = ApprovalStore(tx), self._context.clock()
        return [*dict.fromkeys([*store.to_remind(now, limit), *store.expired(now, limit)])]

    def settle(self, tx: Transaction, run_id: RunId) -> None:
        """Remind people of an approval, or end a run whose approval did not come in time; decided again on fresh rows."""
        run, store, now = RunStore(tx).get(run_id), ApprovalStore(tx), self._context.clock()
        approval = store.find(run_id)
        if approval is None or not approval.is_open:
            return
        if approval.expires_at <= now and not approval.keeps_waiting:
            comment = "nobody approved it in time"
            self._end(tx, run, approval, ApprovalOutcome.EXPIRED, by=SYSTEM, comment=comment)
        elif approval.expires_at <= now:
            store.save(approval.waiting_on(now).reminded())
            self._nobody_decided(tx, run, approval, "Building Block Run Approval Overdue")
        elif approval.remind_at is not None and approval.remind_at <= now:
            store.save(approval.reminded())
            self._nobody_decided(tx, run, approval, "Building Block Run Approval Reminder")

    def _nobody_decided(self, tx: Transaction, run: Run, approval: Approval, title: str) -> None:
        saved = RunStore(tx).save(run)  # whose revision tells of others that decide now
        content: JsonObject = {"missing": approval.missing, "deputyGroup": approval.deputy_group}
        self._tell(tx, SYSTEM, title, saved, content)
        wake_everybody(tx, saved)

    def of(self, tx: Transaction, run: Run) -> Approval | None:
        """Return what a run waits for or has waited for; for whoever may see the run."""
        return ApprovalStore(tx).find(run.id)

    def approvable(self, tx: Transaction, principal: Principal, runs: Sequence[Run]) -> frozenset[RunId]:
        """Return those of the runs that the principal may approve now."""
        waiting = [run for run in runs if run.awaits_approval]
        if not waiting or principal.is_machinery:
            return frozenset()
        found = ApprovalStore(tx).find_all([run.id for run in waiting])
        groups = self._groups(tx, principal, [*found.values()])
        shown = self._context.ports().content.transparent_ones(tx, {run.target.definition_id for run in waiting})
        return frozenset(
            run.id
            for run in waiting
            if run.id in found
            and found[run.id].may(principal.author)
            and _may_decide(
                principal,
                run,
                transparent=run.target.definition_id in shown,
                is_deputy=self._is_deputy(found[run.id], groups),
            )
        )

    def _end(
        self,
        tx: Transaction,
        run: Run,
        approval: Approval,
        outcome: ApprovalOutcome,
        *,
        by: Author,
        comment: str | None,
    ) -> Run:
        now = self._context.clock()
        ApprovalStore(tx).save(approval.decided(outcome, by=by, at=now, comment=comment))
        word = "declined" if outcome is ApprovalOutcome.DECLINED else "not approved"
        summary = f"{word}: {comment}" if comment else word
        title = f"Building Block Run {'Declined' if outcome is ApprovalOutcome.DECLINED else 'Approval Expired'}"
        self._tell(tx, by, title, run, {"comment": comment})
        asked = run.aborting(at=now, limits=self._context.limits)
        return self._ending.finish(tx, asked, RunStatus.ABORTED, author=by, summary=summary, confirmed=True)

    def _require(self, tx: Transaction, principal: Principal, run: Run) -> None:
        """Refuse whoever may not decide: who may not abort the run, or not see what it would change. Raises NotFound, Denied."""
        transparent = self._context.ports().content.is_transparent(tx, run)
        approval = ApprovalStore(tx).find(run.id)
        groups = () if approval is None else self._groups(tx, principal, [approval])
        if approval is None or not self._is_deputy(approval, groups):
            require_abort(principal, run, transparent=transparent)
        if principal.is_machinery:
            raise Denied(
                "runs and runners approve nothing", code="RunTokenCannotApprove", remedy="Sign in, or use an API key."
            )
        require_access(principal, run, RunAccess.FULL, transparent=transparent)

    def _without_strangers(self, tx: Transaction, run: Run, approval: Approval) -> Approval:
        """Return an approval without the votes of those who have lost the right to decide since."""
        if not approval.votes:
            return approval
        transparent = self._context.ports().content.is_transparent(tx, run)

        def may_still(author: Author) -> bool:
            principal = self.voters()(tx, author)
            if principal is None:
                return False
            is_deputy = self._is_deputy(approval, self._groups(tx, principal, [approval]))
            return _may_decide(principal, run, transparent=transparent, is_deputy=is_deputy)

        return replace(approval, votes=tuple(vote for vote in approval.votes if may_still(vote.author)))

    def _groups(self, tx: Transaction, principal: Principal, approvals: Sequence[Approval]) -> Collection[str]:
        """Return the groups that somebody is in, if one of these approvals has deputies."""
        username, now = principal.author.username, self._context.clock()
        if username is None or principal.author.type != PERSON or not any(one.has_deputies(now) for one in approvals):
            return ()
        return GroupDirectory().of_user(tx, username)

    def _is_deputy(self, approval: Approval, groups: Collection[str]) -> bool:
        """Whether somebody in these groups may decide by now, too."""
        return approval.has_deputies(self._context.clock()) and approval.deputy_group in groups

    def _waited_for(self, tx: Transaction, run: Run) -> Approval:
        approval = ApprovalStore(tx).find(run.id)
        if approval is None or not run.awaits_approval:
            raise Invalid(
                "the run does not wait for an approval",
                code="NotWaiting",
                remedy="Read the run again: it was decided, ended, or never had to wait.",
            )
        return approval

    def _require_plan(self, tx: Transaction, run: Run, approval: Approval) -> None:
        """Refuse to approve a plan that is not kept any more, or another one. Raises Conflict."""
        if approval.is_of_state:
            require_state(self._context, tx, run, approval)
            return
        files = FileStore(tx)
        if not files.has_artifact(approval.plan_run_id) or (
            files.artifact_digest(approval.plan_run_id) != approval.plan_digest
        ):
            raise Conflict(
                "the saved plan is not the one that was shown, or is gone",
                code="PlanChanged",
                remedy="Start the run again: what would change is looked at anew.",
            )

    def _tell(self, tx: Transaction, author: Author, title: str, run: Run, content: JsonObject) -> None:
        self._context.event_log.append(
            tx,
            author,
            title,
            EventType.CHANGED,
            workspace=run.workspace,
            subject_kind=_SUBJECT,
            subject_id=str(run.id),
            description=run.target.display_name,
            content={"buildingBlock": str(run.block_id), "number": run.number, **content},
        )


def _may_decide(principal: Principal, run: Run, *, transparent: bool, is_deputy: bool) -> bool:
    if may_abort(principal, run, transparent=transparent):
        return True
    return is_deputy and access_of(principal, run, transparent=transparent) is RunAccess.FULL


def _new_approval(tx: Transaction, run: Run, asked: Asked) -> Approval:
    """Return what a new run waits for: the approval of the plan that it applies, or of what it destroys."""
    terms, destruction = asked.terms, asked.destruction
    plan_run = run if run.plan_run_id is None else RunStore(tx).get(run.plan_run_id)
    planned_at = plan_run.finished_at or plan_run.created_at
    summary = PlanStore(tx).summary(plan_run.id)
    wanted_by, *also = asked.wanted_by or (plan_run.trigger.author,)
    remind_after, deputy_after = terms.remind_after, terms.deputy_after
    return Approval(
        run_id=run.id,
        plan_run_id=plan_run.id,
        plan_digest=FileStore(tx).artifact_digest(plan_run.id) if destruction is None else destruction.mark,
        changes_digest=None if summary is None else summary.digest,
        needed=terms.needed_of((wanted_by, *also)),
        four_eyes=terms.four_eyes,
        types_name=terms.types_name,
        reasons=terms.reasons,
        wanted_by=wanted_by,
        also_wanted_by=tuple(also),
        requested_at=run.created_at,
        planned_at=planned_at,
        expires_at=run.created_at + terms.lifetime,
        plan_expires_at=None if terms.plan_age is None else planned_at + terms.plan_age,
        lifetime=terms.lifetime,
        keeps_waiting=terms.keeps_waiting,
        remind_at=None if remind_after is None else run.created_at + remind_after,
        deputy_group=terms.deputy_group,
        deputy_at=None if deputy_after is None else run.created_at + deputy_after,
    )


def approval_waits(tx: Transaction, run: Run, *, transparent: bool) -> Sequence[Wait]:
    """Return what a run waits for that is to be approved; if `transparent` by the people who have ordered it as well."""
    approval = ApprovalStore(tx).find(run.id)
    if approval is None:
        return ()
    summary = PlanStore(tx).summary(approval.plan_run_id)
    unknown = "all that it has made" if approval.is_of_state else "its log has the plan"
    if run.task is not None and run.task.command is not None:
        unknown = f"{run.task.command.value} {' '.join(run.task.arguments)}"[:_LONG]
    return (
        approval_wait(
            since=approval.requested_at,
            until=approval.expires_at,
            missing=approval.missing,
            plan=unknown if summary is None else summary.in_words,
            provider=run.provider,
            consumer=run.workspace if transparent and run.workspace != run.provider else None,
            reasons=approval.reasons,
            deputies=_deputies(approval),
            keeps_waiting=approval.keeps_waiting,
        ),
    )


def require_state(context: RunContext, tx: Transaction, run: Run, approval: Approval) -> None:
    """Refuse to destroy another state than the one that was shown. Raises OutdatedState."""
    if context.ports().locks.mark(tx, run.block_id) != approval.plan_digest:
        if run.task is not None:
            raise OutdatedState(
                "the state has changed since this was asked for",
                code="PlanChanged",
                remedy="Decline it, look at the state, and ask for it again.",
            )
        raise OutdatedState(
            "what would be destroyed has changed since it was shown",
            code="PlanChanged",
            remedy="Delete the building block again: what would be destroyed is looked at anew.",
        )


def _deputies(approval: Approval) -> str:
    if approval.deputy_group is None or approval.deputy_at is None:
        return ""
    return f"From {approval.deputy_at:%Y-%m-%d %H:%M} UTC on, people of group '{approval.deputy_group}' may decide as well."
