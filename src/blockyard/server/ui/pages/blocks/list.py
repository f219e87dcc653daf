"""The list of building blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter

from blockyard.server.blocks.model.block import BlockStatus
from blockyard.server.blocks.model.query import BlockSort
from blockyard.server.blocks.service import BlockLine, LastChange
from blockyard.server.blocks.service.access import LIST
from blockyard.server.events.model import SYSTEM
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.lists import Asked, Cell, Choices, Column, Filter, Listing, add_list
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.jobs import DELETED, acts_on_blocks, offered, query_of

_MAX_CHOICES = 100
"""Where there are more workspaces than this, their identifier is typed."""

_STATUSES = {
    BlockStatus.SUCCEEDED: "Ready",
    BlockStatus.FAILED: "Failed, or last change failed",
    BlockStatus.ABORTED: "Aborted, or last change aborted",
    BlockStatus.PENDING: "Waiting for a runner",
    BlockStatus.IN_PROGRESS: "Under way",
    BlockStatus.WAITING_FOR_OPERATOR_INPUT: "Waiting for the platform team",
    BlockStatus.WAITING_FOR_USER_INPUT: "Waiting for the workspace",
    BlockStatus.WAITING_FOR_DEPENDENT_INPUT: "Waiting for another building block",
    BlockStatus.WAITING_FOR_APPROVAL: "Waiting for approval",
}
"""Statuses that the list can be filtered by."""

_CHIPS = {
    BlockStatus.SUCCEEDED: "Ready",
    BlockStatus.IN_PROGRESS: "Under way",
    BlockStatus.WAITING_FOR_USER_INPUT: "Waiting for the workspace",
    BlockStatus.WAITING_FOR_OPERATOR_INPUT: "Waiting for the platform team",
    BlockStatus.FAILED: "Failed",
}
"""Those of them that are one click away."""


@dataclass(frozen=True, slots=True)
class _Item:
    line: BlockLine
    change: LastChange


def add_block_list(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the list."""
    blocks, workspaces = services.blocks, services.workspaces

    def find(tx: Transaction, principal: Principal, asked: Asked) -> Page[_Item]:
        sort = BlockSort(asked.column)
        found = blocks.search(tx, principal, query_of(asked), asked.request, sort=sort, descending=asked.descending)
        changes = blocks.last_changes(tx, [line.block for line in found.items])
        return found.map(lambda line: _Item(line, changes[line.block.id]))

    def choose_workspace(tx: Transaction, principal: Principal) -> Choices | None:
        page = workspaces.page(tx, principal, PageRequest(0, _MAX_CHOICES))
        if page.pages > 1:
            return None
        found = ((workspace.name, workspace.display_name or workspace.name) for workspace in page.items)
        return sorted(found, key=lambda choice: choice[1].casefold())

    listing = Listing(
        path="/blocks",
        title="Building blocks",
        one="building block",
        many="building blocks",
        about=_about,
        columns=[
            Column(label="Name", sort="name", cell=_name),
            Column(label="Workspace", sort="workspace", cell=_place, groups=True),
            Column(label="Status", sort="status", cell=_status, groups=True),
            Column(label="Last change", cell=_last_change),
            Column(label="Ordered", sort="created", turned=True, cell=lambda item: Cell(at=item.line.block.created_at)),
        ],
        sort="-created",
        filters=[
            Filter(name="workspace", label="Workspace", every="All workspaces", choose=choose_workspace),
            Filter(
                name="status",
                label="Status",
                every="Any status",
                choices=[*((status.value, text) for status, text in _STATUSES.items()), (DELETED, "Deleted")],
            ),
        ],
        href=lambda item: f"/blocks/{item.line.block.id}",
        find=find,
        is_moving=lambda item: item.line.block.is_running,
        around=lambda _tx, _principal, asked: {"chips": _chips(asked)},
        offers=lambda act, principal, items: offered(act, principal, [item.line.block for item in items]),
        key=lambda item: str(item.line.block.id),
        acts=acts_on_blocks(services),
        template="pages/blocks/list.html",
    )
    add_list(router, site, listing)


def _name(item: _Item) -> Cell:
    line = item.line
    return Cell(text=line.block.name, detail=f"{line.definition} v{line.block.version_number}")


def _place(item: _Item) -> Cell:
    block = item.line.block
    return Cell(text=block.workspace, detail=None if block.tenant is None else block.tenant.project)


def _chips(asked: Asked) -> Sequence[tuple[str, str, bool]]:
    """Return the states one looks for most: the words, the same list in that state, and whether it is chosen."""
    kept = {"search": asked.search, "workspace": asked.filters["workspace"]}

    def href(status: str) -> str:
        wanted = {name: value for name, value in {**kept, "status": status}.items() if value}
        return f"/blocks?{urlencode(wanted)}" if wanted else "/blocks"

    chosen = asked.filters["status"]
    states = [("All", ""), *((text, status.value) for status, text in _CHIPS.items())]
    return [(text, href(status), status == chosen) for text, status in states]


def _status(item: _Item) -> Cell:
    badge = words.block_badge(item.line.block, is_yours=item.line.is_yours)
    return Cell(badge=badge, detail=badge.detail)


def _last_change(item: _Item) -> Cell:
    author = item.change.author
    return Cell(at=item.change.at, detail=f"by {'Blockyard' if author == SYSTEM else author.display_name}")


def _about(principal: Principal) -> str:
    reach = principal.reach(LIST)
    if reach.everything:
        return "Everything that any workspace has ordered, and its status"
    if reach.providers:
        return "Everything your workspaces have ordered or offer to others, and its status"
    return "Everything your workspaces have ordered, and its status"
