"""Use cases of bindings: who has which role in a workspace. Source: api.md 3.2, concepts.md 2.2."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from blockyard.protocol.kinds import WORKSPACE_GROUP_BINDING, WORKSPACE_USER_BINDING
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal, WorkspaceRole
from blockyard.server.identity.permissions import codes_of_roles
from blockyard.server.identity.service import GroupDirectory, UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, NotFound, Unprocessable, taken
from blockyard.server.kit.names import check_free_name
from blockyard.server.workspaces.model import (
    Binding,
    BindingId,
    BindingKind,
    NewBinding,
    Workspace,
    check_end,
    require_another_owner,
    require_room_for_owner,
)
from blockyard.server.workspaces.service.directory import WorkspaceDirectory, require_active
from blockyard.server.workspaces.service.people import WorkspacePeople
from blockyard.server.workspaces.service.ports import BindingJudge
from blockyard.server.workspaces.store import BindingStore, WorkspaceStore

_AT_ONCE = 50
"""How many bindings end in one transaction."""

LIST, SAVE = "WORKSPACEPRINCIPALBINDING_LIST", "WORKSPACEPRINCIPALBINDING_SAVE"
DELETE = "WORKSPACEPRINCIPALBINDING_DELETE"


class BindingService:
    """Use cases of bindings. Higher features that have a say in them are among `judges`."""

    def __init__(
        self,
        basics: Basics,
        *,
        directory: WorkspaceDirectory,
        people: WorkspacePeople,
        users: UserService,
        groups: GroupDirectory,
        min_approvals: int = 1,
    ) -> None:
        self._basics = basics
        self._directory = directory
        self._people = people
        self._users = users
        self._groups = groups
        self._min_approvals = min_approvals
        self._changes = {
            kind: Changes(basics.event_log, of, f"Workspace {word} Binding", Binding.document)
            for kind, of, word in (
                (BindingKind.USER, WORKSPACE_USER_BINDING, "User"),
                (BindingKind.GROUP, WORKSPACE_GROUP_BINDING, "Group"),
            )
        }
        self.judges: list[BindingJudge] = []

    def create(self, tx: Transaction, principal: Principal, new: NewBinding) -> Binding:
        """Give somebody a role with no more rights than one's own.

        Raises:
            Conflict: the name is taken, or the workspace has its owners already.
            Denied: the principal may not, or others have to be asked first.
            Invalid: the content breaks a rule.
            NotFound: there is no such workspace.
            Unprocessable: there is no such person or group.
        """
        self.require_possible(tx, principal, new)
        if self.needs_approval(principal):
            raise Denied(
                f"roles in workspaces are given by {self._min_approvals} people together",
                code="ApprovalNeeded",
                remedy="Ask for it: POST /api/blockyard/v1/binding-requests.",
            )
        return self.grant(tx, principal.author, new)

    def needs_approval(self, principal: Principal) -> bool:
        """Whether the principal gives no role alone, but asks for it."""
        return self._min_approvals > 1 and SAVE not in principal.everywhere

    def require_possible(self, tx: Transaction, principal: Principal, new: NewBinding) -> None:
        """Refuse what `create` refuses but for the number of people who want it; keeps the workspace. Raises as it does."""
        principal.require(SAVE, workspace=new.workspace)
        workspace = require_active(
            tx, new.workspace, field="/targetRef/name", will_change=new.role is WorkspaceRole.OWNER
        )
        check_free_name(new.name, "a binding")
        new.check(self._basics.clock())
        _require_as_strong(principal, SAVE, new.role, new.workspace)
        self._require_subject(tx, new)
        if BindingStore(tx).living(new.kind, new.name) is not None:
            raise taken(f"there is a binding '{new.name}' already")
        if new.role is WorkspaceRole.OWNER:
            self._require_may_appoint(tx, principal, workspace)
            require_room_for_owner(self._owners(tx, workspace.name), new.subject)
        for judge in self.judges:
            judge.binding_wanted(tx, principal, new.workspace, new.subject, is_person=new.kind is BindingKind.USER)

    def grant(self, tx: Transaction, author: Author, new: NewBinding) -> Binding:
        """Make a binding that is possible; whoever calls asked. Raises NotFound."""
        if new.role is WorkspaceRole.OWNER:
            WorkspaceStore(tx).save(require_active(tx, new.workspace, will_change=True))
        binding = BindingStore(tx).add(self._new(new))
        self._people.tell(tx, new.workspace)
        return self._changes[new.kind].tell(tx, author, EventType.ADDED, binding)

    def get(self, tx: Transaction, principal: Principal, kind: BindingKind, name: str) -> Binding:
        """Return a binding. Raises Denied, NotFound."""
        return principal.opened(LIST, BindingStore(tx).living(kind, name), _unknown(name))

    def of_workspace(self, tx: Transaction, principal: Principal, workspace: str) -> Sequence[Binding]:
        """Return all bindings of a workspace, ended ones too, oldest first. Raises Denied, NotFound."""
        sentence = f"there is no workspace '{workspace}'"
        principal.require_in(LIST, workspace, hide=sentence)
        if not self._directory.exists(tx, workspace):
            raise NotFound(sentence)
        return BindingStore(tx).of_workspace(workspace)

    def own(self, tx: Transaction, principal: Principal) -> Sequence[Binding]:
        """Return the roles that a person has, but for those of groups, as far as they have not ended; oldest first."""
        if principal.author.type != "User":
            return []
        return BindingStore(tx).of_user(principal.author.identifier, [], self._basics.clock())

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
        binding = principal.opened(DELETE, bindings.at(kind, name), _unknown(name))
        if binding.deleted_at is not None:
            return
        _require_as_strong(principal, DELETE, binding.role, binding.workspace)
        workspace = WorkspaceStore(tx).living(binding.workspace)
        if binding.owns and workspace is not None:
            self._require_may_dismiss(tx, principal, workspace, binding)
            WorkspaceStore(tx).save(workspace)
        gone = bindings.save(replace(binding, deleted_at=self._basics.clock()))
        self._tell_judges(tx, gone)
        self._people.tell(tx, binding.workspace)
        self._changes[kind].tell(tx, principal.author, EventType.REMOVED, gone)

    def change_end(
        self, tx: Transaction, principal: Principal, kind: BindingKind, name: str, expires_on: date | None
    ) -> Binding:
        """Let a role end on another day, or not at all; nobody else is asked. Source: concepts.md 2.5.

        Only those may who could give the role and take it away. One that has ended is given anew instead.

        Raises:
            Conflict: the role has ended, or nobody would own the workspace after that day.
            Denied: the principal may not.
            Invalid: the day is over.
            NotFound: there is no such binding, or the principal may not know of it.
        """
        bindings, now = BindingStore(tx), self._basics.clock()
        before = principal.opened(SAVE, bindings.living(kind, name), _unknown(name))
        _require_as_strong(principal, SAVE, before.role, before.workspace)
        if before.expires_on == expires_on:
            return before
        check_end(expires_on, now)
        if before.ended_at is not None or (before.expires_on is not None and before.expires_on < now.date()):
            raise Conflict(
                f"the role of '{before.subject}' has ended",
                code="RoleEnded",
                field="/expiryDate",
                remedy="Give the role again.",
            )
        workspace = require_active(tx, before.workspace, field="/targetRef/name", will_change=before.owns)
        if before.owns:
            is_later = expires_on is None or (before.expires_on is not None and expires_on > before.expires_on)
            if is_later:
                self._require_may_appoint(tx, principal, workspace)
            else:
                self._require_may_dismiss(tx, principal, workspace, before)
            WorkspaceStore(tx).save(workspace)
        after = bindings.save(replace(before, expires_on=expires_on))
        return self._changes[kind].tell(tx, principal.author, EventType.CHANGED, after, before=before)

    def members_wanted(self, tx: Transaction, principal: Principal, group: str, *, field: str | None) -> None:
        """Refuse that somebody gets the roles of a group past those who have to be asked. Raises Denied."""
        if not self.needs_approval(principal):
            return
        for binding in BindingStore(tx).of_group(group, self._basics.clock()):
            raise approval_needed(self._min_approvals, group, f"workspace '{binding.workspace}'", field=field)

    # For other services: no principal is asked

    def is_bound(self, tx: Transaction, workspace: str, subject: str, *, is_person: bool) -> bool:
        """Whether a person, directly or through a group, or a group has a role in the workspace now."""
        if is_person:
            return workspace in self._directory.roles_of(tx, subject, self._basics.clock())
        return any(
            binding.kind is BindingKind.GROUP and binding.subject == subject
            for binding in BindingStore(tx).of_workspace(workspace, self._basics.clock())
        )

    def valid_of(self, tx: Transaction, workspace: str) -> Sequence[Binding]:
        """Return the bindings of a workspace that have not ended."""
        return BindingStore(tx).of_workspace(workspace, self._basics.clock())

    def editors_of(self, tx: Transaction, names: Collection[str], code: str) -> Sequence[Binding]:
        """Return who has a role with a permission in some workspaces; for other services: nobody is asked."""
        found = BindingStore(tx).of_workspaces(names, self._basics.clock())
        return [binding for binding in found if code in codes_of_roles([binding.role])]

    def of_subject(self, tx: Transaction, subject: str, *, is_person: bool) -> Sequence[Binding]:
        """Return the bindings of a person, or of a group, that have not ended."""
        bindings, now = BindingStore(tx), self._basics.clock()
        return bindings.of_user(subject, [], now) if is_person else bindings.of_group(subject, now)

    def behind(self, tx: Transaction, binding_id: UUID | None, limit: int) -> Sequence[Binding]:
        """Return the first bindings behind one of them that have not ended, in the order of their ids."""
        return BindingStore(tx).behind(binding_id, limit, self._basics.clock())

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Tell of the workspaces of a person who was locked, unlocked, or is called otherwise."""
        self._people.tell_of_user(tx, username)

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Take all roles of a deleted person away, also of the last owner."""
        self._remove_all(tx, author, BindingKind.USER, username)

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Tell of the workspaces of a group in which others are now."""
        self._people.tell_of_group(tx, group)

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Take all roles of a deleted group away."""
        self._remove_all(tx, author, BindingKind.GROUP, group)

    def end_due(self, tx: Transaction) -> int:
        """Give the end of bindings whose last day is over the effects of a deletion, once; return how many these are.

        They gave no rights any more and stay to be seen. Each is noted in the transaction of its effects.
        """
        bindings, now = BindingStore(tx), self._basics.clock()
        ended = [one for one in bindings.over(now, _AT_ONCE) if bindings.end(one, now)]
        for binding in ended:
            self._tell_judges(tx, binding)
            self._changes[binding.kind].tell(tx, SYSTEM, EventType.REMOVED, binding, verb="Expired")
        for workspace in sorted({binding.workspace for binding in ended}):
            self._people.tell(tx, workspace)
        return len(ended)

    def _remove_all(self, tx: Transaction, author: Author, kind: BindingKind, subject: str) -> None:
        bindings = BindingStore(tx)
        gone = bindings.of_subject(kind, subject)
        for binding in gone:
            ended = bindings.save(replace(binding, deleted_at=self._basics.clock()))
            self._tell_judges(tx, ended)
            self._changes[kind].tell(tx, author, EventType.REMOVED, ended)
        for workspace in sorted({binding.workspace for binding in gone}):
            self._people.tell(tx, workspace)

    def _tell_judges(self, tx: Transaction, binding: Binding) -> None:
        for judge in self.judges:
            judge.binding_gone(tx, binding.workspace, binding.subject, is_person=binding.kind is BindingKind.USER)

    def _require_subject(self, tx: Transaction, new: NewBinding) -> None:
        if new.kind is BindingKind.USER:
            known, what = self._users.keep(tx, new.subject), "user"
        else:
            known, what = self._groups.keep(tx, new.subject, workspace=new.workspace), "group"
        if not known:
            raise Unprocessable(
                f"there is no {what} '{new.subject}'",
                field="/subject/name",
                remedy=f"Use the name of a {what} that an administrator has added.",
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
            id=BindingId(self._basics.new_id()),
            kind=new.kind,
            name=new.name,
            role=new.role,
            workspace=new.workspace,
            subject=new.subject,
            expires_on=new.expires_on,
            created_at=self._basics.clock(),
        )


def _require_as_strong(principal: Principal, code: str, role: WorkspaceRole, workspace: str) -> None:
    """Raise Denied if `role` has rights the principal has not; the `ADM_` form of `code` is the right to handle every role."""
    if code not in principal.everywhere:
        principal.require_holds(codes_of_roles([role]), workspace, of=f"the role '{role}'")


def approval_needed(count: int, group: str, place: str, *, field: str | None) -> Denied:
    """Return the refusal to let people into a group that has a role in a place, such as "workspace 'shop'"."""
    return Denied(
        f"group '{group}' has a role in {place}, and roles are given by {count} people together",
        code="ApprovalNeeded",
        field=field,
        remedy="Ask for a role for the person instead: POST /api/blockyard/v1/binding-requests. "
        "Or let an administrator put them into the group.",
    )


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no binding '{name}'")
