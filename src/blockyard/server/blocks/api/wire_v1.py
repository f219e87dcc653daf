"""Building blocks on tenants on the wire, version v1: the same blocks in an older shape. Source: api.md 3.19."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import BLOCK_V1, BLOCK_V2
from blockyard.server.blocks.api.wire import KIND, MAX_PARENTS, ParentIn, ParentOut, links_of
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.blocks.model.order import NamedOrder
from blockyard.server.blocks.model.resolution import ResolvedInput
from blockyard.server.blocks.service import BlockView
from blockyard.server.definitions.model import NumberedVersion
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.errors import Invalid, Refusal
from blockyard.server.kit.hal import Links
from blockyard.server.kit.http import HttpRefusal
from blockyard.server.kit.wire import DisplayName, Name, ShortText, WireJson, WireModel, WireUuid
from blockyard.server.runners.model import StoredSecret

VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]

_POINTERS = {
    "/spec/buildingBlockDefinitionVersionRef": "/metadata/definitionVersion",
    "/spec/targetRef": "/metadata/tenantIdentifier",
    "/spec/parentBuildingBlockRefs": "/spec/parentBuildingBlocks",
}
"""Where v1 has what use cases call as v2 does."""


class ValueV1In(WireModel):
    """The value of an input; which type it has to have says the definition, whatever `valueType` says."""

    key: ShortText
    value: WireJson = None
    value_type: ShortText | None = None


class ParentV1In(ParentIn):
    """A parent and its definition."""

    definition_uuid: WireUuid


class BlockV1SpecIn(WireModel):
    """What is ordered."""

    display_name: DisplayName
    inputs: list[ValueV1In]
    parent_building_blocks: Annotated[list[ParentV1In], Field(max_length=MAX_PARENTS)] | None = None


class BlockV1MetadataIn(WireModel):
    """Which version of which definition, and on which tenant: `<workspace>.<project>.<platform>.<location>`."""

    definition_uuid: WireUuid
    definition_version: VersionNumber
    tenant_identifier: Name


class BlockV1In(WireModel):
    """The body of a POST."""

    metadata: BlockV1MetadataIn
    spec: BlockV1SpecIn

    def model(self) -> NamedOrder:
        """Return what is ordered. Raises Invalid where an input has two values."""
        parents = self.spec.parent_building_blocks or []
        self._refuse_doubles()
        return NamedOrder(
            version=NumberedVersion(self.metadata.definition_uuid, self.metadata.definition_version),
            tenant_name=self.metadata.tenant_identifier,
            display_name=self.spec.display_name,
            inputs={item.key: SentInput(item.value) for item in self.spec.inputs},
            parents=tuple(parent.building_block_uuid for parent in parents),
            definitions={parent.building_block_uuid: parent.definition_uuid for parent in parents},
        )

    @contextmanager
    def pointed_at(self) -> Iterator[None]:
        """Let refusals point at members of this body."""
        try:
            yield
        except Refusal as refusal:
            if refusal.field is not None:
                refusal.field = self._pointer(refusal.field)
            raise

    def _pointer(self, field: str) -> str:
        for theirs, ours in _POINTERS.items():
            if field.startswith(theirs):
                return ours + field.removeprefix(theirs) if ours.startswith("/spec") else ours
        for position, item in enumerate(self.spec.inputs):
            theirs = f"/spec/inputs/{item.key.replace('~', '~0').replace('/', '~1')}"
            if f"{field}/".startswith(f"{theirs}/"):
                return f"/spec/inputs/{position}{field.removeprefix(theirs)}"
        return field

    def _refuse_doubles(self) -> None:
        keys = [item.key for item in self.spec.inputs]
        for key, times in Counter(keys).items():
            if times > 1:
                raise Invalid(
                    f"input '{key}' has {times} values",
                    code="DuplicateInput",
                    field=f"/spec/inputs/{len(keys) - 1 - keys[::-1].index(key)}/key",
                    remedy="Send each input once.",
                )


class ValueV1Out(WireModel):
    """An input or an output with its value of now; that of a sensitive input is null."""

    key: str
    value: WireJson
    value_type: str


class BlockV1MetadataOut(WireModel):
    """Which block it is, of what, and where."""

    uuid: UUID
    definition_uuid: UUID
    definition_version: int
    tenant_identifier: str
    force_purge: bool
    created_on: str
    marked_for_deletion_on: str | None
    marked_for_deletion_by: str | None


class BlockV1SpecOut(WireModel):
    """A block as it is stored, with all inputs of its version."""

    display_name: str
    inputs: list[ValueV1Out]
    parent_building_blocks: list[ParentOut]


class BlockV1StatusOut(WireModel):
    """How the block stands."""

    status: str
    outputs: list[ValueV1Out]


class BlockV1Out(WireModel):
    """A building block on a tenant."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["meshBuildingBlock"] = KIND
    metadata: BlockV1MetadataOut
    spec: BlockV1SpecOut
    status: BlockV1StatusOut
    links: dict[str, WireJson] = Field(alias="_links")


def render_v1(view: BlockView, links: Links) -> JsonObject:
    """Return the document of a block. Raises HttpRefusal (406) where it is on no tenant: v1 has no words for that."""
    block = view.block
    parents: list[Json] = [
        {"buildingBlockUuid": str(parent.block_id), "definitionUuid": str(parent.definition_id)}
        for parent in block.parents
    ]
    inputs: list[Json] = [_input(item) for item in view.inputs]
    outputs: list[Json] = [
        {"key": key, "value": output.value, "valueType": output.type.value}
        for key in view.version.outputs
        if (output := block.outputs.get(key)) is not None
    ]
    return {
        "apiVersion": BLOCK_V1.version,
        "kind": KIND,
        "metadata": _metadata(block),
        "spec": {"displayName": block.display_name, "inputs": inputs, "parentBuildingBlocks": parents},
        "status": {"status": block.status.value, "outputs": outputs},
        "_links": links_of(view, links),
    }


def _metadata(block: Block) -> JsonObject:
    marked_at = block.marked_for_deletion_at
    return {
        "uuid": str(block.id),
        "definitionUuid": str(block.definition_id),
        "definitionVersion": block.version_number,
        "tenantIdentifier": _tenant_name(block),
        "forcePurge": block.force_purge,
        "createdOn": wire_time(block.created_at),
        "markedForDeletionOn": None if marked_at is None else wire_time(marked_at),
        "markedForDeletionBy": block.marked_for_deletion_by,
    }


def _tenant_name(block: Block) -> str:
    if block.tenant is None:
        raise HttpRefusal(
            HTTPStatus.NOT_ACCEPTABLE,
            "NotOnTenant",
            f"building block {block.id} is in a workspace, and v1 can only show those on tenants",
            remedy=f"Send 'Accept: {BLOCK_V2.media}'.",
        )
    return f"{block.workspace}.{block.tenant.project}.{block.tenant.platform}"


def _input(item: ResolvedInput) -> JsonObject:
    """Return an input. Its type has no room for the hash of a secret."""
    value = None if isinstance(item.value, StoredSecret) else item.value
    return {"key": item.spec.key, "value": value, "valueType": item.spec.type.value}
