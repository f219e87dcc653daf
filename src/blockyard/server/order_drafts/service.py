"""Use cases of drafts of orders: each is for who began the draft, nobody else may know of it."""

from dataclasses import replace
from urllib.parse import unquote
from uuid import UUID

from blockyard.server.definitions.model import DefinitionId
from blockyard.server.definitions.service import DefinitionService
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import Author
from blockyard.server.identity.model import Principal
from blockyard.server.identity.service import UserService
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Denied, Unauthenticated
from blockyard.server.kit.members import changed
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.order_drafts.model import (
    KEPT_FOR,
    MAX_DRAFTS,
    DraftContent,
    DraftNotFound,
    OrderDraft,
    OrderDraftId,
    Typed,
)
from blockyard.server.order_drafts.store import OrderDraftStore

_INPUT, _PARENT = "input.", "parent."
"""Names of fields: `input.<key>`, and `parent.<definition>.input.<key>` of a block that is ordered with it."""


class OrderDraftService:
    """Use cases of drafts of orders."""

    def __init__(self, basics: Basics, *, definitions: DefinitionService, users: UserService) -> None:
        self._clock = basics.clock
        self._new_id = basics.new_id
        self._definitions = definitions
        self._users = users

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[OrderDraft]:
        """Return the principal's drafts. Raises Denied (a run)."""
        return OrderDraftStore(tx).of_owner(_owner(principal), request)

    def get(self, tx: Transaction, principal: Principal, draft_id: UUID) -> OrderDraft:
        """Return a draft. Raises NotFound."""
        found = OrderDraftStore(tx).get(OrderDraftId(draft_id))
        if found is None or found.owner != _name(principal):
            raise DraftNotFound(
                f"there is no draft {draft_id} of yours",
                remedy="It was ordered, thrown away, or nobody touched it for a long time. Begin a new order.",
            )
        return found

    def create(self, tx: Transaction, principal: Principal, definition_id: UUID, content: DraftContent) -> OrderDraft:
        """Begin a draft. Raises Denied, NotFound (the definition), Invalid, Conflict (too many), Unauthenticated (no account)."""
        owner, drafts = _owner(principal), OrderDraftStore(tx)
        self._require_account(tx, principal)
        offer = self._definitions.catalogue.offer(tx, principal, definition_id)
        content.check()
        if drafts.of_owner(owner, PageRequest(0, 1)).total >= MAX_DRAFTS:
            raise Conflict(
                f"you have {MAX_DRAFTS} drafts, which is as many as are kept",
                code="TooManyDrafts",
                remedy="Order or throw away some of them first.",
            )
        now = self._clock()
        draft = OrderDraft(
            id=OrderDraftId(self._new_id()),
            owner=owner,
            definition_id=offer.definition.id,
            created_at=now,
            changed_at=now,
        )
        return drafts.add(changed(draft, self._without_secrets(tx, draft.definition_id, content)))

    def update(
        self, tx: Transaction, principal: Principal, draft_id: UUID, content: DraftContent, *, seen: int | None = None
    ) -> OrderDraft:
        """Replace what was entered; `seen` is the revision it was entered over.

        Raises NotFound, Invalid, Conflict (somebody, maybe in another tab, changed the draft since).
        """
        before = self.get(tx, principal, draft_id)
        content.check()
        content = self._without_secrets(tx, before.definition_id, content)
        after = changed(before, content)
        if after == before:
            return before
        if seen is not None and seen != before.revision:
            raise Conflict(
                "this draft was changed after you opened it, maybe in another tab",
                code="DraftChanged",
                field="/metadata/revision",
                remedy="Read it again and decide which of both stays.",
            )
        return OrderDraftStore(tx).save(replace(after, changed_at=self._clock()))

    def delete(self, tx: Transaction, principal: Principal, draft_id: UUID) -> None:
        """Throw a draft away. Raises NotFound."""
        OrderDraftStore(tx).remove(self.get(tx, principal, draft_id))

    def ordered(self, tx: Transaction, principal: Principal, draft_id: UUID) -> None:
        """Remove a draft that was ordered; another tab may have thrown it away meanwhile."""
        found = OrderDraftStore(tx).get(OrderDraftId(draft_id))
        if found is not None and found.owner == _name(principal):
            OrderDraftStore(tx).remove(found)

    # No principal is asked

    def remove_old(self, tx: Transaction) -> int:
        """Remove the drafts that nobody has touched for a long time, and return how many."""
        return OrderDraftStore(tx).remove_older(self._clock() - KEPT_FOR)

    def user_changed(self, tx: Transaction, username: str) -> None:
        """Keep the drafts of somebody who is locked: they may come back."""

    def user_deleted(self, tx: Transaction, author: Author, username: str) -> None:
        """Remove the drafts of somebody, whose name may once be another's."""
        del author
        OrderDraftStore(tx).remove_of(f"User {username}")

    def group_changed(self, tx: Transaction, group: str) -> None:
        """Nothing: groups have no drafts."""

    def group_deleted(self, tx: Transaction, author: Author, group: str) -> None:
        """Nothing: groups have no drafts."""

    def _require_account(self, tx: Transaction, principal: Principal) -> None:
        """Keep the account until this transaction ends: its deletion removes its drafts. Raises Unauthenticated."""
        if principal.author.type == "User" and not self._users.keep(tx, principal.author.identifier):
            raise Unauthenticated("your account was deleted", code="SessionEnded", remedy="Ask an administrator.")

    def _without_secrets(self, tx: Transaction, definition_id: DefinitionId, content: DraftContent) -> DraftContent:
        """Return what may be kept; what may not is named: secrets, and inputs of which nobody knows whether they are."""
        plain: dict[DefinitionId, frozenset[str]] = {}
        kept: dict[str, Typed] = {}
        left_out = {*content.left_out}
        for name, typed in content.fields.items():
            found = _input_of(name, definition_id)
            if found is not None and found[0] not in plain:
                plain[found[0]] = self._definitions.plain_inputs(tx, found[0])
            if found is None or found[1] in plain[found[0]]:
                kept[name] = typed
            elif typed:
                left_out.add(name)
        return DraftContent(fields=kept, left_out=tuple(sorted(left_out)))


def _input_of(name: str, definition_id: DefinitionId) -> tuple[DefinitionId, str] | None:
    """Return which input of which definition a field is of; None if it is of none."""
    if name.startswith(_PARENT):
        of_parent, _, name = name.removeprefix(_PARENT).partition(".")
        try:
            definition_id = DefinitionId(UUID(of_parent))
        except ValueError:
            return None
    return (definition_id, unquote(name.removeprefix(_INPUT))) if name.startswith(_INPUT) else None


def _owner(principal: Principal) -> str:
    if principal.is_machinery:
        raise Denied(
            "you don't have sufficient permissions: drafts of orders belong to people and API keys",
            code="MissingPermission",
            remedy="Sign in, or use an API key.",
        )
    return _name(principal)


def _name(principal: Principal) -> str:
    return f"{principal.author.type} {principal.author.identifier}"
