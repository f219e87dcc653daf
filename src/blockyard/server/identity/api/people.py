"""The routes of people: oneself, and accounts for administrators. Blockyard's own endpoints."""

import re
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import AfterValidator, Field

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.current import CurrentPrincipal
from blockyard.server.identity.api.login import address_of
from blockyard.server.identity.api.signin import SignIn
from blockyard.server.identity.model import NewUser, Principal, Profile, UserId, folded
from blockyard.server.identity.model.admin_roles import AdminRole
from blockyard.server.identity.service import Person, UserService
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links, page_at
from blockyard.server.kit.http import page_request, sent_query
from blockyard.server.kit.paging import PageRequest
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ShortText, WireJson, WireModel

_MAX_USERNAME = 255


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def checked_username(text: str) -> str:
    """Return a username. Raises ValueError: goes on from "a username"."""
    if not text.isprintable() or " " in text:
        raise ValueError("must have no white space and no characters that cannot be seen")
    if len(folded(text)) > _MAX_USERNAME:
        raise ValueError(f"must have at most {_MAX_USERNAME} characters, also as it is compared with other usernames")
    return text


def checked_email(text: str) -> str:
    """Return an e-mail address, or none. Raises ValueError: goes on from "an e-mail address"."""
    if text and not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address such as jane@example.org, or be left out")
    return text


Username = Annotated[str, Field(min_length=1, max_length=_MAX_USERNAME), AfterValidator(checked_username)]
"""A username: no white space, no control characters, nothing invisible that would make two look alike."""


class Me(WireModel):
    """Who asks and what they may do."""

    type: str
    identifier: str
    display_name: str
    username: str | None
    email: str | None
    administrator: bool
    workspaces: dict[str, list[str]]
    everywhere: list[str]


class PasswordChange(WireModel):
    """The password a person has and the one they want."""

    current_password: ShortText = Field(repr=False)
    password: ShortText = Field(repr=False)


class PasswordReset(WireModel):
    """The password a person gets from an administrator."""

    password: ShortText = Field(repr=False)


class NewAccount(WireModel):
    """What an administrator says about a new account."""

    username: Username
    password: ShortText = Field(repr=False)
    first_name: ShortText = ""
    last_name: ShortText = ""
    email: Annotated[ShortText, AfterValidator(checked_email)] = ""
    euid: ShortText | None = None
    admin: bool = False

    def account(self) -> NewUser:
        """Return the account as use cases take it."""
        return NewUser(
            username=self.username,
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            euid=self.euid,
            admin=self.admin,
        )


class ProfileIn(WireModel):
    """What an administrator says about a person."""

    first_name: ShortText = ""
    last_name: ShortText = ""
    email: Annotated[ShortText, AfterValidator(checked_email)] = ""
    euid: ShortText | None = None


class Lock(WireModel):
    """Whether an account is locked."""

    disabled: bool


class Account(WireModel):
    """An account as the API shows it."""

    uuid: str
    username: str
    first_name: str
    last_name: str
    email: str
    euid: str | None
    admin: bool
    admin_roles: list[str]
    disabled: bool
    created_on: str


def people_routes(db: Database, users: UserService, sign_in: SignIn, links: Links) -> APIRouter:
    """Return the routes of oneself and of accounts."""
    router = api_router(prefix="/api/blockyard/v1", tags=["People"])
    _add_own(router, db, users, sign_in)
    _add_accounts(router, db, users, sign_in, links)
    return router


