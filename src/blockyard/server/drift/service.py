"""Checks blocks on schedule, keeps what is found, and lets people decide. Source: api.md 3.16, concepts.md 11.1."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.blocks.model.block import Block, BlockId
from blockyard.server.blocks.service import BlockService
from blockyard.server.blocks.service.access import require_save
from blockyard.server.definitions.model import Definition, DefinitionId
from blockyard.server.definitions.model.policies import ScheduleMode
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.drift.model import (
    POSTPONED,
    DriftRules,
    DriftState,
    DriftWatch,
    NoiseRule,
    drift_in,
    next_check,
)
from blockyard.server.drift.store import RulesStore, WatchStore
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, Refusal
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runners.model import StoredSecret
from blockyard.server.runs.model import Run, TriggerReason
from blockyard.server.runs.service import PlanViews

log = structlog.get_logger(__name__)

LIST, SAVE_DEFINITION = "BUILDINGBLOCK_LIST", "BUILDINGBLOCKDEFINITION_SAVE"

ROUND = timedelta(seconds=15)
"""How often a portion of checks begins, all servers together."""

LEAST_PORTION = 5
CATCHING_UP = 4
"""After a time without a server, checks that were left out begin at most so many times as fast as they come."""

LONGEST_IGNORED = timedelta(days=366)

SYNCED_AT_ONCE = 200

_REASONS = {
    ScheduleMode.DRIFT_DETECTION: TriggerReason.SCHEDULED_DRIFT_DETECTION,
    ScheduleMode.DRIFT_RECONCILIATION: TriggerReason.SCHEDULED_DRIFT_RECONCILIATION,
}


@dataclass(frozen=True, slots=True)
class Drift:
    """What is known of the drift of a block, with its name."""

    watch: DriftWatch
    block_name: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An input that could be given the value that a resource has now, so that the drift is wanted."""

    input: str
    current: Json
    proposed: Json
    address: str
    path: str


