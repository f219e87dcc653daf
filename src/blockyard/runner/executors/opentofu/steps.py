"""The steps of a run as people see them. Ids and names are contract. Source: runner.md 3.5."""

from enum import StrEnum

from blockyard.protocol.run import Behavior
from blockyard.runner.frame.executor import StepPlan


class Part(StrEnum):
    """What is done, in this order."""

    SOURCES = "sources"
    INPUT = "input"
    INIT = "init_tf"
    PRE_RUN_SCRIPT = "pre_run_script"
    EXECUTE = "execute_tf"
    OUTPUT = "output"
    TRUST_TEST = "trust_test"
    """Instead of all others."""


TRIGGER = "trigger"
"""The one step of an asynchronous run."""

_NAMES = {
    Part.SOURCES: "Prepare Run and download Sources",
    Part.INPUT: "Initialize Inputs",
    Part.INIT: "Initialize Terraform and select Workspace",
    Part.PRE_RUN_SCRIPT: "Execute Pre-Run Script",
    Part.OUTPUT: "Collect Outputs and clean up",
    Part.TRUST_TEST: "Exchange Identity Tokens",
}
EXECUTE_NAMES = {
    Behavior.APPLY: "Run Terraform Apply",
    Behavior.DESTROY: "Run Terraform Destroy",
    Behavior.DETECT: "Run Terraform Plan",
}


def plan_parts(behavior: Behavior, *, is_trust_test: bool = False) -> tuple[Part, ...]:
    """Return the parts of a run; only applying and destroying have something to collect or clean up."""
    if is_trust_test:
        return (Part.TRUST_TEST,)
    left_out = {Part.TRUST_TEST} | ({Part.OUTPUT} if behavior is Behavior.DETECT else set())
    return tuple(part for part in Part if part not in left_out)


def plan_steps(behavior: Behavior, *, is_async: bool, is_trust_test: bool = False) -> tuple[StepPlan, ...]:
    """Return the steps to register."""
    if is_async and not is_trust_test:
        return (StepPlan(TRIGGER, "Prepare Run"),)
    names = {**_NAMES, Part.EXECUTE: EXECUTE_NAMES[behavior]}
    return tuple(StepPlan(part.value, names[part]) for part in plan_parts(behavior, is_trust_test=is_trust_test))


def step_of(part: Part, *, is_async: bool) -> str:
    """Return the id of the step that shows `part`."""
    return TRIGGER if is_async else part.value