def _add_own(router: APIRouter, db: Database, users: UserService, sign_in: SignIn) -> None:
    @router.get("/me")
    async def read_me(principal: CurrentPrincipal) -> Me:
        """Return who you are and what you may do."""
        return _me(principal)

    @router.put("/me/password", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def change_password(
        request: Request, body: Annotated[PasswordChange, Body()], principal: CurrentPrincipal
    ) -> None:
        """Choose a new password; every token and session of yours ends."""
        await db.read(lambda tx: users.changing_password(tx, principal))
        user = await sign_in.check(principal.author.identifier, body.current_password, address_of(request))
        password_hash = await sign_in.hash_new(body.password, user.names)
        await db.write(lambda tx: users.change_password(tx, principal, password_hash))


def _add_accounts(router: APIRouter, db: Database, users: UserService, sign_in: SignIn, links: Links) -> None:
    @router.get("/users")
    async def list_users(
        request: Request, principal: CurrentPrincipal, page: Annotated[PageRequest, Depends(page_request)]
    ) -> dict[str, WireJson]:
        """Return all accounts, oldest first."""
        found = await db.read(lambda tx: users.page(tx, principal, page))
        return page_at(links.own("users"), "users", found.map(_account_json), sent_query(request))

    @router.post("/users", status_code=HTTPStatus.CREATED)
    async def create_user(body: Annotated[NewAccount, Body()], principal: CurrentPrincipal) -> Account:
        """Make an account with a password, which the person has to change at the first sign-in."""
        new = body.account()
        users.require_may_create(principal, admin=new.admin)
        password_hash = await sign_in.hash_new(body.password, new.names)
        return _account(await db.write(lambda tx: users.create(tx, principal, new, password_hash)))

    @router.get("/users/{uuid}")
    async def read_user(uuid: UUID, principal: CurrentPrincipal) -> Account:
        """Return an account."""
        return _account(await db.read(lambda tx: users.get(tx, principal, UserId(uuid))))

    @router.put("/users/{uuid}")
    async def update_user(uuid: UUID, body: Annotated[ProfileIn, Body()], principal: CurrentPrincipal) -> Account:
        """Change the names, the e-mail address and the euid of a person."""
        profile = body.into(Profile)
        return _account(await db.write(lambda tx: users.update(tx, principal, UserId(uuid), profile)))

    @router.delete("/users/{uuid}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_user(uuid: UUID, principal: CurrentPrincipal) -> None:
        """Delete an account with all its roles; all its tokens and sessions end."""
        await db.write(lambda tx: users.delete(tx, principal, UserId(uuid)))

    @router.put("/users/{uuid}/password", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def reset_password(uuid: UUID, body: Annotated[PasswordReset, Body()], principal: CurrentPrincipal) -> None:
        """Give a person a new password, which they have to change; all their tokens and sessions end."""
        user = await db.read(lambda tx: users.may_reset(tx, principal, UserId(uuid)))
        password_hash = await sign_in.hash_new(body.password, user.names)
        await db.write(lambda tx: users.set_password(tx, principal, user.id, password_hash))

    @router.put("/users/{uuid}/lock")
    async def lock_user(uuid: UUID, body: Annotated[Lock, Body()], principal: CurrentPrincipal) -> Account:
        """Lock an account or unlock it; all its tokens and sessions end."""
        return _account(await db.write(lambda tx: users.lock(tx, principal, UserId(uuid), disabled=body.disabled)))


def _me(principal: Principal) -> Me:
    author = principal.author
    return Me(
        type=author.type,
        identifier=author.identifier,
        display_name=author.display_name,
        username=author.username,
        email=author.email,
        administrator=principal.is_administrator,
        workspaces={name: sorted(codes) for name, codes in sorted(principal.grants.items())},
        everywhere=sorted(principal.everywhere),
    )


def _account(person: Person) -> Account:
    user = person.user
    return Account(
        uuid=str(user.id),
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        euid=user.euid,
        admin=AdminRole.ORGANIZATION_ADMIN in person.admin_roles,
        admin_roles=[role.value for role in person.admin_roles],
        disabled=user.disabled,
        created_on=wire_time(user.created_at),
    )


def _account_json(person: Person) -> JsonObject:
    document: JsonObject = _account(person).model_dump(by_alias=True)
    return document
