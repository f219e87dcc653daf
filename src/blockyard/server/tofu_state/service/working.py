"""Runs that work on states: a restored version is planned before it is applied, and engines maintain states themselves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import MaintenanceCommand
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.service import BlockService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runs.model import RunId, TriggerReason
from blockyard.server.runs.model.task import Task, TaskKind
from blockyard.server.runs.service import RunService
from blockyard.server.tofu_state.model import StateVersion
from blockyard.server.tofu_state.service.lockbook import StateLockbook
from blockyard.server.tofu_state.service.states import StateService
from blockyard.server.tofu_state.store import StateStore

RESTORE, MAINTAIN = "RESTORE", "MAINTAIN"
"""What stands behind TFSTATE_ in the permissions."""

MOST_ADDRESSES = 100
MAX_CHARACTERS = 1000

_ARGUMENTS = {
    MaintenanceCommand.STATE_RM: (1, MOST_ADDRESSES),
    MaintenanceCommand.STATE_MV: (2, 2),
    MaintenanceCommand.IMPORT: (2, 2),
    MaintenanceCommand.TAINT: (1, 1),
    MaintenanceCommand.UNTAINT: (1, 1),
}
"""How many each command takes: addresses, and the id of what is imported."""

_NAME = r"[^\W\d][\w-]*"
_STEP = rf'{_NAME}(?:\[(?:\d{{1,9}}|"(?:[^"\\]|\\.)*")\])?'
_ADDRESS = re.compile(rf"{_STEP}(?:\.{_STEP})+")
"""Names with a dot between them, each maybe with the key of an instance. The engine says whether it exists."""

_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{1,1000}")


@dataclass(frozen=True, slots=True)
class Restored:
    """A state that is the current one again, or the run that makes it so and brings the world to it. The other one is None."""

    version: StateVersion | None
    run_id: RunId | None


class StateWork:
    """Use cases of those who repair states."""

    def __init__(
        self,
        basics: Basics,
        *,
        states: StateService,
        runs: RunService,
        blocks: BlockService,
        contents: StateLockbook,
    ) -> None:
        self._event_log = basics.event_log
        self._states = states
        self._runs = runs
        self._blocks = blocks
        self._contents = contents

    def plan_restore(self, tx: Transaction, principal: Principal, block_id: UUID, number: int) -> RunId | None:
        """Start a dry run that says what would change if a version of the state were restored and applied.

        Raises NotFound, Denied, Conflict.
        """
        self._states.require(tx, principal, block_id, RESTORE)
        stored = self._states.version_of(tx, block_id, number)
        if stored.is_current:
            raise Conflict(
                f"version {number} is the current state",
                code="StateIsCurrent",
                remedy="Choose an older version; 'blockyard state list' shows them.",
            )
        task = Task(kind=TaskKind.RESTORE_PLAN, version=number)
        return self._start(tx, principal, block_id, task).latest_dry_run_id

    def restore(self, tx: Transaction, principal: Principal, block_id: UUID, number: int, reason: str) -> Restored:
        """Make a version of the state the current one, and apply exactly what its dry run has planned.

        The version becomes the current one when a runner gets the run: whatever keeps the run back keeps the state as it is.

        Raises:
            NotFound: there is no such version.
            Conflict: the latest dry run did not plan this, or the state has changed since.
        """
        self._states.require(tx, principal, block_id, RESTORE)
        self._blocks.holding.refuse(tx, block_id, "given another state")
        block = self._block(tx, block_id)
        self._blocks.delegation.require_run(tx, principal, block)
        planned = self._blocks.scheduled.planned(tx, block)
        if planned.task is None or planned.task.version != number:
            raise Conflict(
                f"the latest dry run of the building block did not plan with version {number} of its state",
                code="NoRestorePlan",
                remedy="Start a dry run of the restored state first, and look at what it would change.",
            )
        current = StateStore(tx).current(block_id)
        if current is not None and current.created_at > planned.created_at:
            raise Conflict(
                "the state was written after the dry run",
                code="StaleRestorePlan",
                remedy="Start another dry run of the restored state, and look at what it would change.",
            )
        self._states.require_free(tx, principal, block_id, RESTORE)
        store = StateStore(tx)
        old = self._states.version_of(tx, block_id, number)
        kept = self._contents.addresses(old, store.sealed(old))
        forgetting = self._blocks.scheduled.terms_of_loss(tx, block, kept)
        if planned.changes_detected is False and forgetting is None:
            return Restored(self._states.restore(tx, principal, block_id, number, reason=reason, verb=RESTORE), None)
        replaced = None if current is None else current.number
        task = Task(kind=TaskKind.RESTORE, version=number, replaces=replaced, reason=reason)
        applied = self._blocks.scheduled.apply_plan(
            tx, block, TriggerReason.MANUAL_EXECUTION, author=principal.author, task=task, forgetting=forgetting
        )
        return Restored(None, applied.latest_run_id)

    def maintain(
        self,
        tx: Transaction,
        principal: Principal,
        block_id: UUID,
        command: MaintenanceCommand,
        arguments: Sequence[str],
        *,
        reason: str,
    ) -> RunId | None:
        """Start a run in which the engine works on the state itself. Raises NotFound, Denied, Invalid, Conflict."""
        self._states.require(tx, principal, block_id, MAINTAIN)
        _check(command, arguments)
        task = Task(kind=TaskKind.MAINTENANCE, command=command, arguments=tuple(arguments), reason=reason)
        self._blocks.holding.refuse(tx, block_id, "maintained")
        block = self._start(tx, principal, block_id, task)
        told: list[Json] = [*arguments]
        self._event_log.append(
            tx,
            principal.author,
            "Building Block State Maintenance Requested",
            EventType.REQUESTED,
            workspace=block.workspace,
            subject_kind="meshBuildingBlock",
            subject_id=str(block.id),
            content={"command": command.value, "arguments": told, "reason": reason},
        )
        run = self._runs.unfinished(tx, block.id)
        return None if run is None else run.id

    def _start(self, tx: Transaction, principal: Principal, block_id: UUID, task: Task) -> Block:
        block = self._block(tx, block_id)
        self._blocks.delegation.require_run(tx, principal, block)
        manual = TriggerReason.MANUAL_EXECUTION
        return self._blocks.scheduled.detect(tx, block, manual, author=principal.author, task=task)

    def _block(self, tx: Transaction, block_id: UUID) -> Block:
        block = self._blocks.scheduled.known(tx, block_id)
        if block is None:
            raise Conflict("the building block is deleted", code="BlockDeleted", remedy="Order a new one.")
        return block


def _check(command: MaintenanceCommand, arguments: Sequence[str]) -> None:
    least, most = _ARGUMENTS[command]
    if not least <= len(arguments) <= most:
        raise Invalid(
            f"{command} takes {least if least == most else f'{least} to {most}'} arguments",
            code="MaintenanceArguments",
            field="/arguments",
            remedy="Send addresses; for STATE_MV the old and the new one, for IMPORT an address and an id.",
        )
    for position, text in enumerate(arguments):
        is_id = command is MaintenanceCommand.IMPORT and position == 1
        if text.startswith("-") or not _PLAIN.fullmatch(text):
            raise Invalid(
                "an argument is an address or an id, not an option",
                code="MaintenanceArguments",
                field=f"/arguments/{position}",
                remedy=f"Send a text of at most {MAX_CHARACTERS} printable characters that does not begin with a dash.",
            )
        if not is_id and not _ADDRESS.fullmatch(text):
            raise Invalid(
                "no resource and no module can have this address",
                code="MaintenanceArguments",
                field=f"/arguments/{position}",
                remedy="Send an address as 'state list' prints it, such as aws_db.main or module.net[0].aws_vpc.it[\"a\"].",
            )
