"""Lists: searched, filtered, sorted and paged by the database. A page gives its columns, its filters and a use case."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.downloads import MOST_ROWS, download
from blockyard.server.ui.frame.listings import (
    Act,
    Asked,
    Cell,
    Choices,
    Choose,
    Column,
    ColumnChoice,
    Filter,
    Head,
    Listing,
    Row,
)
from blockyard.server.ui.frame.selections import add_acts
from blockyard.server.ui.frame.site import Site

__all__ = ["Act", "Asked", "Cell", "Choices", "Choose", "Column", "Filter", "Head", "Listing", "Row", "add_list"]

T = TypeVar("T")


def add_list(router: APIRouter, site: Site, listing: Listing[T]) -> None:
    """Add the routes of a list."""

    def read(tx: Transaction, principal: Principal, asked: Asked) -> tuple[Page[T], Mapping[str, object]]:
        around = listing.around(tx, principal, asked)
        choices = {one.name: one.choose(tx, principal) if one.choose else one.choices for one in listing.filters}
        return listing.find(tx, principal, asked), {"choices": choices, **around}

    @router.get(listing.path)
    async def show_list(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        asked = listing.asked(request)
        if request.query_params.get("format") == "csv":
            return await download(site, visitor.principal, listing, asked)
        found, around = await site.db.read(lambda tx: read(tx, visitor.principal, asked))
        if not found.items and found.total:
            return site.go(listing.address(asked, page=found.pages), visitor)
        context = {
            **_context(listing, asked, found, visitor.principal),
            "about": listing.about(visitor.principal),
            **around,
        }
        return site.page(request, visitor, listing.template, context)

    if listing.acts:
        add_acts(router, site, listing)


def _context(listing: Listing[T], asked: Asked, found: Page[T], principal: Principal) -> dict[str, object]:
    acts = [act for act in listing.acts if listing.offers(act, principal, found.items)]
    key = listing.key if acts else None
    return {
        "listing": listing,
        "acts": acts,
        "every": found.total if found.pages > 1 and any(act.begin for act in acts) else None,
        "at": listing.at(asked),
        "asked": asked,
        "heads": [_head(listing, asked, column) for column in listing.shown(asked)],
        "rows": _rows(listing, asked, found.items, key=key),
        "groupings": [("", "No groups"), *((one.sort, f"By {one.label.lower()}") for one in listing.groups)],
        "column_choices": [_choice(listing, asked, column) for column in listing.columns[1:]],
        "csv": listing.address(asked, format="csv"),
        "csv_is_cut": found.total > MOST_ROWS,
        "moving": any(listing.is_moving(item) for item in found.items),
        "total": words.count(found.total, listing.one, listing.many),
        "pages": found.pages,
        "previous": listing.address(asked, page=asked.page - 1) if asked.page > 1 else None,
        "next": listing.address(asked, page=asked.page + 1) if asked.page < found.pages else None,
    }


def _words(cell: Cell) -> str:
    """Return what people read, whatever sign stands before it."""
    return cell.badge.text if cell.badge else cell.text


def _rows(listing: Listing[T], asked: Asked, items: Sequence[T], *, key: Callable[[T], str] | None) -> Sequence[Row]:
    columns = listing.shown(asked)
    by = next((column for column in listing.groups if column.sort == asked.group), None)
    rows: list[Row] = []
    before: Cell | None = None
    for item in items:
        group = None if by is None else replace(by.cell(item), detail=None)
        is_first = group is not None and (before is None or _words(group) != _words(before))
        rows.append(
            Row(
                listing.href(item),
                [column.cell(item) for column in columns],
                key(item) if key else "",
                group if is_first else None,
            )
        )
        before = group
    return rows


def _choice(listing: Listing[T], asked: Asked, column: Column[T]) -> ColumnChoice:
    turned = replace(asked, hidden=asked.hidden ^ {column.word})
    return ColumnChoice(column.label, column.word not in asked.hidden, listing.address(turned, page=asked.page))


def _head(listing: Listing[T], asked: Asked, column: Column[T]) -> Head:
    if column.sort is None:
        return Head(column.label, None, None)
    if asked.column != column.sort:
        first = f"-{column.sort}" if column.turned else column.sort
        return Head(column.label, None, listing.address(asked, sort=first))
    turned = column.sort if asked.descending else f"-{column.sort}"
    return Head(column.label, "descending" if asked.descending else "ascending", listing.address(asked, sort=turned))
