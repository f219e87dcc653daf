"""The inventory of identities: which definition can be whom in which cloud and tenant, and who can change its code."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blockyard.protocol.names import Cloud
from blockyard.server.definitions.model import Definition, Version
from blockyard.server.definitions.model.identities import VersionIdentity, identity_of
from blockyard.server.definitions.model.inventory import CloudAccess, Editor, Places
from blockyard.server.definitions.service.access import LIST, SAVE
from blockyard.server.definitions.service.ports import DefinitionUsage
from blockyard.server.definitions.store import AccessStore, DefinitionStore, VersionStore
from blockyard.server.identity.model import ApiKey, Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Above
from blockyard.server.runners.service import RunnerService
from blockyard.server.workspaces.model import Binding

_BLOCKS = "BUILDINGBLOCK_LIST"


class Bound(Protocol):
    """Knows who has a role in workspaces."""

    def editors_of(self, tx: Transaction, names: Sequence[str], code: str) -> Sequence[Binding]:
        """Return who has a role with a permission in some workspaces."""
        ...


class Keys(Protocol):
    """Knows the API keys of workspaces."""

    def with_code(self, tx: Transaction, names: Sequence[str], code: str) -> Sequence[ApiKey]:
        """Return the keys of some workspaces that have a permission."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryEntry:
    """One identity that the runs of a version can have.

    Attributes:
        runs: who they are to clouds; None where their runner has no identity.
        places: where it is used; None for those who may not see the building blocks.
        editors: who can change the definition, besides administrators.
    """

    access: CloudAccess
    definition: Definition
    version: Version
    runs: VersionIdentity | None
    places: Places | None
    total: int
    editors: Sequence[Editor]


class InventoryService:
    """The one use case of the inventory. `bound` and `keys` are set by the application."""

    def __init__(self, *, runners: RunnerService, usage: Above[DefinitionUsage]) -> None:
        self._runners = runners
        self._usage = usage
        self.bound: Above[Bound] = Above()
        self.keys: Above[Keys] = Above()

    def page(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None,
        cloud: Cloud | None,
        identity: str | None,
    ) -> Page[InventoryEntry]:
        """Return what runs of the principal's definitions sign in to, oldest versions first: ten statements in all. Raises Denied."""
        wanted = {"workspace": workspace, "cloud": cloud, "identity": identity}
        found = AccessStore(tx).page(request, owners=principal.listing(LIST).owners, wanted=wanted)
        versions = VersionStore(tx).many({one.version_id for one in found.items})
        definitions = DefinitionStore(tx).many({version.definition_id for version in versions.values()})
        runners = self._runners.identities.many(tx, {version.runner_id for version in versions.values()})
        places = self._usage().places(tx, [*versions])
        editors = self._editors(tx, sorted({one.workspace for one in found.items}))

        def entry(access: CloudAccess) -> InventoryEntry:
            version = versions[access.version_id]
            runner = runners.get(version.runner_id)
            shows = principal.allows(_BLOCKS, workspace=None, provider=version.workspace)
            return InventoryEntry(
                access=access,
                definition=definitions[version.definition_id],
                version=version,
                runs=None if runner is None else identity_of(version, runner),
                places=places[version.id] if shows else None,
                total=places[version.id].total,
                editors=editors[version.workspace],
            )

        return found.map(entry)

    def _editors(self, tx: Transaction, workspaces: Sequence[str]) -> Mapping[str, Sequence[Editor]]:
        found: defaultdict[str, list[Editor]] = defaultdict(list)
        if not workspaces:
            return found
        for binding in self.bound().editors_of(tx, workspaces, SAVE):
            kind = "USER" if "User" in binding.kind.value else "GROUP"
            found[binding.workspace].append(Editor(kind, binding.subject, binding.role.value))
        for key in self.keys().with_code(tx, workspaces, SAVE):
            found[key.workspace].append(Editor("API_KEY", key.display_name, None))
        return found
