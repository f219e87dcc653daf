"""Background work of tags: violations of policies that are new, and of all once a day."""

import asyncio
from collections.abc import Sequence

from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop
from blockyard.server.tags.service import SWEEP_TOPIC, PolicyService

LOOK_SECONDS = 60.0

_BETWEEN_PORTIONS_SECONDS = 0.02
"""There may be very many pairs: others come between."""


def loops(db: Database, policies: PolicyService) -> Sequence[Loop]:
    """Return the loops; several replicas may run them at once."""

    async def sweep() -> None:
        more = True
        while more:
            more = await db.write(policies.sweep)
            await asyncio.sleep(_BETWEEN_PORTIONS_SECONDS)

    return (Loop("tags.policies", sweep, LOOK_SECONDS, topics=(SWEEP_TOPIC,)),)
