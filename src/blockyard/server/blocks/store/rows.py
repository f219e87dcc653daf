"""Rows of blocks from and to models."""

from dataclasses import fields

from sqlalchemy.engine import RowMapping

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.blocks.model.block import (
    Block,
    BlockHead,
    BlockId,
    BlockOutput,
    BlockStatus,
    Follows,
    InputValue,
    Lifecycle,
    OnTenant,
    Operation,
    Parent,
)
from blockyard.server.definitions.model import DefinitionId, VersionId
from blockyard.server.events.model import SYSTEM, Author
from blockyard.server.runners.model import StoredSecret, stored_secret
from blockyard.server.runs.model import RunId, Trigger, TriggerReason
from blockyard.server.tenants.model import TenantId

SORT_NAME_LENGTH = 255
"""Some letters become two when their case is folded."""


def sort_name(name: str) -> str:
    """Return what a name is sorted and searched by: upper and lower case alike."""
    return name.casefold()[:SORT_NAME_LENGTH]


def block_row(block: Block) -> dict[str, object]:
    """Return the row of a block."""
    return {
        "id": block.id,
        "display_name": block.display_name,
        "name": block.name,
        "sort_name": sort_name(block.name),
        "workspace": block.workspace,
        "provider": block.provider,
        "tenant_id": block.tenant_id,
        "project": None if block.tenant is None else block.tenant.project,
        "platform": None if block.tenant is None else block.tenant.platform,
        "of_landing_zone": block.is_of_landing_zone,
        "definition_id": block.definition_id,
        "version_id": block.version_id,
        "version_number": block.version_number,
        "status": block.status.value,
        "lifecycle": block.lifecycle.value,
        "force_purge": block.force_purge,
        "operation": None if block.operation is None else block.operation.value,
        "applied_at": block.applied_at,
        "latest_run_id": block.latest_run_id,
        "latest_dry_run_id": block.latest_dry_run_id,
        "rerun_due": block.rerun_due,
        "due_trigger": _trigger_document(block.due),
        "status_since": block.status_since,
        "serves": block.serves,
        "follows": block.follows.value,
        "cascade": block.cascade,
        "held_by": block.held_by,
        "unseen": sorted(block.unseen),
        "wanted_by": [author.document() for author in block.wanted_by],
        "author": block.author.document(),
        "inputs": {key: _stored(value, block.entered_as.get(key)) for key, value in block.inputs.items()},
        "outputs": {
            key: {"value": output.value, "type": output.type.value, "isSensitive": output.is_sensitive}
            for key, output in block.outputs.items()
        },
        "created_at": block.created_at,
        "marked_for_deletion_at": block.marked_for_deletion_at,
        "marked_for_deletion_by": block.marked_for_deletion_by,
        "deleted_at": block.deleted_at,
        "revision": block.revision,
    }


def head_of(row: RowMapping) -> BlockHead:
    """Return what the columns without values say of a block."""
    return BlockHead(
        id=BlockId(row["id"]),
        display_name=row["display_name"],
        name=row["name"],
        workspace=row["workspace"],
        provider=row["provider"],
        tenant=_on_tenant(row),
        definition_id=DefinitionId(row["definition_id"]),
        version_id=VersionId(row["version_id"]),
        version_number=row["version_number"],
        author=Author.read(row["author"]),
        created_at=row["created_at"],
        status=BlockStatus(row["status"]),
        lifecycle=Lifecycle(row["lifecycle"]),
        force_purge=row["force_purge"],
        operation=Operation(row["operation"]) if row["operation"] else None,
        applied_at=row["applied_at"],
        latest_run_id=RunId(row["latest_run_id"]) if row["latest_run_id"] else None,
        latest_dry_run_id=RunId(row["latest_dry_run_id"]) if row["latest_dry_run_id"] else None,
        due=_trigger(row) if row["rerun_due"] else None,
        status_since=row["status_since"],
        serves=RunId(row["serves"]) if row["serves"] else None,
        follows=Follows(row["follows"]),
        cascade=RunId(row["cascade"]) if row["cascade"] else None,
        held_by=RunId(row["held_by"]) if row["held_by"] else None,
        unseen=frozenset(row["unseen"]),
        wanted_by=tuple(Author.read(one) for one in row["wanted_by"]),
        marked_for_deletion_at=row["marked_for_deletion_at"],
        marked_for_deletion_by=row["marked_for_deletion_by"],
        deleted_at=row["deleted_at"],
        revision=row["revision"],
    )


def _trigger_document(trigger: Trigger | None) -> JsonObject | None:
    if trigger is None:
        return None
    return {"reason": trigger.reason.value, "author": trigger.author.document()}


def _trigger(row: RowMapping) -> Trigger:
    """Return who wants another run; rows that are older than the column wait for a parent's output."""
    stored = row["due_trigger"]
    if stored is None:
        return Trigger(SYSTEM, TriggerReason.DEPENDENCY_OUTPUT_CHANGED)
    return Trigger(Author.read(stored["author"]), TriggerReason(stored["reason"]))


def _on_tenant(row: RowMapping) -> OnTenant | None:
    if row["tenant_id"] is None:
        return None
    return OnTenant(TenantId(row["tenant_id"]), row["project"], row["platform"], row["of_landing_zone"])


def block_of(row: RowMapping, parents: tuple[Parent, ...]) -> Block:
    """Return the block of a row."""
    head = head_of(row)
    return Block(
        **{one.name: getattr(head, one.name) for one in fields(head)},
        inputs={key: _value(value) for key, value in row["inputs"].items()},
        entered_as={key: InputType(value["type"]) for key, value in row["inputs"].items() if "type" in value},
        parents=parents,
        outputs={key: _output(value) for key, value in row["outputs"].items()},
    )


def _stored(value: InputValue, entered_as: InputType | None) -> JsonObject:
    stored: JsonObject = {"secret": value.document()} if isinstance(value, StoredSecret) else {"value": value}
    return stored if entered_as is None else {**stored, "type": entered_as.value}


def _value(stored: JsonObject) -> InputValue:
    return stored_secret(stored["secret"]) if "secret" in stored else stored["value"]


def _output(stored: JsonObject) -> BlockOutput:
    return BlockOutput(stored["value"], OutputType(str(stored["type"])), stored.get("isSensitive") is True)
