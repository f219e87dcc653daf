"""Use cases of project roles. Source: concepts.md 2.4, 23."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Invalid, NotFound, taken
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses
from blockyard.server.project_roles.model import DEFAULT_ROLES, ProjectRole, RoleSpec
from blockyard.server.project_roles.store import RoleStore
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import TagService

_NAMED_IN_REFUSAL = 20


class ProjectRoleService:
    """Use cases of project roles: everybody may know them, administrators make and change them.

    Higher features add what has a role to `uses`.
    """

    def __init__(self, basics: Basics, *, tags: TagService) -> None:
        self._basics = basics
        self._tags = tags
        self._changes: Changes[ProjectRole] = Changes(
            basics.event_log, "projectRole", "Project Role", partial(wire_members, of=RoleSpec)
        )
        self.uses: Uses[ProjectRole] = Uses()

    def seed(self, tx: Transaction) -> None:
        """Make the usual roles in an installation that has none; for the application at its start."""
        roles = RoleStore(tx)
        if roles.count() == 0:
            for name, spec in DEFAULT_ROLES.items():
                role = ProjectRole(name=name, created_at=self._basics.clock(), **members(spec))
                self._changes.tell(tx, SYSTEM, EventType.CREATED, roles.add(role))

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[ProjectRole]:
        """Return one page of the roles, oldest first; who holds any permission may know them. Raises Denied."""
        principal.require_any_code()
        return RoleStore(tx).page(request, owners=None)

    def get(self, tx: Transaction, principal: Principal, name: str) -> ProjectRole:
        """Return a role. Raises Denied, NotFound."""
        _enter(principal, name)
        return self._known(tx, name)

    def create(self, tx: Transaction, principal: Principal, name: str, spec: RoleSpec) -> ProjectRole:
        """Make a role. Raises Denied, Invalid, Conflict (name, display name)."""
        principal.require("PROJECTROLE_SAVE", workspace=None)
        check_name(name, "a project role", field="/name")
        roles = RoleStore(tx)
        if roles.get(name) is not None:
            raise taken(f"there is a project role '{name}' already", field="/name")
        _require_free(roles, spec.display_name, name)
        role = ProjectRole(name=name, created_at=self._basics.clock(), **members(spec))
        role = replace(role, tags=self._tags.check(tx, principal, _tagged(role)))
        return self._changes.tell(tx, principal.author, EventType.CREATED, roles.add(role))

    def update(self, tx: Transaction, principal: Principal, name: str, spec: RoleSpec) -> ProjectRole:
        """Change a role; bindings that have it show its new display name. Raises Denied, NotFound, Conflict (display name)."""
        _enter(principal, name)
        principal.require("PROJECTROLE_SAVE", workspace=None)
        roles, before = RoleStore(tx), self._known(tx, name)
        _require_free(roles, spec.display_name, name)
        after = changed(before, spec)
        after = replace(after, tags=self._tags.check(tx, principal, _tagged(after), before=before.tags))
        return self._changes.save(tx, principal.author, roles, after, before=before)

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a role that no binding has; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use)."""
        _enter(principal, name)
        principal.require("PROJECTROLE_DELETE", workspace=None)
        roles = RoleStore(tx)
        role = roles.get(name)
        if role is None and self._changes.deleted_just_now(tx, principal.author, name):
            return
        role = self._known(tx, name)
        roles.remove(role)  # first: a new use clashes with it
        self.uses.refuse_used(tx, role, f"project role '{role.display_name}'")
        self._tags.forget(tx, _tagged(role))
        self._changes.tell(tx, principal.author, EventType.DELETED, role)

    # For other services: no principal is asked

    def require_called(self, tx: Transaction, display_name: str, *, field: str) -> ProjectRole:
        """Return the role that bindings call so; it stays until this transaction ends. Raises Invalid."""
        roles = RoleStore(tx)
        called = roles.called(display_name)
        role = None if called is None else roles.kept(called.name)
        if role is None:
            known = ", ".join(f"'{one.display_name}'" for one in roles.where(request=PageRequest(0, _NAMED_IN_REFUSAL)))
            raise Invalid(
                f"there is no project role '{display_name}'",
                code="UnknownRole",
                field=field,
                remedy=f"Use one of {known}." if known else "Ask an administrator to make a project role.",
            )
        return role

    def by_name(self, tx: Transaction, name: str) -> ProjectRole:
        """Return a role that a binding has. Raises NotFound."""
        return self._known(tx, name)

    def tagged(self, tx: Transaction, names: Collection[str]) -> Mapping[str, Tagged]:
        """Return those of the roles that exist, as policies see them."""
        return {name: _tagged(role) for name, role in RoleStore(tx).many(names).items()} if names else {}

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from project roles; for the deletion of tag definitions."""
        return RoleStore(tx).remove_tag(tag, sorted(ids))

    def _known(self, tx: Transaction, name: str) -> ProjectRole:
        role = RoleStore(tx).get(name)
        if role is None:
            raise _unknown(name)
        return role


def _enter(principal: Principal, name: str) -> None:
    """Refuse as unknown what those who hold no permission may not know of. Raises NotFound."""
    if not principal.holds_any_code:
        raise _unknown(name)


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no project role '{name}'")


def _tagged(role: ProjectRole) -> Tagged:
    name = f"project role '{role.display_name}'"
    return Tagged(kind=TargetKind.PROJECT_ROLE, id=role.name, name=name, workspace=None, tags=role.tags)


def _require_free(roles: RoleStore, display_name: str, name: str) -> None:
    namesake = roles.called(display_name)
    if namesake is not None and namesake.name != name:
        raise Conflict(
            f"the project role '{namesake.name}' is called '{display_name}' already",
            code="NameTaken",
            field="/displayName",
            remedy="Choose another display name: bindings name roles by it.",
        )
