"""Values of inputs and outputs as pages show them: a secret never, a falsy value always."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.blocks.model.block import BlockOutput
from blockyard.server.blocks.model.resolution import ResolvedValue
from blockyard.server.blocks.service import BlockView
from blockyard.server.definitions.model import AssignmentType, InputSpec, OutputAssignment, OutputSpec
from blockyard.server.definitions.model.values import file_content, is_web_address
from blockyard.server.runners.model import StoredSecret

MASK = "••••••"

_LONG_TEXT = 80
"""Longer texts, and texts of several lines, get a box of their own."""

_SOURCES = {
    AssignmentType.USER_INPUT: None,
    AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT: "Filled in by an operator",
    AssignmentType.STATIC: "Fixed by the definition",
    AssignmentType.BUILDING_BLOCK_OUTPUT: "Output of a parent",
}

_LINKS = frozenset({OutputAssignment.RESOURCE_URL, OutputAssignment.SIGN_IN_URL})


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as a page shows it.

    Attributes:
        kind: `text`, `code`, `list`, `file`, `link`, `secret`, `empty` (an empty text or list) or `missing`.
    """

    kind: str
    text: str = field(default="", repr=False)
    items: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input of a block; `source` tells who sets it, if that is not who ordered."""

    key: str
    label: str
    description: str | None
    source: str | None
    value: Shown


@dataclass(frozen=True, slots=True)
class OutputRow:
    """One output of a block."""

    key: str
    label: str
    value: Shown


def input_rows(view: BlockView) -> list[InputRow]:
    """Return all inputs of a block in the order its definition gives them."""
    ordered = sorted(view.inputs, key=lambda item: item.spec.display_order)
    return [
        InputRow(
            key=item.spec.key,
            label=item.spec.label,
            description=item.spec.description,
            source=_SOURCES.get(item.spec.assignment_type, "Set by Blockyard"),
            value=shown_input(item.spec, item.value),
        )
        for item in ordered
    ]


def output_rows(view: BlockView) -> list[OutputRow]:
    """Return all outputs of a block but its summary, links first."""
    specs, outputs = view.version.outputs, view.block.outputs
    rows = [
        OutputRow(key, _label(key, specs.get(key), view.version.inputs), _shown_output(specs.get(key), outputs[key]))
        for key in sorted(outputs, key=lambda key: _place(key, specs, view.version.inputs))
        if not _is_summary(specs.get(key))
    ]
    return sorted(rows, key=lambda row: row.value.kind != "link")


def summary_of(view: BlockView) -> str | None:
    """Return the markdown that the block's run summed itself up with."""
    for key, spec in view.version.outputs.items():
        output = view.block.outputs.get(key)
        if _is_summary(spec) and output is not None and isinstance(output.value, str) and output.value.strip():
            return output.value
    return None


def shown(value: Json, *, code: bool = False) -> Shown:
    """Return a plain value as pages show it."""
    if value is None:
        return Shown("missing")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return Shown("list", items=[str(item) for item in value]) if value else Shown("empty", "empty list")
    if isinstance(value, dict | list):
        return Shown("code", json.dumps(value, indent=2, ensure_ascii=False))
    if not isinstance(value, str):
        return Shown("text", json.dumps(value))
    if not value:
        return Shown("empty", "empty text")
    return Shown("code" if code or len(value) > _LONG_TEXT or "\n" in value else "text", value)


def shown_input(spec: InputSpec, value: ResolvedValue) -> Shown:
    """Return the value of an input as pages show it."""
    if value is None:
        return Shown("missing")
    if spec.is_sensitive or isinstance(value, StoredSecret):
        return Shown("secret", MASK)
    if spec.type is InputType.FILE:
        return _shown_file(value)
    return shown(value, code=spec.type in {InputType.CODE, InputType.LIST})


def _shown_output(spec: OutputSpec | None, output: BlockOutput) -> Shown:
    if output.is_sensitive:
        return Shown("secret", MASK)
    if spec is not None and spec.assignment_type in _LINKS and isinstance(output.value, str):
        return Shown("link", output.value) if is_web_address(output.value) else shown(output.value)
    return shown(output.value, code=output.type is OutputType.CODE)


def _shown_file(value: Json) -> Shown:
    try:
        size = len(file_content(value)) if isinstance(value, str) else 0
    except ValueError:
        return Shown("file", "a file")
    media_type = str(value).removeprefix("data:").partition(";")[0] or "unknown type"
    return Shown("file", f"{media_type}, {size:,} bytes")


def _is_summary(spec: OutputSpec | None) -> bool:
    return spec is not None and spec.assignment_type is OutputAssignment.SUMMARY


def _label(key: str, spec: OutputSpec | None, inputs: Mapping[str, InputSpec]) -> str:
    if spec is not None and spec.display_name:
        return spec.display_name
    return inputs[key].label if key in inputs else key


def _place(key: str, specs: Mapping[str, OutputSpec], inputs: Mapping[str, InputSpec]) -> tuple[int, str]:
    spec = specs.get(key) or inputs.get(key)
    return (spec.display_order if spec is not None else len(specs), key)
