"""What identity asks of higher features; the application passes their answers in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from blockyard.server.identity.model import RunGrant, WorkspaceRole
from blockyard.server.kit.database import Transaction


class RunTokens(Protocol):
    """Knows the tokens of runs."""

    def grant_of(self, tx: Transaction, token: str) -> RunGrant | None:
        """Return what `token` stands for, None if it is no run token or worth nothing any more."""
        ...

    def is_over(self, tx: Transaction, grant: RunGrant) -> bool:
        """Whether the attempt a token stands for ended so long ago that the token is worth nothing any more."""
        ...


class Workspaces(Protocol):
    """Knows the workspaces and who is bound to them."""

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a workspace of this name that is not deleted."""
        ...

    def require_active(self, tx: Transaction, name: str) -> None:
        """Keep the workspace until this transaction ends. Raises NotFound if there is none."""
        ...

    def roles_of(self, tx: Transaction, username: str, at: datetime) -> Mapping[str, frozenset[WorkspaceRole]]:
        """Return the roles a person has at `at` in each workspace, directly or through a group."""
        ...
