"""Holds of blocks: nothing they made is changed, they are not deleted or upgraded, and no bulk job takes them.

Reading and dry runs go on. What would run them otherwise (an input, a cascade, a run by hand) is stored and waits for the end of the hold.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from blockyard.server.blocks.model.block import Block, BlockId
from blockyard.server.blocks.service.access import SAVE, is_operator, require_known, require_list, require_save
from blockyard.server.blocks.store import BlockStore
from blockyard.server.brakes.model import Brake, BrakeKind, BrakePlace, BrakeScope
from blockyard.server.brakes.service import BrakeOrder, BrakeService
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied
from blockyard.server.kit.usage import Above
from blockyard.server.runs.topics import block_topic
from blockyard.server.tenants.model import TenantId

Settle = Callable[[Transaction, BlockId, Author], None]
"""Lets a tenant follow what has become of a block on it."""

ON_HOLD = "BlockOnHold"
"""The code of the refusal of what a hold does not allow."""


class Holding:
    """Places and lifts holds, and refuses what they forbid."""

    def __init__(self, brakes: BrakeService) -> None:
        self._brakes = brakes
        self.settle: Above[Settle] = Above()

    def hold(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str, until: datetime | None) -> Brake:
        """Put a block on hold for the side that the principal acts for. Raises NotFound, Denied, Invalid, Conflict."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_save(principal, block)
        if not block.is_live:
            raise Conflict("the building block is deleted", code="BlockDeleted", remedy="Choose another one.")
        BlockStore(tx).save(block)  # whoever deletes or upgrades it now looks again, and finds the hold
        place = BrakePlace(BrakeScope.BLOCK, f"building block '{block.name}'", block.workspace, block_id=block.id)
        order = BrakeOrder(scope=BrakeScope.BLOCK, subject=None, reason=reason, until=until)
        tx.wake(block_topic(block.id))
        return self._brakes.place(
            tx, principal.author, BrakeKind.HOLD, place, owner=_side(principal, block), order=order
        )

    def lift(self, tx: Transaction, principal: Principal, block_id: UUID, reason: str) -> Sequence[Brake]:
        """Lift the holds of a block that the principal may lift; where there is none that changes nothing. Raises NotFound, Denied."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_save(principal, block)
        holds = self._brakes.holds(tx, [block.id])
        own = [hold for hold in holds if _may_lift(principal, block, hold)]
        if holds and not own:
            raise Denied(
                f"{holds[0].message}",
                code="ForeignHold",
                remedy=f"Ask {holds[0].lifted_by}.",
            )
        return [self._brakes.lifted(tx, principal.author, hold, reason) for hold in own]

    def holds(self, tx: Transaction, principal: Principal, block_id: UUID) -> Sequence[Brake]:
        """Return the holds that are on a block, the oldest first. Raises NotFound, Denied."""
        block = require_known(principal, BlockStore(tx).find(block_id), block_id)
        require_list(principal, block)
        return self._brakes.holds(tx, [block.id])

    # For other use cases of blocks: no principal is asked

    def of(self, tx: Transaction, block: Block) -> Sequence[Brake]:
        """Return the holds that are on a block."""
        return self._brakes.holds(tx, [block.id])

    def is_held(self, tx: Transaction, block: Block) -> bool:
        """Whether a block is on hold."""
        return bool(self._brakes.holds(tx, [block.id]))

    def refuse(self, tx: Transaction, block_id: UUID, what: str) -> None:
        """Refuse what a hold does not allow, such as "deleted". Raises Conflict: who holds the block, why, and who can lift it."""
        for hold in self._brakes.holds(tx, [block_id]):
            raise Conflict(
                f"the building block cannot be {what} now. {hold.message}",
                code=ON_HOLD,
                remedy=f"Ask {hold.lifted_by} to lift the hold"
                + ("." if hold.closes_at is None else f", or wait{hold.until}."),
            )

    def refuse_on_tenant(self, tx: Transaction, tenant_id: TenantId) -> None:
        """Refuse the end of a tenant while a block on it is on hold. Raises Conflict."""
        for hold in self._brakes.holds(tx, [block.id for block in BlockStore(tx).heads_on([tenant_id])]):
            raise Conflict(
                f"the tenant cannot be deleted now. {hold.message}",
                code=ON_HOLD,
                remedy=f"Ask {hold.lifted_by} to lift the hold.",
            )

    def gone(self, tx: Transaction, author: Author, block_id: UUID) -> None:
        """End the holds of a block that is no more."""
        self._brakes.block_gone(tx, author, block_id)

    def brake_gone(self, tx: Transaction, brake: Brake) -> None:
        """Go on with what a hold kept a tenant from: its end."""
        if brake.block_id is not None:
            tx.wake(block_topic(brake.block_id))
            self.settle()(tx, BlockId(brake.block_id), brake.author)


def _side(principal: Principal, block: Block) -> str | None:
    """Return whose people may lift a hold that the principal places: None if only administrators may."""
    if SAVE in principal.everywhere:
        return None
    return block.provider if is_operator(principal, block) else block.workspace


def _may_lift(principal: Principal, block: Block, hold: Brake) -> bool:
    if SAVE in principal.everywhere:
        return True
    if hold.workspace == block.provider and is_operator(principal, block):
        return True
    return hold.workspace == block.workspace and principal.allows(SAVE, workspace=block.workspace)
