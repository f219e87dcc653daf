"""The ends of blocks that are known beforehand: a date at the order or later, warnings, and the deletion that anybody could request."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from blockyard.server.blocks.model.block import Block, BlockId, Lifecycle
from blockyard.server.blocks.model.expiry import Expiry
from blockyard.server.blocks.service.access import require_known, require_list, require_save
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.starting import SUBJECT
from blockyard.server.blocks.store import BlockStore
from blockyard.server.blocks.store.expiries import ExpiryStore
from blockyard.server.definitions.model import Definition
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid
from blockyard.server.runs.topics import block_topic

log = structlog.get_logger(__name__)

_AT_ONCE = 100


def at_order(tx: Transaction, block_id: BlockId, definition: Definition, now: datetime) -> None:
    """Say when a new block ends, if its definition has a maximum."""
    if (days := definition.lifetimes.maximum_days) is not None:
        ExpiryStore(tx).put(Expiry.at(block_id, now + timedelta(days=days), now))


class Expiring:
    """Says when blocks end, warns of it, and ends them."""

    def __init__(self, basics: Basics, *, definitions: DefinitionService, deleting: Deleting) -> None:
        self._clock = basics.clock
        self._event_log = basics.event_log
        self._definitions = definitions
        self._deleting = deleting

    def get(self, tx: Transaction, principal: Principal, block_id: UUID) -> datetime | None:
        """Return when a block ends; None if it does not. Raises NotFound, Denied."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_list(principal, block)
        found = ExpiryStore(tx).of([block.id]).get(block.id)
        return None if found is None else found.expires_at

    def put(
        self, tx: Transaction, principal: Principal, block_id: UUID, expires_at: datetime | None
    ) -> datetime | None:
        """Say when a block ends, or that it does not. Raises NotFound, Denied, Conflict, Invalid: later than its definition allows."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_save(principal, block)
        if block.lifecycle is not Lifecycle.ACTIVE:
            raise Conflict(
                "the building block is being deleted, or gone", code="BlockDeleted", remedy="Choose another one."
            )
        now = self._clock()
        before = ExpiryStore(tx).of([block.id]).get(block.id)
        self._check(tx, block, expires_at, now)
        if expires_at is None:
            ExpiryStore(tx).remove(block.id)
        else:
            ExpiryStore(tx).put(Expiry.at(block.id, expires_at, now))
        if (None if before is None else before.expires_at) != expires_at:
            self._tell(tx, principal.author, "Building Block Expiry Changed", block, expires_at)
        return expires_at

    def soon(
        self, tx: Transaction, until: datetime, workspaces: Collection[str] | None, limit: int
    ) -> Sequence[tuple[Block, datetime]]:
        """Return the blocks of workspaces that end by then, the first ones first; for services that checked who asks."""
        ends = ExpiryStore(tx).soon(until, workspaces, limit)
        blocks = BlockStore(tx).find_all([block_id for block_id, _ in ends])
        return [(blocks[block_id], at) for block_id, at in ends if block_id in blocks]

    # For the loop: each block in a transaction of its own

    def due(self, tx: Transaction) -> Sequence[BlockId]:
        """Return the blocks that `settle` has something to do with."""
        return ExpiryStore(tx).due(self._clock(), _AT_ONCE)

    def settle(self, tx: Transaction, block_id: BlockId) -> bool:
        """Warn of the end of a block, or delete it as anybody would; what refuses that (a hold, children, a run) is waited for.

        Returns whether its deletion was requested.
        """
        now, store = self._clock(), ExpiryStore(tx)
        expiry, block = store.of([block_id]).get(block_id), BlockStore(tx).find(block_id)
        if expiry is None or block is None or block.lifecycle is not Lifecycle.ACTIVE:
            return False
        if expiry.warn_at is not None and expiry.warn_at <= now:
            warned = expiry.warned(now)
            store.put(warned)
            self._tell(tx, SYSTEM, "Building Block Expires Soon", block, warned.expires_at)
            return False
        if expiry.try_at > now:
            return False
        store.put(expiry.put_off(now))
        try:
            with tx.part():
                self._deleting.expire(tx, block)
        except Conflict as refusal:
            log.info("block outlives its end", block_id=str(block.id), cause=refusal.code)
            if expiry.try_at == expiry.expires_at:
                self._tell(tx, SYSTEM, "Building Block Expiry Waits", block, expiry.expires_at, why=refusal.message)
            return False
        self._tell(tx, SYSTEM, "Building Block Expired", block, expiry.expires_at)
        return True

    def _check(self, tx: Transaction, block: Block, expires_at: datetime | None, now: datetime) -> None:
        days = self._definitions.definition(tx, block.definition_id).lifetimes.maximum_days
        latest = None if days is None else now + timedelta(days=days)
        if expires_at is not None and expires_at <= now:
            raise Invalid(
                "this is over already",
                code="AlreadyOver",
                field="/expiresAt",
                remedy="Choose a time to come, or delete it.",
            )
        if latest is not None and (expires_at is None or expires_at > latest):
            raise Invalid(
                f"building blocks of this definition end after {days} days at most",
                code="ExpiresTooLate",
                field="/expiresAt",
                remedy=f"Choose a time up to {wire_time(latest)}; it can be put off again later.",
            )

    def _tell(
        self, tx: Transaction, author: Author, title: str, block: Block, expires_at: datetime | None, *, why: str = ""
    ) -> None:
        tx.wake(block_topic(block.id))
        self._event_log.append(
            tx,
            author,
            title,
            EventType.CHANGED,
            workspace=block.workspace,
            subject_kind=SUBJECT,
            subject_id=str(block.id),
            description=block.name,
            content={
                "displayName": block.name,
                "expiresAt": None if expires_at is None else wire_time(expires_at),
                **({"reason": why} if why else {}),
            },
        )
