"""The routes of what people come back to. Blockyard's own endpoints."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.home.model import Kept, Kind, Need, Thing
from blockyard.server.home.service import HomeService
from blockyard.server.identity.api import CurrentPrincipal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.database import Database
from blockyard.server.kit.routers import api_router
from blockyard.server.kit.wire import ShortText, WireJson, WireModel


class KeptIn(WireModel):
    """A thing that a person used, as its page calls it; with `pinned`, whether it stays at hand."""

    name: ShortText
    where: ShortText = ""
    pinned: bool | None = None


def home_routes(db: Database, home: HomeService) -> APIRouter:
    """Return the routes."""
    router = api_router(prefix="/api/blockyard/v1", tags=["Home"])

    @router.get("/needs")
    async def list_needs(
        principal: CurrentPrincipal,
        workspace: Annotated[ShortText | None, Query(alias="workspaceIdentifier")] = None,
    ) -> dict[str, WireJson]:
        """Return what needs you: missing inputs, failed blocks, requests and deletions to decide, access that ends soon."""
        needs = await db.read_consistently(lambda tx: home.needs(tx, principal, workspace=workspace))
        return {"needs": [_need(one) for one in needs.items], "total": needs.total}

    @router.get("/search")
    async def search(
        principal: CurrentPrincipal,
        text: Annotated[str, Query(max_length=100)] = "",
        kind: Kind | None = None,
    ) -> dict[str, WireJson]:
        """Find workspaces, projects, tenants, blocks and what you may order by their names, also with typing errors."""
        found = await db.read(lambda tx: home.search(tx, principal, text.replace("\0", "").strip(), kind=kind))
        return {"found": [_thing(one) for one in found]}

    @router.get("/kept")
    async def list_kept_things(principal: CurrentPrincipal) -> dict[str, WireJson]:
        """Return what you used last on the pages, and what you pinned."""
        kept = await db.read(lambda tx: home.kept(tx, principal))
        return {"kept": [_kept(one) for one in kept]}

    @router.put("/kept/{kind}/{thing}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
    async def keep_thing(
        kind: Kind,
        thing: Annotated[str, Path(max_length=255)],
        body: Annotated[KeptIn, Body()],
        principal: CurrentPrincipal,
    ) -> Response:
        """Remember that you used a thing, and pin it, or pin it no more."""
        one = Thing(kind=kind, id=thing, name=body.name, where=body.where)
        if body.pinned is None:
            await db.write(lambda tx: home.visit(tx, principal, one))
        else:
            pinned = body.pinned
            await db.write(lambda tx: home.pin(tx, principal, one, pinned=pinned))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _need(need: Need) -> JsonObject:
    return {
        "why": need.why.value,
        "workspace": need.workspace,
        "id": need.id,
        "name": need.name,
        "detail": need.detail,
        "since": wire_time(need.since),
    }


def _thing(thing: Thing) -> JsonObject:
    return {"kind": thing.kind.value, "id": thing.id, "name": thing.name, "where": thing.where}


def _kept(kept: Kept) -> JsonObject:
    return {
        "kind": kept.kind.value,
        "id": kept.id,
        "name": kept.name,
        "where": kept.where,
        "visitedAt": wire_time(kept.visited_at),
        "pinned": kept.is_pinned,
    }
