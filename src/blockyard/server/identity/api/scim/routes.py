"""The routes of SCIM. Source: RFC 7644 §3, §4.

They stay out of the OpenAPI document: the standard describes them, and `/Schemas` says which attributes are kept.
"""

import re
from http import HTTPStatus
from typing import Annotated, Protocol, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Body, Request, Response
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    Patch,
    ResourceType,
    SCIMException,
    ServiceProviderConfig,
    Sort,
)

from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.api.people import checked_email, checked_username
from blockyard.server.identity.api.scim import answering
from blockyard.server.identity.api.scim.addresses import BASE
from blockyard.server.identity.api.scim.answering import MEDIA, ScimJson, ScimRoute, Search
from blockyard.server.identity.api.scim.resources import (
    ScimGroup,
    ScimUser,
    group_resource,
    schemas,
    user_resource,
)
from blockyard.server.identity.model import FromDirectory, NewUser, Principal, Profile, User, UserId, folded
from blockyard.server.identity.model.groups import GroupId
from blockyard.server.identity.service import GroupOfPeople, GroupService, Person, UserService
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Invalid, NotFound, require_same
from blockyard.server.kit.hal import Links
from blockyard.server.kit.paging import MAX_SIZE, Page
from blockyard.server.kit.wire import WireJson

Sent: TypeAlias = Annotated[dict[str, WireJson], Body(media_type=MEDIA)]

_USER_FILTERS = {
    "userName": "username_key",
    "externalId": "external_id",
    "emails.value": "email_key",
    "emails": "email_key",
    "id": "id",
}
_GROUP_FILTERS = {"displayName": "display_name_key", "externalId": "external_id", "id": "id"}
_UNSAFE = re.compile(r"[/\\?#%\s]+")


def routes_below(db: Database, users: UserService, groups: GroupService, links: Links) -> APIRouter:
    """Return the routes of SCIM."""
    router = APIRouter(prefix=BASE, route_class=ScimRoute, include_in_schema=False)
    people, members = _Users(users, links), _Groups(groups, users, links)
    _add_users(router, db, people)
    _add_groups(router, db, members)
    _add_search(router, db, people, members)
    _add_description(router)
    return router


class _Find(Protocol):
    """Returns a page of people or groups, as if others had `after` of them before."""

    def __call__(
        self, tx: Transaction, principal: Principal, search: Search, *, after: int
    ) -> Page[ScimUser] | Page[ScimGroup]: ...


class _Users:
    """People, as a directory sees and changes them."""

    def __init__(self, users: UserService, links: Links) -> None:
        self.users, self._links = users, links

    def shown(self, person: Person) -> ScimUser:
        return user_resource(person.user, self._links)

    def page(self, tx: Transaction, principal: Principal, search: Search, *, after: int = 0) -> Page[ScimUser]:
        asked = answering.wanted(ScimUser, search, _USER_FILTERS)
        return self.users.page(tx, principal, answering.page_of(search, after=after), asked).map(self.shown)

    def create(self, tx: Transaction, principal: Principal, sent: ScimUser) -> ScimUser:
        profile = _profile(sent)
        new = NewUser(
            username=_username(sent.user_name or ""),
            first_name=profile.first_name,
            last_name=profile.last_name,
            email=profile.email,
        )
        made = self.users.create(tx, principal, new, directory=_from_directory(sent))
        return self._with_activity(tx, principal, made, sent)

    def replace(self, tx: Transaction, principal: Principal, user_id: UserId, sent: ScimUser) -> ScimUser:
        sent.external_id = sent.external_id or self.users.get(tx, principal, user_id).user.external_id
        return self._change(tx, principal, user_id, sent)

    def _change(self, tx: Transaction, principal: Principal, user_id: UserId, sent: ScimUser) -> ScimUser:
        before = self.users.get(tx, principal, user_id).user
        wanted = before.username if sent.user_name is None else sent.user_name
        require_same("a user", {"/userName": (folded(before.username), folded(wanted))})
        changed = self.users.update(tx, principal, user_id, _profile(sent, before), directory=_from_directory(sent))
        return self._with_activity(tx, principal, changed, sent)

    def patch(self, tx: Transaction, principal: Principal, user_id: UserId, body: dict[str, WireJson]) -> ScimUser:
        before = self.shown(self.users.get(tx, principal, user_id))
        shown = before.display_name
        after = answering.patched(before, body)
        if after.display_name != shown and after.display_name:
            first, _, last = after.display_name.partition(" ")
            names = after.name
            if names is not None and f"{names.given_name or ''} {names.family_name or ''}".strip() == (shown or ""):
                names.given_name, names.family_name = first, last or None
        if after.display_name == shown:  # said by us: names that were removed do not come back from it
            after.display_name = None
        if after.active is None:
            raise Invalid(
                "whether somebody may sign in cannot be removed",
                code="Immutable",
                field="/active",
                remedy="Send true or false.",
            )
        return self._change(tx, principal, user_id, after)

    def _with_activity(self, tx: Transaction, principal: Principal, person: Person, sent: ScimUser) -> ScimUser:
        disabled = sent.active is False
        if sent.active is not None and person.user.disabled is not disabled:
            person = self.users.lock(tx, principal, person.user.id, disabled=disabled)
        return self.shown(person)


