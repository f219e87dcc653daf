"""Building blocks on the wire, version v2-preview. Source: api.md 3.18."""

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import BLOCK_V2, RUN, TENANT, WORKSPACE
from blockyard.server.blocks.model.block import BlockHead
from blockyard.server.blocks.model.inputs import SentInput, as_shown
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.model.query import BlockQuery, version_number
from blockyard.server.blocks.model.resolution import ResolvedInput
from blockyard.server.blocks.service import BlockView
from blockyard.server.definitions.model import VersionId
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.hal import Links, link
from blockyard.server.kit.wire import DisplayName, ShortText, WireJson, WireModel, WireUuid

KIND: Literal["meshBuildingBlock"] = "meshBuildingBlock"
VERSION_KIND: Literal["meshBuildingBlockDefinitionVersion"] = "meshBuildingBlockDefinitionVersion"

MAX_PARENTS = 20
"""Source: concepts.md 28, dependencies per version."""


class VersionRef(WireModel):
    """A reference to a definition version."""

    uuid: WireUuid
    kind: Literal["meshBuildingBlockDefinitionVersion"] = VERSION_KIND


class TargetRef(WireModel):
    """Where the block lives: a workspace by name, or a tenant by its id."""

    kind: ShortText
    uuid: WireUuid | None = None
    name: ShortText | None = None


class InputIn(WireModel):
    """The value of an input; a sensitive one is `{"plaintext": …}`, `{"hash": …}` or null."""

    value: WireJson = None
    is_sensitive: bool | None = None


class BlockRef(WireModel):
    """A reference to a building block."""

    uuid: WireUuid
    kind: Literal["meshBuildingBlock"] = KIND


class ParentIn(WireModel):
    """A parent in the deprecated spelling."""

    building_block_uuid: WireUuid


class BlockSpecIn(WireModel):
    """What is ordered, or what shall change. An order without `displayName` is called as its definition says."""

    building_block_definition_version_ref: VersionRef
    target_ref: TargetRef
    display_name: DisplayName | None = None
    inputs: dict[ShortText, InputIn] = Field(default_factory=dict)
    parent_building_block_refs: Annotated[list[BlockRef], Field(max_length=MAX_PARENTS)] | None = None
    parent_building_blocks: Annotated[list[ParentIn], Field(max_length=MAX_PARENTS)] | None = None


class BlockMetadataIn(WireModel):
    """Which block is meant; the server fills it in on POST."""

    uuid: WireUuid | None = None
    owned_by_workspace: ShortText | None = None


class BlockIn(WireModel):
    """The body of POST and PUT."""

    metadata: BlockMetadataIn
    spec: BlockSpecIn

    def model(self) -> BlockRequest:
        """Return what is asked for. Raises Invalid when the two spellings of parents differ."""
        spec = self.spec
        return BlockRequest(
            version_id=VersionId(spec.building_block_definition_version_ref.uuid),
            target=Target(kind=spec.target_ref.kind, name=spec.target_ref.name, tenant_id=spec.target_ref.uuid),
            display_name=spec.display_name,
            inputs={key: SentInput(item.value, item.is_sensitive) for key, item in spec.inputs.items()},
            parents=self._parents(),
        )

    def _parents(self) -> tuple[UUID, ...] | None:
        refs, old = self.spec.parent_building_block_refs, self.spec.parent_building_blocks
        by_ref = None if refs is None else tuple(ref.uuid for ref in refs)
        by_old = None if old is None else tuple(parent.building_block_uuid for parent in old)
        if by_ref is not None and by_old and set(by_ref) != set(by_old):
            raise Invalid(
                "parentBuildingBlocks names other blocks than parentBuildingBlockRefs",
                code="ParentsDiffer",
                field="/spec/parentBuildingBlocks",
                remedy="Leave parentBuildingBlocks out: it is deprecated.",
            )
        return by_old if by_ref is None else by_ref


class InputOut(WireModel):
    """An input with its value of now."""

    value: WireJson
    value_type: str
    assignment_type: str
    is_sensitive: bool


class ParentOut(ParentIn):
    """A parent in the deprecated spelling."""

    definition_uuid: UUID


class BlockSpecOut(WireModel):
    """A block as it is stored, with all inputs of its version."""

    building_block_definition_version_ref: VersionRef
    target_ref: TargetRef
    display_name: str
    inputs: dict[str, InputOut]
    parent_building_block_refs: list[BlockRef]
    parent_building_blocks: list[ParentOut]


class OutputOut(WireModel):
    """An output of the latest successful run."""

    value: WireJson
    value_type: str
    assignment_type: str


class LifecycleOut(WireModel):
    """Whether the block lives."""

    state: str


class BlockStatusOut(WireModel):
    """How the block stands; `latestRunUuid` is null only if there is no run, whoever may read it."""

    status: str
    outputs: dict[str, OutputOut]
    force_purge: bool
    lifecycle: LifecycleOut
    latest_run_uuid: UUID | None
    latest_dry_run_uuid: UUID | None


class BlockMetadataOut(WireModel):
    """Which block it is and whose."""

    uuid: UUID
    owned_by_workspace: str


class BlockOut(WireModel):
    """A building block."""

    api_version: Literal["v2-preview", "v2"] = "v2-preview"
    kind: Literal["meshBuildingBlock"] = KIND
    metadata: BlockMetadataOut
    spec: BlockSpecOut
    status: BlockStatusOut
    links: dict[str, WireJson] = Field(alias="_links")


