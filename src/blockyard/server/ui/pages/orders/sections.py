"""The parts of the form of an order: one for each block, with the fields that need something first."""

from collections.abc import Sequence
from dataclasses import dataclass

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.definitions.model.conditions import parsed
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.paging import PageRequest
from blockyard.server.services import Services
from blockyard.server.ui.frame import values
from blockyard.server.ui.frame.following import checks_of
from blockyard.server.ui.frame.forms import Field
from blockyard.server.ui.pages.orders.form import Filled
from blockyard.server.ui.pages.orders.items import Item, fields_of, shown_values

_FEW = 3
"""So many fields that could stay as they are are not worth folding away."""

_MAX_METHODS = 200

Methods = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A field and its place in the form, by which it is found."""

    place: str
    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The fields of one block, which `comes` with the new tenant or is ordered: those that are always shown, and those that fold."""

    number: int
    comes: bool
    title: str
    prefix: str
    definition_id: str
    shown: Sequence[Placed]
    folded: Sequence[Placed]
    is_open: bool
    review: Sequence[tuple[str, values.Shown]]
    secrets: Sequence[Placed]
    checks: Json
    broken: Sequence[str]

    @property
    def all(self) -> Sequence[Placed]:
        """All fields."""
        return [*self.shown, *self.folded]


def payment_methods_of(tx: Transaction, services: Services, principal: Principal, filled: Filled) -> Methods:
    """Return the payment methods of the workspace, if anything asks for one."""
    specs = [spec for item in filled.all_items for spec in item.specs]
    workspace = filled.place.workspace
    asks = any(spec.assignment_type is AssignmentType.PAYMENT_METHOD for spec in specs)
    if not asks or workspace is None or not principal.allows("PAYMENTMETHOD_LIST", workspace=workspace):
        return []
    page = services.payment_methods.page(tx, principal, PageRequest(0, _MAX_METHODS), workspace=workspace)
    return [(method.name, method.display_name or method.name) for method in page.items]


def sections_of(filled: Filled, methods: Methods, *, checked: bool) -> Sequence[Section]:
    """Return the parts of the form."""
    return [
        _section(item, at, methods, checked=checked, comes=at >= len(filled.items))
        for at, item in enumerate(filled.all_items)
    ]


def _section(item: Item, at: int, methods: Methods, *, checked: bool, comes: bool) -> Section:
    fields = fields_of(item, methods, checked=checked)
    placed = [Placed(place=f"{at}-{place}", field=field) for place, field in enumerate(fields, 1)]
    folding = _folding(item.specs)
    folded = [one for one in placed if one.field.key in folding] if len(folding) > _FEW else []
    touched = any(one.field.error or one.field.key in item.sent for one in folded)
    return Section(
        number=at + 1,
        comes=comes,
        title=item.definition.display_name,
        prefix=item.prefix,
        definition_id=str(item.definition.id),
        shown=[one for one in placed if one not in folded],
        folded=folded,
        is_open=touched,
        review=[(spec.label, value) for spec, value in shown_values(item)],
        checks=checks_of(item.version),
        broken=item.broken if checked else (),
        secrets=[one for one in placed if one.field.is_secret and not one.field.is_hidden],
    )


def _folding(specs: Sequence[InputSpec]) -> frozenset[str]:
    """Return the inputs that may stay as they are; one with a condition goes with those that it reads."""
    found = {spec.key for spec in specs if spec.condition is None and not _asks(spec)}
    for spec in specs:
        if spec.condition is not None and parsed(spec.condition).inputs_read() <= found:
            found.add(spec.key)
    return frozenset(found)


def _asks(spec: InputSpec) -> bool:
    return spec.default_value is None and not spec.is_optional and spec.type is not InputType.MULTI_SELECT
