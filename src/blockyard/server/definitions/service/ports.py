"""What definitions ask of higher features; the application passes their answers in."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.definitions.model.inventory import Places
from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction


class DefinitionUsage(Protocol):
    """Knows the blocks made from definitions."""

    def live_blocks(self, tx: Transaction, definition_ids: Collection[DefinitionId]) -> Mapping[DefinitionId, int]:
        """Return how many blocks that are not deleted were made from any version of each of these definitions."""
        ...

    def named_blocks(self, tx: Transaction, definition_id: DefinitionId) -> Sequence[str]:
        """Return how some of these blocks of a definition are called, with their workspaces, oldest first."""
        ...

    def live_blocks_of_versions(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, int]:
        """Return how many blocks that are not deleted use each of these versions."""
        ...

    def places(self, tx: Transaction, version_ids: Collection[VersionId]) -> Mapping[VersionId, Places]:
        """Return where each of these versions is used: some of its blocks that are not deleted, oldest first, and how many."""
        ...

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        """Remove what is left of the deleted blocks of a definition."""
        ...


class DefinitionListener(Protocol):
    """Names definitions, and forgets those that are deleted."""

    def definition_deleted(self, tx: Transaction, author: Author, definition_id: DefinitionId) -> None:
        """Forget a definition that is gone."""
        ...
