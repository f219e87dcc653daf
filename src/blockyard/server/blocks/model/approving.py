"""Which changes of a block wait for an approval, and what that takes. Source: api.md 3.16, concepts.md 5.1.

A cause stays with its block until a run has applied it: what was declined, or could not be applied, is not applied by the next run
unseen, whatever that one was wanted for.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from blockyard.protocol.names import ChangeAction
from blockyard.server.definitions.model import Definition
from blockyard.server.definitions.model.policies import NO_RULES, ApprovalPolicies, ApprovalRules, TimeoutResult
from blockyard.server.runs.model import TriggerReason
from blockyard.server.runs.model.approval import ApprovalTerms
from blockyard.server.runs.model.plan import PlannedChange, PlanSource, PlanSummary

_NAMED = 3


class Cause(StrEnum):
    """Why a block is to be applied, as policies tell causes apart."""

    CREATION = "CREATION"
    UPGRADE = "UPGRADE"
    USER_INPUT = "USER_INPUT"
    OTHER_INPUT = "OTHER_INPUT"
    """An input that operators give, or that comes from elsewhere: parents, tags, permissions, the platform."""
    MANUAL = "MANUAL"


_CAUSES = {
    TriggerReason.BUILDING_BLOCK_CREATION: Cause.CREATION,
    TriggerReason.BUILDING_BLOCK_UPGRADE: Cause.UPGRADE,
    TriggerReason.BUILDING_BLOCK_INPUTS_UPDATE: Cause.USER_INPUT,
    TriggerReason.MANUAL_EXECUTION: Cause.MANUAL,
    TriggerReason.PREFLIGHT_SUCCEEDED: Cause.MANUAL,
}
"""Of what people do; everything else changes an input from elsewhere."""


def cause_of(reason: TriggerReason) -> Cause:
    """Return the cause of a run that is wanted for `reason`."""
    return _CAUSES.get(reason, Cause.OTHER_INPUT)


def asks_for_plan(definition: Definition, causes: frozenset[Cause]) -> bool:
    """Whether a plan is made before anything is applied: an approval may be needed."""
    rules = definition.approval_rules or NO_RULES
    return bool(_covered(definition.approval_policies, causes)) or bool(rules.precious)


def terms_of(
    definition: Definition,
    causes: frozenset[Cause],
    summary: PlanSummary | None,
    destroyed: Sequence[PlannedChange],
    *,
    grown: Sequence[str] = (),
    in_any_case: bool = False,
) -> ApprovalTerms | None:
    """Return what an approval of a plan takes; None if none is needed, or nothing changes.

    `destroyed` is what it destroys, replaces or forgets, `grown` what runs of the version may do that those of the one before might not.
    With `in_any_case` somebody has to say yes whatever the definition asks for.
    """
    rules = definition.approval_rules or NO_RULES
    if summary is not None and summary.is_nothing and not (grown and rules.by_blast):
        return None
    precious = [one.address for one in destroyed if _is_precious(one.address, _type_of(one), rules.precious)]
    is_unknown = bool(rules.precious) and _is_partly_unknown(summary, destroyed)
    is_precious = bool(precious) or is_unknown
    covered = _covered(definition.approval_policies, causes)
    blast = _grade(summary, destroyed)
    grade = (_DESTROYS if grown else blast) if rules.by_blast else _CHANGES
    if not in_any_case and not is_precious and (not covered or grade == _ADDS):
        return None
    destroys = is_precious or grade == _DESTROYS
    reasons = [f"It destroys or replaces something precious: {_some(precious)}."] if precious else []
    reasons += ["Not all that it destroys or replaces is known."] if is_unknown else []
    if rules.by_blast and blast == _DESTROYS:
        reasons.append("It destroys or replaces resources.")
    if rules.by_blast and grown:
        reasons.append(f"Its runs may do more than before: {_some(grown)}.")
    return _terms(rules, destroys=rules.by_blast and destroys, types_name=is_precious, reasons=reasons)


def asks_before_destruction(definition: Definition) -> bool:
    """Whether somebody may have to say yes before a block of the definition is destroyed."""
    rules = definition.approval_rules or NO_RULES
    return rules.by_blast or bool(rules.precious)


def terms_of_destruction(definition: Definition, existing: Sequence[tuple[str, str]] | None) -> ApprovalTerms | None:
    """Return what the approval of a destruction takes; None if none is needed.

    `existing` are addresses and types of what there is; None if nobody knows: then something precious may be among it.
    """
    rules = definition.approval_rules or NO_RULES
    is_unknown = existing is None
    precious = [address for address, type_ in existing or () if _is_precious(address, type_, rules.precious)]
    is_precious = bool(precious) or (is_unknown and bool(rules.precious))
    is_graded = rules.by_blast and (is_unknown or bool(existing))
    if not is_precious and not is_graded:
        return None
    reasons = ["What it destroys is not known here: only its engine can tell."] if is_unknown else []
    reasons += [f"It destroys something precious: {_some(precious)}."] if precious else []
    return _terms(rules, destroys=rules.by_blast, types_name=is_precious, reasons=reasons)


def terms_of_work(
    definition: Definition, existing: Sequence[tuple[str, str]] | None, arguments: Sequence[str]
) -> ApprovalTerms | None:
    """Return what the approval of work on the state itself takes; None if none is needed.

    What it removes, renames or takes in is no change that a later plan would show as a loss. `existing` is as above.
    """
    rules = definition.approval_rules or NO_RULES
    touched = [(one, _type_in(one)) for one in arguments]
    touched += [pair for pair in existing or () if any(_is_within(pair[0], one) for one in arguments)]
    precious = sorted({address for address, type_ in touched if _is_precious(address, type_, rules.precious)})
    is_precious = bool(precious) or (existing is None and bool(rules.precious))
    if not is_precious and not (rules.by_blast and (existing is None or existing)):
        return None
    reasons = ["It works on the state itself: no plan says what is lost by that."]
    reasons += [f"It touches something precious: {_some(precious)}."] if precious else []
    return _terms(rules, destroys=rules.by_blast, types_name=is_precious, reasons=reasons)


def terms_of_forgetting(definition: Definition, lost: Sequence[tuple[str, str]] | None) -> ApprovalTerms | None:
    """Return what it takes to replace a state by one that lacks `lost`; None if nothing. `lost` is None if nobody knows."""
    terms = terms_of_destruction(definition, lost)
    if terms is None:
        return None
    gone = "What the state forgets is not known here" if lost is None else f"The state forgets {_some_of(lost)}"
    return replace(terms, reasons=(f"{gone}: nobody would manage that any more.",))


def both(one: ApprovalTerms | None, other: ApprovalTerms | None) -> ApprovalTerms | None:
    """Return terms that meet both."""
    if one is None or other is None:
        return one or other
    return replace(
        one,
        needed=max(one.needed, other.needed),
        four_eyes=one.four_eyes or other.four_eyes,
        types_name=one.types_name or other.types_name,
        reasons=(*one.reasons, *other.reasons),
    )


def _terms(rules: ApprovalRules, *, destroys: bool, types_name: bool, reasons: Sequence[str]) -> ApprovalTerms:
    return ApprovalTerms(
        needed=rules.destructive_approvals if destroys else rules.approvals,
        four_eyes=rules.four_eyes or destroys,
        types_name=types_name,
        reasons=tuple(reasons),
        lifetime=timedelta(hours=rules.timeout_hours),
        keeps_waiting=rules.timeout_result is TimeoutResult.WAIT,
        plan_age=_hours(rules.plan_age_hours),
        remind_after=_hours(rules.reminder_hours),
        deputy_group=rules.deputy_group,
        deputy_after=_hours(rules.deputy_hours),
    )


_INDEX = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]"]*\]')


def _is_within(address: str, whole: str) -> bool:
    """Whether a thing is another one or part of it; every instance counts, as an index may be written in many ways."""
    inner, outer = _INDEX.sub("", address), _INDEX.sub("", whole)
    return inner == outer or inner.startswith(f"{outer}.")


def _type_in(address: str) -> str:
    """Return the type that an address names."""
    steps = _INDEX.sub("", address).split(".")
    return steps[-2] if len(steps) > 1 else ""


def _some_of(pairs: Sequence[tuple[str, str]]) -> str:
    return _some([address for address, _ in pairs])


def _hours(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(hours=number)


_ADDS, _CHANGES, _DESTROYS = 0, 1, 2
"""How much a plan may hurt."""

_DESTROYING = {ChangeAction.DELETE, ChangeAction.REPLACE, ChangeAction.FORGET}
_ADDING = {ChangeAction.CREATE, ChangeAction.READ, ChangeAction.MOVE, ChangeAction.IMPORT}


def _is_partly_unknown(summary: PlanSummary | None, destroyed: Sequence[PlannedChange]) -> bool:
    """Whether a plan may destroy what is not listed: then something precious may be among it."""
    if summary is None:
        return True
    counted = sum(summary.counts.get(action, 0) for action in _DESTROYING)
    return counted > len(destroyed) or (summary.source is PlanSource.PRINTED and summary.left_out > 0)


def _grade(summary: PlanSummary | None, destroyed: Sequence[PlannedChange]) -> int:
    """Return how much a plan may hurt; what is not exactly known is not harmless."""
    if summary is None or destroyed or any(summary.counts.get(action) for action in _DESTROYING):
        return _DESTROYS
    only_adds = all(action in _ADDING or not number for action, number in summary.counts.items())
    return _ADDS if only_adds and summary.source is PlanSource.ENGINE else _CHANGES


def _covered(policies: ApprovalPolicies, causes: frozenset[Cause]) -> frozenset[Cause]:
    """Return those of the causes that wait for an approval."""
    asked: set[Cause] = set()
    asked |= {Cause.CREATION} if policies.building_block_creation else set()
    asked |= {Cause.UPGRADE} if policies.version_upgrade else set()
    asked |= {Cause.USER_INPUT} if policies.user_input_changes else set()
    asked |= {Cause.USER_INPUT, Cause.OTHER_INPUT} if policies.any_input_changes else set()
    asked |= {Cause.MANUAL} if policies.manual_triggers else set()
    return causes & asked


def _type_of(change: PlannedChange) -> str:
    return str(change.document.get("type", ""))


def _is_precious(address: str, type_: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(address, _literal(pattern)) or fnmatchcase(type_, _literal(pattern)) for pattern in patterns)


def _literal(pattern: str) -> str:
    """Return a pattern in which only `*` is special: addresses have brackets."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _some(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return f"{', '.join(addresses[:_NAMED])}{more}"
