"""Controls of a form: what they hold of a value, and what a text that comes back means.

Browsers do not send back what they were given: line ends become CRLF, a NUL becomes U+FFFD, boxes come in the order of the
page. So a form also carries a mark of what each control held. What comes back with the same mark was not touched and is
never looked at again; what differs was changed by the visitor.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import missing_inputs
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.kit.bodies import SentFile
from blockyard.server.kit.lengths import LONG
from blockyard.server.runners.model import StoredSecret
from blockyard.server.ui.frame.brackets import never_closed

CONTROLS = {
    InputType.STRING: "lines",
    InputType.INTEGER: "number",
    InputType.BOOLEAN: "switch",
    InputType.SINGLE_SELECT: "select",
    InputType.MULTI_SELECT: "checkboxes",
    InputType.CODE: "code",
    InputType.LIST: "code",
    InputType.FILE: "file",
}
"""A STRING may have several lines: only a text area keeps them, also those of a pasted key or certificate."""

BOOLEANS = ("true", "false")

_WRITTEN = frozenset({InputType.STRING, InputType.CODE, InputType.LIST})
"""Types whose text may be empty."""

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)


_KEPT = "kept."
"""Begin of the mark of a value that its control does not hold: left empty, it stays."""

_CHOOSING = frozenset({"select", "switch"})
"""Controls that hold nothing but an option."""


class Unreadable(Exception):
    """What was entered does not mean a value; the message is a sentence for the visitor."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What came back from the control of one input.

    Attributes:
        was: mark of what the control held when the form was opened.
    """

    was: str
    text: str = field(default="", repr=False)
    chosen: Sequence[str] = field(default=(), repr=False)
    file: SentFile | None = None


def name_of(key: str) -> str:
    """Return the key as part of a control's name: browsers write quotes and line ends in names their own way."""
    return quote(key, safe="")


def key_of(name: str) -> str:
    """Return the key that `name_of` made a name of."""
    return unquote(name)


def as_sent(text: str) -> str:
    """Return a text as it comes back from a browser, with plain line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def control_of(spec: InputSpec, value: InputValue) -> str:
    """Return the control of an input; one that is neither on nor off yet has no switch, which would look like off."""
    if spec.is_sensitive and spec.type is not InputType.FILE:
        return "secret"
    if spec.assignment_type is AssignmentType.PAYMENT_METHOD:
        return "lines"
    is_unset = spec.type is InputType.BOOLEAN and text_of(spec, value) not in BOOLEANS
    return "radios" if is_unset else CONTROLS[spec.type]


def is_never_empty(spec: InputSpec, value: InputValue) -> bool:
    """Whether the control cannot be emptied: a switch is on or off."""
    return control_of(spec, value) == "switch"


def settled(spec: InputSpec, entry: Entry) -> Entry:
    """Return an entry with what a browser does not say: that a switch is off."""
    was_switch = entry.was in {_digest(text) for text in BOOLEANS}
    if spec.type is InputType.BOOLEAN and not spec.is_sensitive and not entry.text and was_switch:
        return replace(entry, text="false")
    return entry


def options_of(spec: InputSpec) -> Sequence[str]:
    """Return what a select or check boxes offer."""
    return BOOLEANS if spec.type is InputType.BOOLEAN else spec.selectable_values or ()


def is_too_long(spec: InputSpec, value: InputValue) -> bool:
    """Whether a value is too long for its control."""
    return len(as_sent(_written(spec, value))) > LONG


def text_of(spec: InputSpec, value: InputValue) -> str:
    """Return the text that the control of a value holds: never of a secret or a file, and only an option of a select.

    A text that is too long for a page is not held either.
    """
    text = _written(spec, value)
    return "" if len(as_sent(text)) > LONG else text


def _written(spec: InputSpec, value: InputValue) -> str:
    if spec.is_sensitive or spec.type in {InputType.FILE, InputType.MULTI_SELECT}:
        return ""
    if value is None or isinstance(value, StoredSecret):
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if CONTROLS[spec.type] not in _CHOOSING or text in options_of(spec) else ""


def chosen_of(spec: InputSpec, value: InputValue) -> list[str]:
    """Return the options that are ticked."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str) and item in options_of(spec)]


def mark_of(spec: InputSpec, value: InputValue) -> str:
    """Return the mark of what the control of a value holds; of a secret or a file, which none holds, of the value itself."""
    if spec.is_sensitive:
        return _digest(value.hash if isinstance(value, StoredSecret) else "")
    if spec.type is InputType.FILE:
        return _digest(value if isinstance(value, str) else "")
    if spec.type is InputType.MULTI_SELECT:
        return _digest(*sorted(as_sent(item) for item in chosen_of(spec, value)))
    return _mark_of_text(as_sent(_written(spec, value)))


