"""The steps of a run as people see them. Ids and names are contract. Source: runner.md 3.5."""

from enum import StrEnum

from blockyard.protocol.run import Behavior
from blockyard.runner.executors.executor import StepPlan


class Stage(StrEnum):
    """What is done, in this order."""

    SOURCES = "sources"
    INPUT = "input"
    INIT = "init_tf"
    PRE_RUN_SCRIPT = "pre_run_script"
    EXECUTE = "execute_tf"
    OUTPUT = "output"


TRIGGER = "trigger"
"""The one step of an asynchronous run."""

_NAMES = {
    Stage.SOURCES: "Prepare Run and download Sources",
    Stage.INPUT: "Initialize Inputs",
    Stage.INIT: "Initialize Terraform and select Workspace",
    Stage.PRE_RUN_SCRIPT: "Execute Pre-Run Script",
    Stage.OUTPUT: "Collect Outputs and clean up",
}
EXECUTE_NAMES = {
    Behavior.APPLY: "Run Terraform Apply",
    Behavior.DESTROY: "Run Terraform Destroy",
    Behavior.DETECT: "Run Terraform Plan",
}


def plan_stages(behavior: Behavior) -> tuple[Stage, ...]:
    """Return the stages of a run; only applying and destroying have something to collect or clean up."""
    return tuple(stage for stage in Stage if stage is not Stage.OUTPUT or behavior is not Behavior.DETECT)


def plan_steps(behavior: Behavior, *, is_async: bool) -> tuple[StepPlan, ...]:
    """Return the steps to register."""
    if is_async:
        return (StepPlan(TRIGGER, "Prepare Run"),)
    names = {**_NAMES, Stage.EXECUTE: EXECUTE_NAMES[behavior]}
    return tuple(StepPlan(stage.value, names[stage]) for stage in plan_stages(behavior))


def step_of(stage: Stage, *, is_async: bool) -> str:
    """Return the id of the step that shows `stage`."""
    return TRIGGER if is_async else stage.value
