"""The run document: what a claim answers and what readers of a run get. Source: runner.md 1.5."""

import hashlib
from collections.abc import Callable

from blockyard.protocol.identity import RunIdentity
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import SECRET_MEMBERS, Behavior, ImplementationType
from blockyard.protocol.sealing import seal
from blockyard.server.kit.clock import wire_time
from blockyard.server.kit.hal import Links, link
from blockyard.server.runners.model import HASH, HASHES, IS_RENAMED, SEALED_FOR
from blockyard.server.runs.model import Run
from blockyard.server.runs.model.task import TaskKind
from blockyard.server.runs.ports import RunParts

ENDPOINT_INPUT = "MESHSTACK_ENDPOINT"
KEY_INPUT = "MESHSTACK_API_TOKEN"
RUN_TOKEN_INPUT = "MESHSTACK_RUN_TOKEN"  # noqa: S105  the name of an input

STATE_ADDRESS_INPUT = "TF_HTTP_ADDRESS"
"""Blockyard's runner keeps the state's address in the environment, so that its plans hold none; the official one needs it to
apply such a plan. A plan that holds an address goes before it."""


def run_document(run: Run, parts: RunParts, links: Links) -> JsonObject:
    """Return the document of a run without its token; secrets are sealed."""
    endpoint = _environment_input(ENDPOINT_INPUT, links.base_url, is_sensitive=False)
    return {
        "kind": "meshBuildingBlockRun",
        "apiVersion": "v1",
        "metadata": {"uuid": str(run.id), "createdOn": wire_time(run.created_at)},
        "spec": {
            "runNumber": run.number,
            "behavior": run.behavior.value,
            "buildingBlock": _with_input(parts.block, endpoint),
            "buildingBlockDefinition": parts.definition,
            "trigger": {"reason": run.trigger.reason.value, "author": run.trigger.author.document()},
            **_maintenance(run),
            **_trust_test(run),
        },
        "status": run.status.value,
        "_links": _links(run, parts, links),
    }


def claim_document(
    run: Run,
    document: JsonObject,
    *,
    token: str,
    key: str | None = None,
    public_key: str,
    links: Links,
    own_protocol: bool,
    plan_digest: str | None = None,
    before: JsonObject | None = None,
    identity: RunIdentity | None = None,
) -> JsonObject:
    """Return `document` as the answer to a claim: with the run token, and our links if the runner speaks our protocol.

    `key` is the ephemeral API key of the attempt. `plan_digest` is that of the plan to be applied, which our runner compares. `before` is
    the document of the run that applied the block last: its secrets are in the state, and our runner masks them, too. `identity` says which
    identity tokens it may have.
    """
    spec = dict(_object(_without_hashes(document)["spec"]))
    if run.target.implementation is ImplementationType.GITHUB_WORKFLOW:
        sealed = _environment_input(RUN_TOKEN_INPUT, seal(public_key, token), is_sensitive=True)
        spec["buildingBlock"] = _with_input(_object(spec["buildingBlock"]), sealed)
    if key is not None:
        sealed = _environment_input(KEY_INPUT, seal(public_key, key), is_sensitive=True)
        spec["buildingBlock"] = _with_input(_object(spec["buildingBlock"]), sealed)
    if not own_protocol and _applies_plan(run, document):
        given = _environment_input(STATE_ADDRESS_INPUT, _state_address(run, links), is_sensitive=False)
        spec["buildingBlock"] = _with_input(_object(spec["buildingBlock"]), given)
    spec["runToken"] = token
    all_links = dict(_object(document["_links"]))
    if own_protocol:
        all_links |= {
            "blockyard:log": link(links.own("runs", run.id, "log")),
            "blockyard:heartbeat": link(links.own("runs", run.id, "heartbeat")),
            "blockyard:release": link(links.own("runs", run.id, "release")),
        }
        if identity is not None:
            spec["workloadIdentity"] = identity.wire()
            all_links["blockyard:identity"] = link(links.own("runs", run.id, "identity-tokens"))
        if former := _former_secrets(before, document):
            spec["formerInputs"] = former
        if plan_digest is not None and "planArtifact" in all_links:
            all_links["planArtifact"] = {**_object(all_links["planArtifact"]), "sha256": plan_digest}
    return {**document, "spec": spec, "_links": all_links}


