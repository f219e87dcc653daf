"""The page about one definition: everything one wants to know before an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response

from blockyard.server.blocks.model.inputs import SETTABLE
from blockyard.server.definitions.model import (
    AssignmentType,
    DefinitionId,
    InputSpec,
    OutputSpec,
    TargetType,
    Version,
)
from blockyard.server.definitions.model.catalogue import Offer
from blockyard.server.definitions.model.changes import changes_between
from blockyard.server.definitions.model.values import is_web_address, usable_value
from blockyard.server.home.model import Kind, Thing
from blockyard.server.identity.model import Principal
from blockyard.server.identity.permissions import permissions_in_words
from blockyard.server.kit.database import Transaction
from blockyard.server.publications.model import PublicationState
from blockyard.server.runners.model import StoredSecret
from blockyard.server.services import Services
from blockyard.server.ui.frame import values
from blockyard.server.ui.frame.offers import (
    badges_of,
    is_needed,
    kind_in_words,
    order_path,
    reliability_of,
    symbol_of,
    works_with,
)
from blockyard.server.ui.frame.site import Site

_PATH = "/marketplace"

_OUTPUTS = {
    "STRING": "Text",
    "CODE": "Code",
    "INTEGER": "Whole number",
    "BOOLEAN": "Yes or no",
    "FILE": "File",
}
_USES = {
    "PLATFORM_TENANT_ID": "Id of the tenant",
    "SIGN_IN_URL": "Where to sign in",
    "RESOURCE_URL": "Link to what was made",
    "SUMMARY": "Summary",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLine:
    """An input that people fill in."""

    label: str
    kind: str
    description: str | None
    note: str
    default: values.Shown | None
    options: Sequence[str]


@dataclass(frozen=True, slots=True)
class OutputLine:
    """An output."""

    label: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version, and what is new in it."""

    number: int
    is_current: bool
    is_draft: bool
    at: datetime
    defect: str | None
    changes: Sequence[str]


def add_detail(router: APIRouter, site: Site, services: Services) -> None:
    """Add the route of the page."""
    pages = DetailPages(services)

    @router.get(_PATH + "/{definition_id}")
    async def show_definition(request: Request, definition_id: UUID) -> Response:
        visitor = await site.visitors.of(request)
        context = await site.db.read(lambda tx: pages.context(tx, visitor.principal, definition_id))
        return site.page(request, visitor, "pages/marketplace/detail.html", context)


