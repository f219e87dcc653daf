"""What workspaces ask of higher features; the application passes their answers in."""

from typing import Protocol

from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction


class PeopleListener(Protocol):
    """Wants to know when other people belong to a workspace than before, or with other roles."""

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Called in the transaction of the change."""
        ...


class WorkspaceListener(Protocol):
    """Has things that go with their workspace."""

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Called in the transaction of the deletion, after everything that may refuse it was asked."""
        ...
