"""The points of graphs: where in the life of a whole graph which processes are killed."""

from collections.abc import Iterator
from itertools import product

from chaos.graphs.shapes import DIAMOND
from chaos.points import Action, Gate, Point
from chaos.proxy import Moment
from chaos.stack import MACHINE, Victim

QUICK, ENGINE = "quick", "engine"
"""Who executes: a runner without an engine, or the real one."""

COMPOSED = ("top", "middle", "bottom")
"""The blocks of a composition."""

_RUNS = len(DIAMOND)
_SERVER = frozenset({Victim.SERVER})
_RUNNER = frozenset({Victim.RUNNER})
_BOTH = frozenset({Victim.SERVER, Victim.RUNNER})
_ONLY_ENGINE = frozenset({Victim.ENGINE})
_POSTGRES = frozenset({Victim.POSTGRES})

_OF_RUNS = ("claim", "register", "final")
_OF_STATES = ("state-lock", "state-post", "state-unlock")
_FIRST: dict[Action, tuple[str, ...]] = {
    Action.GRAPH_ORDER: tuple(f"order-{number}" for number in range(1, _RUNS + 1)),
    Action.GRAPH_COMPOSE: tuple(f"order-{number}" for number in range(1, len(COMPOSED) + 1)),
    Action.GRAPH_DELETE: ("bulk-1", "bulk-2"),
    Action.GRAPH_UPGRADE: ("bulk-1",),
}
"""The requests that start runs."""

ACTIONS = (
    Action.GRAPH_ORDER,
    Action.GRAPH_CHANGE,
    Action.GRAPH_UPGRADE,
    Action.GRAPH_DELETE,
    Action.GRAPH_COMPOSE,
)


PLANS = (Action.PLAN_APPROVE, Action.PLAN_DECLINE, Action.STATE_RESTORE)
"""What is done with the plan of one block."""

PLANNED = "planned"
"""How its block is called."""

_OF_PLANS: dict[Action, tuple[str, ...]] = {
    Action.PLAN_APPROVE: (
        *("change-1", "claim-1", "register-1", "final-1"),  # the plan is made
        *("approve-1", "claim-2", "register-2", "artifact-1", "final-2"),  # it waits, and is applied
    ),
    Action.PLAN_DECLINE: ("final-1", "decline-1"),
    Action.STATE_RESTORE: (
        *("restoreplan-1", "claim-1", "register-1", "final-1"),
        *("restoreapply-1", "claim-2", "register-2", "artifact-1", "final-2"),
    ),
}
_STATES_OF_PLANS = ("state-lock-1", "state-get-1", "state-lock-2", "state-post-1", "state-unlock-2")


def plan_points(name: str) -> list[Point]:
    """Return the points of plans, approvals and restored states on `quick/sqlite` and the like."""
    executor, _, database = name.partition("/")
    choices = [_SERVER, _RUNNER, MACHINE, _BOTH, *([] if database == "sqlite" else [_POSTGRES])]
    found: list[Point] = []
    for action, places in _OF_PLANS.items():
        states = _STATES_OF_PLANS if executor == ENGINE and action is not Action.PLAN_DECLINE else ()
        found += [Point(action, *one) for one in product((*places, *states), tuple(Moment), choices)]
        gates = [f"plan-{PLANNED}"] if executor == QUICK else []
        gates += [] if action is Action.PLAN_DECLINE else [f"apply-{PLANNED}"]
        for place, gate, victims in product(gates, tuple(Gate), [*choices, _ONLY_ENGINE]):
            if Victim.ENGINE not in victims or gate is Gate.OPEN_LATE:
                found.append(Point(action, place, gate, victims))
    return found


def graph_points(name: str) -> list[Point]:
    """Return the points of `quick/sqlite`, `engine/replicas` and the like."""
    executor, _, database = name.partition("/")
    choices = [_SERVER, _RUNNER, MACHINE, _BOTH]
    if database != "sqlite":
        choices.append(_POSTGRES)
    found: list[Point] = []
    for action in ACTIONS:
        found += _at_requests(action, choices, executor)
        found += _at_gates(action, choices)
    return found


def _at_requests(action: Action, choices: list[frozenset[Victim]], executor: str) -> Iterator[Point]:
    labels = (*_OF_RUNS, *_OF_STATES) if executor == ENGINE else _OF_RUNS
    numbers = range(1, (len(COMPOSED) if action is Action.GRAPH_COMPOSE else _RUNS) + 1)
    places = [*_FIRST.get(action, ()), *(f"{label}-{number}" for label in labels for number in numbers)]
    for place, moment, victims in product(places, tuple(Moment), choices):
        yield Point(action, place, moment, victims)


def _at_gates(action: Action, choices: list[frozenset[Victim]]) -> Iterator[Point]:
    verb = "destroy" if action is Action.GRAPH_DELETE else "apply"
    names = COMPOSED if action is Action.GRAPH_COMPOSE else [node.name for node in DIAMOND]
    engine = [] if action is Action.GRAPH_COMPOSE else [_ONLY_ENGINE]
    for name, gate, victims in product(names, tuple(Gate), [*choices, *engine]):
        if Victim.ENGINE not in victims or gate is Gate.OPEN_LATE:
            yield Point(action, f"{verb}-{name}", gate, victims)
