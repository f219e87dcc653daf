"""Client sessions: beginning one by consent, tokens for codes and refresh tokens, whose token it is, listing and ending them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from blockyard.protocol.jsontypes import Json
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import AccessLevel, Principal, Session, User
from blockyard.server.identity.service import Persons, UserService, require_person
from blockyard.server.issuer.model import (
    ACCESS_LIFE,
    CODE_LIFE,
    LONGEST_LIFE,
    MOST_SESSIONS,
    SHOWN_CODE_LIFE,
    Asked,
    ClientSession,
    ClientSessionId,
    granted_scopes,
)
from blockyard.server.issuer.service.refresh_tokens import RefreshTokens
from blockyard.server.issuer.service.tokens import IssuedTokens
from blockyard.server.issuer.store import ClientSessionStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Unauthenticated
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)

_CODE_LENGTH = 43
_KEPT_AFTER_END = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a request comes from, as lists of sessions show it."""

    address: str = ""
    device: str = ""


class ClientSessionService:
    """Use cases of client sessions.

    Attributes:
        admin_workspace: who is bound to this one keeps what they may do everywhere.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        master_key: MasterKey,
        users: UserService,
        persons: Persons,
        tokens: IssuedTokens,
        admin_workspace: str,
    ) -> None:
        self._basics = basics
        self._master_key = master_key
        self._users = users
        self._persons = persons
        self._tokens = tokens
        self._refresh_tokens = RefreshTokens(master_key)
        self._admin_workspace = admin_workspace

    # By consent

    def begin(
        self,
        tx: Transaction,
        principal: Principal,
        session: Session,
        asked: Asked,
        *,
        level: AccessLevel,
        workspace: str | None,
    ) -> str:
        """Return a code for what a person agrees to who is signed in on the pages.

        Raises NotFound: they are in no such workspace, or the program may not get this level.
        """
        user = require_person(tx, principal, "only people sign programs in")
        if level not in asked.levels:
            raise NotFound(f"the program did not ask for the access level '{level}'", remedy="Choose a lower one.")
        if workspace is not None and not self._may_be_in(principal, workspace):
            raise NotFound(f"you have no role in workspace '{workspace}'")
        now, code = self._basics.clock(), new_secret(_CODE_LENGTH)
        store = ClientSessionStore(tx)
        store.remove_ended(now - _KEPT_AFTER_END)
        self._make_room(store, user)
        begun = ClientSession(
            id=ClientSessionId(self._basics.new_id()),
            user_id=user.id,
            epoch=user.epoch,
            client_id=asked.client_id,
            level=level,
            workspace=workspace,
            scopes=granted_scopes(asked, level),
            strong=session.strong,
            signed_in_at=session.created_at,
            address=session.address,
            device="",
            created_at=now,
            seen_at=now,
            expires_at=now + (SHOWN_CODE_LIFE if asked.is_shown else CODE_LIFE),
            ends_at=now + LONGEST_LIFE,
            code_hash=self._hash(code),
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            nonce=asked.nonce,
        )
        store.add(begun)
        self._tell(tx, user.author, "Program Let In", EventType.CREATED, begun)
        return code

    # For programs: a code or a token is all that is asked

    def by_code(self, tx: Transaction, code: str) -> ClientSession | None:
        """Return what a code is good for; one that was used before ends what it gave."""
        found = ClientSessionStore(tx).by_code(self._hash(code))
        if found is None:
            return None
        if found.redeemed_at is not None:
            self._end(tx, found, "Code Used Again")
            return None
        return found if self._basics.clock() < found.expires_at else None

    def by_refresh_token(self, tx: Transaction, text: str) -> ClientSession | None:
        """Return the session whose refresh token this is; one that was used before ends it."""
        held = self._refresh_tokens.read(text)
        found = ClientSessionStore(tx).get(held.session) if held is not None else None
        now = self._basics.clock()
        if held is None or found is None or not found.lives(now) or not found.stays or held.turn > found.turn:
            return None
        if held.turn < found.turn and not found.may_repeat(held.turn, now):
            self._end(tx, found, "Refresh Token Used Again")
            return None
        return found

    def knows(self, tx: Transaction, text: str) -> bool:
        """Whether a session is known by this code or token: others need no transaction that writes."""
        return self._by_token(tx, text) is not None or ClientSessionStore(tx).by_code(self._hash(text)) is not None

    def redeem(self, tx: Transaction, session: ClientSession, place: Place) -> Mapping[str, Json] | None:
        """Return the first tokens of a session; None if the person may let nobody in any more."""
        user = self._agreeing(tx, session)
        if user is None:
            return None
        begun = session.redeemed(self._basics.clock(), address=place.address, device=place.device)
        saved = ClientSessionStore(tx).save(begun)
        log.info("program signed in", username=user.username, access=session.level.value)
        return self._answer(tx, saved, user, session.workspace)

    def refresh(
        self, tx: Transaction, session: ClientSession, text: str, workspace: str | None
    ) -> Mapping[str, Json] | None:
        """Return new tokens of a session, bound to a workspace if the person is there; None if it has ended with them."""
        user, held = self._agreeing(tx, session), self._refresh_tokens.read(text)
        if user is None or held is None:
            return None
        if held.turn == session.turn:
            session = ClientSessionStore(tx).save(session.refreshed(self._basics.clock()))
        return self._answer(tx, session, user, session.workspace or self._bound(tx, session, user, workspace))

    def end_by_token(self, tx: Transaction, text: str) -> None:
        """End the session of a refresh or an access token; what is none, or is not good any more, changes nothing."""
        found = self._by_token(tx, text)
        if found is not None:
            self._end(tx, found, "Program Signed Out")

    # For requests

    def principal_of(self, tx: Transaction, token: str) -> Principal | None:
        """Return who asks with an access token; None if it is none. Raises Unauthenticated."""
        named = self._tokens.read(tx, token)
        if named is None:
            return None
        session = ClientSessionStore(tx).get(named.session)
        user = self._agreeing(tx, session) if session is not None else None
        if session is None or user is None or not session.lives(self._basics.clock()):
            raise Unauthenticated("the program was signed out", code="SessionEnded", remedy="Sign in again.")
        return self._limited(tx, session, user, session.workspace or named.workspace)

    def end(self, tx: Transaction, token: str) -> bool:
        """Sign out the program whose access token this is; return whether it is one. Raises Unauthenticated."""
        named = self._tokens.read(tx, token)
        if named is None:
            return False
        self.end_by_token(tx, token)
        return True

    # One's own

    def own(self, tx: Transaction, principal: Principal) -> Sequence[ClientSession]:
        """Return the programs that act for a person, the one used last first. Raises NotFound for machines."""
        user = require_person(tx, principal, "only people sign programs in")
        now = self._basics.clock()
        found = [one for one in ClientSessionStore(tx).of_user(user.id) if one.lives(now) and one.epoch == user.epoch]
        return sorted(found, key=lambda one: one.seen_at, reverse=True)

    def end_own(self, tx: Transaction, principal: Principal, session_id: ClientSessionId) -> None:
        """Sign out one of the programs that act for oneself. Raises NotFound."""
        for session in self.own(tx, principal):
            if session.id == session_id:
                self._end(tx, session, "Program Signed Out")
                return
        raise NotFound(f"no program with the session {session_id} acts for you")

    def end_all_own(self, tx: Transaction, principal: Principal) -> None:
        """Sign out all programs that act for oneself. Raises NotFound for machines."""
        for session in self.own(tx, principal):
            self._end(tx, session, "Program Signed Out")

    # For loops

    def has_ended(self, tx: Transaction) -> bool:
        """Whether there is something to forget."""
        return ClientSessionStore(tx).has_ended(self._basics.clock() - _KEPT_AFTER_END)

    def forget_ended(self, tx: Transaction) -> None:
        """Forget the sessions that ended long ago."""
        ClientSessionStore(tx).remove_ended(self._basics.clock() - _KEPT_AFTER_END)

    def _by_token(self, tx: Transaction, text: str) -> ClientSession | None:
        """Return the session of a refresh token, old ones too, or of an access token that has not expired."""
        if (held := self._refresh_tokens.read(text)) is not None:
            return ClientSessionStore(tx).get(held.session)
        try:
            named = self._tokens.read(tx, text)
        except Unauthenticated:
            return None
        return ClientSessionStore(tx).get(named.session) if named is not None else None

    def _agreeing(self, tx: Transaction, session: ClientSession) -> User | None:
        """Return the person who let a program in, if nothing has ended that since."""
        user = self._users.by_ids(tx, [session.user_id]).get(session.user_id)
        return None if user is None or user.disabled or user.epoch != session.epoch else user

    def _limited(self, tx: Transaction, session: ClientSession, user: User, workspace: str | None) -> Principal:
        """Return the person as far as the program may act for them; how one signs in is not for programs, so none signed in."""
        person = self._persons.principal(tx, user, strong=session.strong)
        return person.limited(session.level, workspace, everywhere=workspace == self._admin_workspace)

    def _bound(self, tx: Transaction, session: ClientSession, user: User, workspace: str | None) -> str | None:
        person = self._persons.principal(tx, user, strong=session.strong)
        return workspace if workspace is not None and self._may_be_in(person, workspace) else None

    @staticmethod
    def _may_be_in(principal: Principal, workspace: str) -> bool:
        return principal.belongs_to(workspace) or principal.allows("WORKSPACE_LIST", workspace=workspace)

    def _answer(self, tx: Transaction, session: ClientSession, user: User, workspace: str | None) -> Mapping[str, Json]:
        answer: dict[str, Json] = {
            "access_token": self._tokens.access(tx, session, user, workspace),
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "scope": session.scopes if workspace is None else f"{session.scopes} c:{workspace}",
        }
        if session.stays:
            answer["refresh_token"] = self._refresh_tokens.of(session)
            answer["refresh_expires_in"] = int((session.expires_at - self._basics.clock()).total_seconds())
        if session.is_openid:
            answer["id_token"] = self._tokens.identity(tx, session, user)
        return answer

    def _make_room(self, store: ClientSessionStore, user: User) -> None:
        kept = sorted(store.of_user(user.id), key=lambda one: one.seen_at)
        for one in kept[: max(0, len(kept) + 1 - MOST_SESSIONS)]:
            store.remove(one)

    def _end(self, tx: Transaction, session: ClientSession, title: str) -> None:
        ClientSessionStore(tx).remove(session)
        user = self._users.by_ids(tx, [session.user_id]).get(session.user_id)
        if user is not None:
            self._tell(tx, user.author, title, EventType.REMOVED, session)

    def _tell(self, tx: Transaction, author: Author, title: str, type_: EventType, session: ClientSession) -> None:
        self._basics.event_log.append(
            tx,
            author,
            title,
            type_,
            workspace=None,
            subject_kind="user",
            subject_id=author.identifier,
            content={
                "session": str(session.id),
                "accessLevel": session.level.value,
                "workspace": session.workspace,
                "program": session.device,
            },
        )

    def _hash(self, code: str) -> str:
        return self._master_key.digest(code, context="authorization code")