class BlockList(WireModel):
    """A page of building blocks."""

    embedded: dict[Literal["meshBuildingBlocks"], list[BlockOut]] = Field(alias="_embedded")
    links: dict[str, WireJson] = Field(alias="_links")
    page: dict[str, int]


class BlockFilters(WireModel):
    """The filters of a list; all given ones must match, one without a value filters nothing."""

    workspace_identifier: ShortText | None = None
    project_identifier: ShortText | None = None
    platform_identifier: ShortText | None = None
    name: ShortText | None = None
    definition_uuid: ShortText | None = None
    version_uuid: ShortText | None = None
    version_number: ShortText | None = None
    tenant_uuid: ShortText | None = None
    target_ref_kind: ShortText | None = None
    status: ShortText | None = None
    managed_by_workspace_identifier: ShortText | None = None
    managed_by_definition_uuid: ShortText | None = None

    @property
    def is_managed(self) -> bool:
        """Whether the list is about what the principal's workspaces provide for."""
        return bool(self.managed_by_workspace_identifier or self.managed_by_definition_uuid)

    def model(self) -> BlockQuery:
        """Return what is asked for; what no block can have makes the list empty."""
        definition, managed = _uuid(self.definition_uuid), _uuid(self.managed_by_definition_uuid)
        version, number = _uuid(self.version_uuid), version_number(self.version_number or "")
        tenant, kind = _uuid(self.tenant_uuid), self.target_ref_kind
        impossible = [
            self.tenant_uuid and tenant is None,
            kind and kind not in {TENANT.name, WORKSPACE.name},
            self.definition_uuid and definition is None,
            self.managed_by_definition_uuid and managed is None,
            self.version_uuid and version is None,
            self.version_number and number is None,
            definition and managed and definition != managed,
        ]
        return BlockQuery(
            workspace=self.workspace_identifier or None,
            provider=self.managed_by_workspace_identifier or None,
            display_name=self.name or None,
            definition_id=definition or managed,
            version_id=version,
            version_number=number,
            status=self.status or None,
            project=self.project_identifier or None,
            platform=self.platform_identifier or None,
            tenant_id=tenant,
            on_tenant=kind == TENANT.name if kind else None,
            managed=self.is_managed,
            nothing=any(impossible),
        )


class PeoplesBlockFilters(BlockFilters):
    """The same filters for the lists of people, which begin with the newest; `name` is the name that they see."""

    oldest_first: bool = Field(default=False, strict=False)
    deleted: bool = Field(default=False, strict=False, description="Those that are gone, instead of the others.")

    def model(self) -> BlockQuery:
        """Return what is asked for."""
        return replace(super().model(), display_name=None, shown_name=self.name or None, deleted=self.deleted)


BlockFilter = Annotated[BlockFilters, Query()]
PeoplesBlockFilter = Annotated[PeoplesBlockFilters, Query()]


def render(view: BlockView, links: Links) -> JsonObject:
    """Return the document of a block."""
    block = view.block
    parent_refs: list[Json] = [{"uuid": str(parent.block_id), "kind": KIND} for parent in block.parents]
    parents: list[Json] = [
        {"buildingBlockUuid": str(parent.block_id), "definitionUuid": str(parent.definition_id)}
        for parent in block.parents
    ]
    return {
        "apiVersion": "v2-preview",
        "kind": KIND,
        "metadata": {"uuid": str(block.id), "ownedByWorkspace": block.workspace},
        "spec": {
            "buildingBlockDefinitionVersionRef": {"uuid": str(block.version_id), "kind": VERSION_KIND},
            "targetRef": _target(block),
            "displayName": block.display_name,
            "inputs": {item.spec.key: _input(item) for item in view.inputs},
            "parentBuildingBlockRefs": parent_refs,
            "parentBuildingBlocks": parents,
        },
        "status": _status(view),
        "_links": links_of(view, links),
    }


def links_of(view: BlockView, links: Links) -> JsonObject:
    """Return where the block leads to, which is the same in each version."""
    block = view.block
    return {
        "self": link(links.of(BLOCK_V2, block.id)),
        **_run_links(view, links),
        "detail": link(links.own("blocks", block.id)),
        "events": link(links.own("blocks", block.id, "events")),
    }


def _target(block: BlockHead) -> JsonObject:
    if block.tenant is not None:
        return {"kind": TENANT.name, "uuid": str(block.tenant.id), "name": None}
    return {"kind": WORKSPACE.name, "uuid": None, "name": block.workspace}


def _input(item: ResolvedInput) -> JsonObject:
    return {
        "value": as_shown(item.value),
        "valueType": item.spec.type.value,
        "assignmentType": item.spec.assignment_type.value,
        "isSensitive": item.spec.is_sensitive,
    }


def _run_links(view: BlockView, links: Links) -> JsonObject:
    runs = {"latestRun": view.block.latest_run_id, "latestDryRun": view.block.latest_dry_run_id}
    return {name: link(links.of(RUN, run)) for name, run in runs.items() if run is not None}


def _status(view: BlockView) -> JsonObject:
    block = view.block
    run, dry_run = block.latest_run_id, block.latest_dry_run_id
    outputs: JsonObject = {}
    for key, spec in view.version.outputs.items():
        output = block.outputs.get(key)
        if output is not None:
            outputs[key] = {
                "value": output.value,
                "valueType": output.type.value,
                "assignmentType": spec.assignment_type.value,
            }
    return {
        "status": block.status.value,
        "outputs": outputs,
        "forcePurge": block.force_purge,
        "lifecycle": {"state": block.lifecycle.value},
        "latestRunUuid": None if run is None else str(run),
        "latestDryRunUuid": None if dry_run is None else str(dry_run),
    }


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
