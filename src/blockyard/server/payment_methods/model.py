"""What a payment method is. Source: api.md 3.5, concepts.md 1, 18, 23."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType
from uuid import UUID

PaymentMethodId = NewType("PaymentMethodId", UUID)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSpec:
    """What administrators say about a payment method; `amount` is in the currency of the installation."""

    display_name: str
    expiration_date: date | None
    amount: int | None
    tags: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod(PaymentSpec):
    """How a workspace pays."""

    id: PaymentMethodId
    workspace: str
    name: str
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> str:
        """What addresses this payment method."""
        return self.name
