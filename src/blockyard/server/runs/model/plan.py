"""What the plan of a DETECT run would change, as it is kept. Source: protocol/plan_changes.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ChangeAction


class PlanSource(StrEnum):
    """Where the changes were read."""

    ENGINE = "ENGINE"
    """In the engine's own JSON of the plan, by the runner: exact and complete."""
    PRINTED = "PRINTED"
    """In what the engine printed: as far as people can read it."""
    STATE = "STATE"
    """In the state of the block: all that it says exists is destroyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """All changes of a plan in a few numbers.

    Attributes:
        counts: resources by what becomes of them; `outputs` are counted beside.
        moved, imported: resources that are, also where they change besides.
        left_out: resources that are not listed one by one.
        digest: equal for plans that would do the same; None where only the printed plan is known.
    """

    source: PlanSource
    counts: Mapping[ChangeAction, int]
    outputs: int = 0
    moved: int = 0
    imported: int = 0
    left_out: int = 0
    digest: str | None = None

    @property
    def total(self) -> int:
        """How many resources there are with a change, those left out too."""
        return sum(self.counts.values())

    @property
    def is_nothing(self) -> bool:
        """Whether applying it would change nothing that people care about."""
        return self.total == 0 and self.outputs == 0

    @property
    def in_words(self) -> str:
        """The same for people, such as "2 create, 1 delete"."""
        told = [f"{number} {action.value}" for action in ChangeAction if (number := self.counts.get(action, 0))]
        told += [f"{self.outputs} outputs"] if self.outputs else []
        return ", ".join(told) or "no changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """What becomes of one resource or output; `document` is what people are shown, without secrets."""

    address: str
    action: ChangeAction
    is_output: bool
    digest: str
    document: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan that was read."""

    summary: PlanSummary
    changes: Sequence[PlannedChange] = field(repr=False)


class Difference(StrEnum):
    """How one resource differs between two plans."""

    ONLY_HERE = "ONLY_HERE"
    ONLY_THERE = "ONLY_THERE"
    OTHERWISE = "OTHERWISE"
    """Both plans change it, but not alike."""


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[tuple[str, Difference]]:
    """Return the keys whose digests differ, and how, in the order of the keys."""
    found = []
    for key in sorted({*here, *there}):
        if key not in there:
            found.append((key, Difference.ONLY_HERE))
        elif key not in here:
            found.append((key, Difference.ONLY_THERE))
        elif here[key] != there[key]:
            found.append((key, Difference.OTHERWISE))
    return found
