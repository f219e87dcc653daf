"""Definitions and versions in the form of files: what the server adds is left out, ids are names, secrets are not there."""

from collections.abc import Callable, Iterable, Mapping

from blockyard.cli.documents import member, members, objects, text
from blockyard.cli.manifests.known import Known, is_shared_runner
from blockyard.cli.manifests.secrets import KEPT, places, replaced
from blockyard.protocol.jsontypes import Json, JsonObject

_DEFAULTS: Mapping[str, Json] = {
    "targetType": "WORKSPACE_LEVEL",
    "deletionMode": "DELETE",
    "schedule": {"mode": "DISABLED", "frequency": "NONE", "automaticApproval": False},
}
"""What the server takes where a member is left out, or a part of one."""

_CARRIED = ("symbol",)
"""What the server chooses where a file leaves it out, and then keeps."""

_NOT_IN_FILES = frozenset({"versionNumber", "state"})
_OUTPUT_SOURCE = "BUILDING_BLOCK_OUTPUT"


def definition_in_files(document: JsonObject, known: Known) -> JsonObject:
    """Return what files say of a definition that the server has: `tags` and its specification."""
    owner = text(document, "metadata", "ownedByWorkspace")
    spec = known.in_files(members(document, "spec"), owner)
    return {"tags": members(document, "metadata", "tags"), **members(spec)}


def version_in_files(document: JsonObject, known: Known) -> JsonObject:
    """Return what files say of a version that the server has; each secret as a word that stands for it."""
    owner = text(document, "metadata", "ownedByWorkspace")
    spec = {name: value for name, value in members(document, "spec").items() if name not in _NOT_IN_FILES}
    if is_shared_runner(spec.get("runnerRef")):
        del spec["runnerRef"]
    hidden = replaced(spec, dict.fromkeys(places(spec), KEPT))
    return _with_arguments(members(known.in_files(hidden, owner)), lambda word: known.output_in_files(word, owner))


def version_on_wire(spec: JsonObject, owner: str, known: Known) -> JsonObject:
    """Return the specification that is sent. Raises Failure."""
    resolved = members(known.on_wire(spec, owner))
    return _with_arguments(resolved, lambda word: known.output_on_wire(word, owner))


def comparable(before: JsonObject, after: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return what the server has and what a file says so that only what the file would change differs."""
    filled = dict(after)
    for name, value in _DEFAULTS.items():
        if name in before:
            filled[name] = (
                {**members(value), **members(after, name)} if isinstance(value, dict) else after.get(name, value)
            )
    for name in _CARRIED:
        if name in before and name not in after:
            filled[name] = before[name]
    if text(after, "implementation", "type") == "manual":  # outputs that no file names follow from the inputs
        outputs = {**members(before, "outputs"), **members(after, "outputs")}
        filled["outputs"] = {key: value for key, value in outputs.items() if key in members(after, "inputs")}
    return before, filled


def without_defaults(spec: JsonObject) -> JsonObject:
    """Return a specification as an export writes it: without what is empty, and what the server would take anyway."""
    return {
        name: _sparse(value)
        for name, value in spec.items()
        if value not in (None, [], {}, "", False) and _DEFAULTS.get(name) != value
    }


def _sparse(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            name: _sparse(item)
            for name, item in value.items()
            if item is not None and (name in {"argument", "defaultValue"} or item not in (False, [], ""))
        }
    return value


def _with_outputs(sources: Iterable[JsonObject], convert: Callable[[str], str]) -> list[Json]:
    """Return sources of options whose outputs are named otherwise; building blocks have no names, only ids."""
    return [
        {**source, "output": convert(output)} if isinstance(output := source.get("output"), str) else source
        for source in sources
    ]


def _with_arguments(spec: JsonObject, convert: Callable[[str], str]) -> JsonObject:
    inputs: JsonObject = {}
    for key, item in members(spec, "inputs").items():
        argument = member(item, "argument")
        takes = text(item, "assignmentType") == _OUTPUT_SOURCE and isinstance(argument, str)
        converted = {**members(item), "argument": convert(str(argument))} if takes else item
        sources = objects(item, "optionSources")
        inputs[key] = {**members(converted), "optionSources": _with_outputs(sources, convert)} if sources else converted
    return {**spec, "inputs": inputs} if inputs else spec
