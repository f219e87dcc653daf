"""What runs of a block have made, for those who may read the block. Blockyard's own endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter

from blockyard.server.blocks.model.deletion import DeletionEffect
from blockyard.server.blocks.model.first_order import Offer
from blockyard.server.blocks.service import BlockDetail, BlockService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.identity.model import Principal
from blockyard.server.kit.aside import aside
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.wire import WireModel
from blockyard.server.tofu_state.content import open_state
from blockyard.server.tofu_state.model import Resource
from blockyard.server.tofu_state.resources import resources_in
from blockyard.server.tofu_state.service import StateService, StoredState

MOST = 1000
"""So many things are listed; all are counted."""


class ResourceOut(WireModel):
    """One thing that exists; the address is null for those who may not read runs."""

    type: str
    address: str | None


class RemainsOut(WireModel):
    """What exists by the state of a building block, and what can be done where its first order failed.

    `isReadable` is false where there is a state that only its engine can read. `removal` says what deleting the building block does.
    """

    building_block_uuid: UUID
    offers: Sequence[Offer]
    removal: DeletionEffect
    is_readable: bool
    count: int
    resources: Sequence[ResourceOut]


@dataclass(frozen=True, slots=True)
class _Found:
    detail: BlockDetail
    stored: StoredState | None = field(repr=False)

    @property
    def shows_addresses(self) -> bool:
        return self.detail.operator or self.detail.view.definition.run_transparency


def remains_routes(db: Database, states: StateService, blocks: BlockService, master_key: MasterKey) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/blocks", tags=["Building blocks"])

    def find(tx: Transaction, principal: Principal, block_id: UUID) -> _Found:
        detail = blocks.detail(tx, principal, block_id)
        return _Found(detail, states.current(tx, detail.view.block.id))

    def listed(found: _Found) -> list[Resource] | None:
        if found.stored is None:
            return []
        return resources_in(open_state(master_key, found.stored.version.block_id, found.stored.sealed))

    @router.get("/{uuid}/remains")
    async def read_remains(uuid: UUID, principal: CurrentPrincipal) -> RemainsOut:
        """Return what runs of a building block have made by its state, and what can be done where its first order failed."""
        found = await db.read(lambda tx: find(tx, principal, uuid))
        resources = await aside(lambda: listed(found))
        return RemainsOut(
            building_block_uuid=uuid,
            offers=found.detail.offers,
            removal=found.detail.deletion,
            is_readable=resources is not None,
            count=len(resources or ()),
            resources=[
                ResourceOut(type=one.type, address=one.address if found.shows_addresses else None)
                for one in (resources or ())[:MOST]
            ],
        )

    return router
