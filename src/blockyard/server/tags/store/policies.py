"""The tables of policies, of their violations, and of what is to be looked through for these."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from blockyard.server.kit.columns import Instant, Word
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.kit.rows import Rows, Store, life
from blockyard.server.tags.model import Policy, PolicyId, PolicySpec, Strategy, Subject, TargetKind, Violation

_policies = Table(
    "policies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("description", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("strategy", Word(Strategy, 16), nullable=False),
    Column("authoritative_kind", Word(TargetKind, 32), nullable=False),
    Column("authoritative_tag", String(255), nullable=False),
    Column("affected_kind", Word(TargetKind, 32), nullable=False),
    Column("affected_tag", String(255), nullable=False),
    *(column for column in life() if column.key != "deleted_at"),
    Index("ix_policies_created_at", "created_at", "id"),
    Index("ix_policies_authoritative", "authoritative_kind", "authoritative_tag"),
    Index("ix_policies_affected", "affected_kind", "affected_tag"),
)
_violations = Table(
    "policy_violations",
    metadata,
    Column("policy_id", Uuid, ForeignKey("policies.id", ondelete="CASCADE"), primary_key=True),
    Column("authoritative_id", String(64), primary_key=True),
    Column("affected_id", String(64), primary_key=True),
    Column("workspace", String(64)),
    Column("authoritative_name", Text, nullable=False),
    Column("affected_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_policy_violations_found_at", "found_at", "policy_id", "authoritative_id", "affected_id"),
    Index("ix_policy_violations_workspace", "workspace", "found_at", "policy_id", "authoritative_id", "affected_id"),
    Index("ix_policy_violations_policy", "policy_id", "found_at", "authoritative_id", "affected_id"),
    Index("ix_policy_violations_authoritative_id", "authoritative_id"),
    Index("ix_policy_violations_affected_id", "affected_id"),
)
_sweeps = Table(
    "policy_sweeps",
    metadata,
    Column("policy_id", Uuid, ForeignKey("policies.id", ondelete="CASCADE"), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("began_at", Instant),
    Column("after", String(255), nullable=False),
    Index("ix_policy_sweeps_due_at", "due_at"),
)


def _values(policy: Policy) -> dict[str, object]:
    return {
        "id": policy.id,
        "name": policy.name,
        "description": policy.description,
        "hint": policy.hint,
        "strategy": policy.strategy,
        "authoritative_kind": policy.authoritative.kind,
        "authoritative_tag": policy.authoritative.tag,
        "affected_kind": policy.affected.kind,
        "affected_tag": policy.affected.tag,
        "created_at": policy.created_at,
        "revision": policy.revision,
    }


def _policy(row: dict[str, Any]) -> Policy:  # Any: what the columns' types make of the row
    authoritative = Subject(row.pop("authoritative_kind"), row.pop("authoritative_tag"))
    affected = Subject(row.pop("affected_kind"), row.pop("affected_tag"))
    return Policy(**row, authoritative=authoritative, affected=affected)


_rows: Rows[Policy, PolicyId] = Rows(_policies, Policy, "id", owner=None, write=_values, read=_policy)


class PolicyStore(Store[Policy, PolicyId]):
    """Reads and writes policies; with one its violations are removed."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def about(self, kind: TargetKind) -> Sequence[Policy]:
        """Return the policies that relate things of a kind to others, or others to them."""
        columns = _policies.c
        return self.where(or_(columns.authoritative_kind == kind, columns.affected_kind == kind))

    def hold(self, policies: Collection[Policy]) -> None:
        """Let nobody else judge by these policies until this transaction ends, so that two changes of both sides see each other."""
        ids = sorted(policy.id for policy in policies)
        held = select(_policies.c.id).where(_policies.c.id.in_(ids)).order_by(_policies.c.id)
        if ids:
            self._tx.execute(held.with_for_update(key_share=True)).all()

    def relating(self, authoritative: TargetKind, affected: TargetKind) -> Sequence[Policy]:
        """Return the policies that relate things of these kinds."""
        columns = _policies.c
        return self.where(columns.authoritative_kind == authoritative, columns.affected_kind == affected)

    def reading(self, subject: Subject, request: PageRequest) -> Page[Policy]:
        """Return one page of the policies that read a tag."""
        columns = _policies.c
        return self.page_of(
            request,
            or_(
                and_(columns.authoritative_kind == subject.kind, columns.authoritative_tag == subject.tag),
                and_(columns.affected_kind == subject.kind, columns.affected_tag == subject.tag),
            ),
        )


