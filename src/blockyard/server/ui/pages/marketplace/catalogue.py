"""The catalogue: everything that can be ordered, as cards that are searched and filtered."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import Response as Raw

from blockyard.server.definitions.model import Definition, DefinitionId, TargetType
from blockyard.server.definitions.model.catalogue import CatalogueQuery, Facets
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.offers import (
    Reliability,
    Symbol,
    Tag,
    badges_of,
    has_image,
    reliability_of,
    symbol_of,
    works_with,
)
from blockyard.server.ui.frame.site import Site

PATH = "/marketplace"

_PAGE_SIZE = 24
_MAX_PAGE = 10_000
_MAX_TEXT = 600
"""Of a key and a value of a tag, which have 255 characters each at the most; searches look at no more."""

_PAGE = re.compile(r"[0-9]{1,6}", re.ASCII)
_IMAGE = re.compile(r"data:(image/[a-z0-9.+-]+);base64,([A-Za-z0-9+/=]*)\Z")

_LEVELS = {"workspace": TargetType.WORKSPACE_LEVEL, "tenant": TargetType.TENANT_LEVEL}

_SYMBOL_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""An SVG may have styles of its own, and is a page of its own if it is opened: nothing in it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A definition in the catalogue."""

    href: str
    name: str
    owner: str
    about: str
    symbol: Symbol
    badges: Sequence[Tag]
    works_with: Sequence[str]
    reliability: Reliability | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the address of the catalogue asks for; anything it cannot mean counts as not asked for."""

    search: str = ""
    level: str = ""
    platform: str = ""
    owner: str = ""
    tag: str = ""
    page: int = 1

    @classmethod
    def of(cls, request: Request) -> "Wanted":
        """Return what a request asks for."""
        sent = {name: text.replace("\0", "").strip()[:_MAX_TEXT] for name, text in request.query_params.items()}
        page, level = sent.get("page", ""), sent.get("level", "")
        return cls(
            search=sent.get("search", ""),
            level=level if level in _LEVELS else "",
            platform=sent.get("platform", ""),
            owner=sent.get("owner", ""),
            tag=sent.get("tag", "") if ":" in sent.get("tag", "") else "",
            page=min(max(int(page), 1), _MAX_PAGE) if _PAGE.fullmatch(page) else 1,
        )

    @property
    def query(self) -> CatalogueQuery:
        """The same for the use case."""
        key, _, value = self.tag.partition(":")
        return CatalogueQuery(
            search=self.search,
            target_type=_LEVELS.get(self.level),
            platform_type=self.platform or None,
            owner=self.owner or None,
            tag=(key, value) if self.tag else None,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether less than everything is asked for."""
        return bool(self.search or self.level or self.platform or self.owner or self.tag)

    def address(self, page: int) -> str:
        """Return the address of another page of the same."""
        members = {
            "search": self.search,
            "level": self.level,
            "platform": self.platform,
            "owner": self.owner,
            "tag": self.tag,
            "page": "" if page == 1 else str(page),
        }
        kept = {name: text for name, text in members.items() if text}
        return f"{PATH}?{urlencode(kept)}" if kept else PATH


def add_catalogue(router: APIRouter, site: Site, services: Services) -> None:
    """Add the routes of the catalogue."""
    catalogue = CataloguePages(services)

    @router.get(PATH)
    async def show_catalogue(request: Request) -> Response:
        visitor = await site.visitors.of(request)
        wanted = Wanted.of(request)
        context = await site.db.read(lambda tx: catalogue.context(tx, visitor.principal, wanted))
        if not context["cards"] and context["total"] and wanted.page > 1:
            return site.go(wanted.address(1), visitor)
        return site.page(request, visitor, "pages/marketplace/catalogue.html", context)

    @router.get(PATH + "/{definition_id}/symbol")
    async def show_symbol(request: Request, definition_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        definition = await site.db.read(
            lambda tx: services.definitions.get(tx, visitor.principal, DefinitionId(definition_id)).definition
        )
        found = _IMAGE.match(definition.symbol) if has_image(definition) else None
        if found is None:
            raise NotFound("this definition has no image of its own")
        return Raw(base64.b64decode(found[2]), media_type=found[1], headers=_SYMBOL_HEADERS)


class CataloguePages:
    """Reads what the catalogue shows: the same number of statements, however many cards there are."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def context(self, tx: Transaction, principal: Principal, wanted: Wanted) -> dict[str, object]:
        """Return what the template needs."""
        catalogue = self._services.definitions.catalogue
        found = catalogue.page(tx, principal, wanted.query, PageRequest(wanted.page - 1, _PAGE_SIZE))
        facets = catalogue.facets(tx, principal)
        types = self._types(tx, found.items, facets)
        owners = self._owners(tx, {*facets.owners, *(one.workspace for one in found.items)})
        outcomes = self._services.views.outcomes(tx, [definition.id for definition in found.items])
        cards = [
            Card(
                href=f"{PATH}/{definition.id}",
                name=definition.display_name,
                owner=owners[definition.workspace],
                about=definition.description,
                symbol=symbol_of(definition),
                badges=badges_of(definition),
                works_with=works_with(definition, types),
                reliability=reliability_of(outcomes.get(definition.id)),
            )
            for definition in found.items
        ]
        drafts = self._services.order_drafts.page(tx, principal, PageRequest(0, 1)).total
        return {
            "drafts": words.count(drafts, "draft", "drafts") if drafts else None,
            "wanted": wanted,
            "cards": cards,
            "total": found.total,
            "told": words.count(found.total, "building block", "building blocks"),
            "pages": found.pages,
            "previous": wanted.address(wanted.page - 1) if wanted.page > 1 else None,
            "next": wanted.address(wanted.page + 1) if wanted.page < found.pages else None,
            "choices": _choices(facets, types, owners),
            "is_nowhere": not (principal.grants or principal.everywhere),
            "may_offer": principal.holds_somewhere("BUILDINGBLOCKDEFINITION_SAVE"),
        }

    def _types(self, tx: Transaction, found: Sequence[Definition], facets: Facets) -> Mapping[str, str]:
        names = {*facets.platform_types, *(name for one in found for name in one.supported_platforms or ())}
        return {**{name: name for name in names}, **self._services.platform_types.called(tx, names)}

    def _owners(self, tx: Transaction, names: set[str]) -> Mapping[str, str]:
        found = self._services.workspaces.find_all(tx, names)
        return {name: name for name in names} | {
            name: workspace.display_name or name for name, workspace in found.items()
        }


Choices = Sequence[tuple[str, str]]


def _choices(
    facets: Facets, types: Mapping[str, str], owners: Mapping[str, str]
) -> Sequence[tuple[str, str, str, Choices]]:
    """Return the filters that tell something apart: name, label, what it says while it filters nothing, options."""
    levels: Choices = [("workspace", "For workspaces"), ("tenant", "For tenants")] if facets.platform_types else []
    found: Sequence[tuple[str, str, str, Choices]] = [
        ("level", "Where it goes", "Anywhere", levels),
        ("platform", "Platform", "Any platform", _sorted((name, types[name]) for name in facets.platform_types)),
        ("owner", "Owner", "Any team", _sorted((name, owners[name]) for name in facets.owners)),
        ("tag", "Tag", "Any tag", [(f"{key}:{value}", f"{key}: {value}") for key, value in facets.tags]),
    ]
    return [one for one in found if len(one[3]) > (1 if one[0] == "owner" else 0)]


def _sorted(choices: Iterable[tuple[str, str]]) -> Choices:
    return sorted(choices, key=lambda choice: choice[1].casefold())
