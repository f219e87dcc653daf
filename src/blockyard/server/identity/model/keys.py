"""API keys: the identity of a machine. Source: api.md 3.12, concepts.md 19."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.model import Author
from blockyard.server.identity.model.codes import ALL, everywhere
from blockyard.server.identity.model.principal import Principal
from blockyard.server.kit.errors import Denied, Invalid

ApiKeyId = NewType("ApiKeyId", UUID)


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What an operator sets for API keys. Source: concepts.md 19.

    Attributes:
        per_workspace: how many a workspace may have unless an administrator adds more.
        max_days: within how many days a key must end; 0 if it need not end.
    """

    per_workspace: int = 10
    max_days: int = 0

    def check_end(self, expires_at: date | None, at: datetime) -> None:
        """Raise Invalid if a key with this last day lives too long."""
        if self.max_days == 0:
            return
        latest = at.date() + timedelta(days=self.max_days)
        if expires_at is None or expires_at > latest:
            raise Invalid(
                f"API keys of this installation end within {self.max_days} days",
                code="LivesTooLong",
                field="/spec/expiresAt",
                remedy=f"Send {latest} or an earlier day.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """What the owner of a key decides."""

    display_name: str
    permissions: tuple[str, ...]
    expires_at: date | None

    def check(self, at: datetime) -> None:
        """Raise Invalid if a permission does not exist, or the last day is over."""
        self.check_permissions()
        if self.expires_at is not None and self.expires_at < at.date():
            raise Invalid(
                "the last day of the key lies in the past",
                code="PastExpiryDate",
                field="/spec/expiresAt",
                remedy="Choose a day from today on.",
            )

    def check_permissions(self) -> None:
        """Raise Invalid if a permission does not exist."""
        for index, code in enumerate(self.permissions):
            if code not in ALL:
                raise Invalid(
                    f"there is no permission '{code}'",
                    code="UnknownPermission",
                    field=f"/spec/permissions/{index}",
                    remedy="Use the codes the API documentation lists.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRunner:
    """The one runner that a key is for. `is_public` says whether definitions of all workspaces may use it."""

    id: UUID
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a workspace; its id is the client id, its secret is kept as a keyed hash only.

    Attributes:
        runner: the runner whose own key this is. It claims, reports and reads runs of this runner, and may do nothing else.
        epoch: counts the secrets that were drawn; tokens of an earlier one are void.
    """

    id: ApiKeyId
    workspace: str
    display_name: str
    permissions: tuple[str, ...]
    expires_at: date | None
    secret_hash: str
    created_at: datetime
    deleted_at: datetime | None = None
    last_login_at: datetime | None = None
    runner: ServedRunner | None = None
    epoch: int = 0
    revision: int = 0

    @property
    def key(self) -> ApiKeyId:
        """What addresses this key."""
        return self.id

    def usable(self, at: datetime) -> bool:
        """Whether the key is neither deleted nor past its last day."""
        return self.deleted_at is None and (self.expires_at is None or at.date() <= self.expires_at)

    def changed(self, settings: KeySettings) -> "ApiKey":
        """Return this key with new settings. Raises Invalid: the key of a runner gets permissions."""
        if self.runner is not None and settings.permissions:
            raise Invalid(
                "this key is for one runner and has no permissions besides",
                code="KeyOfRunner",
                field="/spec/permissions",
                remedy="Send an empty list, and make another key for other work.",
            )
        return replace(
            self,
            display_name=settings.display_name,
            permissions=settings.permissions,
            expires_at=settings.expires_at,
        )

    def with_secret(self, secret_hash: str) -> "ApiKey":
        """Return this key with another secret; tokens of the old one are void."""
        return replace(self, secret_hash=secret_hash, epoch=self.epoch + 1)

    def principal(self) -> Principal:
        """Return who acts with this key."""
        return Principal(
            author=Author(type="ApiKey", identifier=str(self.id), display_name=self.display_name),
            everywhere=everywhere(self.permissions),
            grants={self.workspace: frozenset(code for code in self.permissions if not code.startswith("ADM_"))},
            runner=None if self.runner is None else self.runner.id,
            key=self.id,
            last_day=self.expires_at,
        )

    def require_handled_by(self, principal: Principal) -> None:
        """Raise Denied if the key may do what `principal` may not: nobody changes or ends what is stronger than they are."""
        principal.require_holds(self._strength, self.workspace, of=f"key '{self.display_name}'")

    @property
    def _strength(self) -> tuple[str, ...]:
        """The codes whose holder may do all that the key may: who may register the runner could give it another key."""
        if self.runner is None:
            return self.permissions
        return ("ADM_BUILDINGBLOCKRUNNER_SAVE" if self.runner.is_public else "BUILDINGBLOCKRUNNER_SAVE",)

    def document(self) -> JsonObject:
        """Return what events say about this key."""
        return {
            "displayName": self.display_name,
            "permissions": list(self.permissions),
            "expiresAt": self.expires_at.isoformat() if self.expires_at else None,
            **({} if self.runner is None else {"runner": str(self.runner.id)}),
        }


def require_ends_in_time(principal: Principal, expires_at: date | None) -> None:
    """Raise Denied if a key that `principal` makes or changes would outlive the key that makes it."""
    last_day = principal.last_day
    if last_day is not None and (expires_at is None or expires_at > last_day):
        raise Denied(
            f"your own key ends on {last_day}, so a key that it makes cannot live longer",
            code="OutlivesItsMaker",
            field="/spec/expiresAt",
            remedy=f"Send {last_day} or an earlier day.",
        )


def require_may_grant(principal: Principal, workspace: str, permissions: Sequence[str]) -> None:
    """Raise Denied if one of `permissions` is more than `principal` holds: nobody hands out more than they have."""
    for index, code in enumerate(permissions):
        if not principal.holds(code, workspace):
            principal.require_covers(permissions, workspace, of="the new key", field=f"/spec/permissions/{index}")
            raise Denied(
                f"you don't have sufficient permissions: a key may only get permissions its creator has, not '{code}'",
                code="PermissionNotHeld",
                field=f"/spec/permissions/{index}",
                remedy="Leave the permission out, or ask somebody who has it.",
            )
