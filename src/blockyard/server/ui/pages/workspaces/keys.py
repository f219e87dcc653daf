"""API keys of a workspace: what they may do, until when, and when they were used last. A secret is shown once."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import ApiKey, ApiKeyId, KeySettings, Principal
from blockyard.server.identity.model.presets import PRESETS
from blockyard.server.identity.permissions import MANAGED, PLAIN
from blockyard.server.identity.service.keys import IssuedKey
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.plain_forms import Ask, Filled, Option, again, send
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.workspaces.around import around, home_of

_SOON_DAYS = 14
"""Owners are told of the end of a key this long before. Source: concepts.md 19."""

_CHOSEN = "chosen"
"""Instead of a preset: exactly the permissions that are ticked."""


def add_keys(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of API keys."""
    _add_list(router, site, services)
    _add_one(router, site, services)


def _add_list(router: APIRouter, site: Site, services: Services) -> None:
    keys = services.api_keys

    def read(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context = around(tx, principal, services, name)
        today = services.clock().date()
        return {
            **context,
            "keys": [(key, _end(key, today)) for key in keys.of_workspace(tx, principal, name)],
            "may_save": principal.allows("APIKEY_SAVE", workspace=name),
        }

    @router.get("/w/{workspace}/keys")
    async def show_keys(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: read(tx, visitor.principal, workspace))
        return site.page(request, visitor, "pages/workspaces/keys.html", context)

    def asks(tx: Transaction, principal: Principal, name: str) -> dict[str, object]:
        context = around(tx, principal, services, name)
        principal.require("APIKEY_SAVE", workspace=name)
        return {**context, "base_url": services.links.base_url}

    @router.get("/w/{workspace}/keys/new")
    async def show_new_key(request: Request, workspace: str) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: asks(tx, visitor.principal, workspace))
        context["asks"] = again(_new_asks(visitor.principal, workspace), request, site, visitor)
        return site.page(request, visitor, "pages/workspaces/new_key.html", context)

    @router.post("/w/{workspace}/keys/new")
    async def make_key(request: Request, workspace: str) -> Response:
        visitor, form = await site.visitors.of_form(request)
        context = await site.db.read(lambda tx: asks(tx, visitor.principal, workspace))

        def make(tx: Transaction, filled: Filled) -> IssuedKey:
            preset = PRESETS.get(filled.texts["preset"])
            codes = (
                filled.lists["permissions"]
                if preset is None
                else _held(visitor.principal, workspace, preset.permissions)
            )
            settings = KeySettings(
                display_name=filled.texts["name"], permissions=tuple(sorted(codes)), expires_at=filled.day("ends")
            )
            return keys.create(tx, visitor.principal, workspace, settings)

        return await send(
            site,
            visitor,
            _new_asks(visitor.principal, workspace),
            form,
            at=f"{home_of(workspace)}/keys/new",
            work=lambda filled: site.db.write(lambda tx: make(tx, filled)),
            done=lambda issued: _issued(site, request, visitor, context, issued),
        )


