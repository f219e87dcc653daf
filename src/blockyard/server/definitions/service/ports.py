"""What definitions ask of higher features; the application passes their answers in."""

from typing import Protocol

from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction


class DefinitionUsage(Protocol):
    """Knows the blocks made from definitions."""

    def live_blocks(self, tx: Transaction, definition_id: DefinitionId) -> int:
        """Return how many blocks that are not deleted were made from any version of a definition."""
        ...

    def live_blocks_of_version(self, tx: Transaction, version_id: VersionId) -> int:
        """Return how many blocks that are not deleted use a version."""
        ...

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        """Remove what is left of the deleted blocks of a definition."""
        ...


class DefinitionListener(Protocol):
    """Names definitions, and forgets those that are deleted."""

    def definition_deleted(self, tx: Transaction, author: Author, definition_id: DefinitionId) -> None:
        """Forget a definition that is gone."""
        ...


class NoBlocks:
    """The answers where no higher feature is there: nothing is made from any definition."""

    def live_blocks(self, tx: Transaction, definition_id: DefinitionId) -> int:
        """Return 0."""
        del tx, definition_id
        return 0

    def live_blocks_of_version(self, tx: Transaction, version_id: VersionId) -> int:
        """Return 0."""
        del tx, version_id
        return 0

    def forget(self, tx: Transaction, definition_id: DefinitionId) -> None:
        """Do nothing."""
