"""Runs the simulation of a seed: a storm of random actions, then a calm in which everything must come to rest."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain

import structlog

from blockyard.server.blocks.service import waking, withdrawing
from tests.support.simulation.actions import Action
from tests.support.simulation.compositions import waits
from tests.support.simulation.drifting import DRIFT, leave_alone, look_for_drift, pause_checks, tamper
from tests.support.simulation.ground import ground
from tests.support.simulation.invariants import ALWAYS, AT_REST, no_slot_waits_for_itself
from tests.support.simulation.lives import (
    LIVES,
    apply_plan,
    apply_restore,
    end_what_is_over,
    let_days_pass,
    plan_restore,
    restore,
    say_when_it_ends,
    take_back,
)
from tests.support.simulation.loops import (
    LOOPS,
    go_on_stopping,
    go_on_with_bulk_jobs,
    sleep,
    start_due,
    sweep,
    take_turns,
    turn_brakes,
    wait,
)
from tests.support.simulation.people import (
    PEOPLE,
    approve,
    approve_all,
    change,
    delete,
    lift_all,
    order,
    plan,
    stop_applies,
    stop_cascade,
)
from tests.support.simulation.promises import AT_PEACE, PROMISES
from tests.support.simulation.runners import RUNNERS, claim, come_back, deliver, finish, show_life, step, vanish, work
from tests.support.simulation.simulation import Simulation, Violation

ACTIONS: Sequence[Action] = (*PEOPLE, *RUNNERS, *LOOPS, *DRIFT, *LIVES)
DWELLS: Mapping[str, Sequence[Action]] = {
    "everything": (),
    "losses": (
        *(Action(30, vanish), Action(25, come_back), Action(30, sweep), Action(30, wait)),
        *(Action(60, claim), Action(150, work)),
    ),
    "cascades": (Action(15, change), Action(60, stop_cascade), Action(90, work), Action(10, take_turns)),
    "calendars": (Action(15, stop_applies), Action(12, sleep), Action(15, order), Action(20, claim)),
    "drift": (
        *(Action(60, tamper), Action(60, look_for_drift), Action(20, leave_alone), Action(30, sleep)),
        *(Action(25, pause_checks), Action(90, claim), Action(120, finish)),
    ),
    "ends": (
        *(Action(25, say_when_it_ends), Action(25, end_what_is_over), Action(8, let_days_pass), Action(5, order)),
        *(Action(8, sleep), Action(8, take_back)),
    ),
    "undoing": (
        *(Action(60, delete), Action(60, take_back), Action(70, change), Action(90, claim), Action(120, finish)),
    ),
    "plans": (
        *(Action(70, plan), Action(70, apply_plan), Action(70, plan_restore), Action(70, apply_restore)),
        *(Action(80, restore), Action(60, change), Action(80, approve), Action(120, claim), Action(200, finish)),
    ),
}
"""What seeds have more of than others, by turns: some rules matter only where the same is done again and again."""

_TURNS = (*DWELLS, "everything")
"""An odd number: what each other seed is like, seeds are that dwell on anything."""

_ROUND = (
    turn_brakes,
    sweep,
    start_due,
    take_turns,
    go_on_stopping,
    go_on_with_bulk_jobs,
    end_what_is_over,
    look_for_drift,
    approve_all,
)

STEPS = (30, 45)
_ROUNDS = 60
_ROUND_SECONDS = 1200


def dwelling(on: str, number: int) -> Iterable[int]:
    """Return the first seeds that dwell on something."""
    first = _TURNS.index(on)
    return range(first, first + number * len(_TURNS), len(_TURNS))


def simulate(seed: int, steps: tuple[int, int] = STEPS) -> Simulation:
    """Run one simulation. Raises Violation, with the trace."""
    with _silence(), _few_at_once(seed):
        sim = Simulation(seed, ground())
        try:
            _storm(sim, steps)
            _calm(sim)
        except Violation as violation:
            raise Violation("\n".join([*sim.trace, f"seed {seed}: {violation}"])) from violation
    return sim


@contextmanager
def _silence() -> Iterator[None]:
    """Let the server log nothing: the trace says what happens, and writing logs takes as long as everything else."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _few_at_once(seed: int) -> Iterator[None]:
    """Let every other seed start the children of a block one by one, or hold them: the server may die in between."""
    before = waking.AT_ONCE, withdrawing.AT_ONCE
    if seed % 2:
        waking.AT_ONCE = withdrawing.AT_ONCE = 1
    try:
        yield
    finally:
        waking.AT_ONCE, withdrawing.AT_ONCE = before


def _storm(sim: Simulation, steps: tuple[int, int]) -> None:
    actions = [*ACTIONS, *DWELLS[_TURNS[sim.seed % len(_TURNS)]]]
    weights = [action.weight for action in actions]
    for _ in range(sim.rng.randint(*steps)):
        (action,) = sim.rng.choices(actions, weights)
        _do(sim, action.act)


def _calm(sim: Simulation) -> None:
    """Let nothing fail any more, and time pass, until nobody has anything to do."""
    sim.note("simulation", "the storm is over")
    sim.stormy = False
    _do(sim, lift_all)
    while sim.wire:
        _do(sim, deliver)
    for engine in sim.engines:
        engine.silent = False
    for _ in range(_ROUNDS):
        for act in _ROUND:
            _do(sim, act)
        _work_off(sim)
        if (
            all(run.finished_at is not None for run in sim.rows.runs.values())
            and all(sim.rows.jobs.values())
            and not sim.rows.turns
            and not sim.rows.stopping
        ):
            break
        sim.clock.advance(_ROUND_SECONDS)
    _check(chain.from_iterable(holds(sim) for holds in (*AT_REST, *AT_PEACE)))


def _work_off(sim: Simulation) -> None:
    """Let the runner do what it can do without time passing."""
    for engine in [engine for engine in sim.engines if waits(sim, engine)]:
        _do(sim, partial(show_life, engine=engine))
    has_done = True
    while has_done:
        has_done = bool(_do(sim, claim))
        for engine in list(sim.engines):
            while engine in sim.engines and not waits(sim, engine):
                has_done = True
                _do(sim, partial(step, engine=engine))
    _check(no_slot_waits_for_itself(sim))


def _do(sim: Simulation, act: Callable[[Simulation], object]) -> object:
    """Let an actor act, look whether what must hold still does, and return what came of it."""
    before, length = sim.rows, len(sim.trace)
    sim.claimed.clear()
    came = act(sim)
    if len(sim.trace) != length:
        sim.look()
        _check(chain.from_iterable(holds(sim, before) for holds in (*ALWAYS, *PROMISES)))
    return came


def _check(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise Violation("; ".join(found))
