"""Configuration text as blocks, for both syntaxes of the engine. Values stay source text, see `literals` and `parser`."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from blockyard.modules import literals
from blockyard.modules.literals import Literal
from blockyard.modules.parser import Parser, parse
from blockyard.modules.tokens import (
    CLOSING_QUOTE,
    END,
    NAME,
    NEWLINE,
    QUOTE,
    TEXT,
    SyntaxProblem,
)


class UnreadableError(ValueError):
    """The text is not configuration, from `line` on."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(f"line {line}: {why}")
        self.why = why
        self.line = line


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { attributes, blocks }`. Attribute values are native source text, whatever syntax they come from."""

    kind: str
    labels: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()

    def of_kind(self, kind: str) -> Iterator["Block"]:
        """Yield the direct child blocks of `kind`."""
        return (block for block in self.blocks if block.kind == kind)

    def literal(self, name: str) -> Literal:
        """Return the value of an attribute; None if it is absent or must be computed."""
        try:
            return literals.parse(self.attributes[name])
        except (KeyError, literals.NotLiteralError):
            return None


@lru_cache(maxsize=128)
def read_native(text: str) -> tuple[Block, ...]:
    """Return the top-level blocks of a `.tf` or `.tofu` file. Raises UnreadableError."""
    source = text.replace("\r\n", "\n").removeprefix("\ufeff")
    try:
        return _body(Parser(source), "", (), closing=END, depth=0).blocks
    except SyntaxProblem as problem:
        raise UnreadableError(problem.why, source.count("\n", 0, problem.position) + 1) from problem
    except RecursionError as error:
        raise UnreadableError("an expression is nested too deeply", 1) from error


MAX_BLOCK_DEPTH = 50
"""Blocks nested more deeply are not read."""


def _body(parser: Parser, kind: str, labels: tuple[str, ...], *, closing: str, depth: int) -> Block:
    attributes: dict[str, str] = {}
    blocks: list[Block] = []
    if depth > MAX_BLOCK_DEPTH:
        raise SyntaxProblem("blocks are nested too deeply", parser.peek().start)
    while True:
        parser.skip_newlines()
        token = parser.next()
        if token.kind == closing:
            return Block(kind, labels, attributes, tuple(blocks))
        if token.kind != NAME:
            raise SyntaxProblem("a block has no end" if token.kind == END else "a name is missing", token.start)
        name = parser.text_of(token)
        if parser.take("="):
            if name in attributes:
                raise SyntaxProblem(f"'{name}' is set twice", token.start)
            start = parser.peek().start
            parser.expression(newlines=False)
            attributes[name] = _source(parser.since(start))
        else:
            blocks.append(_block(parser, name, depth))
        _end_of_item(parser, closing)


def _end_of_item(parser: Parser, closing: str) -> None:
    """Pass the line end behind an attribute or a block; the block that holds it may end in its stead."""
    token = parser.peek()
    if token.kind not in {NEWLINE, closing, END}:
        raise SyntaxProblem("a line end is missing", token.start)


def _block(parser: Parser, kind: str, depth: int) -> Block:
    labels: list[str] = []
    while not parser.take("{"):
        token = parser.next()
        if token.kind == NAME:
            labels.append(parser.text_of(token))
        elif token.kind == QUOTE:
            labels.append(_label(parser))
        else:
            raise SyntaxProblem(f"'=' or '{{' is missing after '{kind}'", token.start)
    return _body(parser, kind, tuple(labels), closing="}", depth=depth + 1)


def _label(parser: Parser) -> str:
    parts = []
    while (token := parser.next()).kind != CLOSING_QUOTE:
        if token.kind != TEXT:
            raise SyntaxProblem("a label is plain text", token.start)
        parts.append(parser.text_of(token))
    return "".join(parts)


def _source(text: str) -> str:
    """Return source text of a value; a heredoc ends with a line end."""
    return text + "\n" if text.startswith("<<") else text


Schema: TypeAlias = "Mapping[str, tuple[bool, Schema]]"

_SCHEMA: Schema = {
    "variable": (True, {"validation": (False, {})}),
    "output": (True, {}),
    "module": (True, {}),
    "terraform": (False, {"backend": (True, {}), "cloud": (False, {}), "required_providers": (False, {})}),
}
"""Which members of a JSON configuration are blocks, and whether they carry a label."""

_COMPUTED = frozenset({"value", "condition", "error_message"})
"""Attributes whose texts are templates. In all others a text is what it says. Source: OpenTofu, JSON configuration syntax."""

_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in range(32)}
    | {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    | {chr(code): "\ufffd" for code in range(0xD800, 0xE000)}
)


@lru_cache(maxsize=128)
def read_json(text: str) -> tuple[Block, ...]:
    """Return the top-level blocks, of the kinds this package looks at, of a `.tf.json` file. Raises UnreadableError."""
    try:
        document: Literal = json.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise UnreadableError(error.msg[:1].lower() + error.msg[1:], error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("a value is too long, or nested too deeply", 1) from error
    if not isinstance(document, dict | list):
        raise UnreadableError("a JSON object is expected", 1)
    return tuple(block for body in _objects(document) for block in _json_body(body, "", (), _SCHEMA).blocks)


def _json_body(body: Mapping[str, Literal], kind: str, labels: tuple[str, ...], schema: Schema) -> Block:
    attributes = {name: _native_attribute(name, value) for name, value in body.items() if name not in schema}
    blocks = tuple(
        _json_body(inner, name, inner_labels, schema[name][1])
        for name, value in body.items()
        if name in schema
        for inner_labels, inner in _labelled(value, has_label=schema[name][0])
    )
    return Block(kind, labels, attributes, blocks)


def _labelled(value: Literal, *, has_label: bool) -> Iterator[tuple[tuple[str, ...], Mapping[str, Literal]]]:
    for item in _objects(value):
        if not has_label:
            yield (), item
            continue
        for label, inner in item.items():
            for body in _objects(inner):
                yield (label,), body


def _objects(value: Literal) -> list[dict[str, Literal]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _native_attribute(name: str, value: Literal) -> str:
    if name == "type" and isinstance(value, str):
        return value  # the text is source already
    return _native(value, computed=name in _COMPUTED)


def _native(value: Literal, *, computed: bool) -> str:
    """Return a JSON value in native syntax."""
    match value:
        case str():
            return _template(value) if computed and re.search(r"[$%]\{", value) else quoted(value)
        case list():
            return "[" + ", ".join(_native(item, computed=computed) for item in value) + "]"
        case dict():
            members = (f"{quoted(key)} = {_native(item, computed=computed)}" for key, item in value.items())
            return "{" + ", ".join(members) + "}"
        case _:
            return literals.dumps(value)


def quoted(value: str) -> str:
    """Return a text as a string of the native syntax that means this text and nothing else."""
    return '"' + value.translate(_ESCAPES).replace("${", "$${").replace("%{", "%%{") + '"'


def _template(value: str) -> str:
    """Return a template of the JSON syntax: what it computes where it is nothing more, else a heredoc."""
    if value.startswith("${") and value.endswith("}"):
        try:
            parse(value[2:-1])
        except SyntaxProblem:
            pass  # two computed parts, or more
        else:
            return value[2:-1].strip()
    marker = "JSON" + "_" * max(map(len, value.split("\n")))
    return f"<<{marker}\n{value}\n{marker}\n"
