"""How blocks look in our own endpoints."""

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import BLOCK_V2
from blockyard.server.blocks.api.wire import render
from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.model.graph import BlockGraph
from blockyard.server.blocks.model.inputs import SETTABLE, as_shown
from blockyard.server.blocks.model.resolution import ResolvedInput
from blockyard.server.blocks.model.words import status_in_words
from blockyard.server.blocks.service import BlockDetail, BlockView
from blockyard.server.definitions.model import AssignmentType, Defect, Definition, Version
from blockyard.server.definitions.model.values import usable_value
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.hal import Links, link
from blockyard.server.kit.lengths import is_long
from blockyard.server.runners.model import StoredSecret
from blockyard.server.runs.api.rendering import run_summary, wait_documents
from blockyard.server.runs.model import Run


def block_summary(view: BlockView) -> JsonObject:
    """Return what changes of a block while it lives."""
    block = view.block
    return {
        "uuid": str(block.id),
        "name": block.name,
        "displayName": block.display_name,
        "workspace": block.workspace,
        "status": block.status.value,
        "statusText": status_in_words(block),
        "running": block.is_running,
        "lifecycle": block.lifecycle.value,
        "operation": None if block.operation is None else block.operation.value,
        "forcePurge": block.force_purge,
        "versionUuid": str(block.version_id),
        "versionNumber": block.version_number,
        "latestRunUuid": None if block.latest_run_id is None else str(block.latest_run_id),
        "outputs": _outputs(view),
    }


def list_item(view: BlockView, links: Links) -> JsonObject:
    """Return a block of a list: its public document, but for long values, and what people read beside it."""
    block = view.block
    document = render(view, links)
    for part, name in (("spec", "inputs"), ("status", "outputs")):
        values = _member(_member(document, part), name)
        for key, item in values.items():
            values[key] = _shortened(item)
    return {
        **document,
        "definition": {"uuid": str(view.definition.id), "displayName": view.definition.display_name},
        "version": {"uuid": str(view.version.id), "number": view.version.number},
        "name": block.name,
        "statusText": status_in_words(block),
        "createdAt": wire_time(block.created_at),
    }


def _member(document: JsonObject, name: str) -> JsonObject:
    found = document[name]
    if not isinstance(found, dict):
        raise TypeError(f"{name} is not an object")
    return found


def _shortened(item: Json) -> Json:
    """Return an input or output whose value is null where it is too long for a list; `isCut` says so."""
    if not isinstance(item, dict):
        return item
    is_cut = is_long(item["value"])
    return {**item, "value": None if is_cut else item["value"], "isCut": is_cut}


def block_detail(detail: BlockDetail, links: Links) -> JsonObject:
    """Return everything about a block."""
    view = detail.view
    block = view.block
    inputs: list[Json] = [
        _input(item, view.version, is_missing=item.spec.key in detail.missing)
        for item in sorted(view.inputs, key=lambda one: (one.spec.display_order, one.spec.key))
    ]
    parents: list[Json] = [_relative(parent) for parent in detail.parents]
    children: list[Json] = [_relative(child) for child in detail.children]
    runs: list[Json] = [_run(run) for run in detail.runs]
    return {
        **block_summary(view),
        "provider": block.provider,
        "definition": _definition(view.definition),
        "version": {
            "uuid": str(view.version.id),
            "number": view.version.number,
            "state": view.version.state.value,
            "implementationType": view.version.implementation_type.value,
            "deletionMode": view.version.deletion_mode.value,
            "defect": _defect(view.version.defect),
        },
        "newerVersion": _newer(detail.latest),
        "follows": block.follows.value,
        "firstOrderOffers": [offer.value for offer in detail.offers],
        "waitsFor": [*detail.waits_for],
        "waits": wait_documents(detail.waits),
        "inputs": inputs,
        "parents": parents,
        "children": children,
        "runs": runs,
        "author": block.author.document(),
        "createdAt": wire_time(block.created_at),
        "appliedAt": None if block.applied_at is None else wire_time(block.applied_at),
        "markedForDeletionAt": (
            None if block.marked_for_deletion_at is None else wire_time(block.marked_for_deletion_at)
        ),
        "markedForDeletionBy": block.marked_for_deletion_by,
        "allowed": {
            "save": detail.may_save,
            "run": detail.may_run,
            "delete": detail.may_delete,
            "purge": detail.may_purge,
            "operate": detail.operator,
        },
        "_links": {
            "self": link(links.own("blocks", block.id)),
            "events": link(links.own("blocks", block.id, "events")),
            "object": link(links.of(BLOCK_V2, block.id)),
        },
    }


