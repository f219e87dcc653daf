"""Payment methods that orderers name in inputs. Source: api.md 3.5 and 3.17, concepts.md 6.3."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from blockyard.server.blocks.model.block import Block, InputValue
from blockyard.server.blocks.model.inputs import pointer_of
from blockyard.server.blocks.model.resolution import ResolvedInput, as_text
from blockyard.server.blocks.store import PaymentUseStore
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.members import wire_members
from blockyard.server.kit.usage import NAMED, named
from blockyard.server.payment_methods.model import PaymentMethod, PaymentSpec
from blockyard.server.payment_methods.service import PaymentMethodService


class PaymentChoices:
    """Checks and remembers which payment methods blocks name. No principal is asked."""

    def __init__(self, payment_methods: PaymentMethodService) -> None:
        self._payment_methods = payment_methods

    def keep(self, tx: Transaction, block: Block, specs: Mapping[str, InputSpec], changed: Collection[str]) -> None:
        """Write which payment methods a stored block names. Raises Invalid if a `changed` input names none of its workspace."""
        chosen = named_methods(specs, block.inputs)
        for key in sorted(chosen.keys() & {*changed}):
            self._payment_methods.require_of(tx, block.workspace, chosen[key], field=pointer_of(key))
        PaymentUseStore(tx).put(block.id, chosen.values())

    def spelled_out(self, tx: Transaction, workspace: str, inputs: Sequence[ResolvedInput]) -> Sequence[ResolvedInput]:
        """Return inputs with whole payment methods in place of their names."""
        return [
            replace(item, value=self._document(tx, workspace, item.value))
            if item.spec.assignment_type is AssignmentType.PAYMENT_METHOD
            else item
            for item in inputs
        ]

    def unknown(
        self, tx: Transaction, workspace: str, specs: Mapping[str, InputSpec], values: Mapping[str, InputValue]
    ) -> frozenset[str]:
        """Return the inputs whose value names no payment method, as it was entered when they were something else."""
        chosen = named_methods(specs, values)
        return frozenset(key for key, name in chosen.items() if self._document(tx, workspace, name) is None)

    def _document(self, tx: Transaction, workspace: str, name: InputValue) -> str | None:
        """Return a payment method as code: what the usage reports of the contract say of one, and its tags."""
        method = self._payment_methods.find_of(tx, workspace, name) if isinstance(name, str) else None
        if method is None:
            return None
        document = wire_members(method, PaymentSpec)
        return as_text({"identifier": method.name, "name": document.pop("displayName"), **document})

    def of_payment_method(self, tx: Transaction, method: PaymentMethod) -> Sequence[str]:
        """Return the blocks that name a payment method; for its deletion."""
        names, total = PaymentUseStore(tx).blocks_of(method.workspace, method.name, NAMED)
        return named("building block", names, total)


def named_methods(specs: Mapping[str, InputSpec], values: Mapping[str, InputValue]) -> Mapping[str, str]:
    """Return the names of payment methods by the keys of the inputs that name them."""
    return {
        key: value
        for key, spec in specs.items()
        if spec.assignment_type is AssignmentType.PAYMENT_METHOD and isinstance(value := values.get(key), str) and value
    }
