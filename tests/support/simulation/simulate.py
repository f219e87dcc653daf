"""Runs the simulation of a seed: a storm of random actions, then a calm in which everything must come to rest."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain

import structlog

from blockyard.server.blocks.service import waking
from tests.support.simulation.actions import Action
from tests.support.simulation.compositions import waits
from tests.support.simulation.ground import ground
from tests.support.simulation.invariants import ALWAYS, AT_REST, no_slot_waits_for_itself
from tests.support.simulation.loops import (
    LOOPS,
    go_on_with_bulk_jobs,
    sleep,
    start_due,
    sweep,
    take_turns,
    turn_brakes,
    wait,
)
from tests.support.simulation.people import PEOPLE, approve_all, change, lift_all, order, stop_applies, stop_cascade
from tests.support.simulation.runners import RUNNERS, claim, come_back, deliver, show_life, step, vanish, work
from tests.support.simulation.simulation import Simulation, Violation

ACTIONS: Sequence[Action] = (*PEOPLE, *RUNNERS, *LOOPS)
_CASCADES = (Action(15, change), Action(60, stop_cascade), Action(90, work), Action(10, take_turns))
_LOSSES = (Action(12, vanish), Action(12, come_back), Action(12, sweep), Action(12, wait), Action(25, claim))
_CALENDARS = (Action(15, stop_applies), Action(12, sleep), Action(15, order), Action(20, claim))
_MORE: Sequence[Sequence[Action]] = ((), (), _LOSSES, _CASCADES, _CALENDARS)
"""What seeds have more of than others, by turns: some rules matter only where the same is done again and again."""

STEPS = (30, 45)
_ROUNDS = 60
_ROUND_SECONDS = 1200


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
    """Let every other seed start the children of a block one by one: each has its turn, and the server may die in between."""
    before = waking.AT_ONCE
    waking.AT_ONCE = 1 if seed % 2 else before
    try:
        yield
    finally:
        waking.AT_ONCE = before


def _storm(sim: Simulation, steps: tuple[int, int]) -> None:
    actions = [*ACTIONS, *_MORE[sim.seed % len(_MORE)]]
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
        for act in (turn_brakes, sweep, start_due, take_turns, go_on_with_bulk_jobs, approve_all):
            _do(sim, act)
        _work_off(sim)
        if (
            all(run.finished_at is not None for run in sim.rows.runs.values())
            and all(sim.rows.jobs.values())
            and not sim.rows.turns
        ):
            break
        sim.clock.advance(_ROUND_SECONDS)
    _check(chain.from_iterable(holds(sim) for holds in AT_REST))


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
        _check(chain.from_iterable(holds(sim, before) for holds in ALWAYS))
    return came


def _check(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise Violation("; ".join(found))
