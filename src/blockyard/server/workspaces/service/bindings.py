"""Use cases of bindings: who has which role in a workspace. Source: api.md 3.2, concepts.md 2.2."""

from collections.abc import Sequence

import structlog

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal, WorkspaceRole
from blockyard.server.identity.permissions import codes_of_roles
from blockyard.server.identity.service import GroupService, UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Unprocessable
from blockyard.server.kit.names import check_free_name
from blockyard.server.workspaces.model import (
    Binding,
    BindingKind,
    NewBinding,
    Workspace,
    require_another_owner,
    require_room_for_owner,
)
from blockyard.server.workspaces.service.directory import WorkspaceDirectory, require_active
from blockyard.server.workspaces.service.people import people_of
from blockyard.server.workspaces.service.ports import PeopleListener
from blockyard.server.workspaces.store import BindingStore, WorkspaceStore

log = structlog.get_logger(__name__)

LIST, SAVE = "WORKSPACEPRINCIPALBINDING_LIST", "WORKSPACEPRINCIPALBINDING_SAVE"
DELETE = "WORKSPACEPRINCIPALBINDING_DELETE"


class BindingService:
    """Use cases of bindings. Higher features that want to know of other people in a workspace are among `listeners`."""

    def __init__(
        self,
        basics: Basics,
        *,
        directory: WorkspaceDirectory,
        users: UserService,
        groups: GroupService,
    ) -> None:
        self._basics = basics
        self._directory = directory
        self._users = users
        self._groups = groups
        self.listeners: list[PeopleListener] = []

    def create(self, tx: Transaction, principal: Principal, new: NewBinding) -> Binding:
        """Give somebody a role with no more rights than one's own.

        Raises Denied, NotFound, Invalid, Conflict, Unprocessable (unknown person or group).
        """
        principal.require(SAVE, workspace=new.workspace)
        workspace = require_active(
            tx, new.workspace, field="/targetRef/name", will_change=new.role is WorkspaceRole.OWNER
        )
        check_free_name(new.name, "a binding")
        new.check(self._basics.clock())
        _require_as_strong(principal, SAVE, new.role, new.workspace)
        self._require_subject(tx, new)
        bindings = BindingStore(tx)
        namesake = bindings.get(new.kind, new.name)
        if namesake is not None and namesake.deleted_at is None:
            raise Conflict(
                f"there is a binding '{new.name}' already",
                code="NameTaken",
                field="/metadata/name",
                remedy="Choose another name for the binding, or delete the one there is.",
            )
        if new.role is WorkspaceRole.OWNER:
            self._require_may_appoint(tx, principal, workspace)
            require_room_for_owner(self._owners(tx, workspace.name), new.subject)
            WorkspaceStore(tx).save(workspace)
        binding = self._new(new)
        before = self._people(tx, new.workspace)
        bindings.add(binding)
        self._tell_listeners(tx, new.workspace, before)
        self._tell(tx, principal.author, EventType.ADDED, binding)
        return binding

    def get(self, tx: Transaction, principal: Principal, kind: BindingKind, name: str) -> Binding:
        """Return a binding. Raises Denied, NotFound."""
        binding = principal.opened(LIST, BindingStore(tx).get(kind, name), _unknown(name))
        if binding.deleted_at is not None:
            raise _unknown(name)
        return binding

    def of_workspace(self, tx: Transaction, principal: Principal, workspace: str) -> Sequence[Binding]:
        """Return all bindings of a workspace, ended ones too, oldest first. Raises Denied, NotFound."""
        sentence = f"there is no workspace '{workspace}'"
        principal.require_in(LIST, workspace, hide=sentence)
        if not self._directory.exists(tx, workspace):
            raise NotFound(sentence)
        return BindingStore(tx).of_workspace(workspace)

    def delete(self, tx: Transaction, principal: Principal, kind: BindingKind, name: str) -> None:
        """Take a role away; doing it again changes nothing.

        Only those may who have all rights of the role themselves. Only administrators may take away the last owner, and only
        owners and administrators may take away an owner.

        Raises:
            Conflict: nobody would own the workspace any more.
            Denied: the principal may not.
            NotFound: there never was such a binding, or the principal may not know of it.
        """
        bindings = BindingStore(tx)
        binding = principal.opened(DELETE, bindings.get(kind, name), _unknown(name))
        if binding.deleted_at is not None:
            return
        _require_as_strong(principal, DELETE, binding.role, binding.workspace)
        workspace = WorkspaceStore(tx).living(binding.workspace)
        if binding.owns and workspace is not None:
            self._require_may_dismiss(tx, principal, workspace, binding)
            WorkspaceStore(tx).save(workspace)
        before = self._people(tx, binding.workspace)
        bindings.remove(binding, self._basics.clock())
        self._tell_listeners(tx, binding.workspace, before)
        self._tell(tx, principal.author, EventType.REMOVED, binding)

    def _people(self, tx: Transaction, workspace: str) -> list[JsonObject]:
        return people_of(tx, workspace, clock=self._basics.clock, users=self._users, groups=self._groups)

    def _tell_listeners(self, tx: Transaction, workspace: str, before: list[JsonObject]) -> None:
        """Tell who wants to know, unless the people and their roles are the same as before."""
        if self._people(tx, workspace) == before:
            return
        for listener in self.listeners:
            listener.people_changed(tx, workspace)

    def _require_subject(self, tx: Transaction, new: NewBinding) -> None:
        if new.kind is BindingKind.USER:
            known, what = self._users.by_username(tx, new.subject) is not None, "user"
        else:
            known, what = self._groups.exists(tx, new.subject), "group"
        if not known:
            raise Unprocessable(
                f"there is no {what} '{new.subject}'",
                field="/subject/name",
                remedy=f"Send the name of a {what} that an administrator has added.",
            )

    def _owners(self, tx: Transaction, workspace: str) -> Sequence[Binding]:
        return [binding for binding in BindingStore(tx).of_workspace(workspace, self._basics.clock()) if binding.owns]

    def _require_may_appoint(self, tx: Transaction, principal: Principal, workspace: Workspace) -> None:
        if SAVE not in principal.everywhere:
            self._require_owner(tx, principal, workspace)

    def _require_may_dismiss(
        self, tx: Transaction, principal: Principal, workspace: Workspace, binding: Binding
    ) -> None:
        if DELETE in principal.everywhere:
            return
        self._require_owner(tx, principal, workspace)
        require_another_owner(self._owners(tx, workspace.name), binding)

    def _require_owner(self, tx: Transaction, principal: Principal, workspace: Workspace) -> None:
        roles = self._directory.roles_of(tx, principal.author.identifier, self._basics.clock())
        person = principal.author.type == "User"
        if not person or WorkspaceRole.OWNER not in roles.get(workspace.name, frozenset()):
            raise Denied(
                f"you don't have sufficient permissions: only an owner may say who owns workspace '{workspace.name}'",
                code="OwnerNeeded",
                field="/roleRef/name",
                remedy="Ask an owner of the workspace or an administrator.",
            )

    def _new(self, new: NewBinding) -> Binding:
        return Binding(
            id=self._basics.new_id(),
            kind=new.kind,
            name=new.name,
            role=new.role,
            workspace=new.workspace,
            subject=new.subject,
            expires_on=new.expires_on,
            created_at=self._basics.clock(),
        )

    def _tell(self, tx: Transaction, author: Author, type_: EventType, binding: Binding) -> None:
        subject = "User" if binding.kind is BindingKind.USER else "Group"
        self._basics.event_log.append(
            tx,
            author,
            f"Workspace {subject} Binding {type_}",
            type_,
            workspace=binding.workspace,
            subject_kind=binding.kind.value,
            subject_id=binding.name,
            content=binding.document(),
        )
        log.info("binding changed", workspace=binding.workspace, binding=binding.name, change=type_.value)


def _require_as_strong(principal: Principal, code: str, role: WorkspaceRole, workspace: str) -> None:
    """Raise Denied if `role` has rights the principal has not; the `ADM_` form of `code` is the right to handle every role."""
    if code not in principal.everywhere:
        principal.require_holds(codes_of_roles([role]), workspace, of=f"the role '{role}'")


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no binding '{name}'")
