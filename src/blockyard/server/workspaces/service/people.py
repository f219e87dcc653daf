"""The people of a workspace, as inputs of building blocks carry them. Source: concepts.md 6.3."""

from collections import defaultdict

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model import User, WorkspaceRole
from blockyard.server.identity.service import GroupService, UserService
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.workspaces.model import BindingKind
from blockyard.server.workspaces.store import BindingStore


def people_of(
    tx: Transaction, workspace: str, *, clock: Clock, users: UserService, groups: GroupService
) -> list[JsonObject]:
    """Return everybody with a binding that has not ended, sorted by username, each with their sorted roles."""
    bindings = BindingStore(tx).of_workspace(workspace, clock())
    bound_groups = sorted({binding.subject for binding in bindings if binding.kind is BindingKind.GROUP})
    members = groups.usernames(tx, bound_groups)
    roles: defaultdict[str, set[WorkspaceRole]] = defaultdict(set)
    for binding in bindings:
        for username in members[binding.subject] if binding.kind is BindingKind.GROUP else [binding.subject]:
            roles[username].add(binding.role)
    return [_person(user, roles[user.username]) for user in users.people(tx, roles.keys()) if not user.disabled]


def _person(user: User, roles: set[WorkspaceRole]) -> JsonObject:
    return {
        "meshIdentifier": str(user.id),
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "euid": user.euid,
        "roles": [*sorted(role.value for role in roles)],
    }
