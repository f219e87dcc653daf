"""The routes of identity providers, for administrators. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import Field

from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.identity_providers.examination import Weight, examine, works
from blockyard.server.identity_providers.model import MAX_RULES, GroupRule, Provider, ProviderSpec
from blockyard.server.identity_providers.service import Preview, ProviderService
from blockyard.server.identity_providers.waiting import aside
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.hal import Links
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import DisplayName, Name, ShortText, Text, WireJson, WireModel

PAGES = "/sign-in/with"
"""Below this path are the pages of signing in with a provider."""

_LONGEST_ADDRESS = 2000


class Rule(WireModel):
    """Who has a value among the groups that a provider tells is in a group of the installation."""

    value: Name
    group: Name


class ProviderIn(WireModel):
    """What an administrator says about an identity provider."""

    display_name: DisplayName
    issuer: Annotated[Text, Field(max_length=_LONGEST_ADDRESS)]
    client_id: Name
    client_secret: Annotated[ShortText | None, Field(repr=False)] = None
    scopes: Annotated[list[Name], Field(max_length=50)] = Field(default_factory=lambda: ["openid", "profile", "email"])
    username_claim: Name = "preferred_username"
    groups_claim: ShortText = ""
    group_rules: Annotated[list[Rule], Field(max_length=MAX_RULES)] = Field(default_factory=list)
    create_accounts: bool = True
    link_accounts: bool = False
    trusts_second_factor: bool = False
    enabled: bool = True

    def spec(self) -> ProviderSpec:
        """Return it as use cases take it."""
        return ProviderSpec(
            display_name=self.display_name,
            issuer=self.issuer,
            client_id=self.client_id,
            scopes=tuple(self.scopes),
            username_claim=self.username_claim,
            groups_claim=self.groups_claim,
            group_rules=tuple(GroupRule(rule.value, rule.group) for rule in self.group_rules),
            create_accounts=self.create_accounts,
            link_accounts=self.link_accounts,
            trusts_second_factor=self.trusts_second_factor,
            enabled=self.enabled,
        )


class NewProvider(ProviderIn):
    """A new identity provider, and what its addresses call it."""

    alias: Name


class ProviderOut(WireModel):
    """An identity provider as the API shows it; the secret is never shown."""

    alias: str
    display_name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    scopes: list[str]
    username_claim: str
    groups_claim: str
    group_rules: list[Rule]
    create_accounts: bool
    link_accounts: bool
    trusts_second_factor: bool
    enabled: bool
    redirect_uri: str
    back_channel_logout_uri: str
    post_logout_redirect_uri: str
    created_on: str


class Providers(WireModel):
    """All identity providers."""

    identity_providers: list[ProviderOut]


class Claims(WireModel):
    """What a provider would say about somebody."""

    claims: dict[str, WireJson]


class FoundAtProvider(WireModel):
    """One thing that was looked at: `good`, a `warning`, or `wrong`, so that nobody can sign in."""

    weight: Weight
    message: str
    remedy: str


class TestedProvider(WireModel):
    """What was found at a provider; `works` if nothing is wrong that can be seen from outside."""

    works: bool
    findings: list[FoundAtProvider]


class KnownIdentity(WireModel):
    """Who somebody is at an identity provider."""

    provider: str
    subject: str
    connected_on: str
    last_used_on: str


class KnownIdentities(WireModel):
    """Who somebody is at all identity providers."""

    identities: list[KnownIdentity]


class PreviewOut(WireModel):
    """What a sign-in would do; `groups` is null if all groups stay as they are, and `warning` says why."""

    subject: str
    username: str
    first_name: str
    last_name: str
    email: str
    groups: list[str] | None
    warning: str | None
    admin_roles: list[str]
    workspaces: dict[str, list[str]]


def identity_provider_routes(db: Database, providers: ProviderService, links: Links) -> APIRouter:
    """Return the routes of identity providers."""
    router = api_router(prefix="/api/blockyard/v1/identity-providers", tags=["Identity providers"])

    @router.get("")
    async def list_identity_providers(principal: CurrentPrincipal) -> Providers:
        """Return the identity providers that people can sign in with, oldest first."""
        found = await db.read(lambda tx: providers.all(tx, principal))
        return Providers(identity_providers=[shown_provider(one, links) for one in found])

    @router.post("", status_code=HTTPStatus.CREATED)
    async def create_identity_provider(
        body: Annotated[NewProvider, Body()], principal: CurrentPrincipal
    ) -> ProviderOut:
        """Let people sign in with an identity provider."""
        spec, secret = body.spec(), body.client_secret
        made = await db.write(lambda tx: providers.create(tx, principal, body.alias, spec, secret))
        return shown_provider(made, links)

    @router.get("/{alias}")
    async def read_identity_provider(alias: str, principal: CurrentPrincipal) -> ProviderOut:
        """Return an identity provider."""
        return shown_provider(await db.read(lambda tx: providers.get(tx, principal, alias)), links)

    @router.put("/{alias}")
    async def update_identity_provider(
        alias: str, body: Annotated[ProviderIn, Body()], principal: CurrentPrincipal
    ) -> ProviderOut:
        """Change an identity provider; without `clientSecret` the one that is there stays."""
        spec, secret = body.spec(), body.client_secret
        return shown_provider(await db.write(lambda tx: providers.update(tx, principal, alias, spec, secret)), links)

    @router.delete("/{alias}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def delete_identity_provider(alias: str, principal: CurrentPrincipal) -> None:
        """Let nobody sign in with an identity provider any more; accounts stay."""
        await db.write(lambda tx: providers.delete(tx, principal, alias))

    @router.post("/{alias}/test")
    async def test_identity_provider(alias: str, principal: CurrentPrincipal) -> TestedProvider:
        """Ask an identity provider for its documents and keys, and return what is found."""
        provider = await db.read(lambda tx: providers.examined(tx, principal, alias))
        findings = await aside(lambda: examine(provider))
        return TestedProvider(
            works=works(findings),
            findings=[FoundAtProvider(weight=one.weight, message=one.message, remedy=one.remedy) for one in findings],
        )

    @router.post("/{alias}/preview")
    async def preview_identity_provider(
        alias: str, body: Annotated[Claims, Body()], principal: CurrentPrincipal
    ) -> PreviewOut:
        """Return which account, groups and roles somebody with these claims would have."""
        claims = dict(body.claims)
        return _preview(await db.read(lambda tx: providers.preview(tx, principal, alias, claims)))

    return router


def identity_routes(db: Database, providers: ProviderService) -> APIRouter:
    """Return the routes of who one is at identity providers."""
    router = api_router(prefix="/api/blockyard/v1/me/identities", tags=["People"])

    @router.get("")
    async def list_own_identities(principal: CurrentPrincipal) -> KnownIdentities:
        """Return who you are at identity providers, oldest first."""
        found = await db.read(lambda tx: providers.own(tx, principal))
        return KnownIdentities(
            identities=[
                KnownIdentity(
                    provider=one.provider,
                    subject=one.subject,
                    connected_on=wire_time(one.created_at),
                    last_used_on=wire_time(one.used_at),
                )
                for one in found
            ]
        )

    @router.delete("/{alias}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def disconnect_identity(alias: str, principal: CurrentPrincipal) -> None:
        """Sign in with an identity provider no more."""
        await db.write(lambda tx: providers.disconnect(tx, principal, alias))

    return router


def redirect_uri(links: Links, alias: str) -> str:
    """Return where a provider sends people back to."""
    return f"{links.base_url}{PAGES}/{alias}/callback"


def signed_out_uri(links: Links) -> str:
    """Return where a provider sends people back to who signed out."""
    return f"{links.base_url}/sign-in"


def shown_provider(provider: Provider, links: Links) -> ProviderOut:
    return ProviderOut(
        alias=provider.alias,
        display_name=provider.display_name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        has_client_secret=provider.client_secret is not None,
        scopes=[*provider.scopes],
        username_claim=provider.username_claim,
        groups_claim=provider.groups_claim,
        group_rules=[Rule(value=rule.value, group=rule.group) for rule in provider.group_rules],
        create_accounts=provider.create_accounts,
        link_accounts=provider.link_accounts,
        trusts_second_factor=provider.trusts_second_factor,
        enabled=provider.enabled,
        redirect_uri=redirect_uri(links, provider.alias),
        back_channel_logout_uri=f"{links.base_url}{PAGES}/{provider.alias}/back-channel-logout",
        post_logout_redirect_uri=signed_out_uri(links),
        created_on=wire_time(provider.created_at),
    )


def _preview(preview: Preview) -> PreviewOut:
    told = preview.told
    return PreviewOut(
        subject=told.subject,
        username=told.username,
        first_name=told.first_name,
        last_name=told.last_name,
        email=told.email,
        groups=None if preview.groups is None else [*preview.groups],
        warning=told.problem,
        admin_roles=[role.value for role in preview.admin_roles],
        workspaces={name: [role.value for role in held] for name, held in preview.workspaces.items()},
    )
