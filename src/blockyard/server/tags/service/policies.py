"""Use cases of policies and their violations. Source: concepts.md 20."""

from collections.abc import Sequence
from datetime import timedelta

from blockyard.protocol.kinds import POLICY
from blockyard.server.events.basics import Basics
from blockyard.server.events.changes import Changes
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid, NotFound, Stale
from blockyard.server.kit.members import changed, members
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.usage import NAMED, named
from blockyard.server.tags.model import (
    Policy,
    PolicyId,
    PolicySpec,
    Subject,
    TagDefinition,
    Violation,
)
from blockyard.server.tags.service.definitions import DELETE, LIST, SAVE, TagDefinitionService
from blockyard.server.tags.service.guard import PolicyGuard
from blockyard.server.tags.store import PolicyStore, SweepStore, TagDefinitionStore, ViolationStore

SWEEP_TOPIC = "policies"
SWEEP_EVERY = timedelta(days=1)
"""How often a policy is looked through anew: relations also end."""

_PORTION = 200
"""How many pairs are looked at in one transaction."""


class PolicyService:
    """Use cases of policies, which administrators have, and of their violations, which a workspace sees, too."""

    def __init__(self, basics: Basics, guard: PolicyGuard, definitions: TagDefinitionService) -> None:
        definitions.uses.add(self.of_tag)
        self._basics = basics
        self._guard = guard
        self._changes: Changes[Policy] = Changes(basics.event_log, POLICY, "Policy", PolicySpec.document)

    def page(self, tx: Transaction, principal: Principal, request: PageRequest) -> Page[Policy]:
        """Return one page of the policies, oldest first. Raises Denied."""
        principal.require(LIST, workspace=None)
        return PolicyStore(tx).page(request, owners=None)

    def get(self, tx: Transaction, principal: Principal, policy_id: PolicyId) -> Policy:
        """Return a policy. Raises Denied, NotFound."""
        principal.enter(LIST, _unknown(policy_id))
        return _policy(tx, policy_id)

    def create(self, tx: Transaction, principal: Principal, spec: PolicySpec) -> Policy:
        """Make a policy; what violates it is found soon after. Raises Denied, Invalid."""
        principal.require(SAVE, workspace=None)
        self._check(tx, spec)
        policy = Policy(id=PolicyId(self._basics.new_id()), created_at=self._basics.clock(), **members(spec))
        PolicyStore(tx).add(policy)
        self._sweep_soon(tx, policy)
        return self._changes.tell(tx, principal.author, EventType.CREATED, policy)

    def update(self, tx: Transaction, principal: Principal, policy_id: PolicyId, spec: PolicySpec) -> Policy:
        """Change a policy; what violates it is looked for anew. Raises Denied, Invalid, NotFound."""
        principal.enter(SAVE, _unknown(policy_id))
        before = _policy(tx, policy_id)
        self._check(tx, spec)
        after = changed(before, spec)
        if after == before:
            return before
        after = PolicyStore(tx).save(after)
        if after.subjects != before.subjects:
            ViolationStore(tx).remove_all(policy_id)
            self._sweep_soon(tx, after)
        return self._changes.tell(tx, principal.author, EventType.CHANGED, after, before=before)

    def delete(self, tx: Transaction, principal: Principal, policy_id: PolicyId) -> None:
        """Delete a policy and its violations; deleting it again changes nothing. Raises Denied, NotFound."""
        principal.enter(DELETE, _unknown(policy_id))
        found = PolicyStore(tx).get(policy_id)
        if found is None and self._changes.deleted_just_now(tx, principal.author, policy_id):
            return
        policy = _policy(tx, policy_id)
        PolicyStore(tx).remove(policy)
        self._changes.tell(tx, principal.author, EventType.DELETED, policy)

    def violations(
        self,
        tx: Transaction,
        principal: Principal,
        request: PageRequest,
        *,
        workspace: str | None = None,
        policy: PolicyId | None = None,
    ) -> Page[tuple[Violation, PolicySpec]]:
        """Return one page of the violations in the workspaces that the principal sees, oldest first. Raises Denied."""
        owners = principal.listing("WORKSPACE_LIST").owners
        return ViolationStore(tx).page(request, owners=owners, workspace=workspace, policy=policy)

    # For other services and loops: no principal is asked

    def of_tag(self, tx: Transaction, definition: TagDefinition) -> Sequence[str]:
        """Return which policies read a tag; for the deletion of tag definitions."""
        found = PolicyStore(tx).reading(Subject(definition.target_kind, definition.tag), PageRequest(0, NAMED))
        return named("policy", [policy.name for policy in found.items], found.total)

    def sweep(self, tx: Transaction) -> bool:
        """Look at the next pairs of a policy that is due; return whether one was."""
        sweeps, now = SweepStore(tx), self._basics.clock()
        due = sweeps.next(now)
        if due is None:
            return False
        policy_id, began_at, after = due
        policy, began_at = _policy(tx, policy_id), began_at or now
        relation = self._guard.relation(policy.kinds)
        pairs = [] if relation is None else relation.pairs(tx, after, _PORTION)
        for pair in pairs:
            self._guard.note(tx, policy, pair.authoritative, pair.affected)
        if len(pairs) < _PORTION:
            ViolationStore(tx).remove_all(policy_id, unseen_since=began_at)
            sweeps.put(policy_id, due_at=now + SWEEP_EVERY)
        else:
            sweeps.go_on(policy_id, began_at=began_at, after=pairs[-1].place)
        return True

    def _sweep_soon(self, tx: Transaction, policy: Policy) -> None:
        SweepStore(tx).put(policy.id, due_at=self._basics.clock())
        tx.wake(SWEEP_TOPIC)

    def _check(self, tx: Transaction, spec: PolicySpec) -> None:
        """Refuse kinds that are not related, and tags that nothing declares; those that are stay. Raises Invalid."""
        if self._guard.relation(spec.kinds) is None:
            known = ", ".join(f"{one.authoritative} and {one.affected}" for one in self._guard.relations)
            raise Invalid(
                f"a policy cannot relate {spec.authoritative.kind} to {spec.affected.kind}",
                code="UnrelatedKinds",
                field="/spec/affected/kind",
                remedy=f"Send one of these pairs: {known}.",
            )
        definitions = TagDefinitionStore(tx)
        for field, subject in (("/spec/authoritative/tag", spec.authoritative), ("/spec/affected/tag", spec.affected)):
            definition = definitions.of_kind(subject.kind).get(subject.tag)
            if definition is None:
                raise Invalid(
                    f"there is no tag '{subject.tag}' for a {subject.kind}",
                    code="UnknownTag",
                    field=field,
                    remedy="Name a tag that has a tag definition, or make one first.",
                )
            if not definitions.keep([definition.id]):
                raise Stale("tag definitions")


def _policy(tx: Transaction, policy_id: PolicyId) -> Policy:
    policy = PolicyStore(tx).get(policy_id)
    if policy is None:
        raise _unknown(policy_id)
    return policy


def _unknown(policy_id: PolicyId) -> NotFound:
    return NotFound(f"there is no policy '{policy_id}'", remedy="Look for its id in the list of policies.")
