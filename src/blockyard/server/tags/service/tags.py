"""The rule of tags, which every kind with tags asks when one of its things is made, changed or deleted."""

from collections.abc import Collection
from dataclasses import replace

from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Stale
from blockyard.server.tags.model import Tagged, Tags, checked_tags
from blockyard.server.tags.model.rules import Definitions
from blockyard.server.tags.service.guard import PolicyGuard
from blockyard.server.tags.store import PolicyStore, TagDefinitionStore, TagUseStore, ViolationStore


class TagService:
    """The rule of tags. No use case of its own: those of the things authorize before they ask it.

    Higher features add how their things are related to `guard.relations`.
    """

    def __init__(self, basics: Basics) -> None:
        self.guard = PolicyGuard(basics)

    def check(self, tx: Transaction, principal: Principal, what: Tagged, *, before: Tags | None = None) -> Tags:
        """Return the tags that `what`, which comes with those that were sent, has from now on.

        `before` has those it had; None if it is new. The definitions that decided stay until this transaction ends.

        Raises:
            Conflict: a policy forbids it, and the principal is no administrator of such things.
            Denied: a restricted tag would change, and the principal is no administrator of such things.
            Invalid: a tag is unknown, fixed or missing, or its values do not fit.
        """
        if before is not None and before == what.tags:
            return before
        definitions = TagDefinitionStore(tx).of_kind(what.kind)
        unrestricted = what.kind.saved_by in principal.everywhere
        after = checked_tags(definitions, what.kind, what.tags, before, unrestricted=unrestricted)
        had = set() if before is None else {key for key, values in before.items() if values}
        self._keep(tx, definitions, {key for key in after if before is None or after[key] != list(before.get(key, ()))})
        uses = TagUseStore(tx)
        uses.add(what.kind, what.id, after.keys() - had)
        uses.remove(what.kind, what.id, had - after.keys())
        self.guard.tags_changed(tx, principal, replace(what, tags=after), before)
        return after

    def related(
        self, tx: Transaction, principal: Principal, authoritative: Tagged, affected: Tagged, *, by: str, field: str
    ) -> None:
        """Look at two things that are related from now on, such as a workspace and what it orders.

        `by` is the permission that relates them, whoever has it everywhere may violate policies; `field` is where the request names
        the relation. Raises Conflict.
        """
        self.guard.related(tx, principal, authoritative, affected, by=by, field=field)

    def noted(self, tx: Transaction, authoritative: Tagged, affected: Tagged) -> None:
        """Note what two things violate that are related from now on, where nobody can refuse that."""
        for policy in PolicyStore(tx).relating(authoritative.kind, affected.kind):
            self.guard.note(tx, policy, authoritative, affected)

    def parted(self, tx: Transaction, authoritative_id: str, affected_id: str) -> None:
        """Forget what two things violate that are related no more."""
        ViolationStore(tx).remove_pair(authoritative_id, affected_id)

    def forget(self, tx: Transaction, what: Tagged) -> None:
        """Forget a thing that is deleted."""
        TagUseStore(tx).remove(what.kind, what.id, [key for key, values in what.tags.items() if values])
        ViolationStore(tx).remove_of(what.id)

    def _keep(self, tx: Transaction, definitions: Definitions, keys: Collection[str]) -> None:
        used = [definitions[key].id for key in keys]
        if used and TagDefinitionStore(tx).keep(used) < len(used):
            raise Stale("tag definitions")
