"""Claiming: a runner takes the oldest run that waits for it."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from pydantic import ValidationError

from blockyard.protocol.identity import RunIdentity, TokenPlace
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import Behavior, ImplementationType, RunStatus
from blockyard.protocol.run import RunDocument
from blockyard.server.events.model import SYSTEM
from blockyard.server.identity.model import Principal
from blockyard.server.issuer.model.workload import IdentityOptions
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Refusal
from blockyard.server.kit.ids import new_secret
from blockyard.server.runners.model import Runner, RunnerId
from blockyard.server.runs.model import Attempt, Claimer, Run, lease_of
from blockyard.server.runs.model.failure_rules import STATE_CHANGED, VALUE_OUTDATED
from blockyard.server.runs.model.task import TaskKind
from blockyard.server.runs.ports import OutdatedState, OutdatedValue, RunParts
from blockyard.server.runs.service.approvals import require_state
from blockyard.server.runs.service.context import TOKEN_CONTEXT, RunContext
from blockyard.server.runs.service.documents import claim_document, has_secrets, run_document
from blockyard.server.runs.service.ending import RunEnding
from blockyard.server.runs.service.keys import NewKey, RunKeyring
from blockyard.server.runs.service.runs import TOKEN_PREFIX
from blockyard.server.runs.store import ApprovalStore, AttemptStore, FileStore, QueueStore, RunStore
from blockyard.server.runs.topics import wake_viewers

log = structlog.get_logger(__name__)

TOKEN_LENGTH = 43
"""Letters and digits after the prefix: 256 bits."""

_UNDELIVERABLE = 10
"""How many runs in a row one claim fails because they cannot be delivered; the rest is left to the next claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request for work.

    Attributes:
        protocol: the version of our protocol that the runner speaks; 0 for the official one.
        types: what the runner executes; all its type allows if empty.
        held: the runs that the runner executes, if all its `slots` are taken. One that only waits for runs it ordered lends its
            slot: the runner gets one that some run waits for, and no other.
    """

    runner_id: RunnerId
    claimer: Claimer
    protocol: int = 0
    node_id: str | None = None
    types: frozenset[ImplementationType] = field(default_factory=frozenset)
    held: frozenset[UUID] = field(default_factory=frozenset)
    slots: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer: a run document, or when to ask again (None: nothing waits)."""

    document: JsonObject | None
    next_due_at: datetime | None = None