def block_graph(graph: BlockGraph, links: Links) -> JsonObject:
    """Return the blocks around a block, and which of them are parents of which."""
    nodes: list[Json] = [
        {
            **_relative(block),
            "workspace": block.workspace,
            "_links": {"self": link(links.own("blocks", block.id))},
        }
        for block in graph.blocks.values()
    ]
    edges: list[Json] = [{"parentUuid": str(parent), "childUuid": str(child)} for parent, child in graph.edges]
    return {"buildingBlockUuid": str(graph.center), "buildingBlocks": nodes, "edges": edges, "isCut": graph.is_cut}


def _outputs(view: BlockView) -> list[Json]:
    specs = sorted(view.version.outputs.values(), key=lambda spec: (spec.display_order, spec.key))
    return [
        {
            "key": spec.key,
            "displayName": spec.display_name or spec.key,
            "type": output.type.value,
            "assignmentType": spec.assignment_type.value,
            "isSensitive": output.is_sensitive,
            "value": output.value,
        }
        for spec in specs
        if (output := view.block.outputs.get(spec.key)) is not None
    ]


def _input(item: ResolvedInput, version: Version, *, is_missing: bool) -> JsonObject:
    spec = item.spec
    options: list[Json] | None = None if spec.selectable_values is None else list(spec.selectable_values)
    source = spec.parent_output
    default = usable_value(spec.type, spec.default_value)
    return {
        "key": spec.key,
        "displayName": spec.label,
        "description": spec.description,
        "type": spec.type.value,
        "assignmentType": spec.assignment_type.value,
        "value": as_shown(item.value),
        "isSensitive": spec.is_sensitive,
        "isEnvironment": spec.is_environment,
        "isMissing": is_missing,
        "isHidden": item.is_hidden,
        "isOptional": spec.is_optional,
        "condition": spec.condition,
        "adapts": spec.adapts,
        "filledByConsumer": spec.assignment_type in {AssignmentType.USER_INPUT, AssignmentType.PAYMENT_METHOD},
        "filledByPeople": spec.assignment_type in SETTABLE,
        "updateableByConsumer": spec.updateable_by_consumer,
        "selectableValues": options,
        "defaultValue": None if isinstance(default, StoredSecret) else default,
        "valueValidationRegex": spec.value_validation_regex,
        "validationRegexErrorMessage": spec.validation_regex_error_message,
        "parentOutput": None if source is None else {"definitionUuid": str(source[0]), "output": source[1]},
        "required": spec.key in version.inputs
        and spec.assignment_type in SETTABLE
        and spec.default_value is None
        and not (spec.is_optional or item.is_hidden),
    }


def _definition(definition: Definition) -> JsonObject:
    return {
        "uuid": str(definition.id),
        "displayName": definition.display_name,
        "description": definition.description,
        "symbol": definition.symbol,
        "supportUrl": definition.support_url,
        "documentationUrl": definition.documentation_url,
        "runTransparency": definition.run_transparency,
        "workspace": definition.workspace,
    }


def _defect(defect: Defect | None) -> JsonObject | None:
    return None if defect is None else {"reason": defect.reason, "markedOn": wire_time(defect.marked_at)}


def _newer(version: Version | None) -> JsonObject | None:
    return None if version is None else {"uuid": str(version.id), "number": version.number}


def _relative(block: Block) -> JsonObject:
    return {
        "uuid": str(block.id),
        "name": block.name,
        "definitionUuid": str(block.definition_id),
        "status": block.status.value,
        "statusText": status_in_words(block),
    }


def _run(run: Run) -> JsonObject:
    return {
        **run_summary(run),
        "versionNumber": run.target.version_number,
        "reason": run.trigger.reason.value,
        "author": run.trigger.author.display_name,
    }
