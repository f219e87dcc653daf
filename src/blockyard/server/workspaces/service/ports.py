"""What workspaces ask of higher features; the application passes their answers in."""

from typing import Protocol

from blockyard.server.kit.database import Transaction


class PeopleListener(Protocol):
    """Wants to know when other people belong to a workspace than before, or with other roles."""

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Called in the transaction of the change."""
        ...
