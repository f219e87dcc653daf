"""The form that changes inputs of a block: its fields, and what it sends as the API would."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType
from blockyard.server.blocks.model.block import InputValue
from blockyard.server.blocks.model.inputs import SentInput
from blockyard.server.blocks.model.order import BlockRequest, Target
from blockyard.server.blocks.service import BlockDetail
from blockyard.server.definitions.model import AssignmentType, InputSpec
from blockyard.server.kit.bodies import Form
from blockyard.server.kit.errors import Refusal
from blockyard.server.runners.secrets import StoredSecret

_CONTROLS = {
    InputType.STRING: "text",
    InputType.INTEGER: "number",
    InputType.BOOLEAN: "select",
    InputType.SINGLE_SELECT: "select",
    InputType.MULTI_SELECT: "checkboxes",
    InputType.CODE: "code",
    InputType.LIST: "code",
    InputType.FILE: "file",
}

_BOOLEANS = ("true", "false")

_POINTER = re.compile(r"/spec/inputs/(?P<key>[^/]+)(?:/|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form.

    Attributes:
        control: `text`, `password`, `number`, `select`, `checkboxes`, `code` or `file`.
        required: the block waits for this value.
    """

    key: str
    label: str
    help: str | None
    control: str
    text: str = field(default="", repr=False)
    options: Sequence[str] = ()
    chosen: Sequence[str] = field(default=(), repr=False)
    is_secret: bool = False
    required: bool = False
    error: str | None = None


def editable(detail: BlockDetail) -> list[InputSpec]:
    """Return the inputs that the visitor may change, in the order of the definition."""
    block = detail.view.block
    stored = block.standing(detail.view.version.inputs)
    specs = [spec for spec in detail.view.version.inputs.values() if _is_editable(spec, stored, detail)]
    return sorted(specs, key=lambda spec: spec.display_order)


def fields_of(detail: BlockDetail, sent: Form | None = None, refusal: Refusal | None = None) -> list[Field]:
    """Return the fields with the values of now, or with what was sent and refused."""
    stored = detail.view.block.standing(detail.view.version.inputs)
    wrong = refused_input(refusal)
    found: list[Field] = []
    for spec in editable(detail):
        made = _field(spec, stored.get(spec.key), is_missing=spec.key in detail.missing)
        if sent is not None:
            made = _as_sent(made, sent)
        if refusal is not None and wrong == spec.key:
            made = replace(made, error=refusal.message[:1].upper() + refusal.message[1:] + ".")
        found.append(made)
    return found


def request_of(detail: BlockDetail, form: Form) -> BlockRequest:
    """Return the change that the form asks for; what is left as it was is not sent."""
    block = detail.view.block
    inputs: dict[str, SentInput] = {}
    stored = block.standing(detail.view.version.inputs)
    for spec in editable(detail):
        before = stored.get(spec.key)
        value = _sent_value(spec, before, form)
        if value is not _UNCHANGED:
            inputs[spec.key] = SentInput(value.value, spec.is_sensitive)
    return BlockRequest(
        version_id=block.version_id,
        target=Target(kind="meshWorkspace", name=block.workspace),
        display_name=block.display_name,
        inputs=inputs,
        parents=None,
    )


def refused_input(refusal: Refusal | None) -> str | None:
    """Return the key of the input that a refusal is about; None if it is about something else."""
    match = _POINTER.match(refusal.field) if refusal is not None and refusal.field else None
    return match["key"].replace("~1", "/").replace("~0", "~") if match else None


@dataclass(frozen=True, slots=True)
class _Sent:
    value: Json = field(repr=False)


_UNCHANGED = _Sent(None)


def _is_editable(spec: InputSpec, stored: Mapping[str, InputValue], detail: BlockDetail) -> bool:
    if not detail.may_save:
        return False
    if spec.assignment_type is AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT:
        return detail.operator
    if spec.assignment_type is not AssignmentType.USER_INPUT:
        return False
    return detail.operator or spec.updateable_by_consumer or stored.get(spec.key) is None


def _field(spec: InputSpec, value: InputValue, *, is_missing: bool) -> Field:
    control = _CONTROLS[spec.type]
    if spec.is_sensitive and control == "text":
        control = "password"
    made = Field(
        key=spec.key,
        label=spec.label,
        help=spec.description,
        control=control,
        options=_BOOLEANS if spec.type is InputType.BOOLEAN else spec.selectable_values or (),
        is_secret=spec.is_sensitive,
        required=is_missing,
    )
    if spec.is_sensitive or isinstance(value, StoredSecret) or value is None or spec.type is InputType.FILE:
        return made
    if isinstance(value, list):
        return replace(made, chosen=[str(item) for item in value])
    return replace(made, text=_text(value))


def _as_sent(made: Field, sent: Form) -> Field:
    name = f"input.{made.key}"
    if made.is_secret or made.control == "file":
        return made
    return replace(made, text=sent.texts.get(name, ""), chosen=sent.lists.get(name, []))


def _sent_value(spec: InputSpec, before: InputValue, form: Form) -> _Sent:
    name = f"input.{spec.key}"
    if spec.type is InputType.FILE:
        return _sent_file(spec, name, form)
    if spec.type is InputType.MULTI_SELECT:
        chosen: list[Json] = list(form.lists.get(name, []))
        unchanged = chosen == before or (not chosen and before is None)
        return _UNCHANGED if unchanged else _Sent(chosen)
    text = form.texts.get(name)
    if text is None:
        return _UNCHANGED
    if spec.type in {InputType.CODE, InputType.LIST}:
        text = text.replace("\r\n", "\n")
    if spec.is_sensitive:
        return _Sent({"plaintext": text}) if text else _UNCHANGED
    if not text and (before is None or spec.type is not InputType.STRING):
        return _UNCHANGED
    value = _parsed(spec.type, text)
    return _UNCHANGED if type(value) is type(before) and value == before else _Sent(value)


def _sent_file(spec: InputSpec, name: str, form: Form) -> _Sent:
    file = form.files.get(name)
    if file is None:
        return _UNCHANGED
    uri = f"data:{file.media_type.partition(';')[0]};base64,{base64.b64encode(file.content).decode()}"
    return _Sent({"plaintext": uri} if spec.is_sensitive else uri)


def _parsed(type_: InputType, text: str) -> Json:
    if type_ is InputType.BOOLEAN:
        return text == "true" if text in _BOOLEANS else text
    if type_ is InputType.INTEGER:
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip(), re.ASCII) else text
    return text


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
