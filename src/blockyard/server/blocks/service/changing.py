"""Changing a block: rename, inputs, upgrade, operator inputs, runs by hand. Source: api.md 3.18 (update), concepts.md 10.3."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.approving import Cause
from blockyard.server.blocks.model.block import FINAL, Block, Follows, InputValue, Lifecycle, Parent
from blockyard.server.blocks.model.inputs import (
    SentInput,
    computed,
    merge_inputs,
    without_unchanged,
)
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.model.resolution import block_name, lacking_parents
from blockyard.server.blocks.service.access import is_operator, require_known, require_run, require_save
from blockyard.server.blocks.service.adapting import Adapting, Place
from blockyard.server.blocks.service.delegation import Delegation
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.ordering import VERSION_FIELD, sealing, summary
from blockyard.server.blocks.service.parents import FIELD, check_parents
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.service.starting import SUBJECT, RunStarter
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.views import Reader, Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import AssignmentType, InputSpec, Version, VersionId
from blockyard.server.definitions.model.hiding import visible_values, with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runners.service import SecretSealer
from blockyard.server.runs.model import Trigger, TriggerReason

log = structlog.get_logger(__name__)

_UPDATED = TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE


@dataclass(frozen=True, slots=True)
class _Change:
    """What a PUT makes of a block, before anything is stored."""

    block: Block
    specs: Mapping[str, InputSpec]
    upgraded: bool
    inputs: frozenset[str]
    parents_changed: bool

    @property
    def causes(self) -> frozenset[Cause]:
        """Why the block is to be applied now, as policies of approvals tell causes apart."""
        kinds = {self.specs[key].assignment_type for key in self.inputs if key in self.specs}
        of_operators = kinds <= {AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT}
        found = {Cause.UPGRADE} if self.upgraded else set()
        if self.inputs:
            found.add(Cause.OTHER_INPUT if of_operators else Cause.USER_INPUT)
        return frozenset(found | ({Cause.OTHER_INPUT} if self.parents_changed else set()))

    @property
    def calls_for_run(self) -> bool:
        return self.upgraded or bool(self.inputs) or self.parents_changed


class Changing:
    """Changes blocks that exist."""

    def __init__(
        self,
        basics: Basics,
        *,
        definitions: DefinitionService,
        sealer: SecretSealer,
        reading: Reading,
        starter: RunStarter,
        payments: PaymentChoices,
        upgrades: Upgrades,
        adapting: Adapting,
        holding: Holding,
        delegation: Delegation,
    ) -> None:
        self._delegation = delegation
        self._upgrades = upgrades
        self._adapting = adapting
        self._holding = holding
        self._reading = reading
        self._payments = payments
        self._event_log = basics.event_log
        self._definitions = definitions
        self._sealer = sealer
        self._starter = starter

    def update(self, tx: Transaction, principal: Principal, block_id: UUID, request: BlockRequest) -> Block:
        """Store what differs; changed inputs and an upgrade start a run, a new name does not.

        Inputs that are changed while a run is under way are stored, and one run after it applies all of them.

        The run of a block whose deletion failed destroys it, with what was changed.
        """
        before = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_save(principal, before)
        _refuse_deleted(before)
        request.target.check()
        if request.target != Target.of(before):
            raise Invalid(
                "the target of a building block cannot be changed",
                code="TargetImmutable",
                field="/spec/targetRef",
                remedy="Order a new building block for the other workspace or tenant.",
            )
        change = self._change(tx, principal, before, request)
        if change.block == before:
            return before
        queues = self._queues(tx, before, change)
        if change.calls_for_run:
            field = VERSION_FIELD if change.upgraded else None
            self._delegation.require_apply(tx, principal, change.block, field=field)
        block = replace(change.block, unseen=change.block.unseen | change.causes)
        block = block.wanting(principal.author) if change.causes else block
        block = block.queued(Trigger(principal.author, _UPDATED)) if queues else block
        after = self._starter.save(tx, block, parents_changed=change.parents_changed)
        if change.parents_changed:
            BlockStore(tx).touch(after.parents)
        if change.calls_for_run:
            self._payments.keep(tx, after, change.specs, change.inputs)
        self._record(tx, principal, before, change)
        if queues or not change.calls_for_run:
            return after
        reason = TriggerReason.BUILDING_BLOCK_UPGRADE if change.upgraded else _UPDATED
        return self._starter.run_again(tx, after, principal.author, reason)

    def follow(self, tx: Transaction, principal: Principal, block_id: UUID, follows: Follows) -> Block:
        """Say which versions a block is changed to by itself, when it runs next. Raises NotFound, Denied, Conflict."""
        before = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_save(principal, before)
        _refuse_deleted(before)
        if before.lifecycle is not Lifecycle.ACTIVE:  # a deletion that is taken back leaves it as it was
            raise Conflict(
                "the building block is being deleted",
                code="BlockDeleted",
                remedy="Take the deletion back first, where nobody has begun it.",
            )
        if follows is Follows.DRAFTS and not _may_have_drafts(principal, before):
            raise Conflict(
                f"drafts are used in workspace '{before.provider}' only",
                code="VersionNotReleased",
                field="/follows",
                remedy="Let it follow RELEASES.",
            )
        if before.follows is follows:
            return before
        self._delegation.require_apply(tx, principal, replace(before, follows=follows), field="/follows")
        after = self._starter.save(tx, replace(before, follows=follows))
        self._event_log.append(
            tx,
            principal.author,
            "Building Block Modified",
            EventType.CHANGED,
            workspace=before.workspace,
            subject_kind=SUBJECT,
            subject_id=str(before.id),
            description=after.name,
            content={**summary(after), "follows": follows.value},
            previous={**summary(before), "follows": before.follows.value},
        )
        return after

    def trigger_run(self, tx: Transaction, principal: Principal, block_id: UUID) -> Block:
        """Start a run with the content of now; a block that is being deleted is destroyed again."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        definition, _ = self._reading(tx).version_of(block)
        require_run(principal, block, definition)
        _refuse_deleted(block)
        self._starter.refuse_unfinished(tx, block)
        if block.lifecycle is Lifecycle.ACTIVE:  # who may delete a block may do so again
            self._delegation.require_apply(tx, principal, block)
        return self._starter.run_again(tx, block, principal.author, TriggerReason.MANUAL_EXECUTION)

    def _queues(self, tx: Transaction, before: Block, change: _Change) -> bool:
        """Tell whether the run that a change calls for has to wait for the end of another one. Raises Conflict."""
        if not change.calls_for_run:
            return False
        if change.upgraded:
            self._holding.refuse(tx, before.id, "upgraded")
            self._starter.refuse_unfinished(tx, before)
        return self._starter.queues(tx, before)

    def _change(self, tx: Transaction, principal: Principal, before: Block, request: BlockRequest) -> _Change:
        reader = self._reading(tx)
        definition, old = reader.version_of(before)
        upgraded = request.version_id != before.version_id
        version = self._upgrade_target(tx, principal, before, request.version_id) if upgraded else old
        standing = before.standing(old.inputs)
        kept = self._upgrades.carried(tx, before, old, version) if upgraded else standing
        merged = merge_inputs(
            version.inputs,
            kept,
            _settable(reader, before, old, version, request),
            operator=is_operator(principal, before),
            opens=reader.runner_key(version).opens,
            seal=sealing(self._sealer, reader.runner_key(version), before.id, before.workspace),
        )
        anew = upgraded or bool(merged.changed)
        inputs, place = before.inputs, Place.for_(principal, before.workspace, before.tenant_id)
        if anew:
            void = {} if upgraded else {key: before.inputs[key] for key in before.void_inputs(version.inputs)}
            inputs = with_defaults(version.inputs, void | dict(merged.values))
            if upgraded:
                inputs = self._still_offered(tx, version, inputs, place, sent=frozenset(request.inputs))
            self._adapting.check(
                tx, version, before.with_inputs(version.inputs, inputs).standing(version.inputs), place
            )
        lacks = not upgraded and request.parents is not None and bool(lacking_parents(before, version))
        parents = _parents(tx, before, request, old, version) if upgraded or lacks else _same_parents(before, request)
        called = request.display_name or before.display_name
        block = replace(
            before.with_inputs(version.inputs, inputs) if anew else before,
            display_name=called,
            name=block_name(called, definition.display_name_template, visible_values(version.inputs, inputs)),
            version_id=version.id,
            version_number=version.number,
            parents=parents,
        )
        return _Change(block, version.inputs, upgraded, merged.changed, parents_changed=parents != before.parents)

    def _still_offered(
        self,
        tx: Transaction,
        version: Version,
        inputs: Mapping[str, InputValue],
        place: Place,
        *,
        sent: frozenset[str],
    ) -> Mapping[str, InputValue]:
        """Return inputs without what an upgrade would carry over though it is not offered any more: it is asked for anew."""
        gone = {
            misfit.key
            for misfit in self._adapting.misfits(tx, version, inputs, place)
            if misfit.key is not None and version.inputs[misfit.key].option_sources and misfit.key not in sent
        }
        return {key: value for key, value in inputs.items() if key not in gone} if gone else inputs

    def _upgrade_target(self, tx: Transaction, principal: Principal, block: Block, version_id: VersionId) -> Version:
        if block.status not in FINAL:
            leaves = block.lifecycle is Lifecycle.MARKED_FOR_DELETION
            raise Conflict(
                f"the version cannot be changed while the building block is {'being destroyed' if leaves else block.status}",
                code="NotUpgradeable",
                field=VERSION_FIELD,
                remedy="Wait for the end of the run: if the deletion fails, the version can be changed."
                if leaves
                else "Change it once the latest run has ended and nothing is waited for.",
            )
        _, version = self._definitions.upgrade_version(tx, principal, version_id, block.workspace)
        if version.definition_id != block.definition_id:
            raise Invalid(
                "the version belongs to another definition",
                code="ForeignVersion",
                field=VERSION_FIELD,
                remedy="Choose a version of the building block's own definition, or order a new building block.",
            )
        latest = self._definitions.latest_sound(tx, block.definition_id)
        is_draft_of_operator = not version.is_released and is_operator(principal, block)
        if not is_draft_of_operator and (latest is None or latest.id != version.id):
            raise Invalid(
                "a building block can only be changed to the latest released version that is not defective",
                code="NotLatestVersion",
                field=VERSION_FIELD,
                remedy=f"Use version {latest.number}." if latest else "Wait until a version is released.",
            )
        return version

    def _record(self, tx: Transaction, principal: Principal, before: Block, change: _Change) -> None:
        changed: list[Json] = [*sorted(change.inputs)]
        self._event_log.append(
            tx,
            principal.author,
            "Building Block Modified",
            EventType.CHANGED,
            workspace=before.workspace,
            subject_kind=SUBJECT,
            subject_id=str(before.id),
            description=change.block.name,
            content={**summary(change.block), "changedInputs": changed},
            previous=summary(before),
        )
        log.info("block changed", block_id=before.id, inputs=len(changed), upgraded=change.upgraded)