class ClaimService:
    """Hands runs to runners."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._ending = RunEnding(context)
        self._keys = RunKeyring(context)

    @property
    def ceiling(self) -> timedelta:
        """How long an attempt may take until it counts as lost, whatever its runner says."""
        return self._context.limits.ceiling

    def claim(self, tx: Transaction, principal: Principal, claim: Claim) -> Claimed:
        """Give the oldest run that is due to the runner. Raises NotFound (no such runner), Denied.

        A run that cannot be delivered is failed with the reason: a runner that cannot read a run never recovers.
        """
        now = self._context.clock()
        runner = self._context.runners.get_by_id(tx, claim.runner_id)
        _require_claim(principal, runner)
        self._context.runners.seen(tx, runner.id, now, protocol=claim.protocol)
        types = _types(runner, claim.types)
        serving = bool(claim.held)
        if serving and not self._lends(tx, claim):
            return Claimed(None)
        braked, queue = self._context.brakes.guard(tx), QueueStore(tx)
        for _ in range(_UNDELIVERABLE):
            taken = queue.take(
                runner.id, types, node_id=claim.node_id, at=now, serving=serving, braked=braked, spoken=claim.protocol
            )
            if taken is None:
                return Claimed(
                    None,
                    queue.next_due(runner.id, types, at=now, serving=serving, braked=braked, spoken=claim.protocol),
                )
            document = self._deliver(tx, taken, runner, claim, now)
            if document is not None:
                return Claimed(document)
        return Claimed(None, now)

    def waiting(self, tx: Transaction, claim: Claim) -> datetime | None:
        """Return when the next run for the runner is or was due; cheap, for a claim that waits."""
        runner = self._context.runners.get_by_id(tx, claim.runner_id)
        serving = bool(claim.held)
        if serving and not self._lends(tx, claim):
            return None
        braked, now = self._context.brakes.braked(tx), self._context.clock()
        types = _types(runner, claim.types)
        return QueueStore(tx).next_due(runner.id, types, at=now, serving=serving, braked=braked, spoken=claim.protocol)

    def _lends(self, tx: Transaction, claim: Claim) -> bool:
        """Tell whether one of the runner's slots is taken by a run that only waits."""
        return QueueStore(tx).computing(claim.runner_id, claim.held) < claim.slots

    def _deliver(self, tx: Transaction, run: Run, runner: Runner, claim: Claim, now: datetime) -> JsonObject | None:
        """Begin an attempt and return its document; fail the run and return None if there can be no document.

        A defect in a document must not keep the runs behind this one waiting for ever, hence the last clause.
        """
        token = TOKEN_PREFIX + new_secret(TOKEN_LENGTH)
        key = self._keys.draw(run)
        try:
            self._require_approved(tx, run)
            parts = self._context.ports().content.document_parts(tx, run)
            base = run_document(run, parts, self._context.links)
            RunDocument.model_validate(base)
            digest = None if parts.plan_run_id is None else FileStore(tx).artifact_digest(parts.plan_run_id)
            answer = self._answer(
                run,
                base,
                runner,
                claim,
                token=token,
                key=key,
                plan_digest=digest,
                before=_applied_before(tx, run, claim, base),
                options=parts.identity,
            )
            if run.attempt == 1 and run.task is not None and run.task.kind is TaskKind.RESTORE:
                self._context.ports().restoring.restore(tx, run)
        except OutdatedState as refusal:
            destroys = run.behavior is Behavior.DESTROY
            if destroys:
                self._ending.note(tx, run, STATE_CHANGED)
            self._fail(tx, run, f"{refusal.message}: nothing was {'destroyed' if destroys else 'changed'}")
            return None
        except OutdatedValue as refusal:
            self._ending.note(tx, run, VALUE_OUTDATED)
            self._fail(tx, run, refusal.message)
            return None
        except Refusal as refusal:
            self._fail(tx, run, refusal.message)
            return None
        except ValidationError as error:
            places = ", ".join(sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})[:5])
            self._fail(tx, run, f"the run cannot be described to its runner; these members are wrong: {places}")
            return None
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            log.exception("run cannot be described", run_id=str(run.id), cause=type(error).__name__)
            self._fail(tx, run, "the run cannot be described to its runner: the server has a defect here")
            return None
        self._begin_attempt(tx, run, parts, base, token=token, key=key, claim=claim, now=now)
        return answer

    def _require_approved(self, tx: Transaction, run: Run) -> None:
        """Refuse to hand out a run whose plan, or whose destruction, is not the one that was approved. Raises Conflict.

        What a run has begun to destroy is another state: only its first attempt is compared.
        """
        _require_plan(tx, run)
        approval = ApprovalStore(tx).find(run.id) if run.plan_run_id is None else None
        if approval is None:
            return
        if not approval.is_granted:
            raise OutdatedState("nobody has approved it", code="PlanChanged", remedy="Ask for it again.")
        if run.attempt == 1:
            require_state(self._context, tx, run, approval)

    def _answer(
        self,
        run: Run,
        document: JsonObject,
        runner: Runner,
        claim: Claim,
        *,
        token: str,
        key: NewKey | None,
        plan_digest: str | None,
        before: JsonObject | None,
        options: IdentityOptions,
    ) -> JsonObject:
        return claim_document(
            run,
            document,
            token=token,
            key=None if key is None else key.text,
            public_key=runner.public_key,
            links=self._context.links,
            own_protocol=claim.claimer is Claimer.BLOCKYARD,
            plan_digest=plan_digest,
            before=before,
            identity=self._identity(run, runner, claim, options),
        )

    def _identity(self, run: Run, runner: Runner, claim: Claim, options: IdentityOptions) -> RunIdentity | None:
        """Return which identity tokens the run may have of this server, for our runner and where there are some."""
        if claim.claimer is not Claimer.BLOCKYARD or run.target.implementation is not ImplementationType.TERRAFORM:
            return None
        identity = self._context.runners.identities.of(runner, speaks_ours=True)
        if identity is None or not identity.is_ours:
            return None
        clouds = {cloud.value: TokenPlace(token_path=one.token_path) for cloud, one in identity.clouds.items()}
        return RunIdentity(clouds=clouds, needed=tuple(cloud.value for cloud in options.clouds))

    def _begin_attempt(
        self,
        tx: Transaction,
        run: Run,
        parts: RunParts,
        document: JsonObject,
        *,
        token: str,
        key: NewKey | None,
        claim: Claim,
        now: datetime,
    ) -> None:
        ports, limits = self._context.ports(), self._context.limits
        AttemptStore(tx).add(
            Attempt.begin(
                run.id,
                run.attempt,
                token_hash=self._context.master_key.digest(token, context=TOKEN_CONTEXT),
                key_hash=None if key is None else key.hash,
                claimer=claim.claimer,
                lease=lease_of(claim.claimer, run.target, limits),
                node_id=claim.node_id,
                at=now,
                limits=limits,
            )
        )
        FileStore(tx).put_document(run.id, document)
        if parts.plan_run_id != run.plan_run_id:
            run = RunStore(tx).save(replace(run, plan_run_id=parts.plan_run_id))
        if run.attempt > 1:
            ports.locks.release(tx, run.block_id, run.id)
        ports.listener.run_changed(tx, run)
        wake_viewers(tx, run)
        log.info("run claimed", run_id=str(run.id), attempt=run.attempt, runner_id=str(claim.runner_id))

    def _fail(self, tx: Transaction, run: Run, message: str) -> None:
        log.warning("run cannot be delivered", run_id=str(run.id), cause=message)
        self._ending.explain(tx, run, "prepare", "Prepare the run", message)
        self._ending.finish(tx, run, RunStatus.FAILED, author=SYSTEM, summary=message, confirmed=True)


