"""The end of bindings by their date. Source: concepts.md 2.2."""

from collections.abc import Sequence

from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop
from blockyard.server.workspaces.service import BindingService

PERIOD_SECONDS = 60.0
"""Rights end with the day itself; what follows from their end may be a minute later."""


def loops(db: Database, bindings: BindingService) -> Sequence[Loop]:
    """Return the loop that notices bindings whose last day is over."""

    async def end_due() -> None:
        while await db.write(bindings.end_due):
            pass

    return [Loop("bindings", end_due, PERIOD_SECONDS)]
