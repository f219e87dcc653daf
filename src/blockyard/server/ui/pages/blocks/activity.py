"""What happened to a block, from the event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.audit.service import CODE
from blockyard.server.blocks.service import BlockDetail
from blockyard.server.events.model import SYSTEM, Event, EventFilter
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.head import Heads, head_of
from blockyard.server.ui.pages.blocks.paging import page_number, pages_around

_PAGE_SIZE = 50
_SUBJECT = "meshBuildingBlock"
_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
"""Before everything: all that the log keeps is shown."""

_PREFIX = "Building Block "
_ICONS = {"Created": "plus", "Deleted": "trash-2", "Removed": "trash-2", "Requested": "hourglass"}
_MEMBERS = {"displayName": "name", "versionNumber": "version"}
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event; `changes` are sentences with what was before and after."""

    title: str
    icon: str
    at: datetime
    by: str
    changes: Sequence[str]


def add_activity(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    heads = Heads(services)

    def read(tx: Transaction, principal: Principal, block_id: UUID, page: int) -> dict[str, object]:
        about = heads.read(tx, principal, block_id)
        block = about.view.block
        context = {**head_of(about, "Activity"), "page": page, "pages": 1, "previous": None, "next": None}
        if not principal.allows(CODE, workspace=block.workspace):
            return {**context, "entries": [], "may_read": False}
        wanted = EventFilter(workspace=block.workspace, subject_kind=_SUBJECT, subject_id=str(block.id), since=_BEGIN)
        found = services.audit.page(tx, principal, wanted, PageRequest(page - 1, _PAGE_SIZE))
        return {
            **context,
            "may_read": True,
            "entries": [_entry(event, about.detail) for event in found.items],
            **pages_around(f"/blocks/{block_id}/activity", page, found.pages),
        }

    @router.get("/blocks/{block_id}/activity")
    async def show_activity(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        page = page_number(request)
        context = await site.db.read_consistently(lambda tx: read(tx, visitor.principal, block_id, page))
        return site.page(request, visitor, "pages/blocks/activity.html", context)


def _entry(event: Event, detail: BlockDetail) -> Entry:
    title = event.title.removeprefix(_PREFIX)
    return Entry(
        title=title[:1].upper() + title[1:].lower(),
        icon=_ICONS.get(event.type.value, "pencil"),
        at=event.at,
        by="Blockyard" if event.author == SYSTEM else event.author.display_name,
        changes=[*_changes(event.previous or {}, event.content or {}), *_inputs(event.content or {}, detail)],
    )


def _changes(before: JsonObject, after: JsonObject) -> Sequence[str]:
    """Return what differs of what people know by a word."""
    return [
        f"{word[:1].upper()}{word[1:]}: {_shown(before[member])} → {_shown(after[member])}"
        for member, word in _MEMBERS.items()
        if member in before and member in after and before[member] != after[member]
    ]


def _inputs(after: JsonObject, detail: BlockDetail) -> Sequence[str]:
    keys = after.get("changedInputs")
    if not isinstance(keys, list) or not keys:
        return []
    specs = detail.view.version.inputs
    return [f"Inputs changed: {', '.join(specs[str(key)].label if str(key) in specs else str(key) for key in keys)}"]


def _shown(value: Json) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
