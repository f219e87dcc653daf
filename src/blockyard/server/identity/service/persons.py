"""From an account to a principal: the rights of a person's roles, and what they have to do before they use them."""

from dataclasses import dataclass, field
from datetime import datetime

from blockyard.server.identity.model import Principal, User, WorkspaceRole
from blockyard.server.identity.model.admin_roles import codes_of_admin_roles
from blockyard.server.identity.model.codes import everywhere
from blockyard.server.identity.model.roles import codes_of_roles
from blockyard.server.identity.service.ports import ProjectsOf, Workspaces
from blockyard.server.identity.store import AdminBindingStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.usage import Above


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """Makes principals of people.

    Attributes:
        projects_of: what knows the projects of people.
        second_factor: whether who has rights on everything must have shown two factors.
    """

    clock: Clock
    workspaces: Workspaces
    projects_of: Above[ProjectsOf] = field(default_factory=Above)
    second_factor: bool = False

    def principal(self, tx: Transaction, user: User, *, strong: bool, at: datetime | None = None) -> Principal:
        """Return a person with the rights of their roles in workspaces, and of their admin roles.

        `strong` says whether they showed two factors when they signed in, `at` when that was.
        """
        now = self.clock()
        roles = self.workspaces.roles_of(tx, user.username, now)
        everything = everywhere(codes_of_admin_roles(AdminBindingStore(tx).roles_of(user.username, now.date())))
        limited = [name for name, held in roles.items() if held <= {WorkspaceRole.MEMBER}]
        projects = self.projects_of()(tx, user.username) if limited else {}
        return Principal(
            author=user.author,
            only_projects={name: projects.get(name, frozenset()) for name in limited},
            everywhere=everything,
            grants={name: codes_of_roles(held) for name, held in roles.items()},
            signed_in_at=at,
            must_change_password=user.must_change_password,
            must_add_factor=self.second_factor and bool(everything) and not strong,
        )
