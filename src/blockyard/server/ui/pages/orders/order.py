"""The page of an order: a form that is filled in, checked, reviewed and sent, and is kept as a draft meanwhile."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.definitions.model import TargetType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.bodies import LARGE_BYTES, Form
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Refusal
from blockyard.server.order_drafts.model import DraftNotFound, OrderDraft
from blockyard.server.services import Services
from blockyard.server.ui.frame.layout import FORM_HEADER
from blockyard.server.ui.frame.offers import symbol_of
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.visitor import Visitor
from blockyard.server.ui.pages.orders.again import fields_of_block
from blockyard.server.ui.pages.orders.differences import differences
from blockyard.server.ui.pages.orders.form import Filled, OrderForm, blamed, require_orderer
from blockyard.server.ui.pages.orders.sections import payment_methods_of, sections_of
from blockyard.server.ui.pages.orders.side import side_of
from blockyard.server.ui.pages.orders.typed import Fields

_INTENTS = frozenset({"order", "review", "change", "save"})

Context = dict[str, object]


def add_order(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of orders that are not drafts yet."""
    pages = OrderPages(site, services)

    @router.get("/order/{definition_id}")
    async def show_order(request: Request, definition_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        return await pages.begin(request, visitor, definition_id)

    @router.post("/order/{definition_id}")
    async def send_order(request: Request, definition_id: UUID) -> Response:
        visitor, form = await pages.form_of(request)
        return await pages.take(request, visitor, definition_id, form, draft=None)

    @router.post("/order/{definition_id}/draft")
    async def keep_order(request: Request, definition_id: UUID) -> Response:
        visitor, form = await pages.form_of(request)
        return await pages.keep(visitor, definition_id, Fields.of_form(form), draft_id=None, seen=None)


def add_draft(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of drafts."""
    pages, drafts = OrderPages(site, services), services.order_drafts

    @router.get("/orders/{draft_id}")
    async def show_draft(request: Request, draft_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        checked = "check" in request.query_params

        async def show(draft: OrderDraft) -> Response:
            fields = Fields.of_draft(draft)
            return await pages.show(request, visitor, draft.definition_id, fields, draft=draft, checked=checked)

        return await pages.with_draft(request, visitor, draft_id, show)

    @router.post("/orders/{draft_id}")
    async def send_draft(request: Request, draft_id: UUID) -> Response:
        visitor, form = await pages.form_of(request)

        async def take(draft: OrderDraft) -> Response:
            return await pages.take(request, visitor, draft.definition_id, form, draft=draft)

        return await pages.with_draft(request, visitor, draft_id, take)

    @router.post("/orders/{draft_id}/save")
    async def keep_draft(request: Request, draft_id: UUID) -> Response:
        visitor, form = await pages.form_of(request)
        fields, seen = Fields.of_form(form), _revision(form)
        try:
            draft = await site.db.read(lambda tx: drafts.get(tx, visitor.principal, draft_id))
            return await pages.keep(visitor, draft.definition_id, fields, draft_id=draft_id, seen=seen)
        except DraftNotFound:
            return JSONResponse({"problems": {}, "unsaved": "this draft is not there any more."})

    @router.post("/orders/{draft_id}/delete")
    async def throw_away(request: Request, draft_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)

        async def throw(draft: OrderDraft) -> Response:
            await site.db.write(lambda tx: drafts.delete(tx, visitor.principal, draft.id))
            return site.go("/orders", visitor, notice="draft-deleted")

        return await pages.with_draft(request, visitor, draft_id, throw)


class OrderPages:
    """Answers everything about orders and their drafts."""

    def __init__(self, site: Site, services: Services) -> None:
        self._site = site
        self._services = services
        self._drafts = services.order_drafts
        self._form = OrderForm(services)

    async def form_of(self, request: Request) -> tuple[Visitor, Form]:
        """Return who sent a form and what it says; whoever orders nothing anywhere sends little."""

        async def may(sender: Request) -> None:
            (await self._site.visitors.of(sender)).principal.require_somewhere("BUILDINGBLOCK_SAVE")

        return await self._site.visitors.of_form(request, LARGE_BYTES, may)

    async def with_draft(
        self, request: Request, visitor: Visitor, draft_id: UUID, answer: Callable[[OrderDraft], Awaitable[Response]]
    ) -> Response:
        """Return what is answered about a draft; a page that says so where it is not there any more, or never was theirs."""
        try:
            return await answer(await self._site.db.read(lambda tx: self._drafts.get(tx, visitor.principal, draft_id)))
        except DraftNotFound:
            page, status = "pages/orders/gone.html", HTTPStatus.NOT_FOUND
            return self._site.frame.page(request, page, {"refusal": None}, visitor=visitor, status=status)

    async def begin(self, request: Request, visitor: Visitor, definition_id: UUID) -> Response:
        """Return the form of a new order, with what the address prefills; nothing is sent by opening it."""
        fields = Fields.of_link(request.query_params.multi_items())
        before = _uuid(request.query_params.get("from", ""))
        if before is not None:
            fields = await self._site.db.read(
                lambda tx: fields_of_block(tx, self._services, visitor.principal, before, definition_id)
            )
        return await self.show(request, visitor, definition_id, fields, draft=None)

    async def show(
        self,
        request: Request,
        visitor: Visitor,
        definition_id: UUID,
        fields: Fields,
        *,
        draft: OrderDraft | None,
        checked: bool = False,
    ) -> Response:
        """Return the form as it is filled in."""

        def read(tx: Transaction) -> Context:
            filled = self._form.look(tx, visitor.principal, definition_id, fields)
            require_orderer(visitor.principal, filled)
            return self._context(tx, visitor.principal, filled, draft=draft, checked=checked)

        context = await self._site.db.read_consistently(read)
        return self._site.page(request, visitor, "pages/orders/order.html", context)

    async def take(
        self, request: Request, visitor: Visitor, definition_id: UUID, form: Form, *, draft: OrderDraft | None
    ) -> Response:
        """Do what the pressed button says: order, review, change something else first, or keep the draft."""
        fields, asked = Fields.of_form(form), form.texts.get("intent", "")
        intent = asked if asked in _INTENTS else "review"
        if intent == "save":
            return await self._leave(visitor, definition_id, fields, draft)
        if intent == "order":
            return await self._order(request, visitor, definition_id, fields, draft)

        def read(tx: Transaction) -> tuple[Filled, Context]:
            filled = self._form.look(tx, visitor.principal, definition_id, fields)
            is_review = intent == "review" and filled.is_sound
            checked = intent == "review"
            context = self._context(
                tx, visitor.principal, filled, draft=draft, checked=checked, revision=_revision(form)
            )
            return filled, {**context, "review": is_review}

        filled, context = await self._site.db.read_consistently(read)
        if intent == "review" and not filled.is_sound:
            return await self._refused(request, visitor, fields, filled, context, draft)
        return self._page(request, visitor, context, HTTPStatus.OK)

    async def keep(
        self, visitor: Visitor, definition_id: UUID, fields: Fields, *, draft_id: UUID | None, seen: int | None
    ) -> Response:
        """Keep what was typed so far, and tell a script what is wrong with it."""
        principal = visitor.principal
        filled = await self._site.db.read(lambda tx: self._form.look(tx, principal, definition_id, fields))
        told: JsonObject = {"problems": {**filled.all_problems}}
        try:
            draft = await self._site.db.write(
                lambda tx: self._saved(tx, principal, definition_id, fields, draft_id=draft_id, seen=seen)
            )
        except Refusal as refusal:
            if refusal.code != "DraftChanged" or draft_id is None:
                return JSONResponse({**told, "unsaved": refusal.in_full})
            newest = await self._site.db.read(lambda tx: self._drafts.get(tx, principal, draft_id))
            return JSONResponse({**told, **_clash(fields, newest, filled)}, HTTPStatus.CONFLICT)
        return JSONResponse({**told, "draft": str(draft.id), "revision": draft.revision})

    async def _leave(self, visitor: Visitor, definition_id: UUID, fields: Fields, draft: OrderDraft | None) -> Response:
        saved = await self._site.db.write(
            lambda tx: self._saved(
                tx, visitor.principal, definition_id, fields, draft_id=None if draft is None else draft.id, seen=None
            )
        )
        return self._site.go(f"/orders/{saved.id}", visitor, notice="draft-saved")

    async def _order(
        self, request: Request, visitor: Visitor, definition_id: UUID, fields: Fields, draft: OrderDraft | None
    ) -> Response:
        principal = visitor.principal

        def write(tx: Transaction) -> UUID | Filled:
            filled = self._form.look(tx, principal, definition_id, fields)
            require_orderer(principal, filled)
            if not filled.is_sound:
                return filled
            block = self._form.order(tx, principal, filled)
            if draft is not None:
                self._drafts.ordered(tx, principal, draft.id)
            return block

        try:
            done = await self._site.db.write(write)
        except Refusal as refusal:
            caught = refusal
            done = await self._site.db.read(
                lambda tx: blamed(self._form.look(tx, principal, definition_id, fields), caught)
            )
        if isinstance(done, UUID):
            return self._site.go(f"/blocks/{done}", visitor, notice="ordered")
        refused = done
        context = await self._site.db.read(lambda tx: self._context(tx, principal, refused, draft=draft, checked=True))
        return await self._refused(request, visitor, fields, refused, context, draft)

    async def _refused(  # noqa: PLR0917  everything about one answer
        self,
        request: Request,
        visitor: Visitor,
        fields: Fields,
        filled: Filled,
        context: Mapping[str, object],
        draft: OrderDraft | None,
    ) -> Response:
        """Return the form with what is wrong: in its place for scripts, else as a draft that can be reloaded."""
        if FORM_HEADER not in request.headers and filled.refusal is None and not filled.problems:
            definition_id, draft_id = filled.offer.definition.id, None if draft is None else draft.id
            try:
                saved = await self._site.db.write(
                    lambda tx: self._saved(tx, visitor.principal, definition_id, fields, draft_id=draft_id, seen=None)
                )
            except Conflict:
                return self._page(request, visitor, context, HTTPStatus.BAD_REQUEST)
            return self._site.go(f"/orders/{saved.id}?check", visitor)
        return self._page(request, visitor, context, HTTPStatus.BAD_REQUEST)

    def _saved(
        self,
        tx: Transaction,
        principal: Principal,
        definition_id: UUID,
        fields: Fields,
        *,
        draft_id: UUID | None,
        seen: int | None,
    ) -> OrderDraft:
        if draft_id is None:
            return self._drafts.create(tx, principal, definition_id, fields.content())
        return self._drafts.update(tx, principal, draft_id, fields.content(), seen=seen)

    def _context(
        self,
        tx: Transaction,
        principal: Principal,
        filled: Filled,
        *,
        draft: OrderDraft | None,
        checked: bool,
        revision: int | None = None,
    ) -> Context:
        definition = filled.offer.definition
        methods = payment_methods_of(tx, self._services, principal, filled)
        sections = sections_of(filled, methods, checked=checked)
        at = f"/orders/{draft.id}" if draft is not None else f"/order/{definition.id}"
        return {
            "definition": definition,
            "symbol_shown": symbol_of(definition),
            "crumbs": [
                ("Marketplace", "/marketplace"),
                (definition.display_name, f"/marketplace/{definition.id}"),
                ("Order", None),
            ],
            "action": at,
            "keep": f"{at}/save" if draft is not None else f"{at}/draft",
            "draft": draft,
            "revision": revision if revision is not None else None if draft is None else draft.revision,
            "place": filled.place,
            "is_for_tenants": definition.target_type is TargetType.TENANT_LEVEL,
            "name": filled.name,
            "proposed": definition.display_name_template or definition.display_name,
            "sections": sections,
            "needs": filled.needs,
            "ordered": len(filled.items),
            "also": filled.also,
            "more": filled.more,
            "problems": filled.all_problems if checked else {},
            "wrong": _wrong(filled) if checked else [],
            "refused": filled.refusal,
            "left_out": [] if draft is None else _labels(filled, draft.left_out),
            "side": side_of(tx, self._services, filled),
            "review": False,
        }

    def _page(self, request: Request, visitor: Visitor, context: Mapping[str, object], status: HTTPStatus) -> Response:
        page = {"refusal": None, **context}
        return self._site.frame.page(request, "pages/orders/order.html", page, visitor=visitor, status=status)


_PLACE_LABELS = {
    "tenant": "Tenant",
    "project": "Project",
    "project_name": "Identifier of the project",
    "project_display_name": "Name of the project",
    "platform": "Platform",
}


def _wrong(filled: Filled) -> Sequence[tuple[str, str]]:
    """Return where something is wrong: the id of the element, and its label."""
    labels = {name: (f"place-{name}", label) for name, label in _PLACE_LABELS.items()}
    labels |= {need.field_name: (f"need-{need.definition_id}", need.name) for need in filled.needs}
    for at, item in enumerate(filled.all_items):
        labels[f"{item.prefix}checks"] = (f"section-{at + 1}-checks", item.definition.display_name)
        for place, spec in enumerate(item.specs, 1):
            labels[item.field_name(spec.key)] = (f"field-{at}-{place}", spec.label)
    return [labels[name] for name in filled.all_problems if name in labels]


def _labels(filled: Filled, names: Sequence[str]) -> Sequence[str]:
    """Return what people read of fields that a draft has left out."""
    labels = {item.field_name(spec.key): spec.label for item in filled.all_items for spec in item.specs}
    return [labels[name] for name in names if name in labels]


def _clash(fields: Fields, newest: OrderDraft, filled: Filled) -> JsonObject:
    """Return what somebody else, or another tab, has made of a draft."""
    labels = {item.field_name(spec.key): spec.label for item in filled.all_items for spec in item.specs}
    found: list[Json] = [
        {"label": label, "mine": mine, "theirs": theirs}
        for label, mine, theirs in differences(fields.content(), newest, {**_PLACE_LABELS, "name": "Name", **labels})
    ]
    return {"revision": newest.revision, "differences": found}


def _revision(form: Form) -> int | None:
    text = form.texts.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004  what a database holds


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