def _settable(
    reader: Reader, before: Block, old: Version, new: Version, request: BlockRequest
) -> Mapping[str, SentInput]:
    """Return the inputs of a request without those that are computed and came back as they were shown."""
    sent = computed(old.inputs, request.inputs) & computed(new.inputs, request.inputs)
    if not sent:
        return request.inputs
    shown = {item.spec.key: item.value for item in reader.inputs_of(before, old) if item.spec.key in sent}
    return without_unchanged(old.inputs, shown, request.inputs)


def _same_parents(before: Block, request: BlockRequest) -> tuple[Parent, ...]:
    if request.parents is not None and frozenset(request.parents) != before.parent_ids:
        raise Invalid(
            "the parents of a building block can only be changed together with its version",
            code="ParentsImmutable",
            field=FIELD,
            remedy="Send the parents as they are, or a newer version with them.",
        )
    return before.parents


def _parents(tx: Transaction, before: Block, request: BlockRequest, old: Version, new: Version) -> tuple[Parent, ...]:
    ids = request.parents
    if ids is None:
        dropped = {*old.dependencies} - {*new.dependencies}
        ids = tuple(parent.block_id for parent in before.parents if parent.definition_id not in dropped)
    return check_parents(tx, new, before.workspace, ids, tenant_id=before.tenant_id, child=before.id)


def _may_have_drafts(principal: Principal, block: Block) -> bool:
    return block.workspace == block.provider or "BUILDINGBLOCK_SAVE" in principal.everywhere


def _refuse_deleted(block: Block) -> None:
    if block.lifecycle is Lifecycle.DELETED:
        raise Conflict(
            "the building block is deleted",
            code="BlockDeleted",
            remedy="Order a new one.",
        )
