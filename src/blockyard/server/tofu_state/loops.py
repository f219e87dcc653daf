"""Background work of states: what they say exists is made searchable after they were written."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from blockyard.server.kit.aside import aside
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.loops import Loop
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.tofu_state.content import open_state
from blockyard.server.tofu_state.model import Resource
from blockyard.server.tofu_state.resources import resources_in
from blockyard.server.tofu_state.service import ResourceService
from blockyard.server.tofu_state.service.resources import Taken

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 3.0

_BETWEEN_PORTIONS_SECONDS = 0.02
"""A state may hold very many things: others come between."""


def loops(db: Database, resources: ResourceService, master_key: MasterKey) -> Sequence[Loop]:
    """Return the loops; several replicas may run them at once: each state is kept by the server that reads it."""

    async def index() -> None:
        while taken := await db.write(resources.take_due):
            for one in taken:
                await _index(db, resources, master_key, one)

    return (Loop("tofu_state.resources", index, PERIOD_SECONDS),)


async def _index(db: Database, resources: ResourceService, master_key: MasterKey, taken: Taken) -> None:
    found = await aside(partial(_read, master_key, taken))
    if found is None:
        await db.write(partial(resources.skip, taken=taken))
        return
    more = True
    while more:
        more = await db.write(partial(resources.store, taken=taken, resources=found))
        await asyncio.sleep(_BETWEEN_PORTIONS_SECONDS)


def _read(master_key: MasterKey, taken: Taken) -> list[Resource] | None:
    try:
        return resources_in(open_state(master_key, taken.version.block_id, taken.stored.sealed))
    except Refusal:  # another master key, or more values than are read
        log.warning("state is not searchable", block_id=str(taken.version.block_id))
        return None
