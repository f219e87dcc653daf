"""Which workspaces exist and who has which role there: what lower features ask (`identity.service.Workspaces`)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from blockyard.server.identity.model import WorkspaceRole
from blockyard.server.identity.service import GroupDirectory
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound
from blockyard.server.workspaces.model import OWNER_FIELD, Workspace
from blockyard.server.workspaces.store import BindingStore, WorkspaceStore


def require_active(tx: Transaction, name: str, *, field: str = OWNER_FIELD, will_change: bool = False) -> Workspace:
    """Return the workspace, which then stays until this transaction ends: how every creation in a workspace begins.

    Raises NotFound if there is none; `field` says where the request names it. With `will_change` nobody else keeps it.
    """
    workspaces = WorkspaceStore(tx)
    workspace = workspaces.held(name) if will_change else workspaces.kept(name)
    if workspace is None:
        raise NotFound(f"there is no workspace '{name}'", code="UnknownWorkspace", field=field)
    return workspace


class WorkspaceDirectory:
    """Answers other services about workspaces; none of them asks a principal."""

    def __init__(self, *, groups: GroupDirectory) -> None:
        self._groups = groups

    def exists(self, tx: Transaction, name: str) -> bool:
        """Whether there is a workspace of this name that is not deleted."""
        return WorkspaceStore(tx).living(name) is not None

    def require_active(self, tx: Transaction, name: str) -> None:
        """Keep the workspace until this transaction ends. Raises NotFound if there is none."""
        require_active(tx, name)

    def roles_of(self, tx: Transaction, username: str, at: datetime) -> Mapping[str, frozenset[WorkspaceRole]]:
        """Return the roles a person has at `at` in each workspace, directly or through a group."""
        roles: defaultdict[str, set[WorkspaceRole]] = defaultdict(set)
        for binding in BindingStore(tx).of_user(username, self._groups.of_user(tx, username), at):
            roles[binding.workspace].add(binding.role)
        return {workspace: frozenset(held) for workspace, held in roles.items()}

    def owned_by_nobody_but(self, tx: Transaction, username: str, at: datetime) -> Sequence[str]:
        """Return the workspaces, sorted, that nobody would own without a person; their owners stay until the transaction ends."""
        bindings, found = BindingStore(tx), []
        for name in sorted({one.workspace for one in bindings.of_user(username, [], at) if one.owns}):
            if WorkspaceStore(tx).held(name) is None:
                continue
            if all(one.subject == username for one in bindings.of_workspace(name, at) if one.owns):
                found.append(name)
        return found

    def roles_of_group(self, tx: Transaction, group: str, at: datetime) -> Mapping[str, frozenset[WorkspaceRole]]:
        """Return the roles a group gives at `at` in each workspace."""
        roles: defaultdict[str, set[WorkspaceRole]] = defaultdict(set)
        for binding in BindingStore(tx).of_group(group, at):
            roles[binding.workspace].add(binding.role)
        return {workspace: frozenset(held) for workspace, held in roles.items()}
