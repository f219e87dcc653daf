"""What workspaces ask of higher features; the application passes their answers in."""

from typing import Protocol

from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
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


class BindingJudge(Protocol):
    """Has a say in who is bound to workspaces."""

    def binding_wanted(
        self, tx: Transaction, principal: Principal, workspace: str, subject: str, *, is_person: bool
    ) -> None:
        """Called before somebody is bound, or asks for it. Raises Conflict."""
        ...

    def binding_gone(self, tx: Transaction, workspace: str, subject: str, *, is_person: bool) -> None:
        """Called after a binding was taken away or ended; there may be others."""
        ...
