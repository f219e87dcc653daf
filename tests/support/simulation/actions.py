"""What an actor can do: a name, how often, and the deed."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.simulation.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an actor does; it does nothing where there is nothing to do."""

    weight: int
    act: Callable[[Simulation], object]
