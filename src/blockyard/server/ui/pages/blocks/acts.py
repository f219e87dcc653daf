"""What is done with a block by one button: runs, dry runs, a new name, another version, and its end."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import Block, Follows, Lifecycle
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.service import BlockService, BlockView
from blockyard.server.definitions.model import VersionId
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid
from blockyard.server.services import Services
from blockyard.server.ui.frame.places import within_block
from blockyard.server.ui.frame.site import Site, submit
from blockyard.server.ui.pages.blocks.head import deletion_question, purge_question

_LONGEST_NAME = 1000
"""Characters that are read of a name; what is allowed is the service's to say."""


def add_acts(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes."""
    blocks = services.blocks
    _add_runs(router, site, blocks)
    _add_changes(router, site, blocks)
    _add_deletion(router, site, blocks)
    _add_purge(router, site, blocks)


def _add_runs(router: APIRouter, site: Site, blocks: BlockService) -> None:
    def run(tx: Transaction, principal: Principal, block_id: UUID) -> bool:
        before = blocks.find(tx, principal, block_id)
        return blocks.trigger_run(tx, principal, block_id).block.latest_run_id != before.latest_run_id

    @router.post("/blocks/{block_id}/runs")
    async def run_again(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        path = f"/blocks/{block_id}"
        return await submit(
            site.db.write(lambda tx: run(tx, visitor.principal, block_id)),
            again=site.back_to(path, visitor),
            done=lambda ran: site.go(path, visitor, notice="run" if ran else "waits"),
        )

    @router.post("/blocks/{block_id}/check")
    async def check(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: blocks.detect(tx, visitor.principal, block_id)),
            again=site.back_to(f"/blocks/{block_id}", visitor),
            done=lambda view: site.go(f"/runs/{view.block.latest_dry_run_id}", visitor, notice="checking"),
        )

    @router.post("/blocks/{block_id}/apply-plan")
    async def apply_plan(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: blocks.apply_plan(tx, visitor.principal, block_id)),
            again=site.back_to(f"/blocks/{block_id}", visitor),
            done=lambda view: site.go(f"/runs/{view.block.latest_run_id}", visitor, notice="run"),
        )


def _add_changes(router: APIRouter, site: Site, blocks: BlockService) -> None:
    def change(
        tx: Transaction, principal: Principal, block_id: UUID, to: Callable[[BlockRequest], BlockRequest]
    ) -> tuple[Block, BlockView]:
        before = blocks.find(tx, principal, block_id)
        return before, blocks.update(tx, principal, block_id, to(_as_it_is(before)))

    async def changed(
        request: Request, block_id: UUID, member: str, to: Callable[[BlockRequest, str], BlockRequest], notice: str
    ) -> Response:
        visitor, form = await site.visitors.of_form(request)
        sent, path = form.texts.get(member, "")[:_LONGEST_NAME], f"/blocks/{block_id}/settings"

        def done(result: tuple[Block, BlockView]) -> Response:
            before, view = result
            if view.block == before:
                return site.go(path, visitor, notice="unchanged")
            ran = view.block.latest_run_id != before.latest_run_id
            return site.go(f"/blocks/{block_id}", visitor, notice=f"{notice}-run" if ran else notice)

        return await submit(
            site.db.write(lambda tx: change(tx, visitor.principal, block_id, lambda asked: to(asked, sent))),
            again=site.back_to(path, visitor),
            done=done,
        )

    @router.post("/blocks/{block_id}/name")
    async def rename(request: Request, block_id: UUID) -> Response:
        return await changed(request, block_id, "name", _renamed, "renamed")

    @router.post("/blocks/{block_id}/follows")
    async def follow(request: Request, block_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        path, sent = f"/blocks/{block_id}/settings", form.texts.get("follows", "")
        return await submit(
            site.db.write(lambda tx: blocks.follow(tx, visitor.principal, block_id, _followed(sent))),
            again=site.back_to(path, visitor),
            done=lambda _: site.go(path, visitor, notice="follows"),
        )

    @router.post("/blocks/{block_id}/version")
    async def change_version(request: Request, block_id: UUID) -> Response:
        return await changed(request, block_id, "version", _upgraded, "upgraded")


def _add_deletion(router: APIRouter, site: Site, blocks: BlockService) -> None:
    @router.get("/blocks/{block_id}/delete")
    async def ask_delete(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        detail = await site.db.read(lambda tx: blocks.detail(tx, visitor.principal, block_id))
        crumbs = within_block(block_id, detail.view.block.name)
        return site.ask(request, visitor, deletion_question(detail), crumbs=crumbs)

    @router.post("/blocks/{block_id}/delete")
    async def delete(request: Request, block_id: UUID) -> Response:
        visitor, form = await site.visitors.of_form(request)
        expected = form.texts.get("deletion", "")

        def done(view: BlockView) -> Response:
            if view.block.lifecycle is Lifecycle.DELETED:
                return site.go("/blocks", visitor, notice="deleted")
            return site.go(f"/blocks/{block_id}", visitor, notice="deleting")

        return await submit(
            site.db.write(lambda tx: blocks.delete(tx, visitor.principal, block_id, expected=expected)),
            again=site.back_to(f"/blocks/{block_id}/delete", visitor),
            done=done,
        )


def _add_purge(router: APIRouter, site: Site, blocks: BlockService) -> None:
    @router.get("/blocks/{block_id}/purge")
    async def ask_purge(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        detail = await site.db.read(lambda tx: blocks.detail(tx, visitor.principal, block_id))
        if not (detail.may_purge and detail.view.block.is_live):
            return site.go(f"/blocks/{block_id}", visitor)
        crumbs = within_block(block_id, detail.view.block.name)
        return site.ask(request, visitor, purge_question(detail), crumbs=crumbs)

    @router.post("/blocks/{block_id}/purge")
    async def purge(request: Request, block_id: UUID) -> Response:
        visitor, _ = await site.visitors.of_form(request)
        return await submit(
            site.db.write(lambda tx: blocks.purge(tx, visitor.principal, block_id)),
            again=site.back_to(f"/blocks/{block_id}/purge", visitor),
            done=lambda _: site.go("/blocks", visitor, notice="purged"),
        )


def _as_it_is(block: Block) -> BlockRequest:
    """Return the request that changes nothing."""
    return BlockRequest(version_id=block.version_id, target=Target.of(block), display_name=block.display_name)


def _renamed(request: BlockRequest, name: str) -> BlockRequest:
    if not name.strip():
        raise Invalid(
            "a building block needs a name", code="NameMissing", field="/spec/displayName", remedy="Enter a name."
        )
    return replace(request, display_name=name.strip())


def _followed(value: str) -> Follows:
    try:
        return Follows(value)
    except ValueError as error:
        raise Invalid(
            "nothing was chosen", code="FollowsMissing", field="follows", remedy="Choose one of the list."
        ) from error


def _upgraded(request: BlockRequest, version: str) -> BlockRequest:
    try:
        return replace(request, version_id=VersionId(UUID(version)))
    except ValueError as error:
        raise Invalid(
            "no version was chosen", code="VersionMissing", field="version", remedy="Choose one of the list."
        ) from error
