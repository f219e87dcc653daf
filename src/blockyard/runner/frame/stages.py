"""Goes through the stages of a run, so that whatever ends one of them early is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from blockyard.protocol.status import OutputValue
from blockyard.runner.frame.executor import Outcome, Result
from blockyard.runner.frame.failures import StepFailed, Stopped
from blockyard.runner.frame.work import Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Left:
    """What a stage leaves behind for people."""

    user_message: str | None = None
    outputs: Mapping[str, OutputValue] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run. A step shows one or several of them, and ends with the last."""

    name: str
    step: str
    do: Callable[[], Left | None]
    """Does it. Raises StepFailed, Stopped."""
    collects: bool = False
    """It only collects what was done, and does so although the run was stopped."""


def go_through(work: Work, stages: Sequence[Stage]) -> Result:
    """Do all stages, up to the one that fails or is stopped; tell of each. Raises what the reporter raises."""
    return end_in_words(work, lambda: _go_through(work, stages))


def end_in_words(work: Work, do: Callable[[], T]) -> T | Result:
    """Do something; where that ends the run early, tell why in the step that is shown, and return how the run ended."""
    try:
        return do()
    except StepFailed as failure:
        work.reporter.confirm_registration()
        work.reporter.fail(work.step, user_message=failure.user_message, system_message=failure.system_message)
        return Result(Outcome.FAILED)
    except Stopped:
        work.reporter.confirm_registration()
        work.reporter.fail(work.step, user_message="The run was stopped.")
        return Result(Outcome.ABORTED)


def _go_through(work: Work, stages: Sequence[Stage]) -> Result:
    message: str | None = None
    for number, stage in enumerate(stages):
        work.enter(stage.name, stage.step)
        if not stage.collects:
            work.check_stopped()
        left = stage.do() or Left()
        message = left.user_message or message
        if stage.step not in {later.step for later in stages[number + 1 :]}:
            work.reporter.finish(stage.step, user_message=message, outputs=left.outputs)
            message = None
    return Result(Outcome.SUCCEEDED)
