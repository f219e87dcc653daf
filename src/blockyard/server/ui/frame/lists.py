"""Lists: searched, filtered, sorted and paged by the database. A page gives its columns, its filters and a use case."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.site import Site

T = TypeVar("T")

_PAGE_SIZE = 25
_MAX_PAGE = 100_000
_MAX_TEXT = 255
"""Characters of a search, or of a filter."""

_PAGE = re.compile(r"\d{1,9}", re.ASCII)

Choices = Sequence[tuple[str, str]]
"""Words in the address, and what people read."""

Choose = Callable[[Transaction, Principal], Choices | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a row has in one column: a text, a status, or an instant; `detail` is its second line, or follows the instant."""

    text: str = ""
    badge: words.Badge | None = None
    at: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        sort: its word in the address; None if the list cannot be sorted by it.
        turned: whether the first click on it sorts in descending order, as for instants.
    """

    label: str
    cell: Callable[[T], Cell]
    sort: str | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter.

    Attributes:
        every: what it says while it filters nothing.
        choices: all there is to choose from; any other word counts as not asked for.
        choose: finds what there is to choose from; None if that is too much, so that a word is typed.
    """

    name: str
    label: str
    every: str
    choices: Choices = ()
    choose: Choose | None = None

    def reads(self, sent: str) -> str:
        """Return what a word in the address asks for."""
        known = self.choose is not None or sent in {word for word, _ in self.choices}
        return sent.replace("\0", "")[:_MAX_TEXT] if known else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address of a list asks for; anything it cannot mean counts as not asked for.

    Attributes:
        sort: the column, with a `-` before it in descending order.
    """

    search: str
    filters: Mapping[str, str]
    sort: str
    page: int

    @property
    def is_filtered(self) -> bool:
        """Whether less than everything is asked for."""
        return bool(self.search or any(self.filters.values()))

    @property
    def column(self) -> str:
        """What the list is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether it is sorted in descending order."""
        return self.sort.startswith("-")

    @property
    def request(self) -> PageRequest:
        """The page, as use cases take it."""
        return PageRequest(self.page - 1, _PAGE_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A list of one kind of things.

    Attributes:
        one, many: what the things are called.
        columns: the first one names the thing, and leads to it.
        find: the use case.
        sort: what the list is sorted by unless the address says otherwise.
        is_moving: whether a thing will soon look different by itself: the page looks again every few seconds.
        about: the line below the title.
        template: a template of the page that extends `frame/list.html` to say what to do while there is nothing.
    """

    path: str
    title: str
    one: str
    many: str
    columns: Sequence[Column[T]]
    href: Callable[[T], str]
    find: Callable[[Transaction, Principal, Asked], Page[T]]
    sort: str
    about: Callable[[Principal], str]
    filters: Sequence[Filter] = ()
    is_moving: Callable[[T], bool] = field(default=lambda _: False)
    template: str = "frame/list.html"

    def asked(self, request: Request) -> Asked:
        """Return what a request asks for."""
        sent = request.query_params
        sort, page = sent.get("sort", ""), sent.get("page", "")
        return Asked(
            search=sent.get("search", "").replace("\0", "").strip()[:_MAX_TEXT],
            filters={one.name: one.reads(sent.get(one.name, "")) for one in self.filters},
            sort=sort if sort.removeprefix("-") in {column.sort for column in self.columns} else self.sort,
            page=min(max(int(page), 1), _MAX_PAGE) if _PAGE.fullmatch(page) else 1,
        )

    def address(self, asked: Asked, *, sort: str | None = None, page: int = 1) -> str:
        """Return the address of the same list, sorted otherwise or at another page."""
        members = {"search": asked.search, **asked.filters, "sort": sort or asked.sort, "page": str(page)}
        defaults = {"sort": self.sort, "page": "1"}
        kept = {name: value for name, value in members.items() if value != defaults.get(name, "")}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; `sorted` is `ascending`, `descending` or None, `href` sorts by it, or the other way round."""

    label: str
    sorted: str | None
    href: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing: where its row leads, and what it has in each column."""

    href: str
    cells: Sequence[Cell]


def add_list(router: APIRouter, site: Site, listing: Listing[T]) -> None:
    """Add the route of a list."""

    def read(tx: Transaction, principal: Principal, asked: Asked) -> tuple[Page[T], Mapping[str, Choices | None]]:
        choices = {one.name: one.choose(tx, principal) if one.choose else one.choices for one in listing.filters}
        return listing.find(tx, principal, asked), choices

    @router.get(listing.path)
    async def show_list(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        asked = listing.asked(request)
        found, choices = await site.db.read(lambda tx: read(tx, visitor.principal, asked))
        if not found.items and found.total:
            return site.go(listing.address(asked, page=found.pages), visitor)
        context = {**_context(listing, asked, found, choices), "about": listing.about(visitor.principal)}
        return site.page(request, visitor, listing.template, context)


def _context(
    listing: Listing[T], asked: Asked, found: Page[T], choices: Mapping[str, Choices | None]
) -> dict[str, object]:
    return {
        "listing": listing,
        "asked": asked,
        "choices": choices,
        "heads": [_head(listing, asked, column) for column in listing.columns],
        "rows": [Row(listing.href(item), [column.cell(item) for column in listing.columns]) for item in found.items],
        "moving": any(listing.is_moving(item) for item in found.items),
        "total": words.count(found.total, listing.one, listing.many),
        "pages": found.pages,
        "previous": listing.address(asked, page=asked.page - 1) if asked.page > 1 else None,
        "next": listing.address(asked, page=asked.page + 1) if asked.page < found.pages else None,
    }


def _head(listing: Listing[T], asked: Asked, column: Column[T]) -> Head:
    if column.sort is None:
        return Head(column.label, None, None)
    if asked.column != column.sort:
        first = f"-{column.sort}" if column.turned else column.sort
        return Head(column.label, None, listing.address(asked, sort=first))
    turned = column.sort if asked.descending else f"-{column.sort}"
    return Head(column.label, "descending" if asked.descending else "ascending", listing.address(asked, sort=turned))