def readable_document(
    run: Run, document: JsonObject, *, links: Links, may_abort: bool, may_approve: bool
) -> JsonObject:
    """Return `document` with the run's status of now, hashes in place of envelopes, and what the reader can do with it."""
    all_links = {
        **_object(document["_links"]),
        **reader_links(run, links, may_abort=may_abort, may_approve=may_approve),
    }
    shown = {**_without_envelopes(document), "status": run.status.value, "_links": all_links}
    return {**shown, "metadata": {**_object(document["metadata"]), "createdAt": wire_time(run.created_at)}}


def reader_links(run: Run, links: Links, *, may_abort: bool, may_approve: bool) -> JsonObject:
    """Return where the logs of a run are, the dry run whose plan it applies, and how to abort or approve it while the reader may."""
    found: JsonObject = {"downloadLogs": link(links.of(RUN, run.id, "logs"))}
    if run.plan_run_id is not None:
        found["predecessor"] = link(links.of(RUN, run.plan_run_id))
    elif run.awaits_approval:  # it destroys what the state says exists: its plan is its own
        found["predecessor"] = link(links.of(RUN, run.id))
    if may_approve:
        found["approve"] = link(links.of(RUN, run.id, "approve"))
    if may_abort:
        found["abort"] = link(links.of(RUN, run.id, "abort"))
    return found


def _maintenance(run: Run) -> JsonObject:
    """Return what the engine does with the state itself, if the run is for that."""
    if run.task is None or run.task.command is None:
        return {}
    arguments: list[Json] = [*run.task.arguments]
    return {"maintenance": {"command": run.task.command.value, "arguments": arguments}}


def _trust_test(run: Run) -> JsonObject:
    """Return that the runner tries the identity of the run and does nothing else, if the run is for that."""
    return {"trustTest": True} if run.task is not None and run.task.kind is TaskKind.TRUST_TEST else {}


def _without_hashes(document: JsonObject) -> JsonObject:
    """Return a kept document as its runner gets it."""
    return _mapped(
        document,
        one_input=lambda item: {name: value for name, value in item.items() if name != HASH},
        implementation=lambda item: {name: value for name, value in item.items() if name != HASHES},
    )


def _without_envelopes(document: JsonObject) -> JsonObject:
    """Return a kept document as everybody else gets it: only the answer to a claim carries envelopes."""
    return _mapped(document, one_input=_input_for_readers, implementation=_implementation_for_readers)


def _input_for_readers(item: JsonObject) -> JsonObject:
    shown = {name: value for name, value in item.items() if name not in {HASH, SEALED_FOR, IS_RENAMED}}
    if item.get("isSensitive") is True:
        shown["value"] = item.get(HASH) or _hash_of(item.get("value"))
    return shown


def _implementation_for_readers(item: JsonObject) -> JsonObject:
    hashes = item.get(HASHES)
    known = hashes if isinstance(hashes, dict) else {}
    shown = {name: value for name, value in item.items() if name not in {HASHES, SEALED_FOR}}
    for name in SECRET_MEMBERS & shown.keys():
        shown[name] = known.get(name) or _hash_of(shown[name])
    return shown


def _hash_of(envelope: Json) -> str:
    """Return what stands for an envelope of a document that was kept before hashes were."""
    return "sha256:" + hashlib.sha256(str(envelope).encode()).hexdigest()


