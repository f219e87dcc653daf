"""What a directory can say about people and groups here: the part of the standard's schemas that is kept.

Everything else that a directory sends is ignored. Source: RFC 7643 §4.
"""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import URN, Meta, Mutability, Reference, Required, Resource, Schema, Uniqueness
from scim2_models.attributes import ComplexAttribute

from blockyard.server.identity.api.scim.addresses import BASE
from blockyard.server.identity.model import FromDirectory, Profile, User
from blockyard.server.identity.service import GroupOfPeople
from blockyard.server.kit.hal import Links

_WORK = "work"
"""What an e-mail address is called that no directory called anything."""


class Name(ComplexAttribute):
    """The names of a person."""

    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """An e-mail address."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class ScimUser(Resource[Any]):  # Any: as in the library; there are no extensions
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    emails: list[Email] | None = None
    active: bool | None = None

    @property
    def email(self) -> Email:
        """The primary e-mail address, or the one for work, or the first one; an empty one if there is none."""
        found = sorted(self.emails or [], key=lambda email: (not email.primary, email.type != _WORK))
        return next((email for email in found if email.value), Email())

    def from_directory(self) -> FromDirectory:
        """Return what only directories say."""
        email = self.email
        return FromDirectory(
            external_id=self.external_id,
            email_type=email.type or _WORK,
            email_primary=email.primary is not False,
        )

    def profile(self, before: Profile | None = None) -> Profile:
        """Return what is kept of a person; the euid stays as it is."""
        names = self.name or Name()
        given, family = names.given_name or "", names.family_name or ""
        return Profile(
            first_name=given or ("" if family else self.display_name or ""),
            last_name=family,
            email=self.email.value or "",
            euid=None if before is None else before.euid,
        )


class Member(ComplexAttribute):
    """A person in a group."""

    value: str | None = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(default=None, examples=["User"])


class ScimGroup(Resource[Any]):  # Any: as in the library; there are no extensions
    """People who are bound together."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


def user_resource(user: User, links: Links) -> ScimUser:
    """Return a person as a directory sees them."""
    emails = [Email(value=user.email, type=user.email_type, primary=user.email_primary)] if user.email else None
    return ScimUser(
        id=str(user.id),
        external_id=user.external_id,
        user_name=user.username,
        name=Name(family_name=user.last_name or None, given_name=user.first_name or None),
        display_name=user.author.display_name,
        emails=emails,
        active=not user.disabled,
        meta=Meta(resource_type="User", created=user.created_at, location=_location(links, user)),
    )


def group_resource(found: GroupOfPeople, people: dict[str, User], links: Links) -> ScimGroup:
    """Return a group as a directory sees it; `people` has its members by username."""
    group = found.group
    members = [people[name] for name in found.usernames or [] if name in people]
    return ScimGroup(
        id=str(group.id),
        external_id=group.external_id,
        display_name=group.display_name,
        members=[
            Member.model_validate({"value": str(user.id), "$ref": _location(links, user), "type": "User"})
            for user in members
        ],
        meta=Meta(
            resource_type="Group", created=group.created_at, location=f"{links.base_url}{BASE}/Groups/{group.id}"
        ),
    )


def schemas() -> list[Schema]:
    """Return what is said of the attributes. Stricter than what is read: directories say more than they may."""
    user, group = ScimUser.to_schema(), ScimGroup.to_schema()
    user.name, group.name = "User", "Group"
    for attribute in user.attributes or []:
        if attribute.name == "userName":
            attribute.mutability = Mutability.immutable
        elif attribute.name == "displayName":  # made of the names; read where there are none
            attribute.mutability = Mutability.read_only
        elif attribute.name == "active":  # true if it is left out; never without a value
            attribute.required = Required.true
    return [user, group]


def _location(links: Links, user: User) -> str:
    return f"{links.base_url}{BASE}/Users/{user.id}"
