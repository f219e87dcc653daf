"""What a run, an attempt and a step are, and how they change."""

from blockyard.server.runs.model.attempt import Attempt, AttemptState, Claimer, lease_of
from blockyard.server.runs.model.limits import RunLimits
from blockyard.server.runs.model.run import FINAL, NEXT, Run, RunId, RunTarget, RunWarning, Trigger, TriggerReason
from blockyard.server.runs.model.step import Source, Step, StepId
from blockyard.server.runs.model.text import clean, sound
from blockyard.server.runs.model.wait import RunWait, Wait, WaitKind, WaitOwner

__all__ = [
    "FINAL",
    "NEXT",
    "Attempt",
    "AttemptState",
    "Claimer",
    "Run",
    "RunId",
    "RunLimits",
    "RunTarget",
    "RunWait",
    "RunWarning",
    "Source",
    "Step",
    "StepId",
    "Trigger",
    "TriggerReason",
    "Wait",
    "WaitKind",
    "WaitOwner",
    "clean",
    "lease_of",
    "sound",
]
