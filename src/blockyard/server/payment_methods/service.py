"""Use cases of payment methods. Source: api.md 3.5, concepts.md 23."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

from blockyard.protocol.kinds import PAYMENT_METHOD
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import Author, EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, NotFound, require_same, taken
from blockyard.server.kit.members import changed, members, wire_members
from blockyard.server.kit.names import check_name
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import Uses
from blockyard.server.payment_methods.model import PaymentMethod, PaymentMethodId, PaymentSpec
from blockyard.server.payment_methods.store import PaymentMethodStore
from blockyard.server.tags.model import Tagged, TargetKind
from blockyard.server.tags.service import TagService
from blockyard.server.workspaces.service import WorkspaceService


class PaymentMethodService:
    """Use cases of payment methods: a workspace sees its own, administrators make and change them.

    Higher features add what names a payment method to `uses`.
    """

    def __init__(self, basics: Basics, *, workspaces: WorkspaceService, tags: TagService) -> None:
        self._basics = basics
        self._workspaces = workspaces
        self._tags = tags
        self._changes: Changes[PaymentMethod] = Changes(
            basics.event_log, PAYMENT_METHOD, "Payment Method", partial(wire_members, of=PaymentSpec)
        )
        self.uses: Uses[PaymentMethod] = Uses()
        self.followers: list[Callable[[Transaction, PaymentMethod, PaymentMethod], None]] = []

    def page(
        self, tx: Transaction, principal: Principal, request: PageRequest, *, workspace: str | None = None
    ) -> Page[PaymentMethod]:
        """Return one page of the payment methods the principal may see, oldest first. Raises Denied."""
        owners = principal.listing("PAYMENTMETHOD_LIST").owners
        return PaymentMethodStore(tx).page(request, owners=owners, wanted={"workspace": workspace})

    def get(self, tx: Transaction, principal: Principal, name: str) -> PaymentMethod:
        """Return a payment method. Raises Denied, NotFound."""
        return principal.opened("PAYMENTMETHOD_LIST", PaymentMethodStore(tx).living(name), _unknown(name))

    def create(
        self, tx: Transaction, principal: Principal, workspace: str, name: str, spec: PaymentSpec
    ) -> PaymentMethod:
        """Make a payment method of a workspace. Raises Denied, Invalid, NotFound (workspace), Conflict (name)."""
        principal.require("PAYMENTMETHOD_SAVE", workspace=workspace)
        self._workspaces.require_active(tx, workspace)
        check_name(name, "a payment method")
        methods = PaymentMethodStore(tx)
        if methods.living(name) is not None:
            raise taken(f"there is a payment method '{name}' already")
        method = PaymentMethod(
            id=PaymentMethodId(self._basics.new_id()),
            workspace=workspace,
            name=name,
            created_at=self._basics.clock(),
            **members(spec),
        )
        method = replace(method, tags=self._tags.check(tx, principal, _tagged(method)))
        return self._changes.tell(tx, principal.author, EventType.CREATED, methods.add(method))

    def update(
        self, tx: Transaction, principal: Principal, name: str, *, workspace: str, sent_name: str, spec: PaymentSpec
    ) -> PaymentMethod:
        """Change a payment method; `workspace` and `sent_name` came with the change. Raises Denied, NotFound, Invalid."""
        methods = PaymentMethodStore(tx)
        before = principal.opened("PAYMENTMETHOD_SAVE", methods.living(name), _unknown(name))
        require_same(
            "a payment method",
            {"/metadata/ownedByWorkspace": (before.workspace, workspace), "/metadata/name": (name, sent_name)},
        )
        after = changed(before, spec)
        after = replace(after, tags=self._tags.check(tx, principal, _tagged(after), before=before.tags))
        if after == before:
            return before
        after = self._changes.tell(tx, principal.author, EventType.CHANGED, methods.save(after), before=before)
        for follow in self.followers:
            follow(tx, before, after)
        return after

    def delete(self, tx: Transaction, principal: Principal, name: str) -> None:
        """Delete a payment method; deleting it again changes nothing. Raises Denied, NotFound, Conflict (in use)."""
        method = principal.opened("PAYMENTMETHOD_DELETE", PaymentMethodStore(tx).at(name), _unknown(name))
        if method.deleted_at is None:
            self._delete(tx, principal.author, method)

    # For other services: no principal is asked

    def living_named(self, tx: Transaction, names: Collection[str]) -> Mapping[str, PaymentMethod]:
        """Return those of the payment methods that are not deleted, by name: one statement, however many they are."""
        return {method.name: method for method in PaymentMethodStore(tx).named(names)} if names else {}

    def require_of(self, tx: Transaction, workspace: str, name: str, *, field: str) -> None:
        """Refuse a name that no payment method of the workspace has; one that does stays until this transaction ends. Raises Invalid."""
        method = PaymentMethodStore(tx).kept(name)
        if method is None or method.workspace != workspace:
            raise Invalid(
                f"workspace '{workspace}' has no payment method '{name}'",
                code="UnknownPaymentMethod",
                field=field,
                remedy="Name a payment method of the workspace, or send null.",
            )

    def find_of(self, tx: Transaction, workspace: str, name: str) -> PaymentMethod | None:
        """Return the payment method of the workspace with this name, if there is one."""
        method = PaymentMethodStore(tx).living(name)
        return method if method is not None and method.workspace == workspace else None

    def workspace_deleted(self, tx: Transaction, author: Author, workspace: str) -> None:
        """Delete the payment methods of a workspace that is being deleted."""
        for method in PaymentMethodStore(tx).all_of(workspace):
            self._delete(tx, author, method)

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from payment methods; for the deletion of tag definitions."""
        return PaymentMethodStore(tx).remove_tag(tag, [PaymentMethodId(UUID(one)) for one in ids])

    def _delete(self, tx: Transaction, author: Author, method: PaymentMethod) -> None:
        gone = replace(method, deleted_at=self._basics.clock())
        gone = PaymentMethodStore(tx).save(gone)  # first: a new use clashes with it
        self.uses.refuse_used(tx, method, f"payment method '{method.name}'")
        self._tags.forget(tx, _tagged(gone))
        self._changes.tell(tx, author, EventType.DELETED, gone)


def _tagged(method: PaymentMethod) -> Tagged:
    return Tagged(
        kind=TargetKind.PAYMENT_METHOD,
        id=str(method.id),
        name=f"payment method '{method.name}'",
        workspace=method.workspace,
        tags=method.tags,
    )


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no payment method '{name}'")
