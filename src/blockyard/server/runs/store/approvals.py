"""Approvals: rows, those that are open, and the last one of a block."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from blockyard.server.events.model import Author
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.approval import Approval, ApprovalOutcome, Vote, votes_document
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import approvals as _approvals

HOUR = timedelta(hours=1)


class ApprovalStore:
    """Reads and writes approvals."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, block_id: UUID, approval: Approval) -> None:
        """Write a new approval."""
        fixed = {
            "run_id": approval.run_id,
            "block_id": block_id,
            "plan_run_id": approval.plan_run_id,
            "plan_digest": approval.plan_digest,
            "changes_digest": approval.changes_digest,
            "needed": approval.needed,
            "four_eyes": approval.four_eyes,
            "types_name": approval.types_name,
            "reasons": list(approval.reasons),
            "wanted_by": approval.wanted_by.document(),
            "requested_at": approval.requested_at,
            "planned_at": approval.planned_at,
            "plan_expires_at": approval.plan_expires_at,
            "also_wanted_by": [author.document() for author in approval.also_wanted_by],
            "lifetime_hours": approval.lifetime // HOUR,
            "keeps_waiting": approval.keeps_waiting,
            "deputy_group": approval.deputy_group,
            "deputy_at": approval.deputy_at,
        }
        self._tx.execute(insert(_approvals), {**fixed, **_moving(approval)})

    def save(self, approval: Approval) -> None:
        """Write a changed approval; whoever does it saves the run, too, whose revision tells of others."""
        self._tx.execute(update(_approvals).where(_approvals.c.run_id == approval.run_id).values(_moving(approval)))

    def find(self, run_id: RunId) -> Approval | None:
        """Return the approval of a run."""
        row = self._tx.execute(select(_approvals).where(_approvals.c.run_id == run_id)).one_or_none()
        return None if row is None else _approval(row)

    def find_all(self, run_ids: Sequence[RunId]) -> Mapping[RunId, Approval]:
        """Return the approvals of some runs, no more than one list has."""
        if not run_ids:
            return {}
        rows = self._tx.execute(select(_approvals).where(_approvals.c.run_id.in_(run_ids)))
        return {RunId(row.run_id): _approval(row) for row in rows}

    def last_decided(self, block_id: UUID) -> Approval | None:
        """Return the newest approval of a block that somebody has decided."""
        of_block = select(_approvals).where(_approvals.c.block_id == block_id, _approvals.c.outcome.is_not(None))
        row = self._tx.execute(of_block.order_by(_approvals.c.requested_at.desc()).limit(1)).one_or_none()
        return None if row is None else _approval(row)

    def expired(self, at: datetime, limit: int) -> Sequence[RunId]:
        """Return the runs whose approval did not come in time."""
        query = select(_approvals.c.run_id).where(_approvals.c.outcome.is_(None), _approvals.c.expires_at <= at)
        return [RunId(row.run_id) for row in self._tx.execute(query.order_by(_approvals.c.expires_at).limit(limit))]

    def to_remind(self, at: datetime, limit: int) -> Sequence[RunId]:
        """Return the runs of whose approval people are reminded now."""
        query = select(_approvals.c.run_id).where(_approvals.c.remind_at.is_not(None), _approvals.c.remind_at <= at)
        return [RunId(row.run_id) for row in self._tx.execute(query.order_by(_approvals.c.remind_at).limit(limit))]


def _moving(approval: Approval) -> dict[str, object]:
    return {
        "expires_at": approval.expires_at,
        "remind_at": approval.remind_at if approval.is_open else None,
        "votes": votes_document(approval.votes),
        "outcome": None if approval.outcome is None else approval.outcome.value,
        "decided_at": approval.decided_at,
        "decided_by": None if approval.decided_by is None else approval.decided_by.document(),
        "comment": approval.comment,
    }


def _approval(row: RunRow) -> Approval:
    return Approval(
        run_id=RunId(row.run_id),
        plan_run_id=RunId(row.plan_run_id),
        plan_digest=row.plan_digest,
        changes_digest=row.changes_digest,
        needed=row.needed,
        four_eyes=row.four_eyes,
        types_name=row.types_name,
        reasons=tuple(row.reasons),
        wanted_by=Author.read(row.wanted_by),
        requested_at=row.requested_at,
        planned_at=row.planned_at,
        expires_at=row.expires_at,
        plan_expires_at=row.plan_expires_at,
        votes=tuple(Vote.read(vote) for vote in row.votes),
        outcome=None if row.outcome is None else ApprovalOutcome(row.outcome),
        decided_at=row.decided_at,
        decided_by=None if row.decided_by is None else Author.read(row.decided_by),
        comment=row.comment,
        also_wanted_by=tuple(Author.read(one) for one in row.also_wanted_by),
        lifetime=row.lifetime_hours * HOUR,
        keeps_waiting=row.keeps_waiting,
        remind_at=row.remind_at,
        deputy_group=row.deputy_group,
        deputy_at=row.deputy_at,
    )
