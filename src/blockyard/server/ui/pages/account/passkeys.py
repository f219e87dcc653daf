"""Adding passkeys to one's account, and removing them."""

import json
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.api.sign_in_methods import (
    ADD_PASSKEY,
    TICKET_LIFE,
    credential_in,
    owner_of,
    place_of,
)
from blockyard.server.identity.model.factors import Passkey, PasskeyId
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.services import Services
from blockyard.server.ui.frame.dialogs import Question
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.account.entering import local_path

_LONGEST_NAME = 255
_USUAL_NAME = "Passkey"


def add_passkeys(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of passkeys."""
    passkeys, tickets = services.passkeys, services.tickets

    def added(tx: Transaction, request: Request, visitor: Visitor, form: Form) -> Passkey:
        place = place_of(request, passkeys)
        held = tickets.read(form.texts.get("ticket", ""), purpose=ADD_PASSKEY, owner=owner_of(visitor.principal))
        made = passkeys.add(
            tx,
            visitor.principal,
            place,
            name=form.texts.get("name", "").strip()[:_LONGEST_NAME].replace("\0", "") or _USUAL_NAME,
            challenge=str(held.get("challenge")),
            credential=credential_in(form.texts.get("credential", "")),
        )
        services.sessions.strengthen(tx, visitor.cookie)
        return made

    async def found(visitor: Visitor, uuid: UUID) -> Passkey:
        methods = await site.db.read(lambda tx: services.second_factors.methods(tx, visitor.principal))
        for passkey in methods.passkeys:
            if passkey.id == uuid:
                return passkey
        raise NotFound(f"you have no passkey {uuid}")

    @router.post("/account/passkeys")
    async def add_passkey(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        wanted = local_path(form.texts.get("next", "/account"))
        return await submit(
            site.db.write(lambda tx: added(tx, request, visitor, form)),
            again=site.back_to("/account", visitor),
            done=lambda _: site.go(wanted, visitor, notice="passkey"),
        )

    @router.get("/account/passkeys/{uuid}/remove")
    async def ask_to_remove(request: Request, uuid: UUID) -> Response:
        visitor = await site.visitors.of(request)
        question = removal_of(await found(visitor, uuid))
        return site.ask(request, visitor, question, crumbs=[("Your account", "/account"), (question.act, None)])

    @router.post("/account/passkeys/{uuid}/remove")
    async def remove_passkey(request: Request, uuid: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: passkeys.remove(tx, visitor.principal, PasskeyId(uuid))),
            again=site.back_to("/account", visitor),
            done=lambda _: site.go("/account", visitor, notice="passkey-removed"),
        )


def removal_of(passkey: Passkey) -> Question:
    """Return the question before a passkey is removed."""
    return Question(
        id=f"remove-{passkey.id}",
        act="Remove a passkey",
        title=f"Remove '{passkey.name}'?",
        text="You can no longer sign in with it. The device keeps its half, which opens nothing any more: remove it there, too.",
        action=f"/account/passkeys/{passkey.id}/remove",
        yes="Remove",
        icon="trash-2",
        back="/account",
    )


async def asked_to_add(request: Request, site: Site, services: Services, visitor: Visitor) -> JsonObject:
    """Return what a page with the form for a new passkey needs: `passkey` is None where they do not work."""
    place = services.passkeys.place(request.headers.get("host", ""))
    elsewhere = services.passkeys.named_place(request.headers.get("host", ""))
    if place is None:
        return {"passkey": None, "passkey_elsewhere": elsewhere}
    asked = await site.db.read(lambda tx: services.passkeys.asked_to_add(tx, visitor.principal, place))
    content: JsonObject = {"challenge": asked.challenge}
    ticket = services.tickets.issue(content, purpose=ADD_PASSKEY, owner=owner_of(visitor.principal), life=TICKET_LIFE)
    return {"passkey": {"options": json.dumps(asked.options), "ticket": ticket}, "passkey_elsewhere": None}
