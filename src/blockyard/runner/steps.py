"""The steps of one run as its runner sees them. Source: runner.md 3.5."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import StepStatus
from blockyard.protocol.status import OutputValue, StepUpdate
from blockyard.runner.frame.executor import StepPlan

EARLIER_FAILURE = "Aborted due to failure in an earlier step"
_OPEN = frozenset({StepStatus.PENDING, StepStatus.IN_PROGRESS})


@dataclass
class Step:
    """One step."""

    id: str
    display_name: str
    status: StepStatus = StepStatus.PENDING
    user_message: str | None = None
    outputs: dict[str, OutputValue] = field(default_factory=dict)
    revision: int = 0
    """Grows with every change, so that a sender knows what it has sent."""

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self.status not in _OPEN

    def move(self, status: StepStatus, user_message: str | None = None) -> None:
        """Change where the step is."""
        self.status = status
        self.user_message = user_message
        self.revision += 1

    def update(self, system_message: str | None) -> StepUpdate:
        """Return what to report."""
        return StepUpdate(
            id=self.id,
            display_name=self.display_name,
            status=self.status,
            user_message=self.user_message,
            system_message=system_message,
            outputs=self.outputs or None,
        )


class Steps:
    """All steps, in order. Not thread-safe."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def __iter__(self) -> Iterator[Step]:
        return iter(list(self._steps.values()))

    def plan(self, plans: Sequence[StepPlan]) -> None:
        """Announce steps."""
        for plan in plans:
            self._steps.setdefault(plan.id, Step(plan.id, plan.display_name))

    def get(self, step_id: str) -> Step:
        """Return a step; one nobody announced is created."""
        return self._steps.setdefault(step_id, Step(step_id, step_id))

    def current(self) -> Step | None:
        """Return the step in progress, or the first open one."""
        steps = list(self._steps.values())
        in_progress = [step for step in steps if step.status is StepStatus.IN_PROGRESS]
        return next(iter([*in_progress, *(step for step in steps if step.status in _OPEN)]), None)

    def fail(self, step_id: str, user_message: str | None) -> list[Step]:
        """Make a step FAILED and all that are still open with it; return these others."""
        failed = self.get(step_id)
        failed.move(StepStatus.FAILED, user_message)
        others = [step for step in self._steps.values() if step.status in _OPEN]
        for step in others:
            step.move(StepStatus.FAILED)
        return others

    def abort(self, user_message: str) -> None:
        """Make every open step ABORTED; the current one says why."""
        current = self.current()
        for step in self._steps.values():
            if step.status in _OPEN:
                step.move(StepStatus.ABORTED, user_message if step is current else None)

    def dump(self) -> Json:
        """Return the steps as JSON, for the journal."""
        return [step.update(None).wire() for step in self._steps.values()]

    def load(self, document: Json) -> None:
        """Take over steps from the journal."""
        for entry in document if isinstance(document, list) else []:
            update = StepUpdate.model_validate(entry)
            step = self.get(update.id)
            step.display_name = update.display_name or update.id
            step.status = update.status or StepStatus.PENDING
            step.user_message = update.user_message
            step.outputs = dict(update.outputs or {})
            step.revision += 1


def without_sensitive_values(outputs: Mapping[str, OutputValue]) -> dict[str, OutputValue]:
    """Return outputs whose sensitive values are null: a runner never sends one. Source: architecture.md 4."""
    return {
        name: output.model_copy(update={"value": None}) if output.is_sensitive else output
        for name, output in outputs.items()
    }
