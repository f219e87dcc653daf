"""Identity providers: which there are, setting one up, trying it, switching it off, and its end. For administrators."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.identity.model import Principal
from blockyard.server.identity_providers.api import shown_provider
from blockyard.server.identity_providers.examination import examine, works
from blockyard.server.identity_providers.model import Provider
from blockyard.server.identity_providers.waiting import aside
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.plain_forms import Ask, Filled, again, send
from blockyard.server.ui.frame.refusals import shown
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.admin.provider_form import alias_ask, asks_of, spec_in

PATH = "/admin/identity-providers"
_TITLE = "Identity providers"
_LONGEST_CLAIMS = 100_000


def add_identity_providers(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the pages."""
    _add_list(router, site, services)
    _add_new(router, site, services)
    pages = _Pages(site, services)
    _add_one(router, pages)
    _add_acts(router, pages)


def _add_list(router: APIRouter, site: Site, services: Services) -> None:
    providers = services.identity_providers

    def read(tx: Transaction, principal: Principal) -> dict[str, object]:
        people = providers.people(tx, principal)
        return {
            "providers": [
                (one, home_of(one), state_of(one), people.get(one.alias, 0)) for one in providers.all(tx, principal)
            ],
            "may_save": principal.allows("APIKEY_SAVE", workspace=None),
        }

    @router.get(PATH)
    async def show_providers(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: read(tx, visitor.principal))
        return site.page(request, visitor, "pages/admin/identity_providers.html", context)


