"""What identity asks of higher features; the application passes their answers in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal, RunGrant, RunKey, WorkspaceRole
from blockyard.server.kit.database import Transaction


class RunTokens(Protocol):
    """Knows the tokens of runs."""

    def grant_of(self, tx: Transaction, token: str) -> RunGrant | None:
        """Return what `token` stands for, None if it is no run token or worth nothing any more."""
        ...

    def is_over(self, tx: Transaction, grant: RunGrant) -> bool:
        """Whether the attempt a token stands for ended so long ago that the token is worth nothing any more."""
        ...


class RunKeys(Protocol):
    """Knows the ephemeral API keys of runs."""

    def key_of(self, tx: Transaction, token: str) -> RunKey | None:
        """Return what `token` stands for; None if it is none of these keys. Raises Unauthenticated: it has ended."""
        ...


class ClientTokens(Protocol):
    """Knows the tokens of programs that people signed in to act for them."""

    def principal_of(self, tx: Transaction, token: str) -> Principal | None:
        """Return who asks with `token`; None if it is none of these tokens. Raises Unauthenticated: it is worth nothing."""
        ...

    def end(self, tx: Transaction, token: str) -> bool:
        """Sign out the program whose token this is; return whether it is one of these. Raises Unauthenticated."""
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

    def owned_by_nobody_but(self, tx: Transaction, username: str, at: datetime) -> Sequence[str]:
        """Return the workspaces that nobody would own without a person; their owners stay until the transaction ends."""
        ...

    def roles_of_group(self, tx: Transaction, group: str, at: datetime) -> Mapping[str, frozenset[WorkspaceRole]]:
        """Return the roles a group gives at `at` in each workspace."""
        ...


class ProjectsOf(Protocol):
    """Knows to which projects people are bound."""

    def __call__(self, tx: Transaction, username: str) -> Mapping[str, frozenset[str]]:
        """Return the projects that a person is bound to, directly or through a group, by workspace."""
        ...


class GroupJudge(Protocol):
    """Has a say in who comes into the groups of a workspace."""

    def members_wanted(self, tx: Transaction, principal: Principal, group: str, *, field: str | None) -> None:
        """Called before somebody comes into the group; `field` of the request has them. Raises Denied."""
        ...


class PeopleFollower(Protocol):
    """Binds people and groups to something, and follows what becomes of them; in the transaction of the change."""

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Called after a person was locked, unlocked, or is called otherwise."""
        ...

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Called after a person was deleted, also out of all groups."""
        ...

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Called after others are in a group."""
        ...

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Called after a group was deleted."""
        ...