_pair = and_(
    _violations.c.policy_id == bindparam("of_policy"),
    _violations.c.authoritative_id == bindparam("of_authoritative"),
    _violations.c.affected_id == bindparam("of_affected"),
)
_members = [_violations.c[name] for name in Violation.__dataclass_fields__]
_order = [_violations.c[name] for name in ("found_at", "policy_id", "authoritative_id", "affected_id")]


class ViolationStore:
    """Reads and writes violations."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, violation: Violation) -> None:
        """Write what was found; what was known stays known since then."""
        values = asdict(violation) | {"seen_at": violation.found_at}
        known = {name: value for name, value in values.items() if name != "found_at"}
        if self._tx.execute(update(_violations).where(_pair).values(known), _pair_of(violation)).rowcount == 0:
            self._tx.execute(insert(_violations), values)

    def remove(self, policy: PolicyId, authoritative_id: str, affected_id: str) -> None:
        """Remove the violation of a policy by two things, if there is one."""
        self._tx.execute(
            delete(_violations).where(_pair),
            {"of_policy": policy, "of_authoritative": authoritative_id, "of_affected": affected_id},
        )

    def remove_pair(self, authoritative_id: str, affected_id: str) -> None:
        """Remove the violations by two things."""
        columns = _violations.c
        self._tx.execute(
            delete(_violations).where(columns.authoritative_id == authoritative_id, columns.affected_id == affected_id)
        )

    def remove_of(self, object_id: str) -> None:
        """Remove the violations by a thing."""
        columns = _violations.c
        self._tx.execute(delete(_violations).where(columns.authoritative_id == object_id))
        self._tx.execute(delete(_violations).where(columns.affected_id == object_id))

    def remove_all(self, policy: PolicyId, *, unseen_since: datetime | None = None) -> None:
        """Remove the violations of a policy; only those that were not seen since then, if that is given."""
        stale = delete(_violations).where(_violations.c.policy_id == policy)
        if unseen_since is not None:
            stale = stale.where(_violations.c.seen_at < unseen_since)
        self._tx.execute(stale)

    def page(
        self, request: PageRequest, *, owners: Collection[str] | None, workspace: str | None, policy: PolicyId | None
    ) -> Page[tuple[Violation, PolicySpec]]:
        """Return one page of the violations with their policies, oldest first."""
        columns = _violations.c
        conditions = [
            *([] if owners is None else [columns.workspace.in_(sorted(owners))]),
            *([] if workspace is None else [columns.workspace == workspace]),
            *([] if policy is None else [columns.policy_id == policy]),
        ]
        found = select(*_members).where(*conditions).order_by(*_order).limit(request.limit).offset(request.offset)
        violations = [Violation(**row) for row in self._tx.execute(found).mappings()]
        policies = PolicyStore(self._tx).many({one.policy_id for one in violations})
        counted = select(func.count()).select_from(_violations).where(*conditions)
        items = [(one, policies[one.policy_id]) for one in violations]
        return Page.of(items, lambda: int(str(self._tx.execute(counted).scalar_one())), request)


class SweepStore:
    """Reads and writes which policies are to be looked through, and how far that is."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, policy: PolicyId, *, due_at: datetime) -> None:
        """Let a policy be looked through from the beginning."""
        values = {"due_at": due_at, "began_at": None, "after": ""}
        changed = update(_sweeps).where(_sweeps.c.policy_id == policy).values(values)
        if self._tx.execute(changed).rowcount == 0:
            self._tx.execute(insert(_sweeps), {"policy_id": policy, **values})

    def next(self, now: datetime) -> tuple[PolicyId, datetime | None, str] | None:
        """Return a policy that is due, when its sweep began and how far it is; others do not get it meanwhile."""
        due = select(_sweeps.c.policy_id, _sweeps.c.began_at, _sweeps.c.after).where(_sweeps.c.due_at <= now)
        row = self._tx.execute(
            due.order_by(_sweeps.c.due_at, _sweeps.c.policy_id).limit(1).with_for_update(skip_locked=True)
        ).one_or_none()
        return None if row is None else (PolicyId(row.policy_id), row.began_at, row.after)

    def go_on(self, policy: PolicyId, *, began_at: datetime, after: str) -> None:
        """Note how far the sweep of a policy is."""
        at = update(_sweeps).where(_sweeps.c.policy_id == policy)
        self._tx.execute(at.values(began_at=began_at, after=after))


def _pair_of(violation: Violation) -> dict[str, object]:
    return {
        "of_policy": violation.policy_id,
        "of_authoritative": violation.authoritative_id,
        "of_affected": violation.affected_id,
    }
