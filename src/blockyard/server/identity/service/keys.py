"""API keys: handing them out, changing, deleting, signing in with one. Source: api.md 3.12, concepts.md 19."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from blockyard.protocol.kinds import API_KEY
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import (
    ApiKey,
    ApiKeyId,
    KeyLimits,
    KeySettings,
    Principal,
    ServedRunner,
    require_ends_in_time,
    require_may_grant,
)
from blockyard.server.identity.service.ports import Workspaces
from blockyard.server.identity.store import KeyStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, NotFound, require_same
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MasterKey, same

_LOGIN_STEP = timedelta(minutes=1)
"""The last sign-in is written at most once per step: controllers sign in every few seconds."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key, and its secret where it is shown: once, when it was drawn."""

    api_key: ApiKey
    secret: str | None = field(default=None, repr=False)

    @property
    def key(self) -> ApiKeyId:
        """What addresses the key."""
        return self.api_key.id


class ApiKeyService:
    """Use cases of API keys."""

    def __init__(
        self,
        basics: Basics,
        *,
        master_key: MasterKey,
        workspaces: Workspaces,
        limits: KeyLimits,
        draw_secret: Callable[[], str] = new_secret,
    ) -> None:
        self._basics = basics
        self._master_key = master_key
        self._changes: Changes[ApiKey] = Changes(basics.event_log, API_KEY, "API Key", ApiKey.document)
        self._workspaces = workspaces
        self._limits = limits
        self._draw_secret = draw_secret

    def create(
        self,
        tx: Transaction,
        principal: Principal,
        workspace: str,
        settings: KeySettings,
        *,
        runner: ServedRunner | None = None,
    ) -> IssuedKey:
        """Make a key of `workspace`, or the own key of a runner, for the runners feature, which asks for its rights.

        Raises Denied, Invalid, NotFound, Conflict (too many keys).
        """
        principal.require("APIKEY_SAVE", workspace=workspace)
        settings.check(self._basics.clock())
        if runner is None:
            self._limits.check_end(settings.expires_at, self._basics.clock())
        self._workspaces.require_active(tx, workspace)
        require_may_grant(principal, workspace, settings.permissions)
        require_ends_in_time(principal, settings.expires_at)
        keys = KeyStore(tx)
        if "APIKEY_SAVE" not in principal.everywhere and keys.count_of(workspace) >= self._limits.per_workspace:
            raise Conflict(
                f"workspace '{workspace}' has {self._limits.per_workspace} API keys already",
                code="TooManyApiKeys",
                remedy="Delete a key that is not used any more, or ask an administrator.",
            )
        secret = self._draw_secret()
        key = self._new(ApiKeyId(self._basics.new_id()), workspace, settings, secret, runner)
        self._changes.tell(tx, principal.author, EventType.CREATED, keys.add(key))
        return IssuedKey(key, secret)

    def get(self, tx: Transaction, principal: Principal, key_id: ApiKeyId) -> ApiKey:
        """Return a key. Raises Denied, NotFound."""
        return self._allowed(tx, principal, "APIKEY_LIST", key_id)

    def own(self, tx: Transaction, principal: Principal) -> ApiKey:
        """Return the key that asks; it needs no permission. Raises NotFound: it is a person, or a run token, who asks."""
        key = None if principal.key is None else KeyStore(tx).get(ApiKeyId(principal.key))
        if key is None:
            raise NotFound(
                "no API key asks here", code="NoApiKey", remedy="Sign in with an API key to read what it may do."
            )
        return key

    def of_workspace(self, tx: Transaction, principal: Principal, workspace: str) -> Sequence[ApiKey]:
        """Return all keys of a workspace, oldest first. Raises Denied, NotFound."""
        sentence = f"there is no workspace '{workspace}'"
        principal.require_in("APIKEY_LIST", workspace, hide=sentence)
        if not self._workspaces.exists(tx, workspace):
            raise NotFound(sentence)
        return KeyStore(tx).all_of(workspace)

    def of_own_workspaces(self, tx: Transaction, principal: Principal) -> Sequence[ApiKey]:
        """Return the keys of all workspaces in which the principal may see them by a role, oldest first."""
        return KeyStore(tx).of_workspaces(
            [name for name in principal.grants if principal.allows("APIKEY_LIST", workspace=name)]
        )

    def with_code(self, tx: Transaction, names: Collection[str], code: str) -> Sequence[ApiKey]:
        """Return the keys of some workspaces that have a permission; for other services: nobody is asked."""
        return [key for key in KeyStore(tx).of_workspaces(names) if code in key.permissions]

    def update(
        self, tx: Transaction, principal: Principal, key_id: ApiKeyId, workspace: str, settings: KeySettings
    ) -> IssuedKey:
        """Change a key; another last day draws a new secret and voids the old one. Raises Denied, Invalid, NotFound."""
        before = self._allowed(tx, principal, "APIKEY_SAVE", key_id)
        require_same("an API key", {"/metadata/ownedByWorkspace": (before.workspace, workspace)})
        if settings.expires_at != before.expires_at:
            settings.check(self._basics.clock())
            self._limits.check_end(settings.expires_at, self._basics.clock())
            require_ends_in_time(principal, settings.expires_at)
        else:
            settings.check_permissions()
        before.require_handled_by(principal)
        require_may_grant(principal, before.workspace, settings.permissions)
        after = before.changed(settings)
        if after == before:
            return IssuedKey(before)
        secret = self._draw_secret() if after.expires_at != before.expires_at else None
        if secret is not None:
            after = after.with_secret(self._hash(after.id, secret))
        after = KeyStore(tx).save(after)
        self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)
        return IssuedKey(after, secret)

    def rotate(self, tx: Transaction, principal: Principal, key_id: ApiKeyId) -> IssuedKey:
        """Draw a new secret; the old one and its tokens are void. Raises Denied, NotFound."""
        before = self._allowed(tx, principal, "APIKEY_SAVE", key_id)
        before.require_handled_by(principal)
        require_ends_in_time(principal, before.expires_at)
        secret = self._draw_secret()
        after = KeyStore(tx).save(before.with_secret(self._hash(before.id, secret)))
        self._basics.event_log.append(
            tx,
            principal.author,
            "API Key Rotated",
            EventType.CHANGED,
            workspace=after.workspace,
            subject_kind=API_KEY.name,
            subject_id=str(after.id),
            content=after.document(),
        )
        return IssuedKey(after, secret)

    def delete(self, tx: Transaction, principal: Principal, key_id: ApiKeyId) -> None:
        """Delete a key; deleting it again changes nothing. Raises Denied, NotFound."""
        key = principal.opened("APIKEY_DELETE", KeyStore(tx).get(key_id), _unknown(key_id))
        if key.deleted_at is None:
            key.require_handled_by(principal)
            self._delete(tx, principal.author, key)

    def revoke_all(self, tx: Transaction, principal: Principal, workspace: str) -> None:
        """Delete all keys of a workspace that is being deleted; for the workspaces feature. Raises Denied (a stronger key)."""
        for key in KeyStore(tx).all_of(workspace):
            key.require_handled_by(principal)
            self._delete(tx, principal.author, key)

    def revoke_of_runner(self, tx: Transaction, principal: Principal, runner_id: UUID) -> None:
        """Delete the own keys of a runner that is being deleted; for the runners feature, which asks for the right to do so."""
        for key in KeyStore(tx).of_runner(runner_id):
            self._delete(tx, principal.author, key)

    def sign_in(self, tx: Transaction, client_id: str, secret: str) -> ApiKey | None:
        """Return the key if `secret` is its secret, it is usable and its workspace lives, else None; changes nothing."""
        key_id = _parse(client_id)
        key = KeyStore(tx).get(key_id) if key_id is not None else None
        if key is None or not same(key.secret_hash, self._hash(key.id, secret)):
            return None
        return key if key.usable(self._basics.clock()) and self._workspaces.exists(tx, key.workspace) else None

    def login_note_due(self, key: ApiKey) -> bool:
        """Whether it is time to write down that the key is in use."""
        return key.last_login_at is None or self._basics.clock() - key.last_login_at >= _LOGIN_STEP

    def note_login(self, tx: Transaction, key: ApiKey) -> None:
        """Write down that somebody signed in with the key just now."""
        KeyStore(tx).note_login(key.id, self._basics.clock())

    def knows(self, tx: Transaction, client_id: str, secret: str) -> bool:
        """Return whether these are id and secret of a key that exists; for the application's own files."""
        key_id = _parse(client_id)
        key = None if key_id is None else KeyStore(tx).get(key_id)
        return key is not None and same(key.secret_hash, self._hash(key.id, secret))

    def seed(
        self,
        tx: Transaction,
        *,
        client_id: UUID,
        client_secret: str,
        workspace: str,
        display_name: str,
        permissions: Collection[str],
        runner: ServedRunner | None = None,
    ) -> None:
        """Make sure there is a key with this id, secret and permissions; for the application at its start.

        A key that an earlier version gave permissions for all runners becomes the own key of `runner`.
        """
        keys = KeyStore(tx)
        key_id = ApiKeyId(client_id)
        settings = KeySettings(display_name=display_name, permissions=tuple(sorted(permissions)), expires_at=None)
        known = keys.get(key_id)
        if known is None:
            key = self._new(key_id, workspace, settings, client_secret, runner)
            self._changes.tell(tx, SYSTEM, EventType.CREATED, keys.add(key))
            return
        wanted = replace(known.changed(settings), deleted_at=None, runner=runner)
        if known.secret_hash != (secret_hash := self._hash(key_id, client_secret)):
            wanted = wanted.with_secret(secret_hash)
        if wanted != known:
            self._changes.tell(tx, SYSTEM, EventType.CHANGED, keys.save(wanted), before=known)

    def _new(
        self, key_id: ApiKeyId, workspace: str, settings: KeySettings, secret: str, runner: ServedRunner | None
    ) -> ApiKey:
        return ApiKey(
            id=key_id,
            workspace=workspace,
            display_name=settings.display_name,
            permissions=settings.permissions,
            expires_at=settings.expires_at,
            secret_hash=self._hash(key_id, secret),
            created_at=self._basics.clock(),
            runner=runner,
        )

    def _hash(self, key_id: ApiKeyId, secret: str) -> str:
        return self._master_key.digest(secret, context=f"api key {key_id}")

    def _allowed(self, tx: Transaction, principal: Principal, code: str, key_id: ApiKeyId) -> ApiKey:
        return principal.opened(code, KeyStore(tx).living(key_id), _unknown(key_id))

    def _delete(self, tx: Transaction, author: Author, key: ApiKey) -> None:
        gone = KeyStore(tx).save(replace(key, deleted_at=self._basics.clock(), secret_hash=""))
        self._changes.tell(tx, author, EventType.DELETED, gone)


def _unknown(key_id: ApiKeyId) -> NotFound:
    return NotFound(f"there is no API key {key_id}")


def _parse(client_id: str) -> ApiKeyId | None:
    try:
        return ApiKeyId(UUID(client_id))
    except ValueError:
        return None
