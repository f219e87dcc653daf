"""Reading runs: documents, logs, details, and what happened since a viewer last looked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.log_end import end_bytes, shown_end
from blockyard.protocol.status import OutputValue
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Denied, NotFound
from blockyard.server.runs.model import Attempt, Run, RunId, Source, Step
from blockyard.server.runs.model.approval import Approval
from blockyard.server.runs.model.failure import Failure
from blockyard.server.runs.model.outcomes import Outcomes
from blockyard.server.runs.service.access import RunAccess, consumer, may_abort, refuse_foreign_token, require_access
from blockyard.server.runs.service.approvals import ApprovalService
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.service.documents import readable_document, run_document
from blockyard.server.runs.service.standing import StateStanding, standing_of
from blockyard.server.runs.store import (
    AttemptStore,
    FailureStore,
    FileStore,
    LogChunk,
    LogStore,
    OutcomeStore,
    RunStore,
    StepStore,
)

EVENT_BYTES = 1024 * 1024
"""About how much log one batch of events carries."""


SHOWN_BYTES = 5 * 1024 * 1024
"""How much log one answer carries: the last of it, the later steps first; there is more at the logs of single steps."""


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run as pages and the CLI show it; logs, outputs, attempts and sources only with full access."""

    run: Run
    access: RunAccess
    attempts: Sequence[Attempt]
    sources: Sequence[Source]
    steps: Sequence[Step]
    outputs: dict[str, OutputValue]
    position: int
    """The sequence number the detail was read at; events after it bring it up to date."""
    failure: Failure | None
    """Why the newest attempt failed."""
    approval: Approval | None
    """What it waits for, or has waited for, before it applies its plan."""
    may_approve: bool
    may_abort: bool
    """Whether the principal may abort it, and that would still change something."""


@dataclass(frozen=True, slots=True)
class StepLog:
    """A step with the end of its log."""

    step: Step
    system_message: str | None


@dataclass(frozen=True, slots=True)
class RunEvents:
    """What changed after a sequence number.

    Attributes:
        position: where the next look begins.
        run: the run, if its row changed.
        attempt: whose steps and logs these are; a new one begins with empty steps.
        more: there is more right now.
        ended: the run is finished and everything was told.
        with_log: the viewer may read logs.
    """

    position: int
    run: Run | None
    attempt: int
    steps: Sequence[Step] = ()
    chunks: Sequence[LogChunk] = ()
    more: bool = False
    ended: bool = False
    with_log: bool = False


