"""Parents of a block: which ones an order may name. Source: concepts.md 8."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from blockyard.server.blocks.model.block import Block, BlockId, Lifecycle, Parent
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import Version
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Invalid

FIELD = "/spec/parentBuildingBlockRefs"


def check_parents(
    tx: Transaction,
    version: Version,
    workspace: str,
    parent_ids: Sequence[UUID],
    *,
    tenant_id: UUID | None = None,
    child: BlockId | None = None,
) -> tuple[Parent, ...]:
    """Return the parents a block of `version` gets: one living block of the same workspace for each dependency, and any others.

    A block on a tenant may have parents on the same tenant, too.

    A parent of a definition that the version does not depend on provides no inputs; the block only waits for it.

    Raises:
        Invalid: a parent is unknown or belongs elsewhere, a dependency has two parents or none.
    """
    store = BlockStore(tx)
    found: Mapping[BlockId, Block] = store.find_all(parent_ids)
    parents: list[Parent] = []
    for position, parent_id in enumerate(dict.fromkeys(parent_ids)):
        parent = found.get(BlockId(parent_id))
        near = parent is not None and parent.workspace == workspace and parent.tenant_id in {None, tenant_id}
        if parent is None or not near or parent.lifecycle is not Lifecycle.ACTIVE:
            raise _refusal(
                f"there is no active building block {parent_id} in workspace '{workspace}'"
                + ("" if tenant_id is None else " or on the tenant"),
                position,
                "Name a building block of the same workspace as parent, or one on the same tenant."
                if tenant_id is not None
                else "Name a building block of the same workspace as parent.",
            )
        if parent.definition_id in version.dependencies and _has(parents, parent.definition_id):
            raise _refusal(
                f"building block {parent_id} is the second parent of the same definition",
                position,
                "Name one parent for each definition the version depends on.",
            )
        parents.append(Parent(parent.id, parent.definition_id))
    _refuse_gaps(version, parents)
    if child is not None and (child in found or child in store.ancestors(found.keys())):
        raise _refusal("a building block cannot depend on itself", 0, "Choose other parents.")
    return tuple(parents)


def check_definitions(parents: Sequence[Parent], named: Mapping[UUID, UUID]) -> None:
    """Refuse a parent that is of another definition than the order says. Raises Invalid."""
    for position, parent in enumerate(parents):
        if named[parent.block_id] != parent.definition_id:
            raise _refusal(
                f"building block {parent.block_id} is not of definition {named[parent.block_id]}",
                position,
                "Name the definition of the parent, or another parent.",
            )


def _has(parents: Sequence[Parent], definition_id: UUID) -> bool:
    return any(parent.definition_id == definition_id for parent in parents)


def _refuse_gaps(version: Version, parents: Sequence[Parent]) -> None:
    for dependency in version.dependencies:
        if not _has(parents, dependency):
            raise Invalid(
                f"a parent of definition {dependency} is missing",
                code="ParentMissing",
                field=FIELD,
                remedy="Order a building block of that definition in the same workspace first, then name it as parent.",
            )


def _refusal(message: str, position: int, remedy: str) -> Invalid:
    return Invalid(message, code="InvalidParent", field=f"{FIELD}/{position}", remedy=remedy)
