"""What a definition wants to be approved, and what it wants to be looked at regularly. Source: api.md 3.16."""

from dataclasses import dataclass
from enum import StrEnum


class ScheduleMode(StrEnum):
    """What is done regularly: nothing, a plan, or a plan that is applied."""

    DISABLED = "DISABLED"
    DRIFT_DETECTION = "DRIFT_DETECTION"
    DRIFT_RECONCILIATION = "DRIFT_RECONCILIATION"


class ScheduleFrequency(StrEnum):
    """How often."""

    NONE = "NONE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicies:
    """Which runs of a definition's blocks wait until somebody approves them."""

    version_upgrade: bool = False
    user_input_changes: bool = False
    manual_triggers: bool = False
    building_block_creation: bool = False
    any_input_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is done regularly with a definition's blocks; `automatic_approval` applies what reconciliation plans."""

    mode: ScheduleMode = ScheduleMode.DISABLED
    frequency: ScheduleFrequency = ScheduleFrequency.NONE
    automatic_approval: bool = False


class TimeoutResult(StrEnum):
    """What becomes of a run that nobody has approved in time."""

    DECLINE = "DECLINE"
    WAIT = "WAIT"
    """It waits on, and people are told each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRules:
    """What an approval takes; ours, beside the policies of the contract, which say what waits for one.

    Attributes:
        by_blast: what only adds needs none; what destroys or replaces, or lets runs do more than before, takes
            `destructive_approvals` people, and never whoever wanted it.
        approvals: how many people have to approve any other change.
        four_eyes: whoever wanted a change never approves it.
        precious: types or addresses of resources, with `*` for any text: destroying or replacing one always takes an approval, and
            the name of the building block typed.
        timeout_hours, timeout_result: what becomes of a run that is not approved by then.
        reminder_hours: then people are reminded, once; None: never.
        deputy_group, deputy_hours: then the people of this group may decide, too, as far as they see the plan.
        plan_age_hours: an older plan is not approved any more; None for any age.
    """

    by_blast: bool = False
    approvals: int = 1
    destructive_approvals: int = 2
    four_eyes: bool = False
    precious: tuple[str, ...] = ()
    timeout_hours: int = 168
    timeout_result: TimeoutResult = TimeoutResult.DECLINE
    plan_age_hours: int | None = None
    reminder_hours: int | None = None
    deputy_group: str | None = None
    deputy_hours: int | None = None


NO_RULES = ApprovalRules()
NO_APPROVALS = ApprovalPolicies()
NO_SCHEDULE = Schedule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long blocks of a definition may live, and how long their deletion can be taken back."""

    undo_minutes: int = 0
    maximum_days: int | None = None