def _mapped(
    document: JsonObject, *, one_input: Callable[[JsonObject], Json], implementation: Callable[[JsonObject], Json]
) -> JsonObject:
    """Return `document` with its inputs and its implementation changed."""
    spec = dict(_object(document["spec"]))
    block = _object(spec["buildingBlock"])
    block_spec = _object(block["spec"])
    items = block_spec.get("inputs")
    inputs: list[Json] = [one_input(_object(item)) for item in items] if isinstance(items, list) else []
    definition = _object(spec["buildingBlockDefinition"])
    definition_spec = _object(definition["spec"])
    spec["buildingBlock"] = {**block, "spec": {**block_spec, "inputs": inputs}}
    changed = implementation(_object(definition_spec["implementation"]))
    spec["buildingBlockDefinition"] = {**definition, "spec": {**definition_spec, "implementation": changed}}
    return {**document, "spec": spec}


def has_secrets(document: JsonObject) -> bool:
    """Whether an input of a kept document is sensitive."""
    return any(item.get("isSensitive") is True for item in _inputs_of(document))


def _former_secrets(before: JsonObject | None, document: JsonObject) -> list[Json]:
    """Return the sensitive inputs of an older document whose values are others now."""
    now = {str(item.get(HASH)) for item in _inputs_of(document)}
    former = [] if before is None else [one for one in _inputs_of(before) if one.get("isSensitive") is True]
    return [{key: one[key] for key in one if key != HASH} for one in former if str(one.get(HASH)) not in now]


def _inputs_of(document: JsonObject) -> list[JsonObject]:
    block = _object(_object(document["spec"])["buildingBlock"])
    items = _object(block["spec"]).get("inputs")
    return [_object(item) for item in items] if isinstance(items, list) else []


def _applies_plan(run: Run, document: JsonObject) -> bool:
    """Tell whether the run applies a saved plan of a module whose state is kept here."""
    definition = _object(_object(document["spec"])["buildingBlockDefinition"])
    return _keeps_state(run, definition) and "planArtifact" in _object(document["_links"])


def _links(run: Run, parts: RunParts, links: Links) -> JsonObject:
    all_links: JsonObject = {
        "self": link(links.of(RUN, run.id)),
        "registerSource": link(links.of(RUN, run.id, "status", "source")),
        "updateSource": {"href": links.of(RUN, run.id, "status", "source") + "/{sourceId}", "templated": True},
        "meshstackBaseUrl": link(links.base_url),
    }
    if parts.plan_run_id is not None:
        all_links["planArtifact"] = link(links.of(RUN, parts.plan_run_id, "planartifact"))
    if run.behavior is Behavior.DETECT:
        all_links["planArtifactUpload"] = link(links.of(RUN, run.id, "plan-artifact"))
    if _keeps_state(run, parts.definition):
        all_links["tfStateLock"] = link(f"{_state_address(run, links)}/lock")
    return all_links


def _state_address(run: Run, links: Links) -> str:
    return links.to("api", "terraform", "state", "workspace", run.workspace, "buildingBlock", run.block_id)


def _keeps_state(run: Run, definition: JsonObject) -> bool:
    """Tell whether the state of the run's module is kept here."""
    keeps = _object(_object(definition["spec"])["implementation"]).get("useMeshHttpBackendFallback") is True
    return keeps and run.target.implementation is ImplementationType.TERRAFORM


def _environment_input(key: str, value: str, *, is_sensitive: bool) -> JsonObject:
    return {"key": key, "value": value, "type": "STRING", "isSensitive": is_sensitive, "isEnvironment": True}


def _with_input(block: JsonObject, addition: JsonObject) -> JsonObject:
    """Return `block` with one more input, unless its definition has an input of that name."""
    spec = _object(block["spec"])
    inputs = spec.get("inputs")
    present: list[Json] = list(inputs) if isinstance(inputs, list) else []
    if any(isinstance(item, dict) and item.get("key") == addition["key"] for item in present):
        return block
    return {**block, "spec": {**spec, "inputs": [*present, addition]}}


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("a part of the run document is not an object")
    return value
