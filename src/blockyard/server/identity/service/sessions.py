"""Sessions of people on the web pages: beginning one, whose it is, listing and ending them."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import (
    ONLY_PEOPLE_REMEDY,
    SESSION_END,
    SESSION_LIFE,
    Beginning,
    Principal,
    Session,
    SessionId,
    User,
    UserId,
)
from blockyard.server.identity.service.news import tell_of_sign_in
from blockyard.server.identity.service.persons import Persons
from blockyard.server.identity.store import SessionStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Unauthenticated
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MasterKey, same

log = structlog.get_logger(__name__)

_COOKIE_LENGTH = 43


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, the session, and whether `extend` should be called."""

    principal: Principal
    session: Session
    extension_due: bool


class SessionService:
    """Use cases of sessions. The text of a cookie is kept as a keyed hash only."""

    def __init__(self, basics: Basics, *, master_key: MasterKey, persons: Persons) -> None:
        self._basics = basics
        self._master_key = master_key
        self._persons = persons

    def begin(self, tx: Transaction, user: User, beginning: Beginning | None = None, *, instead_of: str = "") -> str:
        """Begin a session of a person who has proved who they are; return the text for the cookie.

        It is never that of an earlier session: the session of the cookie `instead_of` ends.
        """
        cookie, now = new_secret(_COOKIE_LENGTH), self._basics.clock()
        began = beginning or Beginning()
        sessions = SessionStore(tx)
        sessions.remove_expired(now)
        if instead_of:
            sessions.remove(self._hash(instead_of))
        sessions.add(
            Session(
                token_hash=self._hash(cookie),
                user_id=user.id,
                epoch=user.epoch,
                created_at=now,
                seen_at=now,
                expires_at=now + SESSION_LIFE,
                ends_at=now + SESSION_END,
                way=began.way,
                strong=began.strong,
                address=began.address,
                device=began.device,
                provider=began.provider,
                provider_session=began.provider_session,
                id_token=began.id_token,
            )
        )
        log.info("signed in", username=user.username, way=began.way.value, provider=began.provider)
        return cookie

    def end(self, tx: Transaction, cookie: str) -> None:
        """End the session of a cookie; an unknown one changes nothing."""
        SessionStore(tx).remove(self._hash(cookie))

    def of_cookie(self, tx: Transaction, cookie: str) -> SignedIn:
        """Return whose session the cookie stands for and whether it should be extended. Raises Unauthenticated."""
        session = SessionStore(tx).get(self._hash(cookie))
        user = UserStore(tx).get(session.user_id) if session is not None else None
        now = self._basics.clock()
        if session is None or user is None or session.expires_at <= now:
            raise _ended()
        if user.disabled or user.epoch != session.epoch:
            raise _ended()
        principal = self._persons.principal(tx, user, strong=session.strong, at=session.created_at)
        return SignedIn(principal, session, session.extension_due(now))

    def extend(self, tx: Transaction, cookie: str) -> None:
        """Let a session live on from now, but not past its end; an unknown one changes nothing."""
        sessions, now = SessionStore(tx), self._basics.clock()
        session = sessions.get(self._hash(cookie))
        if session is not None:
            sessions.extend(session.token_hash, session.extended(now), now)

    def strengthen(self, tx: Transaction, cookie: str) -> None:
        """Note that the person of a session has shown a second factor now."""
        SessionStore(tx).strengthen(self._hash(cookie))

    # One's own

    def own(self, tx: Transaction, principal: Principal) -> Sequence[Session]:
        """Return the sessions of a person that have not ended, the one used last first. Raises NotFound for machines."""
        user = self._person(tx, principal)
        now = self._basics.clock()
        return [one for one in SessionStore(tx).of_user(user.id) if one.expires_at > now and one.epoch == user.epoch]

    def is_of(self, session: Session, cookie: str) -> bool:
        """Whether a session is that of a cookie."""
        return bool(cookie) and same(session.token_hash, self._hash(cookie))

    def end_own(self, tx: Transaction, principal: Principal, session_id: SessionId) -> None:
        """End one session of oneself. Raises NotFound."""
        user = self._person(tx, principal)
        for session in self.own(tx, principal):
            if session.id == session_id:
                SessionStore(tx).remove(session.token_hash)
                self._tell(tx, principal, user, "Session Ended")
                return
        raise NotFound(f"you have no session {session_id}")

    def end_others(self, tx: Transaction, principal: Principal, cookie: str = "") -> None:
        """End all sessions of oneself but that of a cookie. Raises NotFound for machines."""
        user = self._person(tx, principal)
        SessionStore(tx).remove_others(user.id, [self._hash(cookie)] if cookie else [])
        self._tell(tx, principal, user, "Sessions Ended")

    # For other services: no principal is asked

    def end_of_provider(
        self, tx: Transaction, provider: str, *, session: str | None = None, user_id: UserId | None = None
    ) -> int:
        """End the sessions that an identity provider vouched for: one there, or all of a person; return how many."""
        if session is None and user_id is None:
            return 0
        return SessionStore(tx).remove_of_provider(provider, session=session, user_id=user_id)

    def csrf_token(self, cookie: str) -> str:
        """Return the token that forms of this session must send back: it cannot be derived without the master key."""
        return self._master_key.digest(cookie, context="csrf token")

    def csrf_matches(self, cookie: str, sent: str) -> bool:
        """Whether `sent` is the CSRF token of this session."""
        return same(self.csrf_token(cookie), sent)

    def _hash(self, cookie: str) -> str:
        return self._master_key.digest(cookie, context="session")

    def _person(self, tx: Transaction, principal: Principal) -> User:
        return require_person(tx, principal, "only people have sessions")

    def _tell(self, tx: Transaction, principal: Principal, user: User, title: str) -> None:
        tell_of_sign_in(self._basics.event_log, tx, principal.author, user, title, type_=EventType.REMOVED)


def require_person(tx: Transaction, principal: Principal, otherwise: str) -> User:
    """Return the account of the person who asks. Raises NotFound: `otherwise` says why, for machines."""
    user = UserStore(tx).by_username(principal.author.identifier) if principal.author.type == "User" else None
    if user is None:
        raise NotFound(otherwise, remedy=ONLY_PEOPLE_REMEDY)
    return user


def _ended() -> Unauthenticated:
    return Unauthenticated("the session has ended", code="SessionEnded", remedy="Sign in again.")
