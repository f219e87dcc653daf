"""What stands beside the form of an order: what will happen, how long it usually takes, who does what, what its runs may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from blockyard.protocol.names import ImplementationType
from blockyard.server.definitions.model import AssignmentType
from blockyard.server.identity.permissions import permissions_in_words
from blockyard.server.kit.database import Transaction
from blockyard.server.orders.service import usual_duration
from blockyard.server.services import Services
from blockyard.server.ui.frame import words
from blockyard.server.ui.frame.offers import is_needed
from blockyard.server.ui.frame.refusals import sentence
from blockyard.server.ui.pages.orders.form import Filled


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


def side_of(tx: Transaction, services: Services, filled: Filled) -> Side:
    """Return what stands beside a form."""
    outcomes = services.views.outcomes(tx, [item.definition.id for item in filled.items])
    usual = usual_duration([item.definition for item in filled.items], outcomes)
    chosen = [(item.definition, item.version) for item in filled.all_items]
    codes = {code for item in filled.all_items for code in item.version.run_permissions}
    return Side(
        steps=_steps(filled),
        duration=None if usual is None else words.rough_duration(usual),
        permissions=permissions_in_words(codes),
        warnings=[sentence(one.message) for one in services.orders.warnings(tx, chosen)],
    )


def _steps(filled: Filled) -> Sequence[str]:
    found = []
    if filled.place.is_new_tenant:
        comes = " and ".join(item.definition.display_name for item in filled.coming)
        where = " in a new project" if filled.place.is_new_project else ""
        found.append(f"A new tenant is made{where}" + (f", with {comes}" if comes else ""))
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
