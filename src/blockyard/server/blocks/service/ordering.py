"""Ordering a block. Source: api.md 3.18 (create), concepts.md 10."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from blockyard.protocol.binding import Owner, SealedFor, input_key
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.model.block import Block, BlockId, BlockStatus, InputValue, Parent
from blockyard.server.blocks.model.inputs import Seal, merge_inputs
from blockyard.server.blocks.model.order import BlockRequest
from blockyard.server.blocks.model.resolution import block_name
from blockyard.server.blocks.service.access import SAVE, operates
from blockyard.server.blocks.service.parents import check_parents
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.service.starting import SUBJECT, RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Definition, TargetType, Version
from blockyard.server.definitions.model.hiding import visible_values, with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runners.model import SealingKey, StoredSecret
from blockyard.server.runners.service import SecretSealer
from blockyard.server.runs.model import TriggerReason
from blockyard.server.workspaces.service import WorkspaceService

log = structlog.get_logger(__name__)

VERSION_FIELD = "/spec/buildingBlockDefinitionVersionRef"


def sealing(sealer: SecretSealer, runner: SealingKey, block_id: UUID, workspace: str) -> Seal:
    """Return what seals secrets of a block of `workspace` to the runner."""

    def seal(key: str, plaintext: str) -> StoredSecret:
        place = SealedFor(workspace=workspace, owner=Owner.BLOCK, uuid=str(block_id), key=input_key(key))
        return sealer.seal(runner, plaintext, context=f"building block {block_id} input {key}", place=place)

    return seal


class Ordering:
    """Makes new blocks."""

    def __init__(
        self,
        basics: Basics,
        *,
        definitions: DefinitionService,
        workspaces: WorkspaceService,
        sealer: SecretSealer,
        reading: Reading,
        starter: RunStarter,
        payments: PaymentChoices,
    ) -> None:
        self._reading = reading
        self._payments = payments
        self._clock = basics.clock
        self._new_id = basics.new_id
        self._event_log = basics.event_log
        self._definitions = definitions
        self._workspaces = workspaces
        self._sealer = sealer
        self._starter = starter

    def order(self, tx: Transaction, principal: Principal, request: BlockRequest) -> Block:
        """Store a block with its first run requested, or parked if it lacks something."""
        workspace = request.target.workspace()
        principal.require(SAVE, workspace=workspace)
        self._workspaces.require_active(tx, workspace, field="/spec/targetRef/name")
        definition, version = self._definitions.orderable_version(tx, principal, request.version_id, workspace)
        _check_level(definition)
        _check_limit(tx, version, workspace)
        parents = check_parents(tx, version, workspace, request.parents or ())
        called = request.display_name or definition.display_name_template or definition.display_name
        block_id = BlockId(self._new_id())
        inputs = self._inputs(tx, principal, request, version, block_id)
        block = Block(
            id=block_id,
            display_name=called,
            name=block_name(called, definition.display_name_template, visible_values(version.inputs, inputs)),
            workspace=workspace,
            provider=version.workspace,
            definition_id=version.definition_id,
            version_id=version.id,
            version_number=version.number,
            author=principal.author,
            created_at=self._clock(),
            parents=parents,
            status=BlockStatus.PENDING,
        ).with_inputs(version.inputs, inputs)
        BlockStore(tx).add(block)
        self._payments.keep(tx, block, version.inputs, request.inputs)
        touch_parents(tx, parents)
        self._event_log.append(
            tx,
            principal.author,
            "Building Block Created",
            EventType.CREATED,
            workspace=workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content=summary(block),
        )
        log.info("block ordered", block_id=block.id, version_id=version.id, workspace=workspace)
        return self._starter.run_again(tx, block, principal.author, TriggerReason.BUILDING_BLOCK_CREATION)

    def _inputs(
        self, tx: Transaction, principal: Principal, request: BlockRequest, version: Version, block_id: BlockId
    ) -> Mapping[str, InputValue]:
        reader = self._reading(tx)
        merged = merge_inputs(
            version.inputs,
            {},
            request.inputs,
            operator=operates(principal, version.workspace),
            opens=reader.runner_key(version).opens,
            seal=sealing(self._sealer, reader.runner_key(version), block_id, request.target.workspace()),
        )
        return with_defaults(version.inputs, merged.values)


def touch_parents(tx: Transaction, parents: Sequence[Parent]) -> None:
    """Write the parents unchanged, so that a deletion of one at the same time clashes and looks again."""
    store = BlockStore(tx)
    for block in store.find_all(parent.block_id for parent in parents).values():
        store.save(block)


def summary(block: Block) -> JsonObject:
    """Return what events tell about a block: names and ids, never a value of an input."""
    return {
        "displayName": block.name,
        "definition": str(block.definition_id),
        "version": str(block.version_id),
        "versionNumber": block.version_number,
        "parents": [*(str(parent.block_id) for parent in block.parents)],
        "inputs": [*sorted(block.inputs)],
    }


def _check_level(definition: Definition) -> None:
    if definition.target_type is not TargetType.WORKSPACE_LEVEL:
        raise Invalid(
            f"'{definition.display_name}' is for tenants, not for workspaces; tenants are not available in this installation",
            code="TenantLevelUnavailable",
            field=VERSION_FIELD,
            remedy="Choose a definition with target type WORKSPACE_LEVEL.",
        )


def _check_limit(tx: Transaction, version: Version, workspace: str) -> None:
    if not version.only_apply_once_per_tenant:
        return
    if BlockStore(tx).count_live(definition_id=version.definition_id, workspace=workspace):
        raise Conflict(
            f"workspace '{workspace}' has a building block of this definition already, and only one is allowed",
            code="AssignmentLimit",
            field=VERSION_FIELD,
            remedy="Use or delete the existing building block.",
        )
