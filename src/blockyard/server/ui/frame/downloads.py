"""The rows of a list as a table for spreadsheets."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from fastapi import Response

from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.ui.frame.layout import HEADERS
from blockyard.server.ui.frame.listings import NO_WORD, Asked, Cell, Column, Listing
from blockyard.server.ui.frame.site import Site

T = TypeVar("T")

MOST_ROWS = 10_000
"""How many rows a download has at most."""

_PORTION = 1000
"""Rows of a download that are read at once."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How texts begin that spreadsheets take for formulas."""


async def download(site: Site, principal: Principal, listing: Listing[T], asked: Asked) -> Response:
    """Return the rows of a list, with the columns that are shown, as a table for spreadsheets."""

    def read(tx: Transaction) -> list[T]:
        listing.around(tx, principal, asked)  # whoever may not see the page may not have its rows
        found: list[T] = []
        for page in range(1, MOST_ROWS // _PORTION + 1):
            items = listing.find(tx, principal, replace(asked, page=page, size=_PORTION)).items
            found += items
            if len(items) < _PORTION:
                break
        return found

    items = await site.db.read_consistently(read)
    columns = listing.shown(asked)
    text = await asyncio.to_thread(lambda: "".join(_lines(columns, items)))
    name = NO_WORD.sub("-", listing.title.lower())
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="{name}.csv"',
    }
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _lines(columns: Sequence[Column[T]], items: Sequence[T]) -> Iterator[str]:
    for row in (
        [column.label for column in columns],
        *([_plain(column.cell(one)) for column in columns] for one in items),
    ):
        line = io.StringIO()
        csv.writer(line).writerow([f"'{text}" if text.startswith(_FORMULA) else text for text in row])
        yield line.getvalue()


def _plain(cell: Cell) -> str:
    first = cell.badge.text if cell.badge else cell.at.isoformat() if cell.at else cell.text
    return f"{first} ({cell.detail})" if cell.detail and not cell.badge else first
