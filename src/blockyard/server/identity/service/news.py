"""Telling how people sign in: one shape of event for sessions, passkeys, apps and recovery codes. Source: concepts.md 22."""

import structlog

from blockyard.server.events.model import Author, EventType
from blockyard.server.events.service import EventLog
from blockyard.server.identity.model import User
from blockyard.server.kit.database import Transaction

log = structlog.get_logger(__name__)


def tell_of_sign_in(
    events: EventLog, tx: Transaction, author: Author, user: User, title: str, *, type_: EventType = EventType.CHANGED
) -> None:
    """Append an event about how a person signs in."""
    events.append(
        tx,
        author,
        title,
        type_,
        workspace=None,
        subject_kind="user",
        subject_id=str(user.id),
        content={"username": user.username},
    )
    log.info("sign-in changed", username=user.username, change=title)