def _require_plan(tx: Transaction, run: Run) -> None:
    """Refuse to hand out a run whose plan is not the one that was approved. Raises Conflict."""
    approval = None if run.plan_run_id is None else ApprovalStore(tx).find(run.id)
    if approval is None or approval.plan_digest is None:
        return
    if not approval.is_granted or FileStore(tx).artifact_digest(approval.plan_run_id) != approval.plan_digest:
        raise Conflict(
            "the saved plan is not the one that was approved, or is gone: nothing was applied",
            code="PlanChanged",
            remedy="Start the run again: what would change is looked at anew.",
        )


def _applied_before(tx: Transaction, run: Run, claim: Claim, document: JsonObject) -> JsonObject | None:
    """Return the document of the run that applied the block last, for our runner and where there are secrets."""
    if claim.claimer is not Claimer.BLOCKYARD or run.target.implementation is not ImplementationType.TERRAFORM:
        return None
    last = RunStore(tx).last_applied(run.block_id) if has_secrets(document) else None
    return None if last is None else FileStore(tx).document(last.id)


def _require_claim(principal: Principal, runner: Runner) -> None:
    if principal.run is not None or principal.block is not None:
        raise Denied("a run cannot claim runs", code="RunTokenCannotClaim", remedy="Use the API key of the runner.")
    if principal.runner is not None:
        if principal.runner != runner.id:
            raise Denied(
                "this key belongs to another runner", code="ForeignRunnerKey", remedy="Use the key of this runner."
            )
        return
    principal.require("BUILDINGBLOCKRUN_SAVE", workspace=None, provider=runner.workspace)
    if not principal.belongs_to(runner.workspace):
        raise Denied(
            "a key claims runs only for runners of its own workspace",
            code="ForeignRunner",
            remedy="Use the runner's own key; 'blockyard runners key' makes one.",
        )


def _types(runner: Runner, wanted: Collection[ImplementationType]) -> frozenset[ImplementationType]:
    able = {kind for kind in ImplementationType if runner.implementation_type.executes(kind)}
    return frozenset(able & set(wanted) if wanted else able)