def _add_users(router: APIRouter, db: Database, people: _Users) -> None:
    users = people.users

    async def listed(principal: Principal, search: Search) -> Response:
        found = await db.read(lambda tx: people.page(tx, principal, search))
        return answering.listed(found.items, found.total, search)

    @router.get("/Users")
    async def list_users(request: Request, principal: CurrentPrincipal) -> Response:
        return await listed(principal, answering.search_of(request))

    @router.post("/Users/.search")
    async def search_users(body: Sent, principal: CurrentPrincipal) -> Response:
        return await listed(principal, answering.search_in(body))

    @router.post("/Users")
    async def create_user(body: Sent, principal: CurrentPrincipal) -> Response:
        sent = answering.read(ScimUser, body, Context.RESOURCE_CREATION_REQUEST)
        made = await db.write(lambda tx: people.create(tx, principal, sent))
        return answering.one(made, HTTPStatus.CREATED)

    @router.get("/Users/{uuid}")
    async def read_user(uuid: str, request: Request, principal: CurrentPrincipal) -> Response:
        search = answering.search_of(request)
        person = await db.read(lambda tx: users.get(tx, principal, _user_id(uuid)))
        return answering.one(people.shown(person), search=search)

    @router.put("/Users/{uuid}")
    async def replace_user(uuid: str, body: Sent, principal: CurrentPrincipal) -> Response:
        sent = answering.read(ScimUser, body, Context.RESOURCE_REPLACEMENT_REQUEST)
        return answering.one(await db.write(lambda tx: people.replace(tx, principal, _user_id(uuid), sent)))

    @router.patch("/Users/{uuid}")
    async def patch_user(uuid: str, body: Sent, principal: CurrentPrincipal) -> Response:
        return answering.one(await db.write(lambda tx: people.patch(tx, principal, _user_id(uuid), body)))

    @router.delete("/Users/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_user(uuid: str, principal: CurrentPrincipal) -> None:
        await db.write(lambda tx: users.delete(tx, principal, _user_id(uuid), whatever_it_owns=True))


class _Groups:
    """Groups of the installation, as a directory sees and changes them."""

    def __init__(self, groups: GroupService, users: UserService, links: Links) -> None:
        self.groups, self._users, self._links = groups, users, links

    def shown(self, tx: Transaction, *found: GroupOfPeople) -> list[ScimGroup]:
        usernames = {name for one in found for name in one.usernames or []}
        people: dict[str, User] = {user.username: user for user in self._users.people(tx, usernames)}
        return [group_resource(one, people, self._links) for one in found]

    def page(self, tx: Transaction, principal: Principal, search: Search, *, after: int = 0) -> Page[ScimGroup]:
        asked = answering.wanted(ScimGroup, search, _GROUP_FILTERS)
        found = self.groups.of_installation(tx, principal, answering.page_of(search, after=after), asked)
        return Page(self.shown(tx, *found.items), found.total, found.request)

    def create(self, tx: Transaction, principal: Principal, sent: ScimGroup) -> ScimGroup:
        display_name = _display_name(sent)
        made = self.groups.create(
            tx,
            principal,
            name=_UNSAFE.sub("-", display_name).strip("-.") or "group",
            display_name=display_name,
            workspace=None,
            usernames=self._usernames(tx, sent),
            external_id=answering.kept(sent.external_id, "externalId"),
        )
        return self.shown(tx, made)[0]

    def change(self, tx: Transaction, principal: Principal, group_id: GroupId, sent: ScimGroup) -> ScimGroup:
        before = self.groups.by_id(tx, principal, group_id).group
        changed = self.groups.update(
            tx,
            principal,
            before.name,
            display_name=_display_name(sent),
            usernames=self._usernames(tx, sent),
            external_id=answering.kept(sent.external_id, "externalId"),
        )
        return self.shown(tx, changed)[0]

    def patch(self, tx: Transaction, principal: Principal, group_id: GroupId, body: dict[str, WireJson]) -> ScimGroup:
        before = self.shown(tx, self.groups.by_id(tx, principal, group_id, will_change=True))[0]
        after = answering.patched(before, body)
        after.external_id = after.external_id or ""
        return self.change(tx, principal, group_id, after)

    def delete(self, tx: Transaction, principal: Principal, group_id: GroupId) -> None:
        self.groups.delete(tx, principal, self.groups.by_id(tx, principal, group_id).group.name)

    def _usernames(self, tx: Transaction, sent: ScimGroup) -> set[str]:
        ids = {_member_id(member.value or "") for member in sent.members or []}
        known = self._users.by_ids(tx, ids)
        if unknown := sorted(str(user_id) for user_id in ids - known.keys()):
            raise Invalid(
                f"there is no user {unknown[0]}",
                code="UnknownUser",
                field="/members",
                remedy="Provision the members before the group.",
            )
        return {user.username for user in known.values()}


def _add_groups(router: APIRouter, db: Database, members: _Groups) -> None:
    groups = members.groups

    async def listed(principal: Principal, search: Search) -> Response:
        found = await db.read(lambda tx: members.page(tx, principal, search))
        return answering.listed(found.items, found.total, search)

    @router.get("/Groups")
    async def list_groups(request: Request, principal: CurrentPrincipal) -> Response:
        return await listed(principal, answering.search_of(request))

    @router.post("/Groups/.search")
    async def search_groups(body: Sent, principal: CurrentPrincipal) -> Response:
        return await listed(principal, answering.search_in(body))

    @router.post("/Groups")
    async def create_group(body: Sent, principal: CurrentPrincipal) -> Response:
        sent = answering.read(ScimGroup, body, Context.RESOURCE_CREATION_REQUEST)
        made = await db.write(lambda tx: members.create(tx, principal, sent))
        return answering.one(made, HTTPStatus.CREATED)

    @router.get("/Groups/{uuid}")
    async def read_group(uuid: str, request: Request, principal: CurrentPrincipal) -> Response:
        search = answering.search_of(request)
        found = await db.read(lambda tx: members.shown(tx, groups.by_id(tx, principal, _group_id(uuid)))[0])
        return answering.one(found, search=search)

    @router.put("/Groups/{uuid}")
    async def replace_group(uuid: str, body: Sent, principal: CurrentPrincipal) -> Response:
        sent = answering.read(ScimGroup, body, Context.RESOURCE_REPLACEMENT_REQUEST)
        return answering.one(await db.write(lambda tx: members.change(tx, principal, _group_id(uuid), sent)))

    @router.patch("/Groups/{uuid}")
    async def patch_group(uuid: str, body: Sent, principal: CurrentPrincipal) -> Response:
        return answering.one(await db.write(lambda tx: members.patch(tx, principal, _group_id(uuid), body)))

    @router.delete("/Groups/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_group(uuid: str, principal: CurrentPrincipal) -> None:
        await db.write(lambda tx: members.delete(tx, principal, _group_id(uuid)))


def _add_search(router: APIRouter, db: Database, people: _Users, members: _Groups) -> None:
    @router.post("/.search")
    async def search(body: Sent, principal: CurrentPrincipal) -> Response:
        """Return people, then groups; what a filter asks for that only one of them has, the other is without."""
        wanted = answering.search_in(body)

        def found(tx: Transaction) -> Response:
            pages: list[Page[ScimUser] | Page[ScimGroup]] = []
            refusals: list[Exception] = []
            find: tuple[_Find, ...] = (people.page, members.page)
            for page_of in find:
                try:
                    pages.append(page_of(tx, principal, wanted, after=sum(page.total for page in pages)))
                except (Invalid, SCIMException) as refusal:
                    refusals.append(refusal)
            if not pages:
                raise refusals[0]
            total = sum(page.total for page in pages)
            return answering.listed([one for page in pages for one in page.items], total, wanted)

        return await db.read(found)


def _add_description(router: APIRouter) -> None:
    types = [
        ResourceType(id="User", name="User", endpoint="/Users", schema_=str(ScimUser.__schema__)),
        ResourceType(id="Group", name="Group", endpoint="/Groups", schema_=str(ScimGroup.__schema__)),
    ]
    described = schemas()
    answers = {
        "/ServiceProviderConfig": answering.shown(_configuration()),
        "/ResourceTypes": _all([answering.shown(each) for each in types]),
        "/Schemas": _all([answering.shown(each) for each in described]),
        **{f"/ResourceTypes/{each.id}": answering.shown(each) for each in types},
        **{f"/Schemas/{each.id}": answering.shown(each) for each in described},
    }

    @router.get("/{what:path}")
    async def describe(what: str, principal: CurrentPrincipal) -> Response:
        principal.require_any_code()
        if (answer := answers.get(f"/{what}")) is None:
            raise NotFound(f"there is nothing at {BASE}/{what}")
        return ScimJson(answer)


def _configuration() -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_SIZE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[
            AuthenticationScheme(
                type="oauthbearertoken", name="Bearer token", description="The token of an API key, from /api/login."
            )
        ],
    )


def _all(documents: list[dict[str, object]]) -> dict[str, object]:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(documents),
        "startIndex": 1,
        "itemsPerPage": len(documents),
        "Resources": documents,
    }


