"""Bulk jobs of blocks: who may make one that the server goes on with, and a round of its loop."""

import asyncio

from blockyard.server.blocks.loops import loops
from blockyard.server.identity.model import KeySettings, Principal
from blockyard.server.identity.permissions import ADMIN, MANAGED, PLAIN
from tests.support.block_world import BlockWorld
from tests.support.principals import ADMINISTRATOR

JOBS = "/api/blockyard/v1/bulk-jobs"


def a_stored_key(world: BlockWorld, workspace: str, *codes: str, everywhere: bool = False) -> Principal:
    """Return who acts with a key of a workspace that is there, with `codes` or all that it can have."""
    settings = KeySettings(
        display_name=f"key of {workspace}",
        permissions=codes or tuple(sorted(ADMIN | PLAIN | MANAGED if everywhere else PLAIN | MANAGED)),
        expires_at=None,
    )
    keys = world.services.api_keys
    issued = world.db.write_now(lambda tx: keys.create(tx, ADMINISTRATOR, workspace, settings))
    return issued.api_key.principal()


def rounds(world: BlockWorld) -> None:
    """Let the loop do its round."""
    [loop] = [
        one
        for one in loops(world.db, world.blocks.hooks, world.services.bulk, world.blocks.expiring)
        if one.name == "bulk jobs"
    ]

    async def round_() -> None:
        await loop.round()

    asyncio.run(round_())
