"""What a tag definition is, and what has tags. Source: api.md 2.3, 3.7, concepts.md 20."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.names import check_free_name
from blockyard.server.tags.model.value_types import ValueType, check_value_type

TagDefinitionId = NewType("TagDefinitionId", UUID)
Tags = Mapping[str, Sequence[str]]

MAX_DEFINITIONS = 256
"""How many tag definitions an installation may have. Source: concepts.md 20."""


class TargetKind(StrEnum):
    """The kinds of things that have tags."""

    WORKSPACE = "meshWorkspace"
    PROJECT = "meshProject"
    LANDING_ZONE = "meshLandingZone"
    PAYMENT_METHOD = "meshPaymentMethod"
    DEFINITION = "meshBuildingBlockDefinition"
    PROJECT_ROLE = "meshProjectRole"
    PRINCIPAL = "meshPrincipal"

    @property
    def saved_by(self) -> str:
        """The permission that changes such things; who has it everywhere may set restricted tags."""
        return _SAVED_BY[self]

    @property
    def gets_defaults(self) -> bool:
        """Whether a new thing gets the defaults of restricted tags. Source: api.md 2.3."""
        return self in {TargetKind.PROJECT, TargetKind.LANDING_ZONE, TargetKind.DEFINITION}

    @property
    def field(self) -> str:
        """Where documents have the tags."""
        if self is TargetKind.PROJECT_ROLE:
            return "/tags"
        return "/spec/tags" if self in {TargetKind.PROJECT, TargetKind.PAYMENT_METHOD} else "/metadata/tags"


_SAVED_BY = {
    TargetKind.WORKSPACE: "WORKSPACE_SAVE",
    TargetKind.PROJECT: "PROJECT_SAVE",
    TargetKind.LANDING_ZONE: "LANDINGZONE_SAVE",
    TargetKind.PAYMENT_METHOD: "PAYMENTMETHOD_SAVE",
    TargetKind.DEFINITION: "BUILDINGBLOCKDEFINITION_SAVE",
    TargetKind.PROJECT_ROLE: "PROJECTROLE_SAVE",
    TargetKind.PRINCIPAL: "USER_SAVE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A thing with tags, as its feature tells of it.

    Attributes:
        id: what stays the same while it lives, such as the id of a project.
        name: how refusals call it, such as "project 'shop.dev'".
        workspace: whose it is; None if it belongs to no workspace.
        tags: what it has, or shall have.
    """

    kind: TargetKind
    id: str
    name: str
    workspace: str | None
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSpec:
    """What administrators say about a tag.

    Attributes:
        tag: the key that things have their values by.
        mandatory: whether a new thing needs a value, and keeps one.
        immutable: whether a value stays as it was first set.
        restricted: whether only administrators may set it.
        replication_key: what platforms call the tag.
    """

    target_kind: TargetKind
    tag: str
    value_type: ValueType
    display_name: str
    description: str
    sort_order: int
    mandatory: bool
    immutable: bool
    restricted: bool
    replication_key: str | None

    def check(self) -> None:
        """Raise Invalid if the key cannot be part of an address, or the type contradicts itself."""
        check_free_name(self.tag, "a tag definition")
        check_value_type(self.value_type, field="/spec/valueType")

    def document(self) -> JsonObject:
        """Return the members as the wire spells them; what was not sent is not there."""
        replication: JsonObject = {} if self.replication_key is None else {"replicationKey": self.replication_key}
        return {
            "targetKind": self.target_kind.value,
            "key": self.tag,
            "valueType": self.value_type.document(),
            "displayName": self.display_name,
            "description": self.description,
            "sortOrder": self.sort_order,
            "mandatory": self.mandatory,
            "immutable": self.immutable,
            "restricted": self.restricted,
            **replication,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDefinition(TagSpec):
    """Which values a tag may have on one kind of thing."""

    id: TagDefinitionId
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this tag definition: kind and key."""
        return address_of(self)

    @property
    def workspace(self) -> None:
        """Whose it is: nobody's."""
        return

    @property
    def default(self) -> Sequence[str]:
        """The values a new thing gets if it is restricted; none if there is no default."""
        return self.value_type.default


def address_of(spec: TagSpec) -> str:
    """Return what addresses a definition: kind and key."""
    return f"{spec.target_kind}.{spec.tag}"


def parse_address(text: str) -> tuple[TargetKind, str] | None:
    """Return the kind and the key that `<targetKind>.<key>` addresses, split at the first dot; None if it addresses nothing."""
    kind, dot, tag = text.partition(".")
    return (TargetKind(kind), tag) if dot and kind in set(TargetKind) else None


def require_address(spec: TagSpec, sent: str) -> None:
    """Raise Invalid unless `sent`, the name that came with a definition, is what addresses it."""
    if sent != address_of(spec):
        raise Invalid(
            f"the name of a tag definition is its kind and its key: '{address_of(spec)}'",
            code="InvalidName",
            field="/metadata/name",
            remedy="Send this name, or another kind or key.",
        )
