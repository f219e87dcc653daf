"""The list of building blocks: searched, filtered, sorted and paged by the database."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import BlockStatus
from blockyard.server.blocks.model.query import BlockQuery, BlockSort
from blockyard.server.blocks.service import BlockService, BlockView
from blockyard.server.blocks.service.access import LIST
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.site import Site
from blockyard.server.workspaces.service import WorkspaceService

_PAGE_SIZE = 25
_MAX_PAGE = 100_000
_MAX_SEARCH = 255
_MAX_CHOICES = 100
"""Where there are more workspaces than this, their identifier is typed."""

_COLUMNS = (
    ("name", "Name", ""),
    ("workspace", "Workspace", "max-md:hidden"),
    ("status", "Status", "max-md:hidden"),
    ("created", "Ordered", "max-md:hidden"),
)
"""Word in the address, title, classes."""

_PAGE = re.compile(r"\d{1,9}", re.ASCII)


_Choices = list[tuple[str, str]] | None
"""Identifiers and display names of workspaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What the address of the list asks for; anything it cannot mean counts as not asked for."""

    search: str = ""
    workspace: str = ""
    status: str = ""
    sort: str = "-created"
    page: int = 1

    @classmethod
    def read(cls, request: Request) -> "ListQuery":
        """Return the query of a request."""
        sent = request.query_params
        page, sort, status = sent.get("page", ""), sent.get("sort", ""), sent.get("status", "")
        return cls(
            search=sent.get("search", "").replace("\0", "").strip()[:_MAX_SEARCH],
            workspace=sent.get("workspace", "").replace("\0", ""),
            status=status if status in set(BlockStatus) else "",
            sort=sort if sort.removeprefix("-") in {name for name, _, _ in _COLUMNS} else "-created",
            page=min(max(int(page), 1), _MAX_PAGE) if _PAGE.fullmatch(page) else 1,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether less than everything is asked for."""
        return bool(self.search or self.workspace or self.status)

    def href(self, *, sort: str | None = None, page: int = 1) -> str:
        """Return the address of the same list, sorted otherwise or at another page."""
        members = {"search": self.search, "workspace": self.workspace, "status": self.status}
        members |= {"sort": self.sort if sort is None else sort, "page": str(page)}
        defaults = {"sort": "-created", "page": "1"}
        asked = {name: value for name, value in members.items() if value != defaults.get(name, "")}
        return f"/blocks?{urlencode(asked)}" if asked else "/blocks"

    def for_database(self) -> tuple[BlockQuery, BlockSort, PageRequest]:
        """Return the query as the block service takes it."""
        query = BlockQuery(search=self.search or None, workspace=self.workspace or None, status=self.status or None)
        sort = BlockSort(self.sort.removeprefix("-"))
        return query, sort, PageRequest(self.page - 1, _PAGE_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One block in the list."""

    id: UUID
    name: str
    definition: str
    version: int
    workspace: str
    badge: words.Badge
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `sorted` is `ascending`, `descending` or None, `href` sorts by it, or the other way round."""

    label: str
    css: str
    sorted: str | None
    href: str


def add_block_list(router: APIRouter, site: Site, *, blocks: BlockService, workspaces: WorkspaceService) -> None:
    """Add the route of the list."""

    def read(tx: Transaction, principal: Principal, asked: ListQuery) -> tuple[Page[BlockView], _Choices]:
        query, sort, page = asked.for_database()
        found = blocks.search(tx, principal, query, page, sort=sort, descending=asked.sort.startswith("-"))
        return found, _choices(workspaces, tx, principal)

    @router.get("/blocks")
    async def list_blocks(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        asked = ListQuery.read(request)
        found, choices = await site.db.read(lambda tx: read(tx, visitor.principal, asked))
        if not found.items and found.total:
            return site.frame.go(asked.href(page=found.pages), visitor=visitor)
        return site.frame.page(
            request, "pages/blocks/list.html", _context(visitor.principal, asked, found, choices), visitor=visitor
        )


def _context(principal: Principal, asked: ListQuery, found: Page[BlockView], choices: _Choices) -> dict[str, object]:
    return {
        "query": asked,
        "subtitle": _subtitle(principal),
        "rows": [_row(principal, view) for view in found.items],
        "unfinished": any(view.block.is_running for view in found.items),
        "columns": [_column(asked, *column) for column in _COLUMNS],
        "workspaces": choices,
        "statuses": [(status.value, text) for status, text in words.STATUS_CHOICES.items()],
        "total_words": words.count(found.total, "building block", "building blocks"),
        "number": asked.page,
        "pages": found.pages,
        "previous": asked.href(page=asked.page - 1) if asked.page > 1 else None,
        "next": asked.href(page=asked.page + 1) if asked.page < found.pages else None,
    }


def _subtitle(principal: Principal) -> str:
    reach = principal.reach(LIST)
    if reach.everything:
        return "Everything that any workspace has ordered, and its status"
    if reach.providers:
        return "Everything your workspaces have ordered or offer to others, and its status"
    return "Everything your workspaces have ordered, and its status"


def _choices(workspaces: WorkspaceService, tx: Transaction, principal: Principal) -> _Choices:
    """Return the workspaces the visitor can choose from, by display name; None if there are too many."""
    page = workspaces.page(tx, principal, PageRequest(0, _MAX_CHOICES))
    if page.pages > 1:
        return None
    return sorted(
        ((workspace.name, workspace.display_name or workspace.name) for workspace in page.items),
        key=lambda choice: choice[1].casefold(),
    )


def _row(principal: Principal, view: BlockView) -> Row:
    block = view.block
    return Row(
        id=block.id,
        name=block.name,
        definition=view.definition.display_name,
        version=block.version_number,
        workspace=block.workspace,
        badge=words.block_badge(block, is_yours=words.is_yours(principal, block)),
        created_at=block.created_at,
    )


def _column(asked: ListQuery, name: str, label: str, css: str) -> Column:
    if asked.sort.removeprefix("-") != name:
        return Column(label, css, None, asked.href(sort=f"-{name}" if name == "created" else name))
    descending = asked.sort.startswith("-")
    turned = name if descending else f"-{name}"
    return Column(label, css, "descending" if descending else "ascending", asked.href(sort=turned))
