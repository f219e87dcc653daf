"""What a project is. Source: api.md 3.3, concepts.md 1, 3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.server.kit.errors import Invalid

ProjectId = NewType("ProjectId", UUID)


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """What addresses a project: its workspace and its name."""

    workspace: str
    name: str

    def __str__(self) -> str:
        return f"{self.workspace}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSpec:
    """What the owners of a project decide."""

    display_name: str
    tags: Mapping[str, Sequence[str]]
    payment_method_identifier: str | None
    substitute_payment_method_identifier: str | None

    @property
    def payment_methods(self) -> Mapping[str, str]:
        """The payment methods that are named, by the field that names them."""
        named = {
            "/spec/paymentMethodIdentifier": self.payment_method_identifier,
            "/spec/substitutePaymentMethodIdentifier": self.substitute_payment_method_identifier,
        }
        return {field: name for field, name in named.items() if name is not None}

    def check(self) -> None:
        """Raise Invalid if there is a substitute for a payment method that is not there."""
        if self.substitute_payment_method_identifier is not None and self.payment_method_identifier is None:
            raise Invalid(
                "a substitute payment method needs a payment method",
                code="SubstituteAlone",
                field="/spec/substitutePaymentMethodIdentifier",
                remedy="Send 'paymentMethodIdentifier' too.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(ProjectSpec):
    """One environment of a workspace."""

    id: ProjectId
    workspace: str
    name: str
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> ProjectKey:
        """What addresses this project."""
        return ProjectKey(self.workspace, self.name)


def parse_key(text: str) -> ProjectKey | None:
    """Return what `<workspace>.<project>` addresses, split at the first dot; None if there is no dot."""
    workspace, dot, name = text.partition(".")
    return ProjectKey(workspace, name) if dot else None
