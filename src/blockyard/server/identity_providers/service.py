"""Use cases of identity providers: setting them up, trying what they tell, signing somebody in whom one vouches for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from blockyard.protocol.jsontypes import Json
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import NewUser, Principal, User, UserId, WorkspaceRole
from blockyard.server.identity.model.admin_roles import ADMIN_ROLES, AdminRole
from blockyard.server.identity.service import (
    AdminBindingService,
    GroupService,
    SecondFactors,
    SessionService,
    UserService,
    Workspaces,
)
from blockyard.server.identity.service.news import tell_of_sign_in
from blockyard.server.identity_providers.model import (
    Identity,
    Provider,
    ProviderSpec,
    Told,
    checked_username,
    managed,
    told,
)
from blockyard.server.identity_providers.store import IdentityStore, ProviderStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, taken
from blockyard.server.kit.members import changed, members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a sign-in with some claims would do: `groups` is None if all groups stay as they are."""

    told: Told
    groups: Sequence[str] | None
    admin_roles: Sequence[AdminRole]
    workspaces: Mapping[str, Sequence[WorkspaceRole]]


class ProviderService:
    """Use cases of identity providers.

    A provider can sign in as anybody, so who sets it up must hold everything.
    """

    def __init__(
        self,
        basics: Basics,
        *,
        master_key: MasterKey,
        users: UserService,
        groups: GroupService,
        sessions: SessionService,
        admin_bindings: AdminBindingService,
        workspaces: Workspaces,
        factors: SecondFactors,
    ) -> None:
        self._basics = basics
        self._master_key = master_key
        self._users = users
        self._groups = groups
        self._sessions = sessions
        self._admin_bindings = admin_bindings
        self._workspaces = workspaces
        self._factors = factors
        self._changes: Changes[Provider] = Changes(
            basics.event_log, "identityProvider", "Identity Provider", Provider.document
        )

    def all(self, tx: Transaction, principal: Principal) -> Sequence[Provider]:
        """Return all providers, oldest first. Raises Denied."""
        principal.require("APIKEY_LIST", workspace=None)
        return ProviderStore(tx).where()

    def get(self, tx: Transaction, principal: Principal, alias: str) -> Provider:
        """Return a provider. Raises Denied, NotFound."""
        principal.enter("APIKEY_LIST", _unknown(alias))
        return _found(tx, alias)

    def create(
        self, tx: Transaction, principal: Principal, alias: str, spec: ProviderSpec, secret: str | None
    ) -> Provider:
        """Let people sign in with a provider. Raises Denied, Invalid, Conflict (alias)."""
        principal.require("APIKEY_SAVE", workspace=None)
        self._require_everything(principal)
        check_name(alias, "an identity provider", field="/alias")
        spec.check()
        if ProviderStore(tx).get(alias) is not None:
            raise taken(f"there is an identity provider '{alias}' already", field="/alias")
        provider = Provider(
            alias=alias,
            created_at=self._basics.clock(),
            client_secret=self._sealed(alias, secret),
            **members(spec),
        )
        return self._changes.tell(tx, principal.author, EventType.CREATED, ProviderStore(tx).add(provider))

    def update(
        self, tx: Transaction, principal: Principal, alias: str, spec: ProviderSpec, secret: str | None
    ) -> Provider:
        """Change a provider; without a secret the one that is there stays. Raises Denied, Invalid, NotFound."""
        principal.enter("APIKEY_SAVE", _unknown(alias))
        self._require_everything(principal)
        before = _found(tx, alias)
        spec.check()
        after = changed(before, spec)
        if secret is not None:
            after = replace(after, client_secret=self._sealed(alias, secret))
        if after == before:
            return before
        return self._changes.tell(tx, principal.author, EventType.CHANGED, ProviderStore(tx).save(after), before=before)

    def delete(self, tx: Transaction, principal: Principal, alias: str) -> None:
        """Let nobody sign in with a provider any more; accounts stay. Deleting it again changes nothing. Raises Denied, NotFound."""
        principal.enter("APIKEY_DELETE", _unknown(alias))
        self._require_everything(principal)
        if ProviderStore(tx).get(alias) is None and self._changes.deleted_just_now(tx, principal.author, alias):
            return
        provider = _found(tx, alias)
        ProviderStore(tx).remove(provider)
        self._changes.tell(tx, principal.author, EventType.DELETED, provider)

    def people(self, tx: Transaction, principal: Principal) -> Mapping[str, int]:
        """Return how many people have signed in with each provider, if anybody has. Raises Denied."""
        principal.require("APIKEY_LIST", workspace=None)
        return IdentityStore(tx).counts()

    def examined(self, tx: Transaction, principal: Principal, alias: str) -> Provider:
        """Return a provider that the principal may have tried: this server sends it requests. Raises Denied, NotFound."""
        principal.enter("APIKEY_SAVE", _unknown(alias))
        return _found(tx, alias)

    def switch(self, tx: Transaction, principal: Principal, alias: str, *, enabled: bool) -> Provider:
        """Let people sign in with a provider, or do not any more. Raises Denied, NotFound."""
        principal.enter("APIKEY_SAVE", _unknown(alias))
        return self.update(tx, principal, alias, replace(_found(tx, alias), enabled=enabled), None)

    def preview(self, tx: Transaction, principal: Principal, alias: str, claims: Mapping[str, Json]) -> Preview:
        """Return what a sign-in with these claims would do. Raises Denied, NotFound."""
        provider = self.get(tx, principal, alias)
        found = told(provider, claims)
        groups = None if found.groups is None else sorted(found.groups)
        now = self._basics.clock()
        roles: dict[str, set[WorkspaceRole]] = {}
        admin_roles: set[AdminRole] = set()
        for group in groups or ():
            admin_roles.update(self._admin_bindings.roles_of_group(tx, group))
            for workspace, held in self._workspaces.roles_of_group(tx, group, now).items():
                roles.setdefault(workspace, set()).update(held)
        return Preview(
            told=found,
            groups=groups,
            admin_roles=sorted(admin_roles),
            workspaces={name: sorted(held) for name, held in sorted(roles.items())},
        )

    # For oneself

    def own(self, tx: Transaction, principal: Principal) -> Sequence[Identity]:
        """Return who one is at which providers, oldest first. Raises NotFound for machines."""
        return IdentityStore(tx).of_user(self._factors.person(tx, principal).id)

    def connect(self, tx: Transaction, principal: Principal, provider: Provider, claims: Mapping[str, Json]) -> None:
        """Let somebody sign in with a provider from now on, which vouched for who they are there.

        Doing it again changes nothing. Raises NotFound, Denied (signed in too long ago), Conflict.
        """
        user, found, now = self._factors.changing(tx, principal), told(provider, claims), self._basics.clock()
        known = IdentityStore(tx).get(provider.alias, found.subject)
        if known is not None and known.user_id == user.id:
            return
        if known is not None:
            raise Conflict(
                f"who you are at {provider.display_name} opens another account here",
                code="IdentityInUse",
                remedy="Sign in with it to get there, and disconnect it there first.",
            )
        if any(one.provider == provider.alias for one in IdentityStore(tx).of_user(user.id)):
            raise Conflict(
                f"your account is connected with somebody else at {provider.display_name}",
                code="AlreadyConnected",
                remedy="Disconnect that first.",
            )
        IdentityStore(tx).add(
            Identity(provider=provider.alias, subject=found.subject, user_id=user.id, created_at=now, used_at=now)
        )
        tell_of_sign_in(self._basics.event_log, tx, principal.author, user, "Identity Provider Connected")

    def disconnect(self, tx: Transaction, principal: Principal, alias: str) -> None:
        """Sign in with a provider no more; doing it again changes nothing. Sessions go on.

        Raises NotFound, Denied (signed in too long ago), Conflict: there is no other way to sign in.
        """
        user = self._factors.changing(tx, principal)
        identities = IdentityStore(tx).of_user(user.id)
        mine = next((one for one in identities if one.provider == alias), None)
        if mine is None:
            return
        methods = self._factors.of_user(tx, user)
        offered = {provider.alias for provider in self.offered(tx)} - {alias}
        others = methods.has_password or methods.passkeys or any(one.provider in offered for one in identities)
        if not others:
            raise Conflict(
                "this is the only way you can sign in",
                code="OnlyWay",
                remedy="Add a passkey or connect another provider first.",
            )
        IdentityStore(tx).remove(alias, mine.subject)
        tell_of_sign_in(self._basics.event_log, tx, principal.author, user, "Identity Provider Disconnected")

    # At the sign-in: no principal is asked

    def offered(self, tx: Transaction) -> Sequence[Provider]:
        """Return the providers that people can sign in with, oldest first."""
        return [provider for provider in ProviderStore(tx).where() if provider.enabled]

    def offered_one(self, tx: Transaction, alias: str) -> Provider:
        """Return a provider that people can sign in with. Raises NotFound."""
        provider = ProviderStore(tx).get(alias)
        if provider is None or not provider.enabled:
            raise NotFound(f"there is no identity provider '{alias}'")
        return provider

    def secret_of(self, provider: Provider) -> str | None:
        """Return what the server shows a provider; None if it is a public client there."""
        if provider.client_secret is None:
            return None
        return self._master_key.decrypt(provider.client_secret, context=_context(provider.alias)).decode()

    def of_user(self, tx: Transaction, user_id: UserId) -> Sequence[Identity]:
        """Return who a person is at which providers."""
        return IdentityStore(tx).of_user(user_id)

    def sign_in(self, tx: Transaction, provider: Provider, claims: Mapping[str, Json]) -> User:
        """Return the account of somebody a provider vouches for, made if it may be, with the groups that it tells.

        Raises Denied: there is no account, or it is locked, or somebody else's.
        """
        found, now = told(provider, claims), self._basics.clock()
        identities = IdentityStore(tx)
        identity = identities.get(provider.alias, found.subject)
        user = None if identity is None else self._users.by_ids(tx, [identity.user_id]).get(identity.user_id)
        if identity is None or user is None:
            user = self._account(tx, provider, found)
            identity = Identity(
                provider=provider.alias, subject=found.subject, user_id=user.id, created_at=now, used_at=now
            )
            identities.add(identity)
        if user.disabled:
            raise Denied("your account is locked", code="AccountLocked", remedy="Ask an administrator.")
        missing = found.problem is not None
        if missing and not identity.groups_missing:
            self._warn(tx, provider, user, found.problem or "")
        identities.note_use(identity.used(now, groups_missing=missing))
        if found.groups is not None:
            self._groups.put_person(tx, user, managed=managed(provider), wanted=found.groups)
        return user

    def signed_out_there(self, tx: Transaction, alias: str, *, subject: str | None, session: str | None) -> int:
        """End the sessions that a provider says have ended; return how many. Source: OpenID Connect Back-Channel Logout §2.7."""
        if session is not None:
            return self._sessions.end_of_provider(tx, alias, session=session)
        identity = IdentityStore(tx).get(alias, subject or "")
        return 0 if identity is None else self._sessions.end_of_provider(tx, alias, user_id=identity.user_id)

    def sealed_token(self, id_token: str) -> bytes:
        """Return what a session keeps of what a provider said."""
        return self._master_key.encrypt(id_token.encode(), context="id token")

    def opened_token(self, kept: bytes) -> str:
        """Return what `sealed_token` was given."""
        return self._master_key.decrypt(kept, context="id token").decode()

    def _account(self, tx: Transaction, provider: Provider, found: Told) -> User:
        username = checked_username(found.username, provider.username_claim)
        known = self._users.signing_in(tx, username)
        if known is not None:
            if any(one.provider == provider.alias for one in IdentityStore(tx).of_user(known.id)):
                raise Denied(
                    "the account with your username is another person's",
                    code="AccountExists",
                    remedy="Ask an administrator: the identity provider has given a username again.",
                )
            if provider.link_accounts or not known.has_password:
                log.info("identity linked", username=known.username, provider=provider.alias)
                return known
            raise Denied(
                "there is an account with your username already, which has a password",
                code="AccountExists",
                remedy="Sign in with that password, or ask an administrator to let this provider use such accounts.",
            )
        if not provider.create_accounts:
            raise Denied(
                "you have no account here",
                code="NoAccount",
                remedy="Ask an administrator for one with your username.",
            )
        email = found.email if found.email and self._users.email_is_free(tx, found.email) else ""
        new = NewUser(username=username, first_name=found.first_name, last_name=found.last_name, email=email)
        return self._users.made_by_provider(tx, new)

    def _warn(self, tx: Transaction, provider: Provider, user: User, problem: str) -> None:
        log.warning("groups were not told", username=user.username, provider=provider.alias, problem=problem)
        self._basics.event_log.append(
            tx,
            SYSTEM,
            "Groups Not Told",
            EventType.REJECTED,
            workspace=None,
            subject_kind="user",
            subject_id=str(user.id),
            description=f"{problem}; '{user.username}' keeps those of before",
            content={"username": user.username, "provider": provider.alias},
        )

    def _require_everything(self, principal: Principal) -> None:
        principal.require_holds(ADMIN_ROLES[AdminRole.ORGANIZATION_ADMIN], "", of="an identity provider")

    def _sealed(self, alias: str, secret: str | None) -> bytes | None:
        return self._master_key.encrypt(secret.encode(), context=_context(alias)) if secret else None


def _found(tx: Transaction, alias: str) -> Provider:
    provider = ProviderStore(tx).get(alias)
    if provider is None:
        raise _unknown(alias)
    return provider


def _unknown(alias: str) -> NotFound:
    return NotFound(f"there is no identity provider '{alias}'")


def _context(alias: str) -> str:
    return f"secret of identity provider {alias}"
