"""Accounts of people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import (
    NO_PASSWORD,
    FromDirectory,
    NewUser,
    Principal,
    Profile,
    User,
    UserId,
)
from blockyard.server.identity.model.admin_roles import (
    ADMIN_ROLES,
    AdminRole,
    NewAdminBinding,
    SubjectKind,
    codes_of_admin_roles,
)
from blockyard.server.identity.model.factors import NotForPrograms
from blockyard.server.identity.model.roles import codes_of_roles
from blockyard.server.identity.service.admin_bindings import AdminBindingService
from blockyard.server.identity.service.passwords import hash_password
from blockyard.server.identity.service.ports import PeopleFollower, Workspaces
from blockyard.server.identity.service.sessions import require_person
from blockyard.server.identity.store import AdminBindingStore, GroupStore, PlaceStore, SessionStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound
from blockyard.server.kit.members import changed, members
from blockyard.server.kit.paging import Page, PageRequest

_MOST_NAMED = 10
"""Workspaces that a refusal names."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and the admin roles its person has; those through groups are not counted."""

    user: User
    admin_roles: Sequence[AdminRole] = ()


class UserService:
    """Use cases of people with a local account. Higher features that bind people are among `followers`."""

    def __init__(
        self,
        basics: Basics,
        *,
        workspaces: Workspaces,
        admin_bindings: AdminBindingService,
    ) -> None:
        self._basics = basics
        self._changes: Changes[User] = Changes(basics.event_log, "user", "User", User.document)
        self._workspaces = workspaces
        self._admin_bindings = admin_bindings
        self.followers: list[PeopleFollower] = []

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

    def keep(self, tx: Transaction, username: str) -> bool:
        """Whether there is such an account. Nobody deletes it, and the roles it has, before this transaction ends."""
        return UserStore(tx).kept_by_username(username) is not None

    def signing_in(self, tx: Transaction, name: str) -> User | None:
        """Return the account that somebody means who signs in as `name`: case does not matter unless it tells two apart."""
        users = UserStore(tx)
        return users.by_username(name) or users.alike(name)

    def email_is_free(self, tx: Transaction, email: str) -> bool:
        """Whether no account has this e-mail address."""
        return UserStore(tx).by_email(email) is None

    def made_by_provider(self, tx: Transaction, new: NewUser) -> User:
        """Make the account of somebody an identity provider vouches for; it has no password."""
        return self._add(tx, SYSTEM, new, NO_PASSWORD)

    def people(self, tx: Transaction, usernames: Collection[str]) -> Sequence[User]:
        """Return the accounts with these usernames, sorted by username."""
        return UserStore(tx).by_usernames(usernames) if usernames else []

    def by_ids(self, tx: Transaction, ids: Collection[UserId]) -> Mapping[UserId, User]:
        """Return the accounts with these ids."""
        return UserStore(tx).many(ids) if ids else {}

    # Accounts, for administrators and for oneself

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        wanted: Mapping[str, object | None] | None = None,
    ) -> Page[Person]:
        """Return one page of the accounts with these values of members, oldest first. Raises Denied."""
        principal.require("USER_LIST", workspace=None)
        found = UserStore(tx).matching(request, wanted or {})
        usernames = [user.username for user in found.items]
        roles = AdminBindingStore(tx).roles_of_users(usernames, self._basics.clock().date())
        return found.map(lambda user: Person(user, roles[user.username]))

    def get(self, tx: Transaction, principal: Principal, user_id: UserId) -> Person:
        """Return an account. Raises Denied, NotFound."""
        principal.enter("USER_LIST", _unknown(user_id))
        return self._person(tx, _found(tx, user_id))

    def require_may_create(self, principal: Principal, *, admin: bool) -> None:
        """Raise Denied unless the principal may make such an account."""
        principal.require("USER_SAVE", workspace=None)
        if admin:
            role = AdminRole.ORGANIZATION_ADMIN
            principal.require_holds(ADMIN_ROLES[role], "", of=f"the role '{role}'")

    def create(
        self,
        tx: Transaction,
        principal: Principal,
        new: NewUser,
        password_hash: str = NO_PASSWORD,
        *,
        directory: FromDirectory | None = None,
    ) -> Person:
        """Make an account; its first sign-in has to choose a password. Without one the person cannot sign in with any.

        Raises Denied, Conflict (username, e-mail address).
        """
        self.require_may_create(principal, admin=new.admin)
        users = UserStore(tx)
        if (namesake := users.alike(new.username)) is not None:
            raise Conflict(
                f"there is a user '{namesake.username}' already",
                code="UserExists",
                field="/username",
                remedy="Choose another username; upper and lower case do not make a difference.",
            )
        _require_free(users, new.email)
        must_change = password_hash != NO_PASSWORD
        user = self._add(tx, principal.author, new, password_hash, must_change=must_change, directory=directory)
        return self._person(tx, user)

    def update(
        self,
        tx: Transaction,
        principal: Principal,
        user_id: UserId,
        profile: Profile,
        *,
        directory: FromDirectory | None = None,
    ) -> Person:
        """Change a profile, and what a directory says. Raises Denied, NotFound, Conflict (e-mail address)."""
        before = self._governed(tx, principal, user_id)
        if before.email != profile.email:
            _require_free(UserStore(tx), profile.email, before)
        after = changed(before, profile)
        if directory is not None:
            after = changed(after, directory)
        if after != before:
            after = UserStore(tx).save(after)
            UserStore(tx).note_email(after)
            self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
            for follower in self.followers:
                follower.user_changed(tx, after.username)
        return self._person(tx, after)

    def delete(self, tx: Transaction, principal: Principal, user_id: UserId, *, whatever_it_owns: bool = False) -> None:
        """Delete an account with all its roles; deleting it again changes nothing.

        Who alone owns a workspace stays, but for a directory, which nobody can ask: `whatever_it_owns`.

        Raises Denied, NotFound, Conflict (own, the last administrator, the only owner of a workspace).
        """
        principal.enter("USER_DELETE", _unknown(user_id))
        if UserStore(tx).get(user_id) is None and self._changes.deleted_just_now(tx, principal.author, user_id):
            return
        user = _found(tx, user_id)
        self._require_as_administrator(tx, principal, user)
        if principal.author == user.author:
            raise Conflict("you cannot delete your own account", remedy="Ask another administrator.")
        if not whatever_it_owns:
            self._require_other_owners(tx, user)
        groups = GroupStore(tx).of_user(user.username)
        UserStore(tx).remove(user)
        self._admin_bindings.subject_deleted(tx, principal.author, SubjectKind.USER, user.username)
        for follower in self.followers:
            follower.user_deleted(tx, principal.author, user.username)
            for group in groups:
                follower.group_changed(tx, group)
        self._changes.tell(tx, principal.author, EventType.DELETED, user)

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
        """Give oneself a new password, hashed by the caller, who checked the old one. Raises NotFound for machines, Denied."""
        user = self.changing_password(tx, principal)
        self._save_password(tx, principal.author, user, password_hash, must_change=False, own=True)

    def changing_password(self, tx: Transaction, principal: Principal) -> User:
        """Return one's own account to who may give it another password. Raises NotFound for machines, Denied for programs."""
        user = self.own(tx, principal)
        if principal.signed_in_at is None:
            raise NotForPrograms
        return user

    def own(self, tx: Transaction, principal: Principal) -> User:
        """Return one's own account. Raises NotFound for machines."""
        return require_person(tx, principal, "only people have passwords")

    def end_everything(self, tx: Transaction, user: User) -> User:
        """End all sessions and tokens of a person. For other services: no principal is asked."""
        after = UserStore(tx).save(user.with_everything_ended())
        SessionStore(tx).remove_of(user.id)
        return after

    def lock(self, tx: Transaction, principal: Principal, user_id: UserId, *, disabled: bool) -> Person:
        """Lock an account, or unlock it; all its tokens and sessions end. Raises Denied, NotFound, Conflict (own)."""
        user = self._governed(tx, principal, user_id)
        if principal.author == user.author:
            raise Conflict("you cannot lock your own account", remedy="Ask another administrator.")
        if user.disabled == disabled:
            return self._person(tx, user)
        after = UserStore(tx).save(user.locked(disabled=disabled))
        SessionStore(tx).remove_of(user.id)
        self._changes.tell(
            tx, principal.author, EventType.CHANGED, after, before=user, verb="Locked" if disabled else "Unlocked"
        )
        for follower in self.followers:
            follower.user_changed(tx, after.username)
        return self._person(tx, after)

    def _person(self, tx: Transaction, user: User) -> Person:
        day = self._basics.clock().date()
        return Person(user, AdminBindingStore(tx).roles_of_users([user.username], day)[user.username])

    def _governed(self, tx: Transaction, principal: Principal, user_id: UserId) -> User:
        """Return an account that the principal may change, but not take over. Raises Denied, NotFound."""
        principal.enter("USER_SAVE", _unknown(user_id))
        user = _found(tx, user_id)
        self._require_as_administrator(tx, principal, user)
        return user

    def _allowed(self, tx: Transaction, principal: Principal, user_id: UserId) -> User:
        """Return an account that the principal may take over. Raises Denied, NotFound."""
        user = self._governed(tx, principal, user_id)
        for workspace, held in self._workspaces.roles_of(tx, user.username, self._basics.clock()).items():
            principal.require_holds(codes_of_roles(held), workspace, of=f"'{user.username}' in workspace '{workspace}'")
        return user

    def _require_as_administrator(self, tx: Transaction, principal: Principal, user: User) -> None:
        """Raise Denied if the person may do everywhere what the principal may not."""
        roles = AdminBindingStore(tx).roles_of(user.username, self._basics.clock().date())
        principal.require_holds(codes_of_admin_roles(roles), "", of=f"'{user.username}'")

    def _require_other_owners(self, tx: Transaction, user: User) -> None:
        owned = self._workspaces.owned_by_nobody_but(tx, user.username, self._basics.clock())
        if not owned:
            return
        named = ", ".join(f"'{name}'" for name in owned[:_MOST_NAMED])
        more = f" and {len(owned) - _MOST_NAMED} more" if len(owned) > _MOST_NAMED else ""
        raise Conflict(
            f"'{user.username}' is the only owner of {'workspace' if len(owned) == 1 else 'the workspaces'} {named}{more}",
            code="LastOwner",
            remedy="Make somebody else an owner there first.",
        )

    def _add(
        self,
        tx: Transaction,
        author: Author,
        new: NewUser,
        password_hash: str,
        *,
        must_change: bool = False,
        directory: FromDirectory | None = None,
    ) -> User:
        user = User(
            id=UserId(self._basics.new_id()),
            username=new.username,
            first_name=new.first_name,
            last_name=new.last_name,
            email=new.email,
            euid=new.euid,
            password_hash=password_hash,
            disabled=False,
            created_at=self._basics.clock(),
            must_change_password=must_change,
            **members(directory or FromDirectory()),
        )
        UserStore(tx).add(user)
        self._changes.tell(tx, author, EventType.CREATED, user)
        if new.admin:
            role = AdminRole.ORGANIZATION_ADMIN
            self._admin_bindings.add(
                tx, author, NewAdminBinding(role=role, kind=SubjectKind.USER, subject=user.username)
            )
        return user

    def _save_password(
        self, tx: Transaction, author: Author, user: User, password_hash: str, *, must_change: bool, own: bool = False
    ) -> None:
        after = UserStore(tx).save(user.with_password(password_hash, must_change=must_change, own=own))
        SessionStore(tx).remove_of(user.id)
        self._changes.tell(tx, author, EventType.CHANGED, after, verb="Password Changed")


def _found(tx: Transaction, user_id: UserId) -> User:
    user = UserStore(tx).get(user_id)
    if user is None:
        raise _unknown(user_id)
    return user


def _unknown(user_id: UserId) -> NotFound:
    return NotFound(f"there is no user {user_id}")


def _require_free(users: UserStore, email: str, of: User | None = None) -> None:
    """Raise Conflict if an account, but that `of` whom it is for, has this e-mail address."""
    other = users.by_email(email)
    if other is not None and (of is None or other.id != of.id):
        raise Conflict(
            "another account has this e-mail address already",
            code="EmailTaken",
            field="/email",
            remedy="Use the account there is, or another e-mail address.",
        )
