"""Admin bindings: who may do what everywhere. Source: concepts.md 2.3."""

from collections.abc import Sequence

from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import SYSTEM, Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.identity.model.admin_roles import (
    ADMIN_ROLES,
    AdminBinding,
    AdminBindingId,
    AdminRole,
    NewAdminBinding,
    SubjectKind,
    last_administrator,
)
from blockyard.server.identity.store import AdminBindingStore, GroupStore, UserStore
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import NotFound, Unprocessable
from blockyard.server.kit.members import members
from blockyard.server.kit.paging import Page, PageRequest

_AT_ONCE = 50


class AdminBindingService:
    """Use cases of admin bindings.

    They are handled by who handles API keys of everything, as both are ways to hand out what reaches everything; and only by
    who may do all that the role may.
    """

    def __init__(self, basics: Basics) -> None:
        self._basics = basics
        self._changes: Changes[AdminBinding] = Changes(
            basics.event_log, "adminBinding", "Admin Binding", AdminBinding.document
        )

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, subject: str | None = None
    ) -> Page[AdminBinding]:
        """Return one page of the admin bindings, ended ones too, oldest first. Raises Denied."""
        principal.require("APIKEY_LIST", workspace=None)
        return AdminBindingStore(tx).page(request, owners=None, wanted={"subject": subject})

    def get(self, tx: Transaction, principal: Principal, binding_id: AdminBindingId) -> AdminBinding:
        """Return an admin binding. Raises Denied, NotFound."""
        principal.enter("APIKEY_LIST", _unknown(binding_id))
        return _found(tx, binding_id)

    def create(self, tx: Transaction, principal: Principal, new: NewAdminBinding) -> AdminBinding:
        """Give somebody an admin role. Raises Denied, Invalid, Unprocessable (unknown person or group)."""
        principal.require("APIKEY_SAVE", workspace=None)
        new.check(self._basics.clock())
        principal.require_holds(ADMIN_ROLES[new.role], "", of=f"the role '{new.role}'")
        _require_subject(tx, new)
        return self.add(tx, principal.author, new)

    def delete(self, tx: Transaction, principal: Principal, binding_id: AdminBindingId) -> None:
        """Take an admin role away; doing it again changes nothing. Raises Denied, NotFound, Conflict (the last administrator)."""
        principal.enter("APIKEY_DELETE", _unknown(binding_id))
        bindings = AdminBindingStore(tx)
        if bindings.get(binding_id) is None and self._changes.deleted_just_now(tx, principal.author, binding_id):
            return
        binding = _found(tx, binding_id)
        principal.require_holds(ADMIN_ROLES[binding.role], "", of=f"the role '{binding.role}'")
        bindings.remove(binding)
        self._require_kept(tx, [binding])
        self._changes.tell(tx, principal.author, EventType.DELETED, binding)

    # For other services: no principal is asked

    def add(self, tx: Transaction, author: Author, new: NewAdminBinding) -> AdminBinding:
        """Give somebody an admin role."""
        binding = AdminBinding(
            id=AdminBindingId(self._basics.new_id()), created_at=self._basics.clock(), **members(new)
        )
        return self._changes.tell(tx, author, EventType.CREATED, AdminBindingStore(tx).add(binding))

    def roles_of_group(self, tx: Transaction, group: str) -> frozenset[AdminRole]:
        """Return the admin roles that a group gives now."""
        return frozenset(AdminBindingStore(tx).roles_of_group(group, self._basics.clock().date()))

    def subject_deleted(self, tx: Transaction, author: Author, kind: SubjectKind, subject: str) -> None:
        """Take all admin roles of a deleted person or group away. Raises Conflict (the last administrator)."""
        bindings = AdminBindingStore(tx)
        gone = bindings.of_subject(kind, subject)
        for binding in gone:
            bindings.remove(binding)
            self._changes.tell(tx, author, EventType.DELETED, binding)
        self._require_kept(tx, gone)

    def end_due(self, tx: Transaction) -> int:
        """Tell of bindings whose last day is over, each once; they had no effect any more. Return how many these are."""
        bindings, now = AdminBindingStore(tx), self._basics.clock()
        ended = [one for one in bindings.over(now.date(), _AT_ONCE) if bindings.end(one, now)]
        for binding in ended:
            self._changes.tell(tx, SYSTEM, EventType.REMOVED, binding, verb="Expired")
        return len(ended)

    def _require_kept(self, tx: Transaction, gone: Sequence[AdminBinding]) -> None:
        if any(binding.keeps_the_installation for binding in gone) and not AdminBindingStore(tx).keepers():
            raise last_administrator()


def _found(tx: Transaction, binding_id: AdminBindingId) -> AdminBinding:
    binding = AdminBindingStore(tx).get(binding_id)
    if binding is None:
        raise _unknown(binding_id)
    return binding


def _unknown(binding_id: AdminBindingId) -> NotFound:
    return NotFound(f"there is no admin binding {binding_id}")


def _require_subject(tx: Transaction, new: NewAdminBinding) -> None:
    if new.kind is SubjectKind.USER:
        known = UserStore(tx).kept_by_username(new.subject) is not None
    else:
        group = GroupStore(tx).kept(new.subject)
        known = group is not None and group.workspace is None
    if not known:
        raise Unprocessable(
            f"there is no {new.kind} '{new.subject}'",
            field="/subject/name",
            remedy=f"Send the name of a {new.kind} that an administrator has added; groups of workspaces get no admin role.",
        )
