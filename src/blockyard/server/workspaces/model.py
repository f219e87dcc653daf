"""What a workspace and a binding are, and the rules of owners. Source: concepts.md 1, 2.2, 3; api.md 3.1, 3.2."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.kit.errors import Conflict, Denied, Invalid

MAX_OWNERS = 2
"""How many people may own a workspace. Source: concepts.md 2.2."""

OWNER_FIELD = "/metadata/ownedByWorkspace"
"""Where documents name the workspace they belong to."""

Tags = Mapping[str, Sequence[str]]


BindingId = NewType("BindingId", UUID)


class BindingKind(StrEnum):
    """Whether a binding is a person's or a group's."""

    USER = "meshWorkspaceUserBinding"
    GROUP = "meshWorkspaceGroupBinding"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSettings:
    """What the owners of a workspace decide; without `platform_builder` it stays as it is, and only administrators set it."""

    display_name: str
    tags: Tags
    platform_builder: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A team's home.

    Attributes:
        platform_builder: whether the workspace may offer definitions and have runners and integrations. What a definition
            says is executed by a runner, so this is the right to run code.
    """

    name: str
    display_name: str
    tags: Tags
    platform_builder: bool
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this workspace."""
        return self.name

    @property
    def workspace(self) -> str:
        """Whose it is: a workspace is its own."""
        return self.name

    def changed(self, settings: WorkspaceSettings) -> "Workspace":
        """Return this workspace with new settings."""
        kept = self.platform_builder if settings.platform_builder is None else settings.platform_builder
        return replace(self, display_name=settings.display_name, tags=settings.tags, platform_builder=kept)

    def require_builder(self) -> None:
        """Raise Denied unless the workspace may offer definitions and have runners and integrations."""
        if not self.platform_builder:
            raise Denied(
                f"workspace '{self.name}' is not a platform builder: it cannot save building block definitions, runners or "
                "integrations",
                code="PlatformBuilderNeeded",
                field=OWNER_FIELD,
                remedy="Ask an administrator to switch the platform builder on for this workspace.",
            )

    def document(self) -> JsonObject:
        """Return what events say about this workspace."""
        return {
            "displayName": self.display_name,
            "tags": {key: list(values) for key, values in self.tags.items()},
            "platformBuilderAccessEnabled": self.platform_builder,
        }


def check_end(expires_on: date | None, at: datetime) -> None:
    """Raise Invalid if the last day of a role is over already."""
    if expires_on is not None and expires_on < at.date():
        raise Invalid(
            "the expiry date lies in the past",
            code="PastExpiryDate",
            field="/expiryDate",
            remedy="Choose a day from today on.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBinding:
    """Who shall get which role in which workspace, until the end of which day."""

    kind: BindingKind
    name: str
    role: WorkspaceRole
    workspace: str
    subject: str
    expires_on: date | None

    def check(self, at: datetime) -> None:
        """Raise Invalid if the binding is a group's that owns, or ended before it began."""
        if self.role is WorkspaceRole.OWNER and self.kind is BindingKind.GROUP:
            raise Invalid(
                f"the role '{self.role}' cannot be given to a group",
                code="OwnerGroup",
                field="/roleRef/name",
                remedy="Bind the person who owns the workspace from now on.",
            )
        check_end(self.expires_on, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A person or a group with a role in a workspace; `ended_at` says when its last day was noticed to be over."""

    id: BindingId
    kind: BindingKind
    name: str
    role: WorkspaceRole
    workspace: str
    subject: str
    expires_on: date | None
    created_at: datetime
    deleted_at: datetime | None = None
    ended_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this binding among those of its kind."""
        return self.name

    @property
    def owns(self) -> bool:
        """Whether the binding makes somebody an owner."""
        return self.role is WorkspaceRole.OWNER

    def document(self) -> JsonObject:
        """Return what events say about this binding."""
        return {
            "name": self.name,
            "role": self.role.value,
            "subject": self.subject,
            "expiryDate": self.expires_on.isoformat() if self.expires_on else None,
        }


def parse_role(name: str, *, field: str = "/roleRef/name") -> WorkspaceRole:
    """Return the role of this name. Raises Invalid."""
    try:
        return WorkspaceRole(name)
    except ValueError:
        known = ", ".join(f"'{role}'" for role in WorkspaceRole)
        raise Invalid(
            f"there is no workspace role '{name}'",
            code="UnknownRole",
            field=field,
            remedy=f"Use one of {known}.",
        ) from None


def require_room_for_owner(owners: Iterable[Binding], subject: str) -> None:
    """Raise Conflict if two other people own the workspace already."""
    if len({binding.subject for binding in owners} - {subject}) >= MAX_OWNERS:
        raise Conflict(
            f"the workspace has {MAX_OWNERS} owners already",
            code="TooManyOwners",
            field="/roleRef/name",
            remedy="Remove one of them first.",
        )


def require_another_owner(owners: Iterable[Binding], leaving: Binding) -> None:
    """Raise Conflict if nobody owned the workspace without the binding `leaving`."""
    if all(binding.id == leaving.id for binding in owners):
        raise Conflict(
            "the workspace would have no owner left",
            code="LastOwner",
            remedy="Make somebody else an owner first, or ask an administrator.",
        )