class RunViews:
    """Use cases of viewers."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._approvals = ApprovalService(context)

    def outcomes(self, tx: Transaction, definition_ids: Collection[UUID]) -> Mapping[UUID, Outcomes]:
        """Return how the runs of definitions, which the viewer was allowed to know of, ended in the last 30 days."""
        return OutcomeStore(tx).of(definition_ids, self._context.clock()) if definition_ids else {}

    def document(self, tx: Transaction, principal: Principal, run_id: RunId) -> JsonObject:
        """Return the run document without its token, secrets as hashes. Raises NotFound, Denied."""
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run, RunAccess.FULL)
        transparent = self._context.ports().content.is_transparent(tx, run)
        may = run.may_be_aborted and may_abort(principal, run, transparent=transparent)
        may_approve = bool(self._approvals.approvable(tx, principal, [run]))
        document = FileStore(tx).document(run.id)
        if document is None:
            parts = self._context.ports().content.document_parts(tx, run)
            document = run_document(run, parts, self._context.links)
        return readable_document(run, document, links=self._context.links, may_abort=may, may_approve=may_approve)

    def plan(self, tx: Transaction, principal: Principal, run_id: RunId) -> bytes | None:
        """Return the encrypted plan of a DETECT run, None if there is none (any more). Raises NotFound, Denied.

        A plan holds the same secrets as the state, so whoever reads it has to be allowed to read that.
        """
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run, RunAccess.FULL)
        transparent = self._context.ports().content.is_transparent(tx, run)
        workspace = consumer(principal, run) if transparent else None
        principal.require("TFSTATE_LIST", workspace=workspace, provider=run.provider)
        return FileStore(tx).artifact(run_id)

    def logs(self, tx: Transaction, principal: Principal, run_id: RunId) -> Sequence[StepLog]:
        """Return the steps of the newest attempt that has any, with the end of their logs. Raises NotFound, Denied."""
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run, RunAccess.FULL)
        steps = StepStore(tx).steps(run.id, StepStore(tx).newest_attempt(run.id))
        room, logs = SHOWN_BYTES, []
        for step in reversed(steps):
            tail = self._tail(tx, step, room)
            room -= len(tail or "")
            logs.append(StepLog(step, tail))
        return logs[::-1]

    def detail(self, tx: Transaction, principal: Principal, run_id: RunId) -> RunDetail:
        """Return a run with its attempts, sources, steps and outputs. Raises NotFound."""
        run = RunStore(tx).get(run_id)
        access = self._require(tx, principal, run, RunAccess.MESSAGES)
        steps = StepStore(tx)
        number = steps.newest_attempt(run.id)
        transparent = self._context.ports().content.is_transparent(tx, run)
        return RunDetail(
            run=run,
            access=access,
            attempts=AttemptStore(tx).of_run(run.id) if access is RunAccess.FULL else (),
            sources=steps.sources(run.id, number) if access is RunAccess.FULL else (),
            steps=steps.steps(run.id, number),
            outputs=FileStore(tx).reported(run.id, run.attempt) if access is RunAccess.FULL else {},
            position=RunStore(tx).positions(run.id).sequence,
            failure=FailureStore(tx).of(run.id, run.attempt),
            approval=self._approvals.of(tx, run),
            may_approve=bool(self._approvals.approvable(tx, principal, [run])),
            may_abort=run.may_be_aborted and may_abort(principal, run, transparent=transparent),
        )

    def step_log(
        self,
        tx: Transaction,
        principal: Principal,
        run_id: RunId,
        *,
        source: str | None,
        step: str,
        offset: int | None,
        size: int,
    ) -> tuple[Step, bytes]:
        """Return what was kept of `size` bytes of a step's log from `offset` on, or its last `size` bytes. Raises NotFound, Denied."""
        run = RunStore(tx).get(run_id)
        self._require(tx, principal, run, RunAccess.FULL)
        steps = StepStore(tx)
        for found in steps.steps(run.id, steps.newest_attempt(run.id)):
            if found.id.name == step and source in {None, found.id.source}:
                logs = LogStore(tx)
                return found, logs.tail(found, size) if offset is None else logs.read(found, offset, size)
        raise NotFound(f"the run has no step '{step}'", code="StepUnknown")

    def events(self, tx: Transaction, principal: Principal, run_id: RunId, after: int) -> RunEvents:
        """Return what changed after sequence number `after`, logs only with full access. Raises NotFound."""
        runs = RunStore(tx)
        positions = runs.positions(run_id)
        run = runs.get(run_id)
        access = self._require(tx, principal, run, RunAccess.MESSAGES)
        if positions.sequence <= after:  # as for most looks: what wakes a viewer is not always for it
            return RunEvents(after, None, run.attempt, ended=run.is_final, with_log=access is RunAccess.FULL)
        number = StepStore(tx).newest_attempt(run.id)
        chunks, more = (
            LogStore(tx).after(run.id, number, after, up_to_bytes=EVENT_BYTES)
            if access is RunAccess.FULL
            else ((), False)
        )
        steps = StepStore(tx).steps(run.id, number, after=after)
        position = chunks[-1].sequence if more else max(after, positions.sequence)
        return RunEvents(
            position=position,
            run=run if positions.changed > after else None,
            attempt=number,
            steps=steps,
            chunks=chunks,
            more=more,
            ended=run.is_final and not more,
            with_log=access is RunAccess.FULL,
        )

    def _tail(self, tx: Transaction, step: Step, room: int) -> str | None:
        if step.log_bytes == 0 or room <= 0:
            return None
        shown = end_bytes(step.log_bytes, min(room, self._context.limits.message_bytes))
        tail = LogStore(tx).tail(step, shown)
        is_whole = shown == step.log_bytes or len(tail) < shown  # of cut lines less is kept than came
        return shown_end(tail, is_whole=is_whole).decode(errors="replace")

    def _require(self, tx: Transaction, principal: Principal, run: Run, needed: RunAccess) -> RunAccess:
        self._refuse_old_token(tx, principal, run)
        transparent = self._context.ports().content.is_transparent(tx, run)
        return require_access(principal, run, needed, transparent=transparent)

    def _refuse_old_token(self, tx: Transaction, principal: Principal, run: Run) -> None:
        """Refuse a run token that outlived its attempt: it may have leaked. Source: runner.md 1.1."""
        refuse_foreign_token(principal, run.id)
        if principal.run is not None and standing_of(self._context, tx, principal.run) is StateStanding.OVER:
            raise Denied("this run token is too old", code="RunTokenExpired", remedy="Use an API key.")
