"""Rules of approval policies and schedules, which depend on what a version executes. Source: api.md 3.16."""

from dataclasses import dataclass

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model.definition import DefinitionSpec
from blockyard.server.definitions.model.implementation import WIRE_NAMES
from blockyard.server.definitions.model.policies import (
    NO_APPROVALS,
    ApprovalPolicies,
    ApprovalRules,
    Schedule,
    ScheduleFrequency,
    ScheduleMode,
)
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.members import wire_members

_APPROVALS, _SCHEDULE = "/spec/approvalPolicies", "/spec/schedule"
_RULES = "/spec/approvalRules"
_RECONCILIATION = ScheduleMode.DRIFT_RECONCILIATION
_SWITCH_OFF = "Set the schedule to DISABLED and NONE"


def check_schedule(schedule: Schedule) -> None:
    """Refuse a schedule that contradicts itself. Raises Invalid."""
    is_off = schedule.mode is ScheduleMode.DISABLED
    if is_off is not (schedule.frequency is ScheduleFrequency.NONE):
        raise Invalid(
            f"a schedule with mode {schedule.mode} cannot have the frequency {schedule.frequency}",
            code="BadSchedule",
            field=f"{_SCHEDULE}/frequency",
            remedy="Send NONE with mode DISABLED." if is_off else "Send DAILY or WEEKLY, or mode DISABLED with NONE.",
        )
    if schedule.automatic_approval and schedule.mode is not _RECONCILIATION:
        raise Invalid(
            f"nothing is approved by a schedule with mode {schedule.mode}",
            code="BadSchedule",
            field=f"{_SCHEDULE}/automaticApproval",
            remedy="Send false, or the mode DRIFT_RECONCILIATION.",
        )


def check_rules(rules: ApprovalRules) -> None:
    """Refuse rules of approvals that contradict themselves. Raises Invalid."""
    if (rules.deputy_group is None) is not (rules.deputy_hours is None):
        missing = "deputyHours" if rules.deputy_hours is None else "deputyGroup"
        raise Invalid(
            "deputies need a group, and when it may decide",
            code="BadApprovalRules",
            field=f"{_RULES}/{missing}",
            remedy="Send both deputyGroup and deputyHours, or neither.",
        )
    for member, hours in (("reminderHours", rules.reminder_hours), ("deputyHours", rules.deputy_hours)):
        if hours is not None and hours >= rules.timeout_hours:
            raise Invalid(
                f"'{member}' comes only when the time for the approval is over",
                code="BadApprovalRules",
                field=f"{_RULES}/{member}",
                remedy=f"Send fewer hours than timeoutHours, which is {rules.timeout_hours}.",
            )


def check_policies(spec: DefinitionSpec, implementation: ImplementationType, *, field: str | None = None) -> None:
    """Refuse policies that a version with this implementation cannot follow. Raises Invalid.

    `field` is what is blamed where the version is saved; the policies themselves are, where the definition is.
    """
    problem = _problem(spec, implementation)
    if problem is not None:
        raise Invalid(
            f"{problem.sentence}, and the implementation is {WIRE_NAMES[implementation]}",
            code="BadPolicies",
            field=field or problem.pointer,
            remedy=f"{problem.remedy} in the definition, or use another implementation.",
        )


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong, where, and what helps."""

    pointer: str
    sentence: str
    remedy: str


def _problem(spec: DefinitionSpec, implementation: ImplementationType) -> _Problem | None:
    schedule, mode = spec.schedule, f"{_SCHEDULE}/mode"
    is_terraform = implementation is ImplementationType.TERRAFORM
    if spec.approval_policies != NO_APPROVALS and not is_terraform:
        asked = [member for member, value in wire_members(spec.approval_policies, ApprovalPolicies).items() if value]
        return _Problem(
            f"{_APPROVALS}/{asked[0]}",
            "only runs of terraform can wait for an approval",
            "Set approvalPolicies to false",
        )
    if schedule.mode is ScheduleMode.DRIFT_DETECTION and not is_terraform:
        return _Problem(mode, "only terraform can detect drift", _SWITCH_OFF)
    if schedule.mode is not _RECONCILIATION or is_terraform:
        return None
    if implementation is ImplementationType.MANUAL:
        return _Problem(mode, "work done by people is not repeated by itself", _SWITCH_OFF)
    if not schedule.automatic_approval:
        return _Problem(
            f"{_SCHEDULE}/automaticApproval",
            "only terraform can show a plan before it is applied",
            "Set automaticApproval to true",
        )
    return None
