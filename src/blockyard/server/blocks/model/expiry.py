"""When a block ends by itself."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from blockyard.server.blocks.model.block import BlockId

WARNINGS = (timedelta(days=7), timedelta(days=1))
"""How long before people are warned."""

NOTICE = timedelta(hours=12)
"""Nothing ends sooner after its last warning; where no server was there in time, the end is put off."""

REPRIEVE = timedelta(days=1)
"""So long lives a block whose deletion was taken back, unless it is said when it ends."""

AGAIN = timedelta(minutes=10)
"""After so long a deletion that was not possible is tried again."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a block ends.

    Attributes:
        try_at: when its deletion is requested; later than the end where that was not possible.
        warn_at: when people are warned next; None if they were.
    """

    block_id: BlockId
    expires_at: datetime
    try_at: datetime
    warn_at: datetime | None

    @classmethod
    def at(cls, block_id: BlockId, expires_at: datetime, now: datetime) -> "Expiry":
        """Return the end of a block, as somebody says it now."""
        return cls(block_id, expires_at, expires_at, _next_warning(expires_at, now))

    def warned(self, now: datetime) -> "Expiry":
        """Return this one after people were warned; a warning that comes too late puts the end off."""
        if self.expires_at < now + NOTICE:
            return Expiry(self.block_id, now + NOTICE, now + NOTICE, None)
        return replace(self, warn_at=_next_warning(self.expires_at, now))

    def spared(self, now: datetime) -> "Expiry":
        """Return this one after somebody has taken a deletion back: there is time to say when the block ends instead."""
        return self if self.expires_at > now + REPRIEVE else Expiry.at(self.block_id, now + REPRIEVE, now)

    def put_off(self, now: datetime) -> "Expiry":
        """Return this one after a deletion that was requested, or not possible."""
        return replace(self, try_at=now + AGAIN, warn_at=None)


def _next_warning(expires_at: datetime, now: datetime) -> datetime | None:
    return next((expires_at - before for before in WARNINGS if expires_at - before > now), None)
