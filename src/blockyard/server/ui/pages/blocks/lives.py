"""What keeps a block as it is, or lets it live on: holds, and deletions that are taken back."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.kit.errors import Invalid
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site, submit

_LONGEST_REASON = 255


def add_lives(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes."""
    blocks = services.blocks

    @router.post("/blocks/{block_id}/hold")
    async def hold(request: Request, block_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        reason, path = form.texts.get("reason", "").strip()[:_LONGEST_REASON], f"/blocks/{block_id}/settings"
        return await submit(
            site.db.write(lambda tx: blocks.holding.hold(tx, visitor.principal, block_id, _said(reason), None)),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="on-hold"),
        )

    @router.post("/blocks/{block_id}/release")
    async def release(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        path = f"/blocks/{block_id}/settings"
        return await submit(
            site.db.write(lambda tx: blocks.holding.lift(tx, visitor.principal, block_id, "lifted on its page")),
            again=site.back_to(path, visitor),
            done=lambda lifted: site.go(path, visitor, notice="released" if lifted else "unchanged"),
        )

    @router.post("/blocks/{block_id}/keep")
    async def keep(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        path = f"/blocks/{block_id}"
        return await submit(
            site.db.write(lambda tx: blocks.take_back(tx, visitor.principal, block_id)),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="kept"),
        )


def _said(reason: str) -> str:
    if not reason:
        raise Invalid("a hold needs a reason", code="ReasonMissing", field="reason", remedy="Say why.")
    return reason
