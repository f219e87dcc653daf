"""What a project is. Source: api.md 3.3, concepts.md 1, 3."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.kit.errors import Invalid

ProjectId = NewType("ProjectId", UUID)

MAX_NAME_LENGTH = 64
"""Longest name of a project unless a setting says less."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """What addresses a project: its workspace and its name."""

    workspace: str
    name: str

    def __str__(self) -> str:
        return f"{self.workspace}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """What the owners of a project decide."""

    display_name: str
    tags: Mapping[str, Sequence[str]]
    payment_method: str | None
    substitute_payment_method: str | None

    def check(self) -> None:
        """Raise Invalid if there is a substitute for a payment method that is not there."""
        if self.substitute_payment_method is not None and self.payment_method is None:
            raise Invalid(
                "a substitute payment method needs a payment method",
                code="SubstituteAlone",
                field="/spec/substitutePaymentMethodIdentifier",
                remedy="Send 'paymentMethodIdentifier' too.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One environment of a workspace."""

    id: ProjectId
    workspace: str
    name: str
    display_name: str
    tags: Mapping[str, Sequence[str]]
    payment_method: str | None
    substitute_payment_method: str | None
    created_at: datetime
    deleted_at: datetime | None = None
    revision: int = 0

    @property
    def key(self) -> ProjectKey:
        """Return what addresses this project."""
        return ProjectKey(self.workspace, self.name)

    def changed(self, settings: ProjectSettings) -> "Project":
        """Return this project with new settings."""
        return replace(
            self,
            display_name=settings.display_name,
            tags=settings.tags,
            payment_method=settings.payment_method,
            substitute_payment_method=settings.substitute_payment_method,
        )

    def document(self) -> JsonObject:
        """Return what events say about this project."""
        return {
            "displayName": self.display_name,
            "tags": {key: list(values) for key, values in self.tags.items()},
            "paymentMethodIdentifier": self.payment_method,
            "substitutePaymentMethodIdentifier": self.substitute_payment_method,
        }


def check_name(name: str, max_length: int = MAX_NAME_LENGTH) -> None:
    """Raise Invalid unless `name` may be the name of a project."""
    if len(name) > max_length or not _NAME.fullmatch(name):
        raise Invalid(
            f"the name of a project has up to {max_length} lower-case letters, digits and single inner hyphens",
            code="InvalidName",
            field="/metadata/name",
            remedy="Choose another name.",
        )


def parse_key(text: str) -> ProjectKey | None:
    """Return what `<workspace>.<project>` addresses, split at the first dot; None if there is no dot."""
    workspace, dot, name = text.partition(".")
    return ProjectKey(workspace, name) if dot else None
