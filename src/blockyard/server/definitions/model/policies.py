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


NO_APPROVALS = ApprovalPolicies()
NO_SCHEDULE = Schedule()
