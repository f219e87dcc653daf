"""Approval policies and schedules fit what the latest version executes, from whichever side they are changed."""

from typing import Any

import pytest

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model import DefinitionSpec
from blockyard.server.definitions.model.policies import ApprovalPolicies, Schedule, ScheduleFrequency, ScheduleMode
from blockyard.server.definitions.model.rules import check_policies
from blockyard.server.kit.errors import Invalid
from tests.support.definitions import DEFINITIONS, VERSIONS, Catalogue, a_definition, an_input, changed, terraform

APPROVALS = {"versionUpgrade": True}
DETECTION = {"mode": "DRIFT_DETECTION", "frequency": "DAILY"}

_ALL = frozenset(ImplementationType)
_TERRAFORM = frozenset({ImplementationType.TERRAFORM})
_PIPELINES = _ALL - _TERRAFORM - {ImplementationType.MANUAL}


def a_schedule(mode: ScheduleMode, *, automatic: bool = False) -> Schedule:
    frequency = ScheduleFrequency.NONE if mode is ScheduleMode.DISABLED else ScheduleFrequency.WEEKLY
    return Schedule(mode=mode, frequency=frequency, automatic_approval=automatic)


@pytest.mark.parametrize(
    ("approvals", "schedule", "possible", "field"),
    [
        (ApprovalPolicies(), Schedule(), _ALL, ""),
        (ApprovalPolicies(manual_triggers=True), Schedule(), _TERRAFORM, "approvalPolicies/manualTriggers"),
        (ApprovalPolicies(), a_schedule(ScheduleMode.DRIFT_DETECTION), _TERRAFORM, "schedule/mode"),
        (ApprovalPolicies(), a_schedule(ScheduleMode.DRIFT_RECONCILIATION), _TERRAFORM, "schedule/"),
        (
            ApprovalPolicies(),
            a_schedule(ScheduleMode.DRIFT_RECONCILIATION, automatic=True),
            _TERRAFORM | _PIPELINES,
            "schedule/mode",
        ),
    ],
)
def test_policies_are_possible_with_some_implementations(
    approvals: ApprovalPolicies, schedule: Schedule, possible: frozenset[ImplementationType], field: str
) -> None:
    spec = DefinitionSpec(display_name="d", description="", approval_policies=approvals, schedule=schedule)

    for implementation in ImplementationType:
        if implementation in possible:
            check_policies(spec, implementation)
            continue
        with pytest.raises(Invalid) as refused:
            check_policies(spec, implementation)
        assert refused.value.code == "BadPolicies"
        assert (refused.value.field or "").startswith(f"/spec/{field}")
        assert refused.value.remedy


def test_a_definition_with_policies_gets_its_implementation_afterwards(catalogue: Catalogue) -> None:
    definition = catalogue.define(approvalPolicies=APPROVALS, schedule=DETECTION)
    draft = catalogue.draft(definition)
    path = f"{VERSIONS}/{draft['metadata']['uuid']}"

    manual = catalogue.refused(400, "PUT", path, changed(draft, inputs={"a": an_input()}))
    filled = catalogue.edit(draft, implementation=terraform(), state="RELEASED")

    assert (manual["errorCode"], manual["field"]) == ("BadPolicies", "/spec/implementation/type")
    assert "approvalPolicies" in manual["remedy"]
    assert filled["spec"]["state"] == "RELEASED"


def test_policies_are_taken_back_before_the_implementation_is_swapped(catalogue: Catalogue) -> None:
    definition = catalogue.define(approvalPolicies=APPROVALS)
    path = f"{DEFINITIONS}/{definition['metadata']['uuid']}"
    draft = catalogue.edit(catalogue.draft(definition), implementation=terraform())

    neutral = catalogue.ok("PUT", path, a_definition())
    catalogue.edit(draft, implementation={"type": "manual"}, inputs={"a": an_input()})
    again = catalogue.refused(400, "PUT", path, a_definition(approvalPolicies=APPROVALS))

    assert not any(neutral["spec"]["approvalPolicies"].values())
    assert (again["errorCode"], again["field"]) == ("BadPolicies", "/spec/approvalPolicies/versionUpgrade")


@pytest.mark.parametrize("value", [None, {}])
@pytest.mark.one_database
def test_policies_that_are_not_said_are_neutral(catalogue: Catalogue, value: Any) -> None:
    spec = catalogue.define(approvalPolicies=value, schedule=value)["spec"]

    assert not any(spec["approvalPolicies"].values())
    assert spec["schedule"] == {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False}
