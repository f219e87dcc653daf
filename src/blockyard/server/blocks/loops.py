"""Background work of blocks: runs that had to wait for the end of another one of the same block."""

from blockyard.server.blocks.service import DUE_TOPIC, BlockHooks
from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop

PERIOD_SECONDS = 10.0
"""How often blocks with a run due are looked for when nobody wakes the loop."""


def loops(db: Database, hooks: BlockHooks) -> list[Loop]:
    """Return the loops of blocks."""

    async def start_due() -> None:
        while await db.write(hooks.start_due):
            pass

    return [Loop("block reruns", start_due, PERIOD_SECONDS, (DUE_TOPIC,))]
