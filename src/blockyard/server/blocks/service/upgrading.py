"""Changes of a block's version: what they make of it, by hand or by itself. Source: concepts.md 10.3.

A block that follows versions is changed to the newest one whenever a run that applies it is requested. It never fails because of that:
what it lacks then it waits for, as any block does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from blockyard.server.blocks.model.block import Block, BlockId, Follows, InputValue, Lifecycle, Parent
from blockyard.server.blocks.model.resolution import block_name, lacking_parents
from blockyard.server.blocks.model.upgrades import carried_over, leads_on
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.payments import PaymentChoices
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import DefinitionId, Version
from blockyard.server.definitions.model.hiding import visible_values, with_defaults
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.kit.database import Transaction

log = structlog.get_logger(__name__)

_SUBJECT = "meshBuildingBlock"


class Upgrades:
    """Knows what another version makes of a block; asks no principal."""

    def __init__(
        self,
        basics: Basics,
        *,
        reading: Reading,
        definitions: DefinitionService,
        payments: PaymentChoices,
        holding: Holding,
    ) -> None:
        self._event_log = basics.event_log
        self._reading = reading
        self._definitions = definitions
        self._payments = payments
        self._holding = holding

    def carried(self, tx: Transaction, block: Block, old: Version, new: Version) -> dict[str, InputValue]:
        """Return what is left of the values of a block in another version."""
        steps = self._definitions.steps_between(tx, old, new)
        return carried_over(old.inputs, new.inputs, block.standing(old.inputs), steps)

    def upgraded(self, tx: Transaction, block: Block, new: Version) -> Block:
        """Return a block in another version with what it has for it: values, defaults, and parents that nobody has to choose."""
        definition, old = self._reading(tx).version_of(block)
        values = with_defaults(new.inputs, self.carried(tx, block, old, new))
        after = block.with_inputs(new.inputs, values)
        return replace(
            after,
            version_id=new.id,
            version_number=new.number,
            name=block_name(
                block.display_name, definition.display_name_template, visible_values(new.inputs, after.inputs)
            ),
            parents=self._parents(tx, block, old, new),
        )

    def due(self, tx: Transaction, block: Block) -> Version | None:
        """Return the version that a block is changed to when it runs next; None if it keeps its own, as all on hold do."""
        if block.follows is Follows.PINNED or block.lifecycle is not Lifecycle.ACTIVE:
            return None
        _, own = self._reading(tx).version_of(block)
        newest = self._newest(tx, block)
        leads = newest is not None and leads_on(newest, own)
        return newest if leads and not self._holding.is_held(tx, block) else None

    def followed(self, tx: Transaction, block: Block, author: Author, *, gaining: bool = True) -> Block:
        """Return a stored block in the version that it follows; whoever stores it requests its run in this transaction.

        It keeps its own where the new one asks for more permissions, unless it may be `gaining` some.
        """
        new = self.due(tx, block)
        if new is None or (not gaining and self._gains(tx, block, new)):
            return block
        after = self.upgraded(tx, block, new)
        self._payments.keep(tx, after, new.inputs, ())
        log.info("block follows", block_id=block.id, version_id=new.id, number=new.number)
        self._event_log.append(
            tx,
            author,
            "Building Block Modified",
            EventType.CHANGED,
            workspace=block.workspace,
            subject_kind=_SUBJECT,
            subject_id=str(block.id),
            description=after.name,
            content={
                "displayName": after.name,
                "version": str(new.id),
                "versionNumber": new.number,
                "byItself": True,
                "newPermissions": [*self._gains(tx, block, new)],
            },
            previous={"version": str(block.version_id), "versionNumber": block.version_number},
        )
        return after

    def _gains(self, tx: Transaction, block: Block, new: Version) -> Sequence[str]:
        """Return what runs of another version of a block may do that those of its own may not."""
        _, own = self._reading(tx).version_of(block)
        return sorted({*new.run_permissions} - {*own.run_permissions})

    def _newest(self, tx: Transaction, block: Block) -> Version | None:
        sound = self._definitions.latest_sound(tx, block.definition_id)
        if block.follows is Follows.RELEASES:
            return sound
        draft = self._definitions.draft_of(tx, block.definition_id)
        return sound if draft is None else draft

    def _parents(self, tx: Transaction, block: Block, old: Version, new: Version) -> tuple[Parent, ...]:
        """Return the parents in another version: those that are still needed, and the only block there is of each new one."""
        dropped = {*old.dependencies} - {*new.dependencies}
        kept = tuple(parent for parent in block.parents if parent.definition_id not in dropped)
        found = {
            needed: self._candidates(tx, block, needed) for needed in lacking_parents(replace(block, parents=kept), new)
        }
        only = {needed: blocks[0] for needed, blocks in found.items() if len(blocks) == 1}
        return (*kept, *self._without_cycles(tx, block, only))

    def _candidates(self, tx: Transaction, block: Block, needed: DefinitionId) -> Sequence[BlockId]:
        store = BlockStore(tx)
        near = [] if block.tenant_id is None else store.on_tenants([block.tenant_id])
        on_tenant = [one for one in near if one.definition_id == needed and one.lifecycle is Lifecycle.ACTIVE]
        return [one.id for one in [*store.active_of(needed, block.workspace), *on_tenant] if one.id != block.id]

    def _without_cycles(self, tx: Transaction, block: Block, only: Mapping[DefinitionId, BlockId]) -> Sequence[Parent]:
        ancestors = {one: BlockStore(tx).ancestors([one]) for one in only.values()}
        return [Parent(one, needed) for needed, one in only.items() if block.id not in ancestors[one]]
