"""A change of a plan as lines, as the engine prints it: one for each value that becomes another one."""

import json
from collections.abc import Mapping

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.runs.model.plan import PlannedChange
from blockyard.server.runs.model.printed import Change, Line

_LONGEST = 600
_SENSITIVE = "(sensitive value)"
_REASONS: Mapping[str, str] = {
    "replace_because_tainted": "It is tainted: an earlier run did not finish it.",
    "replace_because_cannot_update": "A value changes that cannot be changed in place.",
    "replace_by_request": "The run was asked to replace it.",
    "replace_by_triggers": "Something it depends on changes, and it is to be replaced then.",
    "delete_because_no_resource_config": "The module does not have it any more.",
    "delete_because_no_module": "The module that had it is not there any more.",
    "delete_because_wrong_repetition": "The module has it another number of times.",
    "delete_because_count_index": "The module has fewer of them.",
    "delete_because_each_key": "The module does not have one for this key any more.",
    "delete_because_no_move_target": "What it was moved to is not there.",
    "read_because_config_unknown": "What it is asked for is known only then.",
    "read_because_dependency_pending": "Something it depends on changes first.",
}


def change_of(change: PlannedChange) -> Change:
    """Return a change of a plan as the page shows it."""
    document = change.document
    attributes = document.get("attributes")
    lines = [_line(item) for item in attributes if isinstance(item, dict)] if isinstance(attributes, list) else []
    left_out = document.get("attributesLeftOut")
    if isinstance(left_out, int) and left_out:
        lines.append(Line("same", f"{left_out} more values change."))
    return Change(address=change.address, action=change.action, why=_why(document), lines=lines)


def _why(document: JsonObject) -> str:
    reason, previous, imported = (document.get(key) for key in ("reason", "previousAddress", "importedId"))
    parts = [_REASONS.get(reason, reason.replace("_", " ")) if isinstance(reason, str) else ""]
    parts += [f"It was {previous} before." if isinstance(previous, str) else ""]
    parts += [f"It is there already, as {imported}." if isinstance(imported, str) else ""]
    return " ".join(filter(None, parts))


def _line(attribute: JsonObject) -> Line:
    path, sensitive = str(attribute.get("path") or "value"), attribute.get("sensitive") is True
    if sensitive:
        return Line("changed", f"{path} = {_SENSITIVE}{_note(attribute)}")
    before, after = attribute.get("before"), attribute.get("after")
    becomes = "(known after apply)" if attribute.get("unknown") is True else _shown(after)
    if before is None:
        return Line("added", f"{path} = {becomes}{_note(attribute)}")
    if after is None and attribute.get("unknown") is not True:
        return Line("removed", f"{path} = {_shown(before)}{_note(attribute)}")
    return Line("changed", f"{becomes}{_note(attribute)}", f"{path} = {_shown(before)}")


def _note(attribute: JsonObject) -> str:
    notes = ("forcesReplacement", "forces replacement"), ("cut", "only the beginning is shown")
    told = [words for member, words in notes if attribute.get(member) is True]
    return f"  # {', '.join(told)}" if told else ""


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
