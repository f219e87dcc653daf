"""What plans would change: in numbers, and one by one."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select

from blockyard.protocol.names import ChangeAction
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import Page, PageRequest
from blockyard.server.runs.model import RunId
from blockyard.server.runs.model.plan import Plan, PlannedChange, PlanSource, PlanSummary
from blockyard.server.runs.store.runs import RunRow
from blockyard.server.runs.store.tables import changes as _changes
from blockyard.server.runs.store.tables import plans as _plans


class PlanStore:
    """Reads and writes what plans would change."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, run_id: RunId, plan: Plan) -> None:
        """Keep what the plan of a run would change, instead of what was kept before."""
        self._tx.execute(delete(_changes).where(_changes.c.run_id == run_id))
        self._tx.execute(delete(_plans).where(_plans.c.run_id == run_id))
        summary = plan.summary
        row = {
            "run_id": run_id,
            "source": summary.source.value,
            "counts": {action.value: number for action, number in summary.counts.items()},
            "outputs": summary.outputs,
            "moved": summary.moved,
            "imported": summary.imported,
            "left_out": summary.left_out,
            "digest": summary.digest,
        }
        self._tx.execute(insert(_plans), row)
        rows = [
            {
                "run_id": run_id,
                "position": position,
                "action": change.action.value,
                "is_output": change.is_output,
                "address": change.address,
                "digest": change.digest,
                "document": change.document,
            }
            for position, change in enumerate(plan.changes)
        ]
        if rows:
            self._tx.execute(insert(_changes), rows)

    def summary(self, run_id: RunId) -> PlanSummary | None:
        """Return the plan of a run in numbers; None if nothing is kept of it."""
        row = self._tx.execute(select(_plans).where(_plans.c.run_id == run_id)).one_or_none()
        if row is None:
            return None
        return PlanSummary(
            source=PlanSource(row.source),
            counts={ChangeAction(action): number for action, number in row.counts.items()},
            outputs=row.outputs,
            moved=row.moved,
            imported=row.imported,
            left_out=row.left_out,
            digest=row.digest,
        )

    def page(self, run_id: RunId, action: ChangeAction | None, request: PageRequest) -> Page[PlannedChange]:
        """Return one page of the changes of a plan, in its order; with `action` of the resources that this becomes of."""
        conditions: list[ColumnElement[bool]] = [_changes.c.run_id == run_id]
        if action is not None:
            conditions += [_changes.c.action == action.value, _changes.c.is_output.is_(False)]
        total = self._tx.execute(select(func.count()).select_from(_changes).where(*conditions)).scalar_one()
        rows = select(_changes).where(*conditions).order_by(_changes.c.position)
        found = self._tx.execute(rows.limit(request.limit).offset(request.offset))
        return Page([_change(row) for row in found], int(str(total)), request)

    def every(self, run_id: RunId) -> Sequence[PlannedChange]:
        """Return all changes of a plan, in its order; runners tell a bounded number."""
        rows = select(_changes).where(_changes.c.run_id == run_id).order_by(_changes.c.position)
        return [_change(row) for row in self._tx.execute(rows)]

    def of_actions(self, run_id: RunId, actions: Sequence[ChangeAction]) -> Sequence[PlannedChange]:
        """Return all resources of a plan that this becomes of, in its order; runners tell a bounded number."""
        rows = select(_changes).where(
            _changes.c.run_id == run_id,
            _changes.c.action.in_([action.value for action in actions]),
            _changes.c.is_output.is_(False),
        )
        return [_change(row) for row in self._tx.execute(rows.order_by(_changes.c.position))]

    def digests(self, run_id: RunId) -> Mapping[int, tuple[str, str]]:
        """Return address and digest of each change, by position."""
        rows = select(_changes.c.position, _changes.c.address, _changes.c.digest).where(_changes.c.run_id == run_id)
        return {row.position: (row.address, row.digest) for row in self._tx.execute(rows)}

    def at(self, run_id: RunId, positions: Sequence[int]) -> Mapping[int, PlannedChange]:
        """Return some changes of a plan, no more than one page has, by position."""
        rows = select(_changes).where(_changes.c.run_id == run_id, _changes.c.position.in_(positions))
        return {row.position: _change(row) for row in self._tx.execute(rows)} if positions else {}


def _change(row: RunRow) -> PlannedChange:
    return PlannedChange(
        address=row.address,
        action=ChangeAction(row.action),
        is_output=row.is_output,
        digest=row.digest,
        document=row.document,
    )
