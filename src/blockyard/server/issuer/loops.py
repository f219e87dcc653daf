"""Background work of client sessions: keys that are due are made, and what ended long ago is forgotten."""

from collections.abc import Sequence

from blockyard.server.issuer.service import ClientSessionService, SigningKeys
from blockyard.server.kit.database import Database
from blockyard.server.kit.loops import Loop

PERIOD_SECONDS = 3600.0


def loops(db: Database, keys: SigningKeys, sessions: ClientSessionService) -> Sequence[Loop]:
    """Return the loops."""

    async def provide_keys() -> None:
        await keys.provide(db)

    async def forget_ended() -> None:
        if await db.read(sessions.has_ended):
            await db.write(sessions.forget_ended)

    return [
        Loop("signing keys", provide_keys, PERIOD_SECONDS),
        Loop("client sessions", forget_ended, PERIOD_SECONDS),
    ]
