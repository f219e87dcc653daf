"""Refresh tokens: which session, which turn, and a keyed hash of both that nobody else can make.

So an old one is known as one that was good once, however long ago, and nothing has to be kept of it.
"""

from dataclasses import dataclass
from uuid import UUID

from blockyard.server.issuer.model import ClientSession, ClientSessionId
from blockyard.server.kit.sealed import MasterKey, same

_PARTS = 3
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Held:
    """What a refresh token says."""

    session: ClientSessionId
    turn: int


class RefreshTokens:
    """Makes and reads refresh tokens."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def of(self, session: ClientSession) -> str:
        """Return the refresh token of a session that is good now."""
        return self._text(session.id, session.turn)

    def read(self, text: str) -> Held | None:
        """Return what a refresh token says; None if it was not made here."""
        parts = text.split(".")
        if len(parts) != _PARTS or len(text) > _LONGEST:
            return None
        try:
            held = Held(ClientSessionId(UUID(hex=parts[0])), int(parts[1]))
        except ValueError:
            return None
        return held if same(self._text(held.session, held.turn), text) else None

    def _text(self, session: ClientSessionId, turn: int) -> str:
        said = f"{session.hex}.{turn}"
        return f"{said}.{self._master_key.digest(said, context='refresh token')}"
