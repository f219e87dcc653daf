"""Which version of a state is the current one: storing the next one, making an older one it again, and what must not be lost by that.

Nobody is authorized here.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.service import BlockService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound
from blockyard.server.runs.model import Run
from blockyard.server.tofu_state.model import Locked, NewState, StateVersion, to_prune
from blockyard.server.tofu_state.service.lockbook import StateLockbook
from blockyard.server.tofu_state.store import StateStore


def keep(
    tx: Transaction, version: StateVersion, new: NewState, before: Sequence[StateVersion], kept: int
) -> StateVersion:
    """Store a version as the current one after those `before`, of which the last ones are kept; numbers are not used again."""
    store = StateStore(tx)
    version = replace(version, number=1 + max((one.number for one in before), default=0), is_current=True)
    if any(one.is_current for one in before):
        store.clear_current(version.block_id)
    store.add(version, new)
    if pruned := to_prune([version.number, *(one.number for one in before)], kept):
        store.remove_versions(version.block_id, pruned)
    return version


def content_of(version: StateVersion, sealed: bytes) -> NewState:
    """Return the content of a stored version, to be stored again."""
    return NewState(
        serial=version.serial,
        lineage=version.lineage,
        md5=version.md5,
        size_bytes=version.size_bytes,
        sealed=sealed,
        resource_count=version.resource_count,
    )


class StateRestorer:
    """Implements the port `StateRestoring` of runs."""

    def __init__(self, basics: Basics, *, kept_versions: int) -> None:
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._kept_versions = kept_versions

    def restore(self, tx: Transaction, run: Run) -> None:
        """Make the version current that a run applies a plan of. Raises NotFound, Conflict; then nothing is changed."""
        if run.task is None or run.task.version is None:
            return
        store, number = StateStore(tx), run.task.version
        current, old, holder = (
            store.current(run.block_id),
            store.version(run.block_id, number),
            store.lock(run.block_id),
        )
        if old is None:
            raise NotFound(
                f"version {number} of the state is not kept any more: nothing was restored", code="StateVersionUnknown"
            )
        if (None if current is None else current.number) != run.task.replaces:
            raise Conflict(
                "the state was written after the restore was asked for: nothing was restored",
                code="StaleRestorePlan",
                remedy="Start another dry run of the restored state, and look at what it would change.",
            )
        if holder is not None:
            raise Locked(holder)
        why = f"version {number} restored: {run.task.reason}"
        version = replace(
            old,
            created_at=self._clock(),
            author=f"run {run.number}",
            run_id=run.id,
            attempt=run.attempt,
            reason=why,
        )
        new = content_of(old, store.sealed(old))
        version = keep(tx, version, new, store.versions(run.block_id), self._kept_versions)
        content: JsonObject = {"version": version.number, "serial": version.serial, "sizeBytes": version.size_bytes}
        self._event_log.append(
            tx,
            run.trigger.author,
            "Building Block State Restored",
            EventType.CHANGED,
            workspace=run.workspace,
            subject_kind="meshBuildingBlock",
            subject_id=str(run.block_id),
            content={**content, "reason": why},
        )


class LossGuard:
    """Refuses what would let a state forget something that takes an approval to be destroyed, past that approval."""

    def __init__(self, *, blocks: BlockService, contents: StateLockbook) -> None:
        self._blocks = blocks
        self._contents = contents

    def require_kept(self, tx: Transaction, block_id: UUID, after: tuple[StateVersion, bytes] | None) -> None:
        """Refuse a state in place of the current one that lacks something of it; None for no state. Raises Conflict."""
        block = self._blocks.scheduled.known(tx, block_id)
        if block is None:
            return
        terms = self._blocks.scheduled.terms_of_loss(tx, block, ())
        if terms is not None and after is not None:  # it matters what it holds
            terms = self._blocks.scheduled.terms_of_loss(tx, block, self._contents.addresses(*after))
        if terms is not None:
            raise Conflict(
                f"the definition asks for an approval here. {' '.join(terms.reasons)}",
                code="ApprovalNeeded",
                remedy="Restore a version through a plan, or let the engine work on the state in a run: that waits for the approval.",
            )