class DetailPages:
    """Reads what the page shows."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def context(self, tx: Transaction, principal: Principal, definition_id: UUID) -> dict[str, object]:
        """Return what the template needs. Raises NotFound."""
        offer = self._services.definitions.catalogue.offer(tx, principal, definition_id)
        definition, version = offer.definition, offer.version
        types = self._services.platform_types.called(tx, definition.supported_platforms or ())
        owner = self._services.workspaces.find_all(tx, [definition.workspace]).get(definition.workspace)
        outcomes = self._services.views.outcomes(tx, [definition.id])
        shown = version or (offer.versions[0] if offer.versions else None)
        may_order = bool(offer.workspaces) or "BUILDINGBLOCK_SAVE" in principal.everywhere
        return {
            "definition": definition,
            "thing": Thing(
                kind=Kind.DEFINITION, id=str(definition.id), name=definition.display_name, where=definition.workspace
            ),
            "crumbs": [("Marketplace", _PATH), (definition.display_name, None)],
            "symbol_shown": symbol_of(definition),
            "badges": badges_of(definition),
            "owner": owner.display_name if owner is not None and owner.display_name else definition.workspace,
            "works_with": works_with(definition, types),
            "is_for_tenants": definition.target_type is TargetType.TENANT_LEVEL,
            "reliability_shown": reliability_of(outcomes.get(definition.id)),
            "order": order_path(definition.id) if version is not None and may_order else None,
            "why_not": _why_not(offer, may_order=may_order),
            "version": shown,
            "inputs": [] if shown is None else _inputs(shown),
            "by_others": None if shown is None else _by_others(shown),
            "outputs": [] if shown is None else _outputs(shown),
            "parents": [(parent.display_name, f"{_PATH}/{parent.id}") for parent in offer.parents],
            "unknown_parents": 0 if shown is None else len(shown.dependencies) - len(offer.parents),
            "permissions": [] if shown is None else permissions_in_words(shown.run_permissions),
            "versions": _versions(offer),
            "support": _address(definition.support_url),
            "documentation": _address(definition.documentation_url),
            "tags": [(key, value) for key, found in sorted(definition.tags.items()) for value in found],
        }


def _why_not(offer: Offer, *, may_order: bool) -> str | None:
    """Return why there is nothing to add."""
    if offer.definition.publication.state is PublicationState.DEPRECATED:
        return "It is deprecated: nothing new is made of it. What is there goes on."
    if offer.version is None:
        return "There is no version that can be ordered. Its owner has to release one."
    if may_order:
        return None
    if offer.definition.use_in_landing_zones_only:
        return "It comes with landing zones only: a new tenant gets it by itself."
    return "You may look at it, not order it. Ask an owner or a manager of your workspace to order it."


def _inputs(version: Version) -> Sequence[InputLine]:
    asked = [spec for spec in _sorted(version) if spec.assignment_type in SETTABLE]
    defaults = {spec.key: default for spec in asked if (default := _default(spec)) is not None}
    longest = values.longest_of(defaults.values())
    return [
        InputLine(
            label=spec.label,
            kind=kind_in_words(spec),
            description=spec.description,
            note=_note(spec),
            default=defaults[spec.key].cut(longest) if spec.key in defaults else None,
            options=spec.selectable_values or (),
        )
        for spec in asked
        if spec.assignment_type is not AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT
    ]


def _note(spec: InputSpec) -> str:
    if spec.condition:
        return "asked only sometimes"
    return "required" if is_needed(spec) else "optional"


def _by_others(version: Version) -> str | None:
    """Return what the platform team fills in after an order."""
    labels = [
        spec.label
        for spec in _sorted(version)
        if spec.assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT and is_needed(spec)
    ]
    return f"After the order the platform team fills in {', '.join(labels)}." if labels else None


def _default(spec: InputSpec) -> values.Shown | None:
    if spec.is_sensitive:
        return None
    value = usable_value(spec.type, spec.default_value)
    if value is None or isinstance(value, StoredSecret):
        return None
    return values.shown({True: "yes", False: "no"}[value] if isinstance(value, bool) else value)


def _outputs(version: Version) -> Sequence[OutputLine]:
    def line(spec: OutputSpec) -> OutputLine:
        use = _USES.get(spec.assignment_type.value)
        return OutputLine(spec.display_name or spec.key, use or _OUTPUTS[spec.type.value])

    return [line(spec) for spec in sorted(version.outputs.values(), key=lambda one: (one.display_order, one.key))]


def _sorted(version: Version) -> Sequence[InputSpec]:
    return sorted(version.inputs.values(), key=lambda spec: (spec.display_order, spec.key))


def _versions(offer: Offer) -> Sequence[VersionLine]:
    names = {DefinitionId(parent.id): parent.display_name for parent in offer.parents}
    older = {version.number: version for version in offer.versions}
    lines = []
    for version in offer.versions:
        before = older.get(version.number - 1)
        lines.append(
            VersionLine(
                number=version.number,
                is_current=offer.version is not None and version.id == offer.version.id,
                is_draft=not version.is_released,
                at=version.released_at or version.created_at,
                defect=None if version.defect is None else version.defect.reason,
                changes=() if before is None else changes_between(before, version, names),
            )
        )
    return lines


def _address(url: str | None) -> str | None:
    """Return an address that a link may lead to."""
    if not url:
        return None
    return url if is_web_address(url) or url.startswith("mailto:") else None
