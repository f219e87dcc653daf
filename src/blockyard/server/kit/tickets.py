"""Tickets: what the server gives a browser to keep for a few minutes and bring back, so that nothing has to be stored here.

A ticket is encrypted with the master key and bound to its purpose and to whom it was given; any replica reads it.
"""

import base64
import json
from datetime import datetime, timedelta

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.sealed import MasterKey, Undecryptable

_LONGEST = 4000
"""Characters: what a cookie takes."""


class Tickets:
    """Makes and reads tickets."""

    def __init__(self, *, master_key: MasterKey, clock: Clock) -> None:
        self._master_key = master_key
        self._clock = clock

    def issue(self, content: JsonObject, *, purpose: str, owner: str, life: timedelta) -> str:
        """Return a ticket for `owner`: something that nobody else can bring, such as a cookie or an account."""
        data = json.dumps([(self._clock() + life).isoformat(), content]).encode()
        sealed = self._master_key.encrypt(data, context=_context(purpose, owner))
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def read(self, ticket: str, *, purpose: str, owner: str) -> JsonObject:
        """Return what a ticket holds. Raises Invalid: it is not ours, is another one's, or is too old."""
        kept: Json = None
        if len(ticket) <= _LONGEST:
            try:
                raw = base64.urlsafe_b64decode(ticket.encode() + b"=" * (-len(ticket) % 4))
                kept = json.loads(self._master_key.decrypt(raw, context=_context(purpose, owner)))
            except (ValueError, Undecryptable):
                kept = None
        match kept:
            case [str(ends), dict(content)] if datetime.fromisoformat(ends) > self._clock():
                return content
        raise Invalid("this took too long", code="TicketEnded", remedy="Begin again.")


def _context(purpose: str, owner: str) -> str:
    return f"ticket\0{purpose}\0{owner}"
