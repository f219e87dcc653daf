"""The simulation finds rules that are broken: each of these takes one away from the product."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import select

from blockyard.server.blocks.model import expiry
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.model.expiry import Expiry
from blockyard.server.blocks.service import deleting
from blockyard.server.blocks.service.approving import Approving
from blockyard.server.blocks.service.bulk import BulkService
from blockyard.server.blocks.service.cascading import CascadeControl
from blockyard.server.blocks.service.deleting import Deleting
from blockyard.server.blocks.service.expiring import Expiring
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.planning import Planning
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.waking import Waking
from blockyard.server.blocks.service.withdrawing import Withdrawing
from blockyard.server.blocks.store.expiries import ExpiryStore
from blockyard.server.brakes.service import BrakeService
from blockyard.server.definitions.model.policies import ScheduleMode
from blockyard.server.drift import service as drift
from blockyard.server.drift.model import DriftRules, DriftWatch
from blockyard.server.drift.service import DriftService
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run, RunId, TriggerReason
from blockyard.server.runs.service.claims import ClaimService
from blockyard.server.runs.service.planned import PlannedRuns
from blockyard.server.runs.service.sweeps import RunSweeper
from blockyard.server.runs.store.approvals import ApprovalStore
from blockyard.server.runs.store.tables import runs
from blockyard.server.tofu_state.service import StateService
from tests.support.simulation.simulate import dwelling, simulate
from tests.support.simulation.simulation import Violation

SEEDS = 100
"""Of those that dwell on what the rule is about."""

LONGER = (60, 100)
"""Some rules matter late only."""


def _repair_anyway(self: DriftService, tx: Transaction, watch: DriftWatch, rules: DriftRules, run: Run) -> None:
    """Repair whatever a check has found."""
    wanted = replace(rules, mode=ScheduleMode.DRIFT_RECONCILIATION, automatic_approval=True)
    trigger = replace(run.trigger, reason=TriggerReason.SCHEDULED_DRIFT_RECONCILIATION)
    _RECONCILE(self, tx, watch, wanted, replace(run, trigger=trigger))


def _plan_of_any_age(self: Planning, tx: Transaction, block: Block, *, restoring: bool = False) -> Run:
    """Return the newest plan, whatever was done since."""
    if block.latest_dry_run_id is not None:
        return _PLANNED(self, tx, block, restoring=restoring)
    found = select(runs.c.id).where(
        runs.c.block_id == block.id, runs.c.behavior == "DETECT", runs.c.status == "SUCCEEDED"
    )
    newest = cast("UUID | None", tx.execute(found.order_by(runs.c.number.desc()).limit(1)).scalar_one_or_none())
    return _PLANNED(
        self, tx, replace(block, latest_dry_run_id=None if newest is None else RunId(newest)), restoring=restoring
    )


def _plan_of_any_state(self: Planning, tx: Transaction, block: Block, *, restoring: bool = False) -> Run:
    """Return the newest plan, whatever state it was made with."""
    del restoring
    return _PLANNED(self, tx, block, restoring=True)


def _put_nothing_off(self: ExpiryStore, end: Expiry) -> None:
    """Put no end off."""
    known = self.of([end.block_id]).get(end.block_id)
    if known is None or end.expires_at <= known.expires_at:
        _PUT(self, end)


_RECONCILE, _PLANNED, _PUT = DriftService._reconcile, Planning.planned, ExpiryStore.put

BROKEN: dict[str, tuple[str, object, str, object, str]] = {
    "children do not follow outputs": ("everything", Waking, "_consumes", lambda *_: False, "should give"),
    "a change during a run is forgotten": ("everything", RunStarter, "begin_due", lambda *_: True, "due"),
    "older attempts write": ("losses", StateService, "_refuse_superseded", lambda *_: None, "was accepted after"),
    "late requests take the lock": ("losses", StateService, "_refuse_ended", lambda *_: None, "locked"),
    "parents are deleted": ("undoing", deleting, "_refuse_children", lambda *_: None, "is leaving before its child"),
    "lost runs are not offered again": ("losses", RunSweeper, "_lose", lambda *_: None, "IN_PROGRESS"),
    "who follows is left behind": ("undoing", Upgrades, "due", lambda *_: None, "is not of the newest version"),
    "a stop withdraws nothing": (
        "cascades",
        Withdrawing,
        "withdraw",
        lambda *_, **__: ((), None),
        "although its cascade is stopped",
    ),
    "stops stop half-way": ("cascades", CascadeControl, "go_on_stopping", lambda *_: False, "goes on still"),
    "turns do not come": ("cascades", Waking, "go_on", lambda *_: 0, "have their turn still"),
    "nothing is planned first": (
        "everything",
        Approving,
        "plans_first",
        lambda *_: False,
        "applies what nobody has seen",
    ),
    "plans need no approval": (
        "everything",
        Approving,
        "asked",
        lambda *_, **__: None,
        "applies a plan that nobody has approved",
    ),
    "claims do not ask for brakes": ("calendars", BrakeService, "guard", lambda *_: None, "is claimed against a brake"),
    "windows are not turned": ("calendars", BrakeService, "turn", lambda *_: (), "is claimed against a brake"),
    "holds refuse nothing": ("everything", Holding, "refuse", lambda *_: None, "although it is on hold"),
    "slots are not lent": ("everything", ClaimService, "_lends", lambda *_: False, "which nobody runs"),
    "checks come at once": ("drift", drift, "next_check", lambda _block, _period, after: after, "is checked by run"),
    "a begun check is forgotten": ("drift", drift, "POSTPONED", timedelta(days=2), "is left out"),
    "pauses are ignored": ("drift", DriftService, "_rests", lambda *_: False, "although that is paused"),
    "noise is drift": ("drift", drift, "drift_in", lambda changes, _rules: [*changes], "has found ['noise']"),
    "drift is never left alone": ("drift", DriftWatch, "is_ignored", lambda *_: False, "is to be left alone"),
    "every check repairs": ("drift", DriftService, "_reconcile", _repair_anyway, "to be repaired by itself"),
    "plans do not age": ("plans", Planning, "planned", _plan_of_any_age, "that is older than run"),
    "plans of restored states are plans": ("plans", Planning, "planned", _plan_of_any_state, "is not the current one"),
    "stale plans are the end": ("plans", RunStarter, "is_to_plan_anew", lambda *_: False, "no other one was made"),
    "whatever was planned is approved": (
        "plans",
        PlannedRuns,
        "granted_before",
        lambda _, tx, block_id, _digest: ApprovalStore(tx).last_decided(block_id),
        "that nobody has approved",
    ),
    "nobody is warned": ("ends", expiry, "_next_warning", lambda *_: None, "nobody was warned"),
    "an end stays where it was": ("ends", ExpiryStore, "put", _put_nothing_off, "its end"),
    "nothing ends": ("ends", Expiring, "settle", lambda *_, **__: False, "outlives its end"),
    "deletions begin at once": ("undoing", deleting, "timedelta", lambda **_: timedelta(0), "within its undo window"),
    "what came meanwhile is forgotten": ("undoing", Deleting, "_go_on", lambda *_, **__: None, "should give"),
    "bulk jobs do not end": ("everything", BulkService, "give_back", lambda *_, **__: None, "is under way"),
}


def simulate_all(seeds: Iterable[int]) -> None:
    for seed in seeds:
        simulate(seed, LONGER)


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    dwells_on, where, name, instead, found = BROKEN[rule]
    monkeypatch.setattr(where, name, instead)

    with pytest.raises(Violation) as violation:
        simulate_all(dwelling(dwells_on, SEEDS))

    assert found in str(violation.value).splitlines()[-1]
