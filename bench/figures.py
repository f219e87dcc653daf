"""One measured figure, its comparator from the same run, and its budget."""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

Measure = Callable[[], Iterable["Figure"]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value. `holds` is None where no budget is set; budgets are upper limits unless `at_least`."""

    name: str
    database: str
    value: float
    unit: str
    comparator: float | None = None
    comparator_name: str | None = None
    budget: float | None = None
    at_least: bool = False
    samples: int = 1

    @property
    def holds(self) -> bool | None:
        """Whether the value is within its budget."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def document(self) -> dict[str, object]:
        """Return the figure as JSON has it."""
        return {**asdict(self), "holds": self.holds}


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that `share` (0 to 1) of them do not exceed: the nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned lines."""
    rows = [("figure", "database", "value", "comparator", "budget", "holds")]
    for figure in figures:
        compared = "" if figure.comparator is None else f"{figure.comparator:.1f} ({figure.comparator_name})"
        budget = "" if figure.budget is None else f"{'≥' if figure.at_least else '≤'} {figure.budget:g}"
        verdict = {True: "yes", False: "NO", None: ""}[figure.holds]
        rows.append((figure.name, figure.database, f"{figure.value:.2f} {figure.unit}", compared, budget, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