class DriftService:
    """Use cases of drift, of people and of the system."""

    def __init__(
        self, basics: Basics, *, definitions: DefinitionService, blocks: BlockService, plans: PlanViews
    ) -> None:
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._definitions = definitions
        self._blocks = blocks
        self._plans = plans

    # What people see

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        state: DriftState | None = None,
        workspace: str | None = None,
        definition_id: UUID | None = None,
    ) -> Page[Drift]:
        """Return one page of the blocks that are checked and that the principal may see. Raises Denied."""
        found = WatchStore(tx).listed(
            request,
            principal.listing(LIST),
            {**principal.only_projects},
            state=state,
            workspace=workspace,
            definition_id=definition_id,
        )
        names = self._blocks.usage.names_of(tx, {one.block_id for one in found.items})
        return found.map(lambda one: Drift(one, names.get(one.block_id, "")))

    def to_tell(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, workspace: str | None
    ) -> Page[Drift]:
        """Return one page of the blocks that have drifted, and that nobody said to leave alone. Raises Denied."""
        found = self.page(tx, principal, request, state=DriftState.DRIFTED, workspace=workspace)
        now = self._clock()
        told = [one for one in found.items if not one.watch.is_ignored(now)]
        return Page(told, len(told), request)

    def get(self, tx: Transaction, principal: Principal, block_id: UUID) -> Drift:
        """Return what is known of the drift of a block. Raises NotFound, Denied, Conflict (it is not checked)."""
        block = self._blocks.find(tx, principal, block_id)
        return Drift(self._watch(tx, block), block.name)

    def acceptances(self, tx: Transaction, principal: Principal, block_id: UUID) -> Sequence[Acceptance]:
        """Return the inputs of a block whose values could be made those that its resources have now.

        An input counts where it has the very value that the check would bring back, and no other input has it, or has the name of the
        attribute. Raises NotFound, Denied: it takes what logs of runs take.
        """
        block = self._blocks.find(tx, principal, block_id)
        watch = self._watch(tx, block)
        if watch.state is not DriftState.DRIFTED or watch.run_id is None:
            return ()
        self._plans.require_seen(tx, principal, watch.run_id)
        plan = self._plans.every_change(tx, self._plans.run(tx, watch.run_id))
        found: dict[str, Acceptance] = {}
        for change in () if plan is None else drift_in(plan.changes, self._rules(tx, watch.definition_id).ignored):
            for one in _attributes(change.document):
                key = _input_for(block, one)
                if key is not None:
                    accepted = Acceptance(key, one["after"], one["before"], change.address, str(one["path"]))
                    found.setdefault(key, accepted)
        return list(found.values())

    def rules(self, tx: Transaction, principal: Principal, definition_id: UUID) -> DriftRules:
        """Return how the blocks of a definition are checked. Raises NotFound, Denied."""
        view = self._definitions.get(tx, principal, DefinitionId(definition_id))
        principal.require(SAVE_DEFINITION, workspace=view.definition.workspace)
        return self._rules(tx, view.definition.id)

    # What people decide

    def ignore(
        self, tx: Transaction, principal: Principal, block_id: UUID, *, until: datetime | None, reason: str
    ) -> Drift:
        """Leave the drift of a block alone until then, nobody is told of it; None: no longer. Raises NotFound, Denied, Invalid."""
        block, watch, now = *self._opened(tx, principal, block_id), self._clock()
        if until is None:
            return self._kept(tx, principal.author, block, watch.attended(), "Building Block Drift Attended")
        if not now < until <= now + LONGEST_IGNORED:
            raise Invalid(
                "drift is ignored until an instant within the next year",
                code="IgnoredUntil",
                field="/until",
                remedy="Send an instant that lies ahead, a year at most.",
            )
        after = replace(watch, ignored_until=until, ignore_reason=reason, ignored_by=principal.author.display_name)
        return self._kept(tx, principal.author, block, after, "Building Block Drift Ignored")

    def pause(
        self, tx: Transaction, principal: Principal, block_id: UUID, *, paused: bool, reason: str | None = None
    ) -> Drift:
        """Check a block no more for now, or again. Raises NotFound, Denied."""
        block, watch = self._opened(tx, principal, block_id)
        who = principal.author.display_name if paused else None
        after = replace(watch, is_paused=paused, pause_reason=reason if paused else None, paused_by=who)
        title = "Building Block Drift Checks Paused" if paused else "Building Block Drift Checks Resumed"
        return self._kept(tx, principal.author, block, after, title)

    def change_rules(
        self,
        tx: Transaction,
        principal: Principal,
        definition_id: UUID,
        *,
        ignored: Sequence[NoiseRule],
        paused: bool,
        reason: str | None,
    ) -> DriftRules:
        """Say what is no drift of the blocks of a definition, and whether they are checked for now. Raises NotFound, Denied, Invalid."""
        before = self.rules(tx, principal, definition_id)
        if paused and reason is None:
            raise Invalid(
                "nobody would know why the building blocks are not checked",
                code="ReasonNeeded",
                field="/reason",
                remedy="Say why, in a sentence.",
            )
        definition = self._definitions.definition(tx, before.definition_id)
        who = (before.paused_by or principal.author.display_name) if paused else None
        after = replace(
            before, ignored=tuple(ignored), is_paused=paused, pause_reason=reason if paused else None, paused_by=who
        )
        if after == before:
            return before
        saved = self._save_rules(tx, after)
        self._event_log.append(
            tx,
            principal.author,
            "Drift Rules Modified",
            EventType.CHANGED,
            workspace=definition.workspace,
            subject_kind="meshBuildingBlockDefinition",
            subject_id=str(definition.id),
            content={"ignored": len(saved.ignored), "isPaused": saved.is_paused, "reason": saved.pause_reason},
        )
        return saved

    # What lower features tell

    def definition_saved(self, tx: Transaction, definition: Definition) -> None:
        """Follow the schedule of a definition: its blocks are entered by the loop, or checked no more at once."""
        schedule, rules = definition.schedule, RulesStore(tx).get(definition.id)
        if rules is None and schedule.mode is ScheduleMode.DISABLED:
            return
        known = rules or self._rules(tx, definition.id)
        after = replace(
            known,
            mode=schedule.mode,
            frequency=schedule.frequency,
            automatic_approval=schedule.automatic_approval,
        )
        if after == rules:
            return
        if after.period is None:
            WatchStore(tx).remove_of(definition.id)
        is_new = after.period is not None and after.period != known.period
        synced = replace(
            after, is_synced=not is_new and known.is_synced, synced_behind=None if is_new else known.synced_behind
        )
        self._save_rules(tx, synced)

    def definition_deleted(self, tx: Transaction, author: Author, definition_id: DefinitionId) -> None:
        """Forget a definition."""
        del author
        WatchStore(tx).remove_of(definition_id)
        rules = RulesStore(tx).get(definition_id)
        if rules is not None:
            RulesStore(tx).remove(rules)

    def run_ended(self, tx: Transaction, run: Run) -> None:
        """Keep what a run says about the drift of its block, and repair it where the schedule says so.

        Without a schedule nothing is watched, and the definition is known already: most ends of runs ask nothing here.
        """
        definition = self._definitions.definition(tx, DefinitionId(run.target.definition_id))
        if definition.schedule.mode is ScheduleMode.DISABLED:
            return
        store = WatchStore(tx)
        watch = store.get(BlockId(run.block_id))
        if run.behavior is Behavior.DESTROY:
            if run.status is RunStatus.SUCCEEDED:
                store.remove_block(run.block_id)
            return
        if watch is None:
            self._enter(tx, run)
        elif run.behavior is Behavior.DETECT:
            block = self._blocks.scheduled.find(tx, run.block_id)
            if block is not None and block.latest_dry_run_id == run.id:  # others plan what was changed
                self._checked(tx, watch, run)
        elif run.status is RunStatus.SUCCEEDED:
            after = store.save(watch.applied(run.id, run.finished_at or self._clock()))
            if watch.drifted_since is not None:
                self._tell(tx, SYSTEM, after, "Building Block Drift Repaired")

    # What loops do

    def begin_round(self, tx: Transaction) -> Sequence[BlockId]:
        """Return the blocks whose check begins now; each comes again if `check` does not follow. None if a round has just begun."""
        store, now = WatchStore(tx), self._clock()
        if not store.begin_round(now, now + ROUND):
            return ()
        found = []
        for watch in store.due(now, self._portion(store)):
            store.save(replace(watch, due_at=now + POSTPONED))
            found.append(watch.block_id)
        return found

    def check(self, tx: Transaction, block_id: BlockId) -> None:
        """Begin the check of a block, unless it is paused or being deleted; one that has a run is checked later."""
        store = WatchStore(tx)
        watch = store.get(block_id)
        if watch is None:
            return
        rules, block = self._rules(tx, watch.definition_id), self._blocks.scheduled.find(tx, block_id)
        if rules.period is None or self._blocks.scheduled.known(tx, block_id) is None:
            store.remove(watch)
            return
        now = self._clock()
        watch = store.save(replace(watch, due_at=next_check(block_id, rules.period, now)))
        if block is None or self._rests(watch, rules):
            return  # also while it is being deleted: that may be taken back
        try:
            with tx.part():
                self._begin(tx, block, rules)
        except Conflict as refusal:
            log.info("drift check has to wait", block_id=str(block_id), code=refusal.code)
            if refusal.code == "RunUnfinished":
                store.save(replace(watch, due_at=min(watch.due_at, now + POSTPONED)))

    def sync(self, tx: Transaction) -> bool:
        """Enter some blocks of a definition whose schedule was changed; tell whether there is more to do."""
        rules = RulesStore(tx).unsynced()
        if rules is None:
            return False
        blocks = self._blocks.scheduled.some_of(tx, rules.definition_id, rules.synced_behind, SYNCED_AT_ONCE)
        known = WatchStore(tx).many({block.id for block in blocks})
        for block in blocks:
            if block.applied_at is not None:
                self._put(tx, block, rules, known.get(block.id))
        is_done = len(blocks) < SYNCED_AT_ONCE
        behind = None if is_done else blocks[-1].id
        RulesStore(tx).save(replace(rules, is_synced=is_done, synced_behind=behind))
        return True

    def moved(self, tx: Transaction, block_ids: Sequence[UUID], project: str) -> None:
        """Follow blocks to another project."""
        WatchStore(tx).move(block_ids, project)

    # Steps of the above

    @staticmethod
    def _rests(watch: DriftWatch, rules: DriftRules) -> bool:
        """Whether somebody has paused the checks of a block, or of all of its definition."""
        return watch.is_paused or rules.is_paused

    def _begin(self, tx: Transaction, block: Block, rules: DriftRules) -> None:
        reason = _REASONS[rules.mode]
        if self._blocks.scheduled.is_plannable(tx, block):
            self._blocks.scheduled.detect(tx, block, reason)
        elif rules.mode is ScheduleMode.DRIFT_RECONCILIATION:
            self._blocks.scheduled.run(tx, block, reason)

    def _checked(self, tx: Transaction, watch: DriftWatch, run: Run) -> None:
        store, at = WatchStore(tx), run.finished_at or self._clock()
        if run.status is not RunStatus.SUCCEEDED:
            if run.status is RunStatus.FAILED:
                store.save(watch.failed(run.id, at))
            return
        rules, plan = self._rules(tx, watch.definition_id), self._plans.every_change(tx, run)
        changes = [] if plan is None else drift_in(plan.changes, rules.ignored)
        left_out = run.changes_detected is True if plan is None else plan.summary.left_out > 0
        after = store.save(watch.found(changes, run.id, at, unlisted=left_out))
        if after.drifted_since is not None and watch.drifted_since is None:
            self._tell(tx, SYSTEM, after, "Building Block Drift Found")
        elif after.drifted_since is None and watch.drifted_since is not None:
            self._tell(tx, SYSTEM, after, "Building Block Drift Gone")
        self._reconcile(tx, after, rules, run)

    def _reconcile(self, tx: Transaction, watch: DriftWatch, rules: DriftRules, run: Run) -> None:
        """Apply the plan of a check where the schedule says so, and nobody has said to leave the drift alone.

        Without automatic approval somebody is asked first, and not again about what was declined.
        """
        is_wanted = rules.mode is ScheduleMode.DRIFT_RECONCILIATION
        by_schedule = run.trigger.reason is TriggerReason.SCHEDULED_DRIFT_RECONCILIATION
        if not (is_wanted and by_schedule) or watch.state is not DriftState.DRIFTED:
            return
        if watch.is_ignored(self._clock()) or self._rests(watch, rules):
            return
        block = self._blocks.scheduled.find(tx, watch.block_id)
        asks = not rules.automatic_approval
        if block is None or (asks and self._blocks.scheduled.was_declined(tx, block)):
            return
        reason = TriggerReason.SCHEDULED_DRIFT_RECONCILIATION
        try:
            with tx.part():
                self._blocks.scheduled.apply_plan(tx, block, reason, in_any_case=asks)
        except Refusal as refusal:
            log.info("drift is not repaired now", block_id=str(block.id), reason=refusal.message)

    def _enter(self, tx: Transaction, run: Run) -> None:
        """Check a block from now on that was applied, if its definition has a schedule."""
        rules = RulesStore(tx).get(DefinitionId(run.target.definition_id))
        if rules is None or rules.period is None:
            return
        block = self._blocks.scheduled.find(tx, run.block_id)
        if block is not None:
            self._put(tx, block, rules, None)

    def _put(self, tx: Transaction, block: Block, rules: DriftRules, watch: DriftWatch | None) -> None:
        if rules.period is None:
            return
        now = self._clock()
        due_at = next_check(block.id, rules.period, now)
        if watch is not None:
            WatchStore(tx).save(replace(watch, due_at=min(watch.due_at, due_at)))
            return
        WatchStore(tx).add(
            DriftWatch(
                block_id=block.id,
                definition_id=block.definition_id,
                workspace=block.workspace,
                project=None if block.tenant is None else block.tenant.project,
                owner=block.provider,
                created_at=now,
                due_at=due_at,
            )
        )

    def _portion(self, store: WatchStore) -> int:
        """Return how many checks a round begins: more than come meanwhile, and yet not all that were left out at once."""
        return max(LEAST_PORTION, -(-store.size() * CATCHING_UP * int(ROUND.total_seconds()) // 86400))

    def _opened(self, tx: Transaction, principal: Principal, block_id: UUID) -> tuple[Block, DriftWatch]:
        block = self._blocks.find(tx, principal, block_id)
        require_save(principal, block)
        return block, self._watch(tx, block)

    def _watch(self, tx: Transaction, block: Block) -> DriftWatch:
        watch = WatchStore(tx).get(block.id)
        if watch is None:
            raise Conflict(
                f"drift is not looked for on building block '{block.name}'",
                code="DriftNotChecked",
                remedy="Its definition needs a schedule, and the building block a run that succeeded.",
            )
        return watch

    def _kept(self, tx: Transaction, author: Author, block: Block, after: DriftWatch, title: str) -> Drift:
        saved = WatchStore(tx).save(after)
        self._tell(tx, author, saved, title)
        return Drift(saved, block.name)

    def _rules(self, tx: Transaction, definition_id: DefinitionId) -> DriftRules:
        found = RulesStore(tx).get(definition_id)
        return found or DriftRules(definition_id=definition_id, created_at=self._clock())

    def _save_rules(self, tx: Transaction, rules: DriftRules) -> DriftRules:
        store = RulesStore(tx)
        return store.add(rules) if store.get(rules.definition_id) is None else store.save(rules)

    def _tell(self, tx: Transaction, author: Author, watch: DriftWatch, title: str) -> None:
        content: JsonObject = {"state": watch.state.value, "count": watch.count}
        content["reason"] = watch.ignore_reason or watch.pause_reason
        content["run"] = None if watch.run_id is None else str(watch.run_id)
        self._event_log.append(
            tx,
            author,
            title,
            EventType.CHANGED,
            workspace=watch.workspace,
            subject_kind="meshBuildingBlock",
            subject_id=str(watch.block_id),
            content=content,
        )


def _attributes(document: JsonObject) -> list[JsonObject]:
    listed = document.get("attributes")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    usable = [one for one in found if not (one.get("sensitive") or one.get("unknown") or one.get("cut"))]
    return [{"path": one.get("path"), "before": one.get("before"), "after": one.get("after")} for one in usable]


def _input_for(block: Block, attribute: JsonObject) -> str | None:
    """Return the input that an attribute of a resource comes from, as far as values and names tell."""
    wanted = attribute["after"]
    same = [
        key
        for key, value in block.inputs.items()
        if not isinstance(value, StoredSecret) and value == wanted and type(value) is type(wanted)
    ]
    name = str(attribute["path"]).rpartition(".")[2]
    return name if name in same else same[0] if len(same) == 1 else None
