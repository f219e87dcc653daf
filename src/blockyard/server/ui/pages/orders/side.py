"""What stands beside the form of an order: what will happen, how long it usually takes, who does what, what its runs may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model import AssignmentType
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model.outcomes import Outcomes
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.offers import is_needed, permissions_in_words
from blockyard.server.ui.pages.orders.form import Filled
from blockyard.server.ui.pages.orders.items import Item

_SILENT_AFTER = timedelta(minutes=5)
"""A runner asks for work every few seconds; one that has not been heard from for so long is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What stands beside the form.

    Attributes:
        steps: what happens after the order, in this order.
        duration: how long all of it usually takes.
        warnings: what will keep it from going on.
    """

    steps: Sequence[str]
    duration: str | None
    permissions: Sequence[str]
    warnings: Sequence[str]


def side_of(tx: Transaction, services: Services, filled: Filled, now: datetime) -> Side:
    """Return what stands beside a form."""
    outcomes = services.views.outcomes(tx, [item.definition.id for item in filled.items])
    codes = {code for item in filled.items for code in item.version.permissions}
    return Side(
        steps=_steps(filled),
        duration=_duration(filled.items, outcomes),
        permissions=permissions_in_words(codes),
        warnings=_warnings(tx, services, filled.items, now),
    )


def _steps(filled: Filled) -> Sequence[str]:
    found = []
    if filled.place.is_new_tenant:
        found.append("A new tenant is made" + (" in a new project" if filled.place.is_new_project else ""))
    for item in reversed(filled.items):
        waits = [need.name for need in filled.needs if need.definition_id in item.version.dependencies]
        after = f", once {' and '.join(waits)} {'is' if len(waits) == 1 else 'are'} ready" if waits else ""
        by_hand = item.version.implementation_type is ImplementationType.MANUAL
        found.append(f"{item.definition.display_name} is made{' by people' if by_hand else ''}{after}")
        inputs = [
            spec.label
            for spec in item.version.inputs.values()
            if spec.assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT and is_needed(spec)
        ]
        if inputs:
            found.insert(-1, f"The platform team fills in {', '.join(inputs)}")
    return found


def _duration(items: Sequence[Item], outcomes: Mapping[UUID, Outcomes]) -> str | None:
    """Return how long the blocks usually take one after the other; nothing if that is not known of each."""
    usual = [outcomes[item.definition.id].usual if item.definition.id in outcomes else None for item in items]
    known = [one for one in usual if one is not None]
    return words.rough_duration(sum(known, timedelta())) if known and len(known) == len(usual) else None


def _warnings(tx: Transaction, services: Services, items: Sequence[Item], now: datetime) -> Sequence[str]:
    """Return one sentence for each runner that is away, with what waits for it."""
    waiting: dict[str, list[str]] = {}
    for item in items:
        if item.version.implementation_type is ImplementationType.MANUAL:
            continue
        seen_at = services.definitions.runner_of(tx, item.version).last_seen_at
        if seen_at is None:
            waiting.setdefault("No runner has come yet that makes {}.", []).append(item.definition.display_name)
        elif now - seen_at > _SILENT_AFTER:
            away = f"The runner that makes {{}} has not been heard from for {words.rough_duration(now - seen_at)}."
            waiting.setdefault(away, []).append(item.definition.display_name)
    return [f"{text.replace('{}', ' and '.join(names))} The order will wait for it." for text, names in waiting.items()]
