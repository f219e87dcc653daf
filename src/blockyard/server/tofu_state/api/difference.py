"""What differs between two versions of a state. Blockyard's own endpoint."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.aside import aside
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.kit.wire import WireModel
from blockyard.server.tofu_state.api.people import VersionNumber
from blockyard.server.tofu_state.content import open_state
from blockyard.server.tofu_state.difference import AttributeDifference, Difference, DifferenceKind, difference
from blockyard.server.tofu_state.service import StateService, StoredState


class AttributeDifferenceOut(WireModel):
    """An attribute or output that has another value: JSON as text, null where there is none.

    `isSensitive`: the values are not shown. `isCut`: only how they begin.
    """

    name: str
    before: str | None
    after: str | None
    is_sensitive: bool
    is_cut: bool


class ResourceDifferenceOut(WireModel):
    """A resource that is in one version only, or not the same in both."""

    address: str
    type: str
    kind: DifferenceKind
    attributes: Sequence[AttributeDifferenceOut]


class DifferenceOut(WireModel):
    """What differs between two versions of a state.

    `isReadable` is false where only the engine can read one of them. At most 1000 resources are listed; `counts` has all.
    """

    building_block_uuid: UUID
    before: int
    after: int
    is_readable: bool
    counts: dict[DifferenceKind, int]
    resources: Sequence[ResourceDifferenceOut]
    outputs: Sequence[AttributeDifferenceOut]


def difference_routes(db: Database, states: StateService, master_key: MasterKey) -> APIRouter:
    """Return the route."""
    router = api_router(prefix="/api/blockyard/v1/blocks/{block_id}/state", tags=["state"])

    @router.get("/versions/{number}/difference")
    async def compare_versions(
        block_id: UUID,
        number: VersionNumber,
        principal: CurrentPrincipal,
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> DifferenceOut:
        """Return what a version of a state has that another one, `before`, does not have, and the other way round.

        Left out, it is the version before.

        Secrets are not shown: neither what the states call sensitive, nor any other value that holds it.
        """
        earlier = max(1, number - 1) if before is None else before

        def read(tx: Transaction) -> tuple[StoredState, StoredState]:
            first = states.read_version(tx, principal, block_id, earlier)
            return first, states.read_version(tx, principal, block_id, number)

        first, second = await db.read(read)

        def compare() -> Difference | None:
            bodies = [open_state(master_key, block_id, one.sealed) for one in (first, second)]
            return difference(*bodies)

        found = await aside(compare)
        return DifferenceOut(
            building_block_uuid=block_id,
            before=earlier,
            after=number,
            is_readable=found is not None,
            counts={} if found is None else dict(found.counts),
            resources=[]
            if found is None
            else [
                ResourceDifferenceOut(
                    address=one.address, type=one.type, kind=one.kind, attributes=_attributes(one.attributes)
                )
                for one in found.resources
            ],
            outputs=[] if found is None else _attributes(found.outputs),
        )

    return router


def _attributes(found: Sequence[AttributeDifference]) -> list[AttributeDifferenceOut]:
    return [
        AttributeDifferenceOut(
            name=one.name, before=one.before, after=one.after, is_sensitive=one.is_sensitive, is_cut=one.is_cut
        )
        for one in found
    ]
