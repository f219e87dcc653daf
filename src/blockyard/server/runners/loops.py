"""The change from subjects of runners to subjects of definitions, where its day has come or nobody depends on it."""

from collections.abc import Sequence

from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop
from blockyard.server.runners.service import RunnerService

PERIOD_SECONDS = 3600.0
"""Tokens have the new subject from the day itself on; only what is shown of the change waits for the loop."""


def loops(db: Database, runners: RunnerService) -> Sequence[Loop]:
    """Return the loop."""

    async def move_due() -> None:
        if await db.read(runners.identities.has_older):
            await db.write(runners.identities.move_due)

    return [Loop("subjects of runners", move_due, PERIOD_SECONDS)]
