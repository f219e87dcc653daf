"""Whole values of a block as files: pages show only how a long one begins."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.resolution import ResolvedValue
from blockyard.server.blocks.service import BlockView
from blockyard.server.kit.errors import NotFound
from blockyard.server.runners.model import StoredSecret
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site


def add_whole_values(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes; who may see the page of a block may have what it begins to show."""
    blocks = services.blocks

    async def answer(
        request: Request, block_id: UUID, key: str, value_in: Callable[[BlockView, str], ResolvedValue]
    ) -> Response:
        visitor = await site.visitors.of(request)
        content = await site.db.read(
            lambda tx: _content(value_in(blocks.get(tx, visitor.principal, block_id), key), key)
        )
        name = quote(re.sub(r"[^\w.-]+", "-", f"{key}.txt"))
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return Response(content, headers=headers, media_type="text/plain; charset=utf-8")

    @router.get("/blocks/{block_id}/inputs/value")
    async def download_input(request: Request, block_id: UUID, key: str = "") -> Response:
        return await answer(request, block_id, key, _input)

    @router.get("/blocks/{block_id}/outputs/value")
    async def download_output(request: Request, block_id: UUID, key: str = "") -> Response:
        return await answer(request, block_id, key, _output)


def _input(view: BlockView, key: str) -> ResolvedValue:
    return next((item.value for item in view.inputs if item.spec.key == key and not item.spec.is_sensitive), None)


def _output(view: BlockView, key: str) -> ResolvedValue:
    output = view.block.outputs.get(key)
    return None if output is None or output.is_sensitive else output.value


def _content(value: ResolvedValue, key: str) -> bytes:
    """Return a value as a file: a text as it is, everything else as JSON. Raises NotFound, also for secrets."""
    if value is None or isinstance(value, StoredSecret):
        raise NotFound(
            f"there is no value of '{key}' that can be shown",
            code="ValueNotFound",
            remedy="Look at the page of the building block: it names what there is.",
        )
    return (value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)).encode()
