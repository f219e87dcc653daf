"""Background work of drafts of orders: those that nobody has touched for a long time are removed."""

from collections.abc import Sequence

from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop
from blockyard.server.order_drafts.service import OrderDraftService

PERIOD_SECONDS = 3600.0


def loops(db: Database, drafts: OrderDraftService) -> Sequence[Loop]:
    """Return the loop."""

    async def remove_old() -> None:
        await db.write(drafts.remove_old)

    return [Loop("order drafts", remove_old, PERIOD_SECONDS)]
