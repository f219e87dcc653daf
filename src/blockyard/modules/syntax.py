"""Configuration text as blocks, for both syntaxes of the engine. Values stay source text, see `literals`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError

from blockyard.modules import literals
from blockyard.protocol.jsontypes import Json, JsonObject


class UnreadableError(ValueError):
    """The text is not configuration, or uses syntax this reader does not know."""


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { attributes, blocks }`. Attribute values are HCL source text."""

    kind: str
    labels: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()

    def of_kind(self, kind: str) -> Iterator["Block"]:
        """Yield the direct child blocks of `kind`."""
        return (block for block in self.blocks if block.kind == kind)

    def literal(self, name: str) -> literals.Literal:
        """Return the value of an attribute; None if it is absent or must be computed."""
        try:
            return literals.parse(self.attributes[name])
        except (KeyError, literals.NotLiteralError):
            return None


def warm_up() -> None:
    """Build the grammar, which takes a second where its cache cannot be stored, before somebody waits for it."""
    read_native("")


@lru_cache(maxsize=128)
def read_native(text: str) -> tuple[Block, ...]:
    """Return the top-level blocks of a `.tf` or `.tofu` file. Raises UnreadableError."""
    source = text.replace("\r\n", "\n").removeprefix("\ufeff")
    try:
        tree = hcl2.parses_to_tree(source)
    except (LarkError, RecursionError) as error:
        raise UnreadableError(str(error).partition("\n")[0]) from error
    return _body(tree.children[0], source).blocks


def _body(node: Tree[Token] | Token, source: str, kind: str = "", labels: tuple[str, ...] = ()) -> Block:
    attributes: dict[str, str] = {}
    blocks: list[Block] = []
    for child in node.children if isinstance(node, Tree) else ():
        if not isinstance(child, Tree):
            continue
        if child.data == "attribute":
            value = child.children[-1]
            attributes[_word(child.children[0], source)] = _source(value, source)
        elif child.data == "block":
            names = [_word(part, source) for part in child.children if _is_name(part)]
            body = next(part for part in child.children if isinstance(part, Tree) and part.data == "body")
            blocks.append(_body(body, source, names[0], tuple(names[1:])))
    return Block(kind, labels, attributes, tuple(blocks))


def _is_name(node: Tree[Token] | Token) -> bool:
    return isinstance(node, Tree) and node.data in {"identifier", "keyword", "literal_value", "string"}


def _word(node: Tree[Token] | Token, source: str) -> str:
    text = _source(node, source)
    return text[1:-1] if text.startswith('"') else text


def _source(node: Tree[Token] | Token, source: str) -> str:
    if isinstance(node, Token):
        return str(node)
    text = source[node.meta.start_pos : node.meta.end_pos]
    return text if text.startswith("<<") else text.strip()


Schema: TypeAlias = "Mapping[str, tuple[bool, Schema]]"

_SCHEMA: Schema = {
    "variable": (True, {"validation": (False, {})}),
    "output": (True, {}),
    "terraform": (False, {"backend": (True, {}), "cloud": (False, {}), "required_providers": (False, {})}),
}
"""Which members of a JSON configuration are blocks, and whether they carry a label."""


@lru_cache(maxsize=128)
def read_json(text: str) -> tuple[Block, ...]:
    """Return the top-level blocks, of the kinds this package looks at, of a `.tf.json` file. Raises UnreadableError."""
    try:
        document: Json = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(document, dict | list):
        raise UnreadableError("a JSON object is expected")
    return tuple(block for body in _objects(document) for block in _json_body(body, "", (), _SCHEMA).blocks)


def _json_body(body: JsonObject, kind: str, labels: tuple[str, ...], schema: Schema) -> Block:
    attributes = {name: json.dumps(value) for name, value in body.items() if name not in schema}
    blocks = tuple(
        _json_body(inner, name, inner_labels, schema[name][1])
        for name, value in body.items()
        if name in schema
        for inner_labels, inner in _labelled(value, has_label=schema[name][0])
    )
    return Block(kind, labels, attributes, blocks)


def _labelled(value: Json, *, has_label: bool) -> Iterator[tuple[tuple[str, ...], JsonObject]]:
    for item in _objects(value):
        if not has_label:
            yield (), item
            continue
        for label, inner in item.items():
            for body in _objects(inner):
                yield (label,), body


def _objects(value: Json) -> list[JsonObject]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
