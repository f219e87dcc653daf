"""Makes the documents of orders and changes of building blocks."""

import re
from collections.abc import Iterable, Mapping

from blockyard.cli.documents import flag, member, members, objects, text
from blockyard.cli.exits import Failure, missing, usage
from blockyard.cli.model import Block, Input, Version
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import TENANT, WORKSPACE

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


def order_document(
    version: Version,
    *,
    workspace: str,
    name: str | None,
    inputs: JsonObject,
    parents: Iterable[str] = (),
    tenant_id: str | None = None,
) -> JsonObject:
    """Return the document that orders a building block for a workspace, or on a tenant; without a name its definition says it."""
    target: JsonObject = {"kind": WORKSPACE.name, "uuid": None, "name": workspace}
    if tenant_id is not None:
        target = {"kind": TENANT.name, "uuid": tenant_id, "name": None}
    return {
        "metadata": {"uuid": None, "ownedByWorkspace": ""},
        "spec": {
            "buildingBlockDefinitionVersionRef": _version_ref(version.id),
            "targetRef": target,
            "displayName": name,
            "inputs": inputs,
            "parentBuildingBlockRefs": [{"uuid": parent, "kind": "meshBuildingBlock"} for parent in parents],
        },
        "status": None,
    }


def change_document(block: Block, *, version_id: str, name: str | None, inputs: JsonObject) -> JsonObject:
    """Return the document that changes a building block: inputs left out keep their values."""
    refs: list[Json] = [*objects(block.document, "spec", "parentBuildingBlockRefs")]
    return {
        "metadata": {"uuid": block.id, "ownedByWorkspace": block.workspace},
        "spec": {
            "buildingBlockDefinitionVersionRef": _version_ref(version_id),
            "targetRef": member(block.document, "spec", "targetRef"),
            "displayName": name or block.name,
            "inputs": inputs,
            "parentBuildingBlockRefs": refs,
        },
        "status": None,
    }


def unchanged(before: Block, after: Block) -> bool:
    """Return whether a change left a building block as it was: same content, and no run for it."""
    return all(
        member(before.document, *path) == member(after.document, *path)
        for path in (("spec",), ("status", "status"), ("status", "latestRunUuid"))
    )


def _version_ref(version_id: str) -> JsonObject:
    return {"uuid": version_id, "kind": "meshBuildingBlockDefinitionVersion"}


def proposed_name(template: str, inputs: Mapping[str, Json]) -> str:
    """Return the name a definition suggests: `{{key}}` stands for the value of an input that is no secret."""

    def value(match: re.Match[str]) -> str:
        found = member(inputs.get(match[1]), "value")
        return found if isinstance(found, str) else str(found) if isinstance(found, int | float) else match[1]

    return _PLACEHOLDER.sub(value, template)


def answered(version: Version, block: Block) -> JsonObject:
    """Return the values that a block has already, of the version's inputs; a secret as true."""
    values = {key: members(block.inputs, key) for key in version.inputs_by_key}
    given = {key: value for key, value in values.items() if value.get("value") is not None}
    return {key: True if flag(value, "isSensitive") else value["value"] for key, value in given.items()}


def refuse_missing(inputs: Iterable[Input]) -> Failure:
    """Return the failure of an order whose inputs are incomplete."""
    lines = [f"  -i {item.key}=…  {_hint(item)}" for item in inputs]
    return usage(
        "these inputs are missing:\n" + "\n".join(lines), "Give them with -i KEY=VALUE, or -f KEY=PATH for secrets."
    )


def _hint(item: Input) -> str:
    kind = item.type.lower().replace("_", " ")
    parts = [kind, "sensitive" if item.sensitive else "", f"one of {', '.join(item.options)}" if item.options else ""]
    described = ", ".join(part for part in parts if part)
    return f"{described}: {item.description.strip()}" if item.description.strip() else described


def output_value(block: Block, name: str) -> Json:
    """Return the value of an output. Raises Failure (not found)."""
    if name not in block.outputs:
        known = ", ".join(block.outputs) or "none"
        raise missing(f"'{block.name}' has no output '{name}'", f"It has: {known}.")
    return member(members(block.outputs, name), "value")


def output_rows(block: Block) -> list[tuple[str, Json, str]]:
    """Return key, value and use of every output."""
    return [
        (key, member(value, "value"), text(value, "assignmentType")) for key, value in sorted(block.outputs.items())
    ]
