"""What a directory can say about people and groups here: the part of the standard's schemas that is kept.

Everything else that a directory sends is ignored. Source: RFC 7643 §4.
"""

from typing import Annotated, Any

from scim2_models import URN, Meta, Required, Resource, Uniqueness
from scim2_models.attributes import ComplexAttribute

from blockyard.server.identity.api.scim.addresses import BASE
from blockyard.server.identity.model import Profile, User
from blockyard.server.identity.service import GroupOfPeople
from blockyard.server.kit.hal import Links


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
    def email(self) -> str:
        """The primary e-mail address, or the first one; empty if there is none."""
        found = sorted(self.emails or [], key=lambda email: not email.primary)
        return next((email.value for email in found if email.value), "")

    def profile(self, before: Profile | None = None) -> Profile:
        """Return what is kept of a person; the euid stays as it is."""
        names = self.name or Name()
        given, family = names.given_name or "", names.family_name or ""
        return Profile(
            first_name=given or ("" if family else self.display_name or ""),
            last_name=family,
            email=self.email,
            euid=None if before is None else before.euid,
        )


class Member(ComplexAttribute):
    """A person in a group."""

    value: str | None = None
    display: str | None = None


class ScimGroup(Resource[Any]):  # Any: as in the library; there are no extensions
    """People who are bound together."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


def user_resource(user: User, links: Links) -> ScimUser:
    """Return a person as a directory sees them."""
    emails = [Email(value=user.email, type="work", primary=True)] if user.email else None
    return ScimUser(
        id=str(user.id),
        external_id=user.external_id,
        user_name=user.username,
        name=Name(family_name=user.last_name or None, given_name=user.first_name or None),
        display_name=user.author.display_name,
        emails=emails,
        active=not user.disabled,
        meta=Meta(resource_type="User", created=user.created_at, location=f"{links.base_url}{BASE}/Users/{user.id}"),
    )


def group_resource(found: GroupOfPeople, people: dict[str, User], links: Links) -> ScimGroup:
    """Return a group as a directory sees it; `people` has its members by username."""
    group = found.group
    members = [people[name] for name in found.usernames or [] if name in people]
    return ScimGroup(
        id=str(group.id),
        external_id=group.external_id,
        display_name=group.display_name,
        members=[Member(value=str(user.id), display=user.username) for user in members],
        meta=Meta(
            resource_type="Group", created=group.created_at, location=f"{links.base_url}{BASE}/Groups/{group.id}"
        ),
    )
