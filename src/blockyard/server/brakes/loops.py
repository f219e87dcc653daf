"""Background work of brakes: those whose time, or window, is over. Claims do it, too; this wakes whoever waits."""

from blockyard.server.brakes.service import BRAKES_TOPIC, BrakeService
from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop

PERIOD_SECONDS = 10.0


def loops(db: Database, brakes: BrakeService) -> list[Loop]:
    """Return the loop; several replicas may run it at once."""

    async def turn() -> None:
        while await db.read(brakes.is_turn_due) and await db.write(lambda tx: bool(brakes.turn(tx))):
            pass

    return [Loop("brakes", turn, PERIOD_SECONDS, (BRAKES_TOPIC,))]
