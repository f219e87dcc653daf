"""Policies at work: changes that would violate one are refused, or noted where an administrator makes them."""

from collections.abc import Sequence

from blockyard.server.events.basics import Basics
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import pointer
from blockyard.server.tags.model import Policy, Tagged, Tags, TargetKind, Violation, violated
from blockyard.server.tags.service.relations import Relation
from blockyard.server.tags.store import PolicyStore, ViolationStore


class PolicyGuard:
    """Looks at pairs of related things. Higher features add how theirs are related to `relations`."""

    def __init__(self, basics: Basics) -> None:
        self._clock = basics.clock
        self.relations: list[Relation] = []

    def relation(self, kinds: tuple[TargetKind, TargetKind]) -> Relation | None:
        """Return how things of two kinds are related; None if they are not, as far as this installation goes."""
        return next((one for one in self.relations if one.kinds == kinds), None)

    def tags_changed(self, tx: Transaction, principal: Principal, what: Tagged, before: Tags | None) -> None:
        """Look at what is related to `what`, which has other tags than `before`, or is new. Raises Conflict."""
        policies = [
            policy
            for policy in PolicyStore(tx).about(what.kind)
            if any(one.kind is what.kind and _differ(one.tag, what.tags, before) for one in policy.sides)
        ]
        PolicyStore(tx).hold(policies)
        for policy in policies:
            relation = self.relation(policy.kinds)
            if relation is None:
                continue
            if policy.affected.kind is what.kind and _differ(policy.affected.tag, what.tags, before):
                self._look(tx, principal, policy, [(one, what) for one in relation.authorities_of(tx, what)], what)
            is_authority = policy.authoritative.kind is what.kind and before is not None
            if is_authority and _differ(policy.authoritative.tag, what.tags, before):
                self._look(tx, principal, policy, [(what, one) for one in relation.affected_by(tx, what)], what)

    def related(
        self, tx: Transaction, principal: Principal, authoritative: Tagged, affected: Tagged, *, by: str, field: str
    ) -> None:
        """Look at two things that are related from now on. `by` is the permission that relates them, `field` names it. Raises Conflict."""
        policies = PolicyStore(tx).relating(authoritative.kind, affected.kind)
        PolicyStore(tx).hold(policies)
        for policy in policies:
            self._judge(tx, policy, authoritative, affected, refuse=by not in principal.everywhere, field=field)

    def reasons(self, tx: Transaction, authoritative: Tagged, affected: Tagged) -> Sequence[str]:
        """Return why these two do not fit together, with what to do about it; nothing if they do."""
        return [
            " ".join(filter(None, (f"{policy.reason(authoritative, affected)}.", policy.hint)))
            for policy in PolicyStore(tx).relating(authoritative.kind, affected.kind)
            if not policy.permits(authoritative.tags, affected.tags)
        ]

    def note(self, tx: Transaction, policy: Policy, authoritative: Tagged, affected: Tagged) -> None:
        """Note whether two things violate a policy; refuse nothing."""
        self._judge(tx, policy, authoritative, affected, refuse=False, field="")

    def _look(
        self,
        tx: Transaction,
        principal: Principal,
        policy: Policy,
        pairs: Sequence[tuple[Tagged, Tagged]],
        changed: Tagged,
    ) -> None:
        subject = policy.affected if policy.affected.kind is changed.kind else policy.authoritative
        field, refuse = pointer(changed.kind.field, subject.tag), changed.kind.saved_by not in principal.everywhere
        for authoritative, affected in pairs:
            self._judge(tx, policy, authoritative, affected, refuse=refuse, field=field)

    def _judge(
        self, tx: Transaction, policy: Policy, authoritative: Tagged, affected: Tagged, *, refuse: bool, field: str
    ) -> None:
        violations = ViolationStore(tx)
        if policy.permits(authoritative.tags, affected.tags):
            violations.remove(policy.id, authoritative.id, affected.id)
            return
        if refuse:
            raise violated(policy, authoritative, affected, field=field)
        violations.put(
            Violation(
                policy_id=policy.id,
                authoritative_id=authoritative.id,
                affected_id=affected.id,
                workspace=authoritative.workspace,
                authoritative_name=authoritative.name,
                affected_name=affected.name,
                reason=policy.reason(authoritative, affected),
                found_at=self._clock(),
            )
        )


def _differ(tag: str, tags: Tags, before: Tags | None) -> bool:
    return before is None or list(tags.get(tag, ())) != list(before.get(tag, ()))
