"""What a block depends on and what depends on it: a drawing, and the same as a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import Block, BlockId
from blockyard.server.blocks.model.graph import BlockGraph
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.drawing import Drawing, drawn
from blockyard.server.ui.pages.blocks.head import Heads, badge_of, head_of


@dataclass(frozen=True, slots=True)
class Branch:
    """A block in the list; what it leads to stands below it, unless that stands somewhere above already."""

    id: UUID
    name: str
    badge: words.Badge
    branches: Sequence["Branch"]
    is_repeated: bool


def add_graph(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    heads = Heads(services)

    def read(tx: Transaction, principal: Principal, block_id: UUID) -> dict[str, object]:
        about = heads.read(tx, principal, block_id)
        graph = services.blocks.graph(tx, principal, block_id)
        return {
            **head_of(about, "Graph"),
            "drawing": _drawing(graph, badge_of(about)),
            "parents": _tree(graph, graph.parents_of),
            "children": _tree(graph, graph.children_of),
            "is_cut": graph.is_cut,
        }

    @router.get("/blocks/{block_id}/graph")
    async def show_graph(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, block_id))
        return site.page(request, visitor, "pages/blocks/graph.html", context)


def _drawing(graph: BlockGraph, of_center: words.Badge) -> Drawing | None:
    """Return the drawing; None for a block that stands alone. Of the one in the middle more is known."""
    if len(graph.blocks) == 1:
        return None
    badges = {**{key: _badge(block) for key, block in graph.blocks.items()}, graph.center: of_center}
    names = {key: block.name for key, block in graph.blocks.items()}
    return drawn(names, badges, graph.edges, center=graph.center)


def _tree(graph: BlockGraph, step: Callable[[BlockId], Sequence[Block]]) -> Sequence[Branch]:
    seen: set[BlockId] = set()

    def branch(block: Block) -> Branch:
        is_repeated = block.id in seen
        seen.add(block.id)
        branches = [] if is_repeated else [branch(other) for other in step(block.id)]
        return Branch(block.id, block.name, _badge(block), branches, is_repeated and bool(step(block.id)))

    return [branch(block) for block in step(graph.center)]


def _badge(block: Block) -> words.Badge:
    return words.block_badge(block, is_yours=False)
