"""What plans would change: kept with their runs, listed, compared."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ChangeAction
from blockyard.protocol.plan_changes import PlanChanges, ResourceChange
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.model import Run, RunId, Step
from blockyard.server.runs.model.plan import Difference, Plan, PlannedChange, PlanSource, PlanSummary, differences
from blockyard.server.runs.model.printed import Change, changes_in, sum_in
from blockyard.server.runs.model.text import without_colours
from blockyard.server.runs.service.access import RunAccess, require_access
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import LogStore, PlanStore, RunStore, StepStore

PRINTED_BYTES = 4 * 1024 * 1024
"""Of all steps together, from the end: engines print a plan at the end of a step."""

LOOKED_AT = 50
"""So many of the newest runs of a block are looked at for an earlier plan."""

_DIGEST = "change of a plan"


@dataclass(frozen=True, slots=True)
class ListedChanges:
    """The plan of a run in numbers, and one page of its changes."""

    summary: PlanSummary
    page: Page[PlannedChange]


@dataclass(frozen=True, slots=True)
class DifferentChange:
    """What becomes of one resource in two plans; None where a plan leaves it alone."""

    difference: Difference
    here: PlannedChange | None
    there: PlannedChange | None


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """How the plans of two runs differ; `alike` are the changes that both have."""

    here: PlanSummary
    there: PlanSummary
    alike: int
    page: Page[DifferentChange]

    @property
    def is_equal(self) -> bool:
        """Whether applying either would do the same."""
        return self.here.digest is not None and self.here.digest == self.there.digest


class PlanViews:
    """Use cases of those who look at plans. They need what logs need: values of resources are shown."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def changes(
        self, tx: Transaction, principal: Principal, run_id: RunId, action: ChangeAction | None, request: PageRequest
    ) -> ListedChanges:
        """Return what a run would change, or what the plan it applies would. Raises NotFound, Denied."""
        planned = self._planned(tx, principal, run_id)
        store = PlanStore(tx)
        summary = store.summary(planned)
        if summary is None:
            raise _no_changes()
        return ListedChanges(summary, store.page(planned, action, request))

    def comparison(
        self, tx: Transaction, principal: Principal, run_id: RunId, other_id: UUID | None, request: PageRequest
    ) -> PlanComparison:
        """Return how the plan of a run differs from that of another one, or from the plan before it. Raises NotFound, Denied."""
        store = PlanStore(tx)
        ours = self._planned(tx, principal, run_id)
        theirs = self._before(tx, ours) if other_id is None else self._planned(tx, principal, RunId(other_id))
        here, there = store.summary(ours), store.summary(theirs)
        if here is None or there is None:
            raise _no_changes()
        at_here, at_there = _by_address(store.digests(ours)), _by_address(store.digests(theirs))
        found = differences(_digests(at_here), _digests(at_there))
        some = found[request.offset : request.offset + request.limit]
        left = store.at(ours, [at_here[key][0] for key, _ in some if key in at_here])
        right = store.at(theirs, [at_there[key][0] for key, _ in some if key in at_there])
        pairs = [
            DifferentChange(
                difference,
                left[at_here[key][0]] if key in at_here else None,
                right[at_there[key][0]] if key in at_there else None,
            )
            for key, difference in some
        ]
        return PlanComparison(here, there, len({*at_here, *at_there}) - len(found), Page(pairs, len(found), request))

    def summary(self, tx: Transaction, run: Run) -> PlanSummary | None:
        """Return the plan of a run that may be seen in numbers."""
        return PlanStore(tx).summary(run.plan_run_id or run.id)

    def require_seen(self, tx: Transaction, principal: Principal, run_id: RunId) -> None:
        """Refuse whoever may not see the changes of a run. Raises NotFound, Denied."""
        self._planned(tx, principal, run_id)

    def run(self, tx: Transaction, run_id: RunId) -> Run:
        """Return a run that may be seen. Raises NotFound."""
        return RunStore(tx).get(run_id)

    def every_change(self, tx: Transaction, run: Run) -> Plan | None:
        """Return the plan of a DETECT run; None if nothing is kept of it. For other services."""
        store = PlanStore(tx)
        summary = store.summary(run.id)
        return None if summary is None else Plan(summary=summary, changes=store.every(run.id))

    def _before(self, tx: Transaction, run_id: RunId) -> RunId:
        run, store = RunStore(tx).get(run_id), PlanStore(tx)
        earlier = (one.id for one in RunStore(tx).of_block(run.block_id, LOOKED_AT) if one.number < run.number)
        found = next((one for one in earlier if store.summary(one) is not None), None)
        if found is None:
            raise _no_changes()
        return found

    def _planned(self, tx: Transaction, principal: Principal, run_id: RunId) -> RunId:
        run = RunStore(tx).get(run_id)
        transparent = self._context.ports().content.is_transparent(tx, run)
        require_access(principal, run, RunAccess.FULL, transparent=transparent)
        return run.plan_run_id or run.id