def _user_id(text: str) -> UserId:
    return UserId(_uuid(text, "user"))


def _group_id(text: str) -> GroupId:
    return GroupId(_uuid(text, "group"))


def _member_id(text: str) -> UserId:
    try:
        return UserId(UUID(text))
    except ValueError:
        raise Invalid(
            f"there is no user '{text}'", code="UnknownUser", field="/members", remedy="Send the ids of users."
        ) from None


def _uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"there is no {what} '{text}'") from None


def _username(text: str) -> str:
    if not text:
        raise _bad("a username must not be empty", "/userName")
    try:
        return checked_username(text)
    except ValueError as error:
        raise _bad(f"a username {error}", "/userName") from None


def _profile(sent: ScimUser, before: Profile | None = None) -> Profile:
    profile = sent.profile(before)
    answering.kept(profile.first_name, "name.givenName")
    answering.kept(profile.last_name, "name.familyName")
    answering.kept(_email(profile.email), "emails.value")
    return profile


def _from_directory(sent: ScimUser) -> FromDirectory:
    found = sent.from_directory()
    answering.kept(found.external_id, "externalId")
    answering.kept(found.email_type, "emails.type")
    return found


def _email(text: str) -> str:
    try:
        return checked_email(text)
    except ValueError as error:
        raise _bad(f"an e-mail address {error}", "/emails") from None


def _display_name(group: ScimGroup) -> str:
    name = answering.kept(group.display_name, "displayName") or ""
    if not name.strip():
        raise _bad("the display name of a group must not be blank", "/displayName")
    return name


def _bad(sentence: str, field: str) -> Invalid:
    return Invalid(sentence, code="InvalidValue", field=field, remedy="Change it in the directory.")