def mark_of_entry(spec: InputSpec, entry: Entry) -> str | None:
    """Return the mark of what came back; None where a secret or a file came: those are always meant."""
    if entry.was.startswith(_KEPT) and not (entry.text or any(entry.chosen) or entry.file):
        return entry.was
    if spec.type is InputType.FILE:
        return entry.was if entry.file is None else None
    if spec.is_sensitive:
        return None if entry.text else entry.was
    if spec.type is InputType.MULTI_SELECT:
        return _digest(*sorted(entry.chosen))
    return _mark_of_text(entry.text)


def is_touched(entry: Entry) -> bool:
    """Whether something was entered, where nobody knows any more what kind of control it was."""
    texts = {_digest(entry.text), _digest(*sorted(entry.chosen))}
    return entry.file is not None or (entry.text != "" and entry.was not in texts)


def is_empty(spec: InputSpec, entry: Entry) -> bool:
    """Whether the control was emptied."""
    if spec.type is InputType.MULTI_SELECT:
        return not entry.chosen
    return entry.file is None and not entry.text


def may_be_empty(spec: InputSpec) -> bool:
    """Whether a block can work with the control emptied: no value, no option at all, or an empty text for a default."""
    if spec.is_optional or spec.type is InputType.MULTI_SELECT:
        return True
    shown = replace(spec, condition=None)
    return (
        spec.type in _WRITTEN
        and not spec.is_json
        and not missing_inputs({spec.key: shown}, {spec.key: ""}, lambda _: True)
    )


def data_uri(file: SentFile) -> str:
    """Return a file as the value of an input."""
    content = base64.b64encode(file.content).decode()
    return f"data:{file.media_type.partition(';')[0]};base64,{content}"


def value_of(  # noqa: PLR0911  one for each type
    spec: InputSpec, entry: Entry, before: InputValue
) -> Json:
    """Return the value that was entered, in the shape of the one before. Raises Unreadable."""
    match spec.type:
        case InputType.MULTI_SELECT:
            return _options(spec, entry.chosen, before)
        case InputType.SINGLE_SELECT:
            return _options(spec, [entry.text], None)[0]
        case InputType.BOOLEAN:
            if entry.text not in BOOLEANS:
                raise Unreadable("Choose yes or no.")
            return entry.text == "true"
        case InputType.INTEGER:
            if not _WHOLE_NUMBER.fullmatch(entry.text.strip()):
                raise Unreadable("Enter a whole number, such as 3.")
            return int(entry.text)
        case InputType.LIST:
            return _list(entry.text, before)
        case InputType.CODE:
            return _code(entry.text, before)
        case _:
            return _with_line_ends_of(before, entry.text)


def _options(spec: InputSpec, sent: Sequence[str], before: InputValue) -> list[Json]:
    """Return the options that were chosen: those of before in their order, then new ones in the order of the page."""
    offered = {as_sent(option): option for option in options_of(spec)}
    if not {*sent} <= offered.keys():
        raise Unreadable("Choose among the options.")
    chosen = [offered[item] for item in sent]
    kept = [item for item in chosen_of(spec, before) if item in chosen]
    return [*kept, *(item for item in chosen if item not in kept)]


def _code(text: str, before: InputValue) -> str:
    opened = never_closed(text)
    if opened is not None:
        raise Unreadable(f"The '{opened.bracket}' in line {opened.line} is never closed.")
    return _with_line_ends_of(before, text)


def _list(text: str, before: InputValue) -> Json:
    """Return a list, but text where text was stored: clients may send LIST as source text, too."""
    if isinstance(before, str):
        return _code(text, before)
    try:
        parsed: Json = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, list):
        raise Unreadable('Enter a list in JSON, such as ["one", "two"].')
    return parsed


def _finite(text: str) -> float:
    """Return a number. Raises ValueError for what JSON does not know: infinity, and what is too large to be less."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _with_line_ends_of(before: InputValue, text: str) -> str:
    """Return `text` with the line ends that most lines of the text before have."""
    if not isinstance(before, str):
        return text
    dos = before.count("\r\n")
    counts = {"\n": before.count("\n") - dos, "\r\n": dos, "\r": before.count("\r") - dos}
    most = max(counts, key=lambda end: counts[end])
    return text if most == "\n" or not counts[most] else text.replace("\n", most)


def _mark_of_text(text: str) -> str:
    return _KEPT + _digest(text) if len(text) > LONG else _digest(text)


def _digest(*texts: str) -> str:
    digest = hashlib.sha256()
    for data in (text.encode() for text in texts):
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()[:32]
