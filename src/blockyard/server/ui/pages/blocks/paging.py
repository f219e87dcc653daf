"""Pages of what one block has much of: its runs, its events."""

import re

from fastapi import Request

_PAGE = re.compile(r"\d{1,6}", re.ASCII)


def page_number(request: Request) -> int:
    """Return which page the address asks for; the first unless it names one."""
    sent = request.query_params.get("page", "")
    return max(int(sent), 1) if _PAGE.fullmatch(sent) else 1


def pages_around(path: str, page: int, pages: int, *, state: str | None = None) -> dict[str, object]:
    """Return the addresses of the pages beside a page, None where there is none; `state` is what the list is filtered by."""
    before, kept = min(page - 1, pages), f"&state={state}" if state else ""
    return {
        "page": page,
        "pages": pages,
        "previous": f"{path}?page={before}{kept}" if before > 0 else None,
        "next": f"{path}?page={page + 1}{kept}" if page < pages else None,
    }
