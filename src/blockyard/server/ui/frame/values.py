"""Values of inputs and outputs as pages show them: a secret never, a falsy value always."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from blockyard.protocol.jsontypes import Json
from blockyard.protocol.names import InputType, OutputType
from blockyard.server.blocks.model.block import BlockOutput
from blockyard.server.blocks.model.resolution import ResolvedValue
from blockyard.server.blocks.service import BlockView
from blockyard.server.definitions.model import AssignmentType, InputSpec, OutputAssignment, OutputSpec
from blockyard.server.definitions.model.values import file_content, is_web_address
from blockyard.server.kit.lengths import LONG, is_long
from blockyard.server.runners.model import StoredSecret

MASK = "••••••"

_MOST = 8 * LONG
_SHORTEST = 1000
"""Characters of all values of a page together, and of each where they are more."""

_LONG_TEXT = 80
"""Longer texts, and texts of several lines, get a box of their own."""

_SOURCES = {
    AssignmentType.USER_INPUT: None,
    AssignmentType.PAYMENT_METHOD: None,
    AssignmentType.TAG: "A tag",
    AssignmentType.PLATFORM_OPERATOR_MANUAL_INPUT: "Filled in by an operator",
    AssignmentType.STATIC: "Fixed by the definition",
    AssignmentType.BUILDING_BLOCK_OUTPUT: "Output of a parent",
}

_LINKS = frozenset({OutputAssignment.RESOURCE_URL, OutputAssignment.SIGN_IN_URL})


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as a page shows it.

    Attributes:
        kind: `text`, `code`, `list`, `file`, `link`, `secret`, `empty` (an empty text or list), `missing`, or `cut`: too
            long for a page, `text` is how it begins.
        whole: the address of all of it, for what is cut.
    """

    kind: str
    text: str = field(default="", repr=False)
    items: Sequence[str] = field(default=(), repr=False)
    whole: str = ""

    @property
    def written(self) -> str:
        """All that the page shows of it."""
        return ", ".join(self.items) if self.items else self.text

    def cut(self, longest: int) -> "Shown":
        """Return how it begins, if it has more than so many characters."""
        written = self.written
        return self if len(written) <= longest else Shown("cut", written[:longest], whole=self.whole)


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
    """Return the inputs of a block that are not hidden, in the order its definition gives them."""
    ordered = sorted((item for item in view.inputs if not item.is_hidden), key=lambda item: item.spec.display_order)
    rows = [
        InputRow(
            key=item.spec.key,
            label=item.spec.label,
            description=item.spec.description,
            source=_SOURCES.get(item.spec.assignment_type, "Set by Blockyard"),
            value=shown_input(item.spec, item.value, view.block.id),
        )
        for item in ordered
    ]
    longest = longest_of(row.value for row in rows)
    return [replace(row, value=row.value.cut(longest)) for row in rows]


def output_rows(view: BlockView) -> list[OutputRow]:
    """Return all outputs of a block but its summary, links first."""
    specs, outputs = view.version.outputs, view.block.outputs
    rows = [
        OutputRow(
            key,
            _label(key, specs.get(key), view.version.inputs),
            _shown_output(specs.get(key), outputs[key], whole_of(view.block.id, "outputs", key)),
        )
        for key in sorted(outputs, key=lambda key: _place(key, specs, view.version.inputs))
        if not _is_summary(specs.get(key))
    ]
    longest = longest_of(row.value for row in rows)
    fitting = [replace(row, value=row.value.cut(longest)) for row in rows]
    return sorted(fitting, key=lambda row: row.value.kind != "link")


def longest_of(values: Iterable[Shown]) -> int:
    """Return how many characters each of these values may have for a page to show them all."""
    lengths = [len(value.written) for value in values]
    return LONG if sum(lengths) <= _MOST else max(_SHORTEST, _MOST // len(lengths))


def summary_of(view: BlockView) -> Shown | None:
    """Return the markdown that the block's run summed itself up with, or how it begins."""
    for key, spec in view.version.outputs.items():
        output = view.block.outputs.get(key)
        if _is_summary(spec) and output is not None and isinstance(output.value, str) and output.value.strip():
            kind = "cut" if is_long(output.value) else "text"
            return Shown(kind, _beginning(output.value), whole=whole_of(view.block.id, "outputs", key))
    return None


def whole_of(block_id: UUID, part: Literal["inputs", "outputs"], key: str) -> str:
    """Return the address of a whole value; the key is no part of the path, where browsers take `..` for a step up."""
    return f"/blocks/{block_id}/{part}/value?key={quote(key, safe='')}"


def shown(value: Json, *, code: bool = False, whole: str = "") -> Shown:
    """Return a plain value as pages show it; `whole` is the address of all of it, should it be too long."""
    if value is None:
        return Shown("missing")
    if is_long(value):
        return Shown("cut", _beginning(value), whole=whole)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return (
            Shown("list", items=[str(item) for item in value], whole=whole) if value else Shown("empty", "empty list")
        )
    if isinstance(value, dict | list):
        return Shown("code", json.dumps(value, indent=2, ensure_ascii=False), whole=whole)
    if isinstance(value, bool):
        return Shown("text", "Yes" if value else "No")
    return _shown_text(value, whole, code=code) if isinstance(value, str) else Shown("text", json.dumps(value))


def _shown_text(value: str, whole: str, *, code: bool) -> Shown:
    if not value:
        return Shown("empty", "empty text")
    return Shown("code" if code or len(value) > _LONG_TEXT or "\n" in value else "text", value, whole=whole)


def shown_input(spec: InputSpec, value: ResolvedValue, block_id: UUID) -> Shown:
    """Return the value of a block's input as pages show it."""
    if value is None:
        return Shown("missing")
    if spec.is_sensitive or isinstance(value, StoredSecret):
        return Shown("secret", MASK)
    if spec.type is InputType.FILE:
        return _shown_file(value)
    is_code = spec.type in {InputType.CODE, InputType.LIST}
    return shown(value, code=is_code, whole=whole_of(block_id, "inputs", spec.key))


def _beginning(value: Json) -> str:
    """Return the first characters of a value; of one that is no text, of its JSON, which is not written to its end."""
    if isinstance(value, str):
        return value[:LONG]
    text = StringIO()
    pieces = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value)
    while text.tell() < LONG and (piece := next(pieces, None)) is not None:
        text.write(piece[:LONG])
    return text.getvalue()[:LONG]


def _shown_output(spec: OutputSpec | None, output: BlockOutput, whole: str) -> Shown:
    if output.is_sensitive:
        return Shown("secret", MASK)
    if spec is not None and spec.assignment_type in _LINKS and isinstance(output.value, str):
        is_link = is_web_address(output.value) and not is_long(output.value)
        return Shown("link", output.value, whole=whole) if is_link else shown(output.value, whole=whole)
    return shown(output.value, code=output.type is OutputType.CODE, whole=whole)


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