def _add_one(router: APIRouter, site: Site, services: Services) -> None:
    keys = services.api_keys

    def of(tx: Transaction, principal: Principal, workspace: str, key_id: UUID) -> tuple[dict[str, object], ApiKey]:
        context = around(tx, principal, services, workspace)
        key = keys.get(tx, principal, ApiKeyId(key_id))
        if key.workspace != workspace:
            raise NotFound(f"workspace '{workspace}' has no API key {key_id}")
        return {**context, "base_url": services.links.base_url}, key

    @router.get("/w/{workspace}/keys/{key_id}")
    async def show_key(request: Request, workspace: str, key_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context, key = await site.db.read(lambda tx: of(tx, visitor.principal, workspace, key_id))
        context |= {
            "key": key,
            "end": _end(key, services.clock().date()),
            "may_save": visitor.principal.allows("APIKEY_SAVE", workspace=workspace),
            "may_delete": visitor.principal.allows("APIKEY_DELETE", workspace=workspace),
            "asks": again(_edit_asks(key, visitor.principal), request, site, visitor),
        }
        return site.page(request, visitor, "pages/workspaces/key.html", context)

    @router.post("/w/{workspace}/keys/{key_id}")
    async def save_key(request: Request, workspace: str, key_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path = f"{home_of(workspace)}/keys/{key_id}"
        context, before = await site.db.read(lambda tx: of(tx, visitor.principal, workspace, key_id))

        def save(tx: Transaction, filled: Filled) -> IssuedKey:
            codes = before.permissions if before.runner else tuple(sorted(filled.lists["permissions"]))
            settings = KeySettings(display_name=filled.texts["name"], permissions=codes, expires_at=filled.day("ends"))
            return keys.update(tx, visitor.principal, ApiKeyId(key_id), workspace, settings)

        def done(issued: IssuedKey) -> Response:
            if issued.secret is not None:
                return _issued(site, request, visitor, context, issued)
            return site.go(path, visitor, said="The API key was saved.")

        return await send(
            site,
            visitor,
            _edit_asks(before, visitor.principal),
            form,
            at=path,
            work=lambda filled: site.db.write(lambda tx: save(tx, filled)),
            done=done,
        )

    @router.post("/w/{workspace}/keys/{key_id}/rotate")
    async def rotate_key(request: Request, workspace: str, key_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        context, _ = await site.db.read(lambda tx: of(tx, visitor.principal, workspace, key_id))
        return await submit(
            site.db.write(lambda tx: keys.rotate(tx, visitor.principal, ApiKeyId(key_id))),
            again=site.back_to(f"{home_of(workspace)}/keys/{key_id}", visitor),
            done=lambda issued: _issued(site, request, visitor, context, issued),
        )

    @router.post("/w/{workspace}/keys/{key_id}/delete")
    async def delete_key(request: Request, workspace: str, key_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        await site.db.read(lambda tx: of(tx, visitor.principal, workspace, key_id))
        return await submit(
            site.db.write(lambda tx: keys.delete(tx, visitor.principal, ApiKeyId(key_id))),
            again=site.back_to(f"{home_of(workspace)}/keys/{key_id}", visitor),
            done=lambda _: site.go(f"{home_of(workspace)}/keys", visitor, said="The API key was deleted."),
        )


def _issued(site: Site, request: Request, visitor: Visitor, context: dict[str, object], issued: IssuedKey) -> Response:
    """Return the page with a secret: it is the answer to the form and nowhere else, so nobody can open it again."""
    shown = {**context, "key": issued.api_key, "secret": issued.secret}
    return site.page(request, visitor, "pages/workspaces/issued_key.html", shown)


def _end(key: ApiKey, today: date) -> words.Badge | None:
    return words.end_badge(key.expires_at, today, soon=_SOON_DAYS, very_soon=-1)


def _held(principal: Principal, workspace: str, codes: frozenset[str]) -> list[str]:
    """Return those of the codes that the principal may hand on."""
    return [code for code in codes if principal.holds(code, workspace)]


def _new_asks(principal: Principal, workspace: str) -> list[Ask]:
    presets = [
        *(Option(name, name.capitalize().replace("-", " "), preset.description) for name, preset in PRESETS.items()),
        Option(_CHOSEN, "Choose permissions", "Exactly those that are ticked below."),
    ]
    codes = _held(principal, workspace, PLAIN | MANAGED)
    return [
        Ask(name="name", label="Name", needed=True, placeholder="CI of the web shop", pointers=["/spec/displayName"]),
        Ask(name="preset", label="What it may do", kind="radios", needed=True, options=presets, value="read-only"),
        _permissions(codes),
        _ends(""),
    ]


def _permissions(codes: Iterable[str], chosen: Sequence[str] = ()) -> Ask:
    return Ask(
        name="permissions",
        label="Permissions",
        kind="checkboxes",
        chosen=chosen,
        options=[Option(code, code) for code in sorted({*codes, *chosen})],
        pointers=["/spec/permissions", "/spec/authorizations"],
        help="Only those that you have yourself.",
    )


def _edit_asks(key: ApiKey, principal: Principal) -> list[Ask]:
    codes = _held(principal, key.workspace, PLAIN | MANAGED)
    return [
        Ask(name="name", label="Name", needed=True, value=key.display_name, pointers=["/spec/displayName"]),
        _ends(
            key.expires_at.isoformat() if key.expires_at else "",
            "Another last day draws a new secret; the old one ends.",
        ),
        *([] if key.runner else [_permissions(codes, key.permissions)]),
    ]


def _ends(value: str, about: str = "Leave empty if it does not end.") -> Ask:
    return Ask(name="ends", label="Last day", kind="date", value=value, help=about, pointers=["/spec/expiresAt"])
