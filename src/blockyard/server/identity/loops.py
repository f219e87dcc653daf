"""The end of admin bindings by their date. Source: concepts.md 2.2, 2.3."""

from collections.abc import Sequence

from blockyard.server.identity.service import AdminBindingService
from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop

PERIOD_SECONDS = 60.0
"""Rights end with the day itself; the log may tell of it a minute later."""


def loops(db: Database, bindings: AdminBindingService) -> Sequence[Loop]:
    """Return the loop that notices admin bindings whose last day is over."""

    async def end_due() -> None:
        while await db.write(bindings.end_due):
            pass

    return [Loop("admin bindings", end_due, PERIOD_SECONDS)]
