"""All points: where in the life of a run which processes are killed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from chaos.module import EXTRA, RESOURCES
from chaos.proxy import Moment
from chaos.stack import MACHINE, Victim


class Action(StrEnum):
    """What the run does."""

    APPLY = "apply"
    FRESH = "fresh"
    """An apply of a commit nothing is prepared of: with clone and `init`."""
    UPDATE = "update"
    DESTROY = "destroy"
    PLAN = "plan"
    """A dry run, then a run that applies the plan it saved."""
    ABORT = "abort"
    """An apply that somebody aborts while a script waits; the next run of the block repairs it."""
    GRAPH_ORDER = "graph-order"
    """Parents and children are ordered at once."""
    GRAPH_CHANGE = "graph-change"
    """An input of the root changes, and all children follow."""
    GRAPH_UPGRADE = "graph-upgrade"
    """All blocks of a graph go to the next version."""
    GRAPH_DELETE = "graph-delete"
    """All blocks of a graph are deleted, children first."""
    GRAPH_COMPOSE = "graph-compose"
    """A block orders a block that orders a block, and each waits for the one below on the only slot."""
    PLAN_APPROVE = "plan-approve"
    """An input changes, its plan is approved, and exactly that is applied."""
    PLAN_DECLINE = "plan-decline"
    """An input changes, and its plan is declined."""
    STATE_RESTORE = "state-restore"
    """A state is sent back through a plan."""


class Gate(StrEnum):
    """When a waiting script goes on."""

    OPEN_AT_ONCE = "engine-goes-on"
    """While the victims are dead."""
    OPEN_LATE = "engine-waits"
    """After they are back."""


@dataclass(frozen=True, slots=True)
class Point:
    """One kill. `place` is a request (`claim-1`) or a gate (`create-a-before`)."""

    action: Action
    place: str
    moment: Moment | Gate
    victims: frozenset[Victim]
    is_replaced: bool = False
    """The runner never comes back; another one with an empty directory takes its place."""

    @property
    def name(self) -> str:
        """What the point is called."""
        kind = "-replaced" if self.is_replaced else ""
        return f"{self.action}/{self.place}/{self.moment}/{self.victim_names}{kind}"

    @property
    def victim_names(self) -> str:
        """Who is killed."""
        return "+".join(victim for victim in Victim if victim in self.victims)

    @property
    def is_git(self) -> bool:
        """Whether the request is one of git."""
        return self.place.startswith("git-")

    @property
    def fails(self) -> bool:
        """Whether the run may end FAILED: its engine is killed before the eyes of its runner."""
        return self.victims == _ENGINE

    @property
    def kills_engine(self) -> bool:
        """Whether an engine may die between a creation and its state write, or is interrupted there."""
        return Victim.ENGINE in self.victims or self.action is Action.ABORT


_SERVER = frozenset({Victim.SERVER})
_RUNNER = frozenset({Victim.RUNNER})
_SUPERVISOR = frozenset({Victim.SUPERVISOR})
_RUNNER_AND_SUPERVISOR = frozenset({Victim.RUNNER, Victim.SUPERVISOR})
_ENGINE = frozenset({Victim.ENGINE})
_RUNNER_AND_ENGINE = frozenset({Victim.RUNNER, Victim.ENGINE})
_POSTGRES = frozenset({Victim.POSTGRES})
_BOTH = frozenset({Victim.SERVER, Victim.RUNNER})
_PARTS = [_SUPERVISOR, _RUNNER_AND_SUPERVISOR, _ENGINE, _RUNNER_AND_ENGINE]
"""What can die of a runner's machine while the rest of it lives."""

