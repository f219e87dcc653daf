"""What a whole order says, what comes of it, and what can be told before."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import NewType, TypeAlias
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import Value
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.tenants.model import TenantSpec

MAX_BLOCKS = 20
"""So many building blocks are ordered at once."""

Reference = NewType("Reference", str)
"""What an order calls one of its own building blocks."""

Parent: TypeAlias = "UUID | Reference"
"""A building block that is there, or one of the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedBlock:
    """One building block of an order.

    Attributes:
        version_id: None takes the version that the marketplace offers.
        name: what other building blocks of the order call it.
        parents: None lets dependencies be those of the same order that are of the needed definition.
    """

    definition_id: UUID
    version_id: UUID | None = None
    name: Reference | None = None
    display_name: str | None = None
    inputs: Mapping[str, SentInput] = field(default_factory=dict)
    parents: Sequence[Parent] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """A tenant that is made with an order; `new_project` says what a project is called that is made, too."""

    project: str
    spec: TenantSpec
    new_project: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A whole order: for a workspace, on a tenant that is there, or on a new one."""

    workspace: str
    blocks: Sequence[OrderedBlock]
    tenant_id: UUID | None = None
    new_tenant: NewTenant | None = None

    def check(self) -> None:
        """Refuse what means nothing. Raises Invalid."""
        if self.tenant_id is not None and self.new_tenant is not None:
            raise _invalid("an order has one tenant", "/newTenant", "Leave tenantUuid or newTenant out.")
        names = [block.name for block in self.blocks if block.name is not None]
        for at, block in enumerate(self.blocks):
            if block.name is not None and names.count(block.name) > 1:
                raise _invalid(f"two blocks are called '{block.name}'", f"/blocks/{at}/name", "Give each its own name.")
            for place, parent in enumerate(block.parents):
                if isinstance(parent, str) and parent not in names:
                    where = f"/blocks/{at}/parents/{place}"
                    raise _invalid(f"no block of the order is called '{parent}'", where, "Name one of its blocks.")

    def in_sequence(self) -> Sequence[int]:
        """Return the places of the blocks, each after those that it depends on. Raises Invalid (a circle)."""
        try:
            return [*TopologicalSorter({at: self.needed_by(at) for at in range(len(self.blocks))}).static_order()]
        except CycleError as error:
            raise _invalid("the blocks depend on each other in a circle", "/blocks", "Remove a parent.") from error

    def needed_by(self, at: int) -> AbstractSet[int]:
        """Return the places of the blocks of this order that one depends on."""
        places = {block.name: place for place, block in enumerate(self.blocks) if block.name is not None}
        return {places[parent] for parent in self.blocks[at].parents if isinstance(parent, str)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A building block that was ordered."""

    name: Reference | None
    block_id: UUID
    display_name: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What came of an order; the blocks as they were sent."""

    workspace: str
    project: str | None
    tenant_id: UUID | None
    blocks: Sequence[Made]
    warnings: Sequence["Caution"]


@dataclass(frozen=True, slots=True)
class Caution:
    """What will keep an order from going on; it can be ordered all the same."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a building block asks for its inputs while they have the values of an order.

    Attributes:
        options: of selects whose options depend on something.
        as_of: how old lists are that a runner fetched, by input.
        defaults: what inputs without a value get.
    """

    version_id: UUID
    hidden: Sequence[str]
    options: Mapping[str, Sequence[str]]
    as_of: Mapping[str, datetime]
    defaults: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What can be told of an order before it is placed; sound if there is no refusal."""

    blocks: Sequence[Asked]
    refusals: Sequence[Refusal]
    warnings: Sequence[Caution]
    usual: timedelta | None


def shown_default(value: Value) -> Json:
    """Return a default as it may be shown: nothing of a secret."""
    return value if isinstance(value, bool | int | float | str | list | dict) else None


def _invalid(message: str, field_: str, remedy: str) -> Invalid:
    return Invalid(message, code="BadOrder", field=field_, remedy=remedy)