def kept_plan(changes: PlanChanges, key: MasterKey) -> Plan:
    """Return what the runner told of a plan as it is kept: its digests, made of secrets too, only as keyed hashes."""
    summary = PlanSummary(
        source=PlanSource.ENGINE,
        counts=changes.counts or Counter(change.action for change in changes.resources),
        outputs=len(changes.outputs),
        moved=changes.moved,
        imported=changes.imported,
        left_out=changes.left_out,
        digest=key.digest(changes.digest, context=_DIGEST),
    )
    told = [(change, False) for change in changes.resources] + [(change, True) for change in changes.outputs]
    return Plan(summary=summary, changes=[_kept(change, key, is_output=is_output) for change, is_output in told])


def printed_plan(tx: Transaction, run: Run) -> Plan | None:
    """Return what the engine of a run printed of its plan: runners that tell no more leave that. None if it has no plan."""
    text = printed(tx, StepStore(tx).steps(run.id, run.attempt))
    changes, total = changes_in(text), sum_in(text)
    destroyed = sum(change.action in {ChangeAction.DELETE, ChangeAction.REPLACE} for change in changes)
    if not changes and run.changes_detected is not False:
        return None
    summary = PlanSummary(
        source=PlanSource.PRINTED,
        counts=Counter(change.action for change in changes),
        moved=sum(change.action is ChangeAction.MOVE for change in changes),
        imported=sum(change.action is ChangeAction.IMPORT for change in changes),
        left_out=0 if total is None else max(0, total.destroyed - destroyed),
    )
    return Plan(summary=summary, changes=[_as_printed(change) for change in changes])


def printed(tx: Transaction, steps: Sequence[Step]) -> str:
    """Return the end of what the steps of a run printed."""
    room, texts = PRINTED_BYTES, []
    for step in reversed(steps):
        if room <= 0 or not step.log_bytes:
            continue
        data = LogStore(tx).tail(step, room)
        room -= len(data)
        texts.append(without_colours(data.decode(errors="replace")).replace("\r\n", "\n"))
    return "\n".join(reversed(texts))


def _kept(change: ResourceChange, key: MasterKey, *, is_output: bool) -> PlannedChange:
    document = {name: value for name, value in change.wire().items() if name != "digest"}
    return PlannedChange(
        address=change.address,
        action=change.action,
        is_output=is_output,
        digest=key.digest(change.digest, context=_DIGEST),
        document=document,
    )


def _as_printed(change: Change) -> PlannedChange:
    document: JsonObject = {
        "address": change.address,
        "type": _type_in(change.address),
        "action": change.action.value,
        "reason": change.why or None,
        "printed": [*_lines(change)],
    }
    digest = sha256("\n".join((change.action.value, *_lines(change))).encode()).hexdigest()
    return PlannedChange(
        address=change.address, action=change.action, is_output=False, digest=digest, document=document
    )


def _lines(change: Change) -> Iterator[str]:
    signs = {"added": "+", "removed": "-", "changed": "~", "replaced": "±"}
    for line in change.lines:
        before = "" if line.before is None else f"{line.before} -> "
        yield f"{signs.get(line.tone, ' ')} {before}{line.text}"


def _type_in(address: str) -> str:
    parts = address.split(".")
    return next((part for part in parts[-2::-1] if part and part != "data"), "")


def _by_address(digests: Mapping[int, tuple[str, str]]) -> Mapping[str, tuple[int, str]]:
    """Return position and digest by address; of a resource with deposed objects each by its own number."""
    found: dict[str, tuple[int, str]] = {}
    for position in sorted(digests):
        address, digest = digests[position]
        key, number = address, 1
        while key in found:
            number += 1
            key = f"{address} ({number})"
        found[key] = (position, digest)
    return found


def _digests(by_address: Mapping[str, tuple[int, str]]) -> Mapping[str, str]:
    return {address: digest for address, (_, digest) in by_address.items()}


def _no_changes() -> NotFound:
    return NotFound(
        "nothing is known of what this run would change",
        code="NoChanges",
        remedy="Dry runs have changes, once they have ended well, and runs that apply their plan; the log tells of others.",
    )