REQUESTS = {
    Action.APPLY: (
        "order-1", "claim-1", "register-1", "log-1", "log-2", "patch-1", "state-lock-1", "state-get-1",
        "state-get-2", "state-get-3", "state-post-1", "state-unlock-1", "final-1", "heartbeat-1",
    ),
    Action.FRESH: ("git-refs-1", "git-list-1", "git-pack-1", "state-get-1", "register-1", "log-1", "patch-1"),
    Action.UPDATE: ("claim-1", "register-1", "state-lock-1", "state-post-1", "state-unlock-1", "final-1"),
    Action.DESTROY: ("claim-1", "register-1", "state-lock-1", "state-post-1", "state-unlock-1", "final-1"),
    Action.PLAN: ("register-1", "final-1", "register-2", "artifact-1", "final-2"),
    Action.ABORT: ("abort-1", "state-post-1", "state-unlock-1", "final-1"),
}  # fmt: skip


def points(stack: str) -> list[Point]:
    """Return the points of the stack `sqlite`, `postgres` or `replicas`."""
    if stack == "replicas":
        return _of_replicas()
    database = stack
    everything = frozenset(Victim) if database == "postgres" else frozenset(Victim) - _POSTGRES
    choices = [_SERVER, _RUNNER, MACHINE, everything]
    if database == "postgres":
        choices = [_POSTGRES, _SERVER, MACHINE, everything]
    found = list(_at_requests(choices))
    found += _at_gates([*choices, _BOTH] if database == "sqlite" else choices)
    if database == "sqlite":
        found += _at_requests_of_the_engine(_PARTS)
        found += _at_gates(_PARTS)
    return found


def _of_replicas() -> list[Point]:
    """Return points at which one of two servers is killed and stays away until the run has ended."""
    choices = [_SERVER, _SERVER | MACHINE, _POSTGRES, _SERVER | _POSTGRES]
    found = list(_at_requests(choices))
    return [*found, *(point for point in _at_gates(choices) if point.moment is _only_gate(point))]


def _only_gate(point: Point) -> Gate:
    return Gate.OPEN_LATE if Victim.ENGINE in point.victims else Gate.OPEN_AT_ONCE


def replaced_points() -> list[Point]:
    """Return points at which a runner is lost for good; each takes minutes, since leases are what they are."""
    places: tuple[tuple[Action, str, Moment | Gate], ...] = (
        (Action.APPLY, "claim-1", Moment.AFTER),
        (Action.APPLY, "create-b-after", Gate.OPEN_AT_ONCE),
    )
    found = [
        Point(action, place, moment, victims, is_replaced=True)
        for (action, place, moment), victims in product(places, (MACHINE, _RUNNER))
    ]
    return [*found, Point(Action.DESTROY, "destroy-b-after", Gate.OPEN_AT_ONCE, MACHINE, is_replaced=True)]


def _at_requests(choices: list[frozenset[Victim]]) -> Iterator[Point]:
    for action, places in REQUESTS.items():
        for place, moment, victims in product(places, tuple(Moment), choices):
            if place.startswith("order") and Victim.RUNNER in victims:
                continue
            yield Point(action, place, moment, victims)
    for place, victims in product(("git-refs-1", "git-list-1", "git-pack-1"), choices):
        yield Point(Action.FRESH, place, Gate.OPEN_LATE, victims)


def _at_requests_of_the_engine(choices: list[frozenset[Victim]]) -> Iterator[Point]:
    for action, places in REQUESTS.items():
        engines = [place for place in places if place.startswith("state-")]
        for place, moment, victims in product(engines, tuple(Moment), choices):
            if action is not Action.ABORT or Victim.RUNNER in victims:
                yield Point(action, place, moment, victims)


def _at_gates(choices: list[frozenset[Victim]]) -> Iterator[Point]:
    creations = [f"create-{name}-{side}" for name in RESOURCES for side in ("before", "after")]
    destructions = [f"destroy-{name}-{side}" for name in RESOURCES for side in ("before", "after")]
    places = [(Action.APPLY, place) for place in creations]
    places += [(Action.UPDATE, f"create-{EXTRA}-{side}") for side in ("before", "after")]
    places += [(Action.DESTROY, place) for place in destructions]
    for (action, place), gate, victims in product(places, tuple(Gate), choices):
        if Victim.ENGINE in victims and gate is Gate.OPEN_AT_ONCE:
            continue
        yield Point(action, place, gate, victims)
