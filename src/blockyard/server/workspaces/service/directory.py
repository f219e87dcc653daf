"""Which workspaces exist and who has which role there: what lower features ask (`identity.service.Workspaces`)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.service import GroupService
from blockyard.server.kit.database import Transaction
from blockyard.server.workspaces.store import BindingStore, WorkspaceStore


class WorkspaceDirectory:
    """Answers other services about workspaces; none of them asks a principal."""

    def __init__(self, *, groups: GroupService) -> None:
        self._groups = groups

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a workspace of this name that is not deleted."""
        return WorkspaceStore(tx).active(name) is not None

    def keep(self, tx: Transaction, name: str) -> bool:
        """Whether there is such a workspace; it is not deleted then before this transaction ends."""
        return WorkspaceStore(tx).kept(name) is not None

    def roles_of(self, tx: Transaction, username: str, at: datetime) -> Mapping[str, frozenset[WorkspaceRole]]:
        """Return the roles a person has at `at` in each workspace, directly or through a group."""
        roles: defaultdict[str, set[WorkspaceRole]] = defaultdict(set)
        for binding in BindingStore(tx).of_user(username, self._groups.of_user(tx, username), at):
            roles[binding.workspace].add(binding.role)
        return {workspace: frozenset(held) for workspace, held in roles.items()}
