"""The people of a workspace, as inputs of building blocks carry them, and telling when they change. Source: concepts.md 6.3."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.identity.model import User, WorkspaceRole
from blockyard.server.identity.service import GroupDirectory, UserService
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.workspaces.model import Binding, BindingKind
from blockyard.server.workspaces.service.ports import PeopleListener
from blockyard.server.workspaces.store import BindingStore, ToldStore

_NOBODY: Sequence[JsonObject] = ()


def are_news(tx: Transaction, scope: str, people: Sequence[JsonObject]) -> bool:
    """Whether these are other people, or with other roles, than those of `scope` that were told of last; they are noted.

    What is told of last is a row, written with the change. So whatever changes people (a binding, its last day, a group, an
    account) asks this afterwards, needs not know how it was before, and is told of once.
    """
    told, digest = ToldStore(tx), _digest(people)
    if (told.digest(scope) or _digest(_NOBODY)) == digest:
        return False
    told.put(scope, digest)
    return True


class WorkspacePeople:
    """Knows the people of workspaces. Higher features that want to know of other people are among `listeners`."""

    def __init__(self, *, clock: Clock, users: UserService, groups: GroupDirectory) -> None:
        self._clock = clock
        self._users = users
        self._groups = groups
        self.listeners: list[PeopleListener] = []

    def of(self, tx: Transaction, workspace: str) -> list[JsonObject]:
        """Return everybody with a binding that has not ended, sorted by username, each with their sorted roles."""
        bindings = BindingStore(tx).of_workspace(workspace, self._clock())
        bound_groups = sorted({binding.subject for binding in bindings if binding.kind is BindingKind.GROUP})
        members = self._groups.usernames(tx, bound_groups)
        roles: defaultdict[str, set[WorkspaceRole]] = defaultdict(set)
        for binding in bindings:
            for username in members[binding.subject] if binding.kind is BindingKind.GROUP else [binding.subject]:
                roles[username].add(binding.role)
        return [
            _person(user, roles[user.username]) for user in self._users.people(tx, roles.keys()) if not user.disabled
        ]

    def tell_of_user(self, tx: Transaction, username: str) -> None:
        """Tell of all workspaces that a person belongs to, also through a group."""
        groups = self._groups.of_user(tx, username)
        for workspace in _workspaces(BindingStore(tx).of_user(username, groups, self._clock())):
            self.tell(tx, workspace)

    def tell_of_group(self, tx: Transaction, group: str) -> None:
        """Tell of all workspaces that a group is bound to."""
        for workspace in _workspaces(BindingStore(tx).of_group(group, self._clock())):
            self.tell(tx, workspace)

    def tell(self, tx: Transaction, workspace: str) -> None:
        """Tell who wants to know, unless the people and their roles are those that were told of last."""
        if are_news(tx, f"workspace {workspace}", self.of(tx, workspace)):
            for listener in self.listeners:
                listener.people_changed(tx, workspace)


def _workspaces(bindings: Iterable[Binding]) -> Sequence[str]:
    return sorted({binding.workspace for binding in bindings})


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


def _digest(people: Sequence[JsonObject]) -> str:
    return hashlib.sha256(json.dumps(list(people), sort_keys=True).encode()).hexdigest()