def _add_new(router: APIRouter, site: Site, services: Services) -> None:
    providers = services.identity_providers

    @router.get(f"{PATH}/new")
    async def show_new_provider(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        visitor.principal.require("APIKEY_SAVE", workspace=None)
        context = {"asks": again(_new_asks(), request, site, visitor), "crumbs": [(_TITLE, PATH), ("New", None)]}
        return site.page(request, visitor, "pages/admin/new_identity_provider.html", context)

    @router.post(f"{PATH}/new")
    async def make_provider(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        visitor.principal.require("APIKEY_SAVE", workspace=None)

        async def make(filled: Filled) -> Provider:
            spec, secret = spec_in(filled, enabled=False), filled.texts["client_secret"] or None
            alias = filled.texts["alias"]
            return await site.db.write(lambda tx: providers.create(tx, visitor.principal, alias, spec, secret))

        return await send(
            site,
            visitor,
            _new_asks(),
            form,
            at=f"{PATH}/new",
            work=make,
            done=lambda made: site.go(
                home_of(made),
                visitor,
                said="Saved. Nobody can sign in with it yet: give the provider the addresses below, test it, then switch it on.",
            ),
        )


class _Pages:
    """The page of one provider, and what its forms do."""

    def __init__(self, site: Site, services: Services) -> None:
        self.site, self.services = site, services
        self.providers = services.identity_providers

    async def show(self, request: Request, alias: str, **more: object) -> Response:
        """Return the page, with what came of a form."""
        visitor = await self.site.visitors.of(request)
        principal = visitor.principal
        provider, people = await self.site.db.read(lambda tx: self._known(tx, principal, alias))
        context = {
            "provider": provider,
            "about": shown_provider(provider, self.services.links),
            "people": people,
            "home": home_of(provider),
            "state": state_of(provider),
            "crumbs": [(_TITLE, PATH), (provider.display_name, None)],
            "asks": again(asks_of(provider), request, self.site, visitor),
            "may_save": principal.allows("APIKEY_SAVE", workspace=None),
            "may_delete": principal.allows("APIKEY_DELETE", workspace=None),
            "deletion": deletion_of(provider, people),
            "findings": None,
            "tried": None,
            "claims": _sample(provider),
            "claims_error": None,
            **more,
        }
        return self.site.page(request, visitor, "pages/admin/identity_provider.html", context)

    def _known(self, tx: Transaction, principal: Principal, alias: str) -> tuple[Provider, int]:
        provider = self.providers.get(tx, principal, alias)
        return provider, self.providers.people(tx, principal).get(alias, 0)

    async def saved(self, request: Request, alias: str) -> Response:
        """Change a provider as a form says."""
        site, providers = self.site, self.providers
        visitor, form = await site.visitors.of_form(request)
        before = await site.db.read(lambda tx: providers.get(tx, visitor.principal, alias))

        async def save(filled: Filled) -> Provider:
            spec, secret = spec_in(filled, enabled=before.enabled), filled.texts["client_secret"] or None
            return await site.db.write(lambda tx: providers.update(tx, visitor.principal, alias, spec, secret))

        return await send(
            site,
            visitor,
            asks_of(before),
            form,
            at=home_of(before),
            work=save,
            done=lambda after: site.go(home_of(after), visitor, said="The identity provider was saved."),
        )

    async def tested(self, request: Request, alias: str) -> Response:
        """Try a provider, and show what was found."""
        visitor, _ = await self.site.visitors.of_form(request)
        provider = await self.site.db.read(lambda tx: self.providers.examined(tx, visitor.principal, alias))
        findings = await aside(lambda: examine(provider))
        return await self.show(request, alias, findings=findings, works=works(findings))

    async def tried(self, request: Request, alias: str) -> Response:
        """Show what a sign-in with some claims would do."""
        visitor, form = await self.site.visitors.of_form(request)
        text = form.texts.get("claims", "")[:_LONGEST_CLAIMS]
        try:
            claims = _claims_in(text)
            tried = await self.site.db.read(lambda tx: self.providers.preview(tx, visitor.principal, alias, claims))
        except Invalid as refusal:
            return await self.show(request, alias, claims=text, claims_error=shown(refusal))
        except Refusal as refusal:
            if refusal.code == "MissingPermission":
                raise
            return await self.show(request, alias, claims=text, claims_error=shown(refusal))
        return await self.show(request, alias, claims=text, tried=tried)

    async def switched(self, request: Request, alias: str, *, enabled: bool) -> Response:
        """Let people sign in with a provider, or do not any more."""
        site = self.site
        visitor, _ = await site.visitors.of_form(request)
        said = "People can sign in with it now." if enabled else "Nobody can sign in with it any more."
        return await submit(
            site.db.write(lambda tx: self.providers.switch(tx, visitor.principal, alias, enabled=enabled)),
            again=site.back_to(f"{PATH}/{quote(alias, safe='')}", visitor),
            done=lambda after: site.go(home_of(after), visitor, said=said),
        )

    async def asked(self, request: Request, alias: str) -> Response:
        """Ask before the end of a provider."""
        visitor = await self.site.visitors.of(request)
        principal = visitor.principal
        provider, people = await self.site.db.read(lambda tx: self._known(tx, principal, alias))
        question = deletion_of(provider, people)
        crumbs = [(_TITLE, PATH), (provider.display_name, home_of(provider)), (question.act, None)]
        return self.site.ask(request, visitor, question, crumbs=crumbs)

    async def deleted(self, request: Request, alias: str) -> Response:
        """Delete a provider."""
        visitor, _ = await self.site.visitors.of_form(request)
        return await submit(
            self.site.db.write(lambda tx: self.providers.delete(tx, visitor.principal, alias)),
            again=self.site.back_to(f"{PATH}/{quote(alias, safe='')}", visitor),
            done=lambda _: self.site.go(PATH, visitor, said="The identity provider was deleted."),
        )


def _add_one(router: APIRouter, pages: _Pages) -> None:
    @router.get(f"{PATH}/{{alias}}")
    async def show_provider(request: Request, alias: str) -> Response:
        return await pages.show(request, alias)

    @router.post(f"{PATH}/{{alias}}")
    async def save_provider(request: Request, alias: str) -> Response:
        return await pages.saved(request, alias)

    @router.post(f"{PATH}/{{alias}}/test")
    async def test_provider(request: Request, alias: str) -> Response:
        return await pages.tested(request, alias)

    @router.post(f"{PATH}/{{alias}}/preview")
    async def try_provider(request: Request, alias: str) -> Response:
        return await pages.tried(request, alias)


def _add_acts(router: APIRouter, pages: _Pages) -> None:
    @router.post(f"{PATH}/{{alias}}/enable")
    async def enable_provider(request: Request, alias: str) -> Response:
        return await pages.switched(request, alias, enabled=True)

    @router.post(f"{PATH}/{{alias}}/disable")
    async def disable_provider(request: Request, alias: str) -> Response:
        return await pages.switched(request, alias, enabled=False)

    @router.get(f"{PATH}/{{alias}}/delete")
    async def ask_to_delete_provider(request: Request, alias: str) -> Response:
        return await pages.asked(request, alias)

    @router.post(f"{PATH}/{{alias}}/delete")
    async def delete_provider(request: Request, alias: str) -> Response:
        return await pages.deleted(request, alias)


def home_of(provider: Provider) -> str:
    """Return the address of a provider's page."""
    return f"{PATH}/{provider.alias}"


def state_of(provider: Provider) -> words.Badge:
    """Return whether people can sign in with a provider."""
    return words.Badge("On", "check", "success") if provider.enabled else words.Badge("Off", "power", "neutral")


def deletion_of(provider: Provider, people: int) -> Question:
    """Return the question before a provider is deleted."""
    known = words.count(people, "person has", "people have")
    who = (
        f"{known} signed in with it. Their accounts, groups and roles stay, but who has neither a password nor a passkey, nor "
        "another provider, cannot sign in any more. Who is signed in now stays so until the session ends."
        if people
        else "Nobody has signed in with it."
    )
    return Question(
        id="delete-provider",
        act="Delete an identity provider",
        title=f"Delete '{provider.display_name}'?",
        text=f"{who} To try what it would be like without it, switch it off instead: that can be undone.",
        action=f"{home_of(provider)}/delete",
        yes="Delete",
        icon="trash-2",
        back=home_of(provider),
    )


def _new_asks() -> list[Ask]:
    return [alias_ask(), *asks_of(None)]


def _claims_in(text: str) -> Mapping[str, Json]:
    try:
        claims: Json = json.loads(text)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise Invalid(
            "these are not claims",
            code="InvalidClaims",
            field="/claims",
            remedy="Paste the content of an ID token: a JSON object.",
        )
    return claims


def _sample(provider: Provider) -> str:
    claims: JsonObject = {"sub": "1234", provider.username_claim: "anna", "email": "anna@example.org"}
    if provider.groups_claim and "." not in provider.groups_claim:
        claims[provider.groups_claim] = [rule.value for rule in provider.group_rules[:2]]
    return json.dumps(claims, indent=2, ensure_ascii=False)
