"""The simulation finds rules that are broken: each of these takes one away from the product."""

from collections.abc import Callable, Iterable

import pytest

from blockyard.server.blocks.service import deleting
from blockyard.server.blocks.service.approving import Approving
from blockyard.server.blocks.service.bulk import BulkService
from blockyard.server.blocks.service.holding import Holding
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.waking import Waking
from blockyard.server.blocks.service.withdrawing import Withdrawing
from blockyard.server.brakes.service import BrakeService
from blockyard.server.runs.service.claims import ClaimService
from blockyard.server.runs.service.sweeps import RunSweeper
from blockyard.server.tofu_state.service import StateService
from tests.support.simulation.simulate import simulate
from tests.support.simulation.simulation import Violation

SEEDS = 200

LONGER = (30, 60)
"""Some rules matter late only."""

BROKEN: dict[str, tuple[object, str, Callable[..., object], str]] = {
    "children do not follow outputs": (Waking, "_consumes", lambda *_: False, "should give"),
    "a change during a run is forgotten": (RunStarter, "begin_due", lambda *_: True, "due"),
    "older attempts write": (StateService, "_refuse_superseded", lambda *_: None, "was accepted after"),
    "late requests take the lock": (StateService, "_refuse_ended", lambda *_: None, "locked"),
    "parents are deleted": (deleting, "_refuse_children", lambda *_: None, "is leaving before its child"),
    "lost runs are not offered again": (RunSweeper, "_lose", lambda *_: None, "IN_PROGRESS"),
    "who follows is left behind": (Upgrades, "due", lambda *_: None, "is not of the newest version"),
    "a stop withdraws nothing": (Withdrawing, "withdraw", lambda *_, **__: (), "although its cascade is stopped"),
    "turns do not come": (Waking, "go_on", lambda *_: 0, "have their turn still"),
    "nothing is planned first": (Approving, "plans_first", lambda *_: False, "applies what nobody has seen"),
    "plans need no approval": (Approving, "terms", lambda *_: None, "applies a plan that nobody has approved"),
    "claims do not ask for brakes": (BrakeService, "guard", lambda *_: None, "is claimed against a brake"),
    "windows are not turned": (BrakeService, "turn", lambda *_: (), "is claimed against a brake"),
    "holds refuse nothing": (Holding, "refuse", lambda *_: None, "although it is on hold"),
    "slots are not lent": (ClaimService, "_lends", lambda *_: False, "which nobody runs"),
    "bulk jobs do not end": (BulkService, "give_back", lambda *_, **__: None, "is under way"),
}


def simulate_all(seeds: Iterable[int]) -> None:
    for seed in seeds:
        simulate(seed, LONGER)


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_found(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    where, name, instead, found = BROKEN[rule]
    monkeypatch.setattr(where, name, instead)

    with pytest.raises(Violation) as violation:
        simulate_all(range(SEEDS))

    assert found in str(violation.value).splitlines()[-1]
