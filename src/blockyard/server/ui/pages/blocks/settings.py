"""Settings of a block: its name, its version, what its runs may do, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.block import FINAL, Follows, Lifecycle
from blockyard.server.definitions.model import Version
from blockyard.server.definitions.model.changes import changes_between
from blockyard.server.identity.model import Principal
from blockyard.server.identity.permissions import permissions_in_words
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.runs.model import WaitKind
from blockyard.server.services import Services
from blockyard.server.ui.frame.site import Site
from blockyard.server.ui.pages.blocks.head import About, Heads, deletion_in_words, head_of, purge_question


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChoice:
    """A version that the block's own can be compared with."""

    id: UUID
    number: int
    is_chosen: bool
    is_own: bool
    is_latest: bool
    is_draft: bool
    is_defective: bool


def add_block_settings(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route."""
    pages = SettingsPages(services)

    @router.get("/blocks/{block_id}/settings")
    async def show_settings(request: Request, block_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        wanted = request.query_params.get("version", "")
        context = await site.db.read_consistently(lambda tx: pages.context(tx, visitor.principal, block_id, wanted))
        return site.page(request, visitor, "pages/blocks/settings.html", context)


class SettingsPages:
    """Reads what the page shows."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._heads = Heads(services)

    def context(self, tx: Transaction, principal: Principal, block_id: UUID, wanted: str) -> dict[str, object]:
        """Return what the template needs; `wanted` is the number of the version to compare with. Raises NotFound."""
        about = self._heads.read(tx, principal, block_id)
        detail, own = about.detail, about.view.version
        versions = self._versions(tx, principal, about)
        numbers = {str(version.number): version for version in versions}
        other = numbers.get(wanted) or (detail.latest if detail.latest is not None else None)
        is_active = about.view.block.lifecycle is Lifecycle.ACTIVE
        return {
            **head_of(about, "Settings"),
            "own": own,
            "other": other,
            "versions": [_choice(version, about, other) for version in versions],
            "differences": self._differences(tx, principal, about, other),
            "asked": self._asked(tx, principal, about, other),
            "follows": about.view.block.follows,
            "ways": _ways(about),
            "may_rename": detail.may_save and is_active,
            "may_upgrade": detail.may_save and is_active and _leads_to(about, other),
            "can_upgrade": about.view.block.status in FINAL,
            "permissions": permissions_in_words(own.run_permissions),
            "holds": self._services.blocks.holding.holds(tx, principal, block_id),
            "may_hold": detail.may_save and about.view.block.is_live,
            "may_keep": detail.may_delete and any(wait.kind is WaitKind.UNDO for wait in detail.waits),
            "may_purge": detail.may_purge,
            "purge": purge_question(detail),
            "consequences": deletion_in_words(detail),
            "children": detail.children,
        }

    def _differences(self, tx: Transaction, principal: Principal, about: About, other: Version | None) -> Sequence[str]:
        """Return what is otherwise in another version, by way of those in between where the block is offered it."""
        if _leads_to(about, other):
            return self._services.blocks.readiness.of_block(tx, principal, about.view.block.id).changes
        return [] if other is None else changes_between(about.view.version, other, {})

    def _asked(self, tx: Transaction, principal: Principal, about: About, other: Version | None) -> Sequence[str]:
        """Return what an upgrade asks for: labels of inputs, and definitions of which a building block is needed."""
        if not _leads_to(about, other):
            return ()
        lack = self._services.blocks.readiness.of_block(tx, principal, about.view.block.id).lack
        return [*(spec.label for spec in lack.inputs), *(f"a building block of {name}" for name in lack.parents)]

    def _versions(self, tx: Transaction, principal: Principal, about: About) -> Sequence[Version]:
        """Return the versions to choose from, the newest first; only those at hand where the definition is no longer offered."""
        try:
            offered = self._services.definitions.catalogue.offer(tx, principal, about.view.definition.id).versions
        except Refusal:
            offered = [] if about.detail.latest is None else [about.detail.latest]
        known = {version.id: version for version in [*offered, about.view.version]}
        return sorted(known.values(), key=lambda version: -version.number)


def _ways(about: About) -> Sequence[tuple[str, str]]:
    """Return which versions the block can follow, with the words for it."""
    is_own = about.view.block.workspace == about.view.block.provider
    ways = [(Follows.PINNED, "Stays as it is until somebody changes it")]
    ways.append((Follows.RELEASES, "Becomes the latest released one when it runs"))
    if is_own:
        ways.append((Follows.DRAFTS, "Becomes the latest one when it runs, drafts too"))
    return ways


def _leads_to(about: About, other: Version | None) -> bool:
    """Whether the block is offered this version."""
    return other is not None and about.detail.latest is not None and other.id == about.detail.latest.id


def _choice(version: Version, about: About, other: Version | None) -> VersionChoice:
    latest = about.detail.latest
    return VersionChoice(
        id=version.id,
        number=version.number,
        is_chosen=other is not None and version.id == other.id,
        is_own=version.id == about.view.version.id,
        is_latest=latest is not None and version.id == latest.id,
        is_draft=not version.is_released,
        is_defective=version.defect is not None,
    )
