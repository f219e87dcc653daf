"""Use cases of those who look for something to order. Source: concepts.md 17 and 27.5."""

from collections.abc import Sequence
from uuid import UUID

from blockyard.server.definitions.model import Definition, DefinitionId, Version, VersionState
from blockyard.server.definitions.model.catalogue import CatalogueQuery, Facets, Offer
from blockyard.server.definitions.service.access import LIST, unknown_definition, visible
from blockyard.server.definitions.service.offering import Offers
from blockyard.server.definitions.store import CatalogueStore, DefinitionStore, VersionStore
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.publications.model import PublicationState

_ORDER = "BUILDINGBLOCK_SAVE"

_NEWEST_VERSIONS = 20
"""So many versions of a definition are compared with each other."""


class Catalogue:
    """Use cases of the marketplace."""

    def __init__(self, offers: Offers) -> None:
        self._offers = offers

    def page(
        self, tx: Transaction, principal: Principal, query: CatalogueQuery, request: PageRequest
    ) -> Page[Definition]:
        """Return what the workspaces of the principal may order, and what they offer themselves."""
        return CatalogueStore(tx).page(principal.reach(LIST), query, request)

    def facets(self, tx: Transaction, principal: Principal) -> Facets:
        """Return what the definitions of `page` can be told apart by."""
        return CatalogueStore(tx).facets(principal.reach(LIST))

    def offer(self, tx: Transaction, principal: Principal, definition_id: UUID) -> Offer:
        """Return a definition with everything one wants to know before an order. Raises NotFound."""
        definition = DefinitionStore(tx).get(DefinitionId(definition_id))
        if definition is None or not visible(principal, definition):
            raise unknown_definition(DefinitionId(definition_id))
        is_own = principal.allows(LIST, workspace=definition.workspace)
        version = self._orderable(tx, definition, is_own=is_own)
        summaries = VersionStore(tx).summaries([definition.id])[definition.id]
        shown = [one.id for one in summaries if is_own or one.state is VersionState.RELEASED][-_NEWEST_VERSIONS:]
        versions = VersionStore(tx).many(shown)
        parents = DefinitionStore(tx).many(version.dependencies) if version is not None else {}
        return Offer(
            definition=definition,
            version=version,
            versions=[versions[key] for key in reversed(shown) if key in versions],
            parents=[parent for parent in parents.values() if visible(principal, parent)],
            workspaces=self._workspaces(principal, definition, version),
        )

    def _orderable(self, tx: Transaction, definition: Definition, *, is_own: bool) -> Version | None:
        if definition.publication.state is PublicationState.DEPRECATED:
            return None
        version = self._offers.latest_sound(tx, definition.id)
        if version is None and is_own and definition.released_version_id is None:
            return VersionStore(tx).get(definition.latest_version_id)
        return version

    def _workspaces(self, principal: Principal, definition: Definition, version: Version | None) -> Sequence[str]:
        """Return the workspaces for which the principal may order; those of an administrator's membership alone."""
        if version is None:
            return []
        able = sorted(name for name, codes in principal.grants.items() if _ORDER in codes)
        return [
            name
            for name in able
            if name == definition.workspace
            or (
                version.is_released
                and definition.publication.offered_to(name)
                and not definition.use_in_landing_zones_only
            )
        ]
