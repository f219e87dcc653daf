"""Local accounts and their sessions on the web pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from blockyard.server.events.basics import Basics
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import (
    ONLY_PEOPLE_REMEDY,
    SESSION_END,
    SESSION_LIFE,
    NewUser,
    Principal,
    Session,
    User,
    UserId,
)
from blockyard.server.identity.model.codes import ADMIN, everywhere
from blockyard.server.identity.model.roles import codes_of_roles
from blockyard.server.identity.service.authenticator import principal_of
from blockyard.server.identity.service.passwords import hash_password
from blockyard.server.identity.service.ports import Workspaces
from blockyard.server.identity.store import PlaceStore, SessionStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Unauthenticated
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.sealed import MasterKey, same

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, and whether `extend` should be called."""

    principal: Principal
    extension_due: bool


class UserService:
    """Use cases of people with a local account."""

    def __init__(self, basics: Basics, *, master_key: MasterKey, workspaces: Workspaces) -> None:
        self._basics = basics
        self._master_key = master_key
        self._workspaces = workspaces

    # Accounts, for other services and the application's start: no principal is asked

    def seed_admin(self, tx: Transaction, username: str, password: str) -> bool:
        """Make an administrator's account unless the username is taken; return whether it was made."""
        return self.seed(tx, NewUser(username=username, first_name="", last_name="", email="", admin=True), password)

    def seed(self, tx: Transaction, new: NewUser, password: str) -> bool:
        """Make an account unless the username is taken; return whether it was made."""
        if UserStore(tx).by_username(new.username) is not None:
            return False
        self._add(tx, SYSTEM, new, hash_password(password))
        return True

    def reset_password(self, tx: Transaction, username: str, password: str) -> bool:
        """Give an account a new password, void its tokens and sessions; return whether there is such an account."""
        user = UserStore(tx).by_username(username)
        if user is not None:
            self._save_password(tx, SYSTEM, user, hash_password(password), must_change=False)
        return user is not None

    def by_username(self, tx: Transaction, username: str) -> User | None:
        """Return the account of a person."""
        return UserStore(tx).by_username(username)

    def signing_in(self, tx: Transaction, name: str) -> User | None:
        """Return the account that somebody means who signs in as `name`: case does not matter unless it tells two apart."""
        users = UserStore(tx)
        return users.by_username(name) or users.alike(name)

    def people(self, tx: Transaction, usernames: Collection[str]) -> Sequence[User]:
        """Return the accounts with these usernames, sorted by username."""
        return UserStore(tx).by_usernames(usernames) if usernames else []

    # Accounts, for administrators and for oneself

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[User]:
        """Return one page of all accounts. Raises Denied."""
        principal.require("USER_LIST", workspace=None)
        return UserStore(tx).page(request, owners=None)

    def require_may_create(self, principal: Principal, *, admin: bool) -> None:
        """Raise Denied unless the principal may make such an account."""
        principal.require("USER_SAVE", workspace=None)
        _require_equal(principal, admin=admin)

    def create(self, tx: Transaction, principal: Principal, new: NewUser, password_hash: str) -> User:
        """Make an account; its first sign-in has to choose a password. Raises Denied, Conflict (username, e-mail address)."""
        self.require_may_create(principal, admin=new.admin)
        users = UserStore(tx)
        if (namesake := users.alike(new.username)) is not None:
            raise Conflict(
                f"there is a user '{namesake.username}' already",
                code="UserExists",
                field="/username",
                remedy="Choose another username; upper and lower case do not make a difference.",
            )
        if users.by_email(new.email) is not None:
            raise Conflict(
                "another account has this e-mail address already",
                code="EmailTaken",
                field="/email",
                remedy="Use the account there is, or another e-mail address.",
            )
        return self._add(tx, principal.author, new, password_hash, must_change=True)

    def may_reset(self, tx: Transaction, principal: Principal, user_id: UserId) -> User:
        """Return an account whose password the principal may set. Raises Denied, NotFound."""
        return self._allowed(tx, principal, user_id)

    def set_password(self, tx: Transaction, principal: Principal, user_id: UserId, password_hash: str) -> None:
        """Give another person a password that they have to change, and void all their tokens and sessions.

        Raises Denied, NotFound.
        """
        user = self._allowed(tx, principal, user_id)
        PlaceStore(tx).forget_all(user.id)
        self._save_password(tx, principal.author, user, password_hash, must_change=True)

    def change_password(self, tx: Transaction, principal: Principal, password_hash: str) -> None:
        """Give oneself a new password, hashed by the caller, who checked the old one. Raises NotFound for machines."""
        user = UserStore(tx).by_username(principal.author.identifier) if principal.author.type == "User" else None
        if user is None:
            raise NotFound("only people have passwords", remedy=ONLY_PEOPLE_REMEDY)
        self._save_password(tx, principal.author, user, password_hash, must_change=False)

    def lock(self, tx: Transaction, principal: Principal, user_id: UserId, *, disabled: bool) -> User:
        """Lock an account, or unlock it; all its tokens and sessions end. Raises Denied, NotFound, Conflict (own)."""
        user = self._allowed(tx, principal, user_id)
        if principal.author == user.author:
            raise Conflict("you cannot lock your own account", remedy="Ask another administrator.")
        if user.disabled == disabled:
            return user
        after = UserStore(tx).save(user.locked(disabled=disabled))
        SessionStore(tx).remove_of(user.id)
        self._tell(tx, principal.author, "User Locked" if disabled else "User Unlocked", EventType.CHANGED, after)
        return after

    # Sessions on the web pages

    def sign_in(self, tx: Transaction, user: User) -> str:
        """Begin a session of a person whose password was checked; return the text for the cookie."""
        cookie = new_secret(43)
        sessions = SessionStore(tx)
        sessions.remove_expired(self._basics.clock())
        sessions.add(
            Session(
                token_hash=self._hash(cookie),
                user_id=user.id,
                epoch=user.epoch,
                expires_at=self._basics.clock() + SESSION_LIFE,
                ends_at=self._basics.clock() + SESSION_END,
            )
        )
        log.info("signed in", username=user.username)
        return cookie

    def sign_out(self, tx: Transaction, cookie: str) -> None:
        """End the session of a cookie; an unknown one changes nothing."""
        SessionStore(tx).remove(self._hash(cookie))

    def by_session(self, tx: Transaction, cookie: str) -> Principal:
        """Return whose session the cookie stands for. Raises Unauthenticated."""
        return self.session(tx, cookie).principal

    def session(self, tx: Transaction, cookie: str) -> SignedIn:
        """Return whose session the cookie stands for and whether it should be extended. Raises Unauthenticated."""
        session = SessionStore(tx).get(self._hash(cookie))
        user = UserStore(tx).get(session.user_id) if session is not None else None
        now = self._basics.clock()
        if session is None or user is None or session.expires_at <= now:
            raise Unauthenticated("the session has ended", code="SessionEnded", remedy="Sign in again.")
        if user.disabled or user.epoch != session.epoch:
            raise Unauthenticated("the session has ended", code="SessionEnded", remedy="Sign in again.")
        return SignedIn(principal_of(tx, user, self._workspaces, self._basics.clock), session.extension_due(now))

    def extend(self, tx: Transaction, cookie: str) -> None:
        """Let a session live on from now, but not past its end; an unknown one changes nothing."""
        sessions = SessionStore(tx)
        session = sessions.get(self._hash(cookie))
        if session is not None:
            sessions.extend(session.token_hash, session.extended(self._basics.clock()))

    def csrf_token(self, cookie: str) -> str:
        """Return the token that forms of this session must send back: it cannot be derived without the master key."""
        return self._master_key.digest(cookie, context="csrf token")

    def csrf_matches(self, cookie: str, sent: str) -> bool:
        """Whether `sent` is the CSRF token of this session."""
        return same(self.csrf_token(cookie), sent)

    def _hash(self, cookie: str) -> str:
        return self._master_key.digest(cookie, context="session")

    def _allowed(self, tx: Transaction, principal: Principal, user_id: UserId) -> User:
        principal.require("USER_SAVE", workspace=None)
        user = UserStore(tx).get(user_id)
        if user is None:
            raise NotFound(f"there is no user {user_id}")
        _require_equal(principal, admin=user.admin)
        for workspace, roles in self._workspaces.roles_of(tx, user.username, self._basics.clock()).items():
            principal.require_holds(
                codes_of_roles(roles), workspace, of=f"'{user.username}' in workspace '{workspace}'"
            )
        return user

    def _add(
        self, tx: Transaction, author: Author, new: NewUser, password_hash: str, *, must_change: bool = False
    ) -> User:
        user = User(
            id=UserId(self._basics.new_id()),
            username=new.username,
            first_name=new.first_name,
            last_name=new.last_name,
            email=new.email,
            euid=new.euid,
            password_hash=password_hash,
            admin=new.admin,
            disabled=False,
            created_at=self._basics.clock(),
            must_change_password=must_change,
        )
        UserStore(tx).add(user)
        self._tell(tx, author, "User Created", EventType.CREATED, user)
        return user

    def _save_password(
        self, tx: Transaction, author: Author, user: User, password_hash: str, *, must_change: bool
    ) -> None:
        after = UserStore(tx).save(user.with_password(password_hash, must_change=must_change))
        SessionStore(tx).remove_of(user.id)
        self._tell(tx, author, "User Password Changed", EventType.CHANGED, after)

    def _tell(self, tx: Transaction, author: Author, title: str, type_: EventType, user: User) -> None:
        self._basics.event_log.append(
            tx,
            author,
            title,
            type_,
            workspace=None,
            subject_kind="user",
            subject_id=str(user.id),
            content=user.document(),
        )
        log.info("user changed", username=user.username, change=title)


def _require_equal(principal: Principal, *, admin: bool) -> None:
    """Raise Denied if an administrator's account is touched by somebody who may do less than it."""
    if admin and not everywhere(ADMIN) <= principal.everywhere:
        raise Denied(
            "you don't have sufficient permissions: only an administrator may make or change an administrator",
            code="MissingPermission",
            remedy="Ask an administrator.",
        )
