"""What a request asks for: an order, or a change of a block."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import VersionId
from blockyard.server.kit.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a block lives: exactly one of `name` (a workspace) and `tenant_id` is set."""

    kind: str
    name: str | None = None
    tenant_id: UUID | None = None

    def workspace(self) -> str:
        """Return the workspace meant. Raises Invalid for a tenant, and when kind and members do not fit."""
        if self.kind == "meshTenant":
            raise Invalid(
                "building blocks of tenants are not available in this installation",
                code="TenantLevelUnavailable",
                field="/spec/targetRef/kind",
                remedy="Order a building block for a workspace: kind meshWorkspace and its identifier as name.",
            )
        if self.kind != "meshWorkspace" or not self.name or self.tenant_id is not None:
            raise Invalid(
                "the target must be a workspace: kind meshWorkspace, its identifier as name, uuid null",
                code="InvalidTarget",
                field="/spec/targetRef",
                remedy='Send {"kind": "meshWorkspace", "name": "<identifier>", "uuid": null}.',
            )
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest:
    """The content of a POST or PUT.

    Attributes:
        display_name: None leaves it as it is, or lets the definition say it.
        inputs: only these are set or changed.
        parents: None where a change leaves them as they are.
    """

    version_id: VersionId
    target: Target
    display_name: str | None = None
    inputs: Mapping[str, SentInput] = field(default_factory=dict)
    parents: tuple[UUID, ...] | None = None
