"""The search over everything that the visitor may see: a page, and what the palette of every page asks."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.home.model import Kind, Thing
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.frame.things import ThingRow, thing_row

_LONGEST = 100
_KEPT = 8


def add_search_page(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the search."""
    home = services.home

    @router.get("/search")
    async def show_search(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        text = request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST]
        kind = _kind(request.query_params.get("kind", ""))

        def read(tx: Transaction) -> list[ThingRow]:
            if not text and kind is None:
                kept = sorted(home.kept(tx, visitor.principal), key=lambda one: not one.is_pinned)
                return [thing_row(one) for one in kept[:_KEPT]]
            return [thing_row(one) for one in home.search(tx, visitor.principal, text, kind=kind)]

        rows = await site.db.read(read)
        if "application/json" in request.headers.get("accept", ""):
            found: list[JsonObject] = [_document(row) for row in rows]
            return JSONResponse({"found": found}, headers={"Cache-Control": "no-store"})
        context = {"text": text, "rows": rows}
        return site.page(request, visitor, "pages/home/search.html", context)

    @router.post("/kept")
    async def keep(request: Request) -> Response:
        visitor, form = await site.visitors.of_form(request)
        kind = _kind(form.texts.get("kind", ""))
        pinned = form.texts.get("pinned", "")
        thing_id = form.texts.get("id", "").replace("\0", "")[:255]

        def write(tx: Transaction) -> bool:
            if kind is None or not thing_id:
                return False
            name = form.texts.get("name", "").replace("\0", "")[:255]
            thing = Thing(kind=kind, id=thing_id, name=name, where=form.texts.get("where", "").replace("\0", "")[:255])
            if pinned:
                home.pin(tx, visitor.principal, thing, pinned=pinned == "yes")
            else:
                home.visit(tx, visitor.principal, thing)
            kept = home.kept(tx, visitor.principal)
            return any(one.is_pinned for one in kept if (one.kind, one.id) == (kind, thing_id))

        is_pinned = await site.db.write(write)
        return JSONResponse({"pinned": is_pinned}, headers={"Cache-Control": "no-store"})


def _kind(word: str) -> Kind | None:
    return Kind(word) if word in set(Kind) else None


def _document(row: ThingRow) -> JsonObject:
    return {"name": row.name, "where": row.where, "href": row.href, "icon": row.icon, "label": row.label}
