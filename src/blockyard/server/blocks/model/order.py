"""What a request asks for: an order, or a change of a block."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from blockyard.protocol.kinds import TENANT, WORKSPACE
from blockyard.server.blocks.model.block import BlockHead
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.definitions.model import NumberedVersion, VersionId
from blockyard.server.kit.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a block lives: in the workspace `name`, or on the tenant `tenant_id`."""

    kind: str
    name: str | None = None
    tenant_id: UUID | None = None

    @classmethod
    def of(cls, block: BlockHead) -> "Target":
        """Return where a block is."""
        if block.tenant is not None:
            return cls(kind=TENANT.name, tenant_id=block.tenant.id)
        return cls(kind=WORKSPACE.name, name=block.workspace)

    def check(self) -> None:
        """Raise Invalid unless it names a workspace or a tenant, and nothing else."""
        if self.kind == WORKSPACE.name and self.name and self.tenant_id is None:
            return
        if self.kind == TENANT.name and self.tenant_id is not None and self.name is None:
            return
        raise Invalid(
            "the target must be a workspace (kind meshWorkspace, its identifier as name, uuid null) or a tenant (kind meshTenant, "
            "its uuid, name null)",
            code="InvalidTarget",
            field="/spec/targetRef",
            remedy='Send {"kind": "meshWorkspace", "name": "<identifier>", "uuid": null} or '
            '{"kind": "meshTenant", "uuid": "<uuid>", "name": null}.',
        )

    def workspace(self) -> str:
        """Return the workspace meant. Raises Invalid if it is none."""
        self.check()
        if self.name is None:
            raise Invalid(
                "the target is a tenant", code="InvalidTarget", field="/spec/targetRef", remedy="Name a workspace."
            )
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockContent:
    """What a block shall be like.

    Attributes:
        display_name: None leaves it as it is, or lets the definition say it.
        inputs: only these are set or changed.
        parents: None where a change leaves them as they are.
    """

    display_name: str | None = None
    inputs: Mapping[str, SentInput] = field(default_factory=dict)
    parents: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRequest(BlockContent):
    """The content of a POST or PUT."""

    version_id: VersionId
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedOrder(BlockContent):
    """The content of a POST of older clients: a version by its number, on a tenant by its name.

    Attributes:
        definitions: the definition of each parent.
    """

    version: NumberedVersion
    tenant_name: str
    definitions: Mapping[UUID, UUID]
