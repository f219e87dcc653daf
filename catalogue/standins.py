"""Puts values in the place of clouds that are not here: of modules, data and providers of theirs in one root.

Works on the text, which is formatted as the engine formats it: blocks begin and end at the left margin.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str"
VALUE = "stand-in"
_BLOCK = re.compile(r'(?ms)^(module|data|provider) "([\w-]+)"(?: "([\w-]+)")? \{(\}|.*?^\})\n?')
_REQUIRED = re.compile(r'(?m)^    ([\w-]+) += \{\n(?:      .*\n)*?      source += "([^"]+)"\n(?:      .*\n)*?    \}\n')
_STEP = re.compile(r'\.(\w+)|\["([^"]+)"\]|\[(\d+)\]')
_PATH = r'((?:\.\w+|\["[^"]+"\]|\[\d+\])+)'
_ARGUMENT = re.compile(r"(?m)^  (\w+) +=")


def stand_in(folder: Path, is_here: Callable[[str], bool], sources_of: Callable[[str], Iterable[str]]) -> list[str]:
    """Replace what needs a provider that is not here, and return the names of what was replaced.

    `is_here` tells of a provider, `sources_of` which providers a module with this source needs.
    """
    replaced: list[str] = []
    for file in sorted(folder.glob("*.tf")):
        root = _Root(folder, file.read_text(), is_here, sources_of, replaced)
        if (changed := root.changed()) != root.text:
            file.write_text(changed)
    return replaced


class _Root:
    """The text of one file, and what is replaced in it."""

    def __init__(
        self,
        folder: Path,
        text: str,
        is_here: Callable[[str], bool],
        sources_of: Callable[[str], Iterable[str]],
        replaced: list[str],
    ) -> None:
        self.text = text
        self._folder, self._is_here, self._sources_of, self._replaced = folder, is_here, sources_of, replaced
        self._missing = {name for name, source in _REQUIRED.findall(text) if not is_here(source)}
        self._values: dict[str, Tree] = {}

    def changed(self) -> str:
        """Return the text without what is missing."""
        text = _BLOCK.sub(self._block, self.text)
        for entry in _REQUIRED.finditer(text):
            text = text.replace(entry[0], "") if entry[1] in self._missing else text
        for place in self._values:
            text = re.sub(rf"\bdata\.{re.escape(place)}\b", f"local.stand_ins.{place.replace('.', '_')}", text)
        if not self._values:
            return text
        values = {place.replace(".", "_"): value for place, value in self._values.items()}
        return f"{text}\nlocals {{\n  stand_ins = {json.dumps(values)}\n}}\n"

    def _block(self, block: re.Match[str]) -> str:
        kind, label, name, body = block.groups()
        if kind == "module":
            return self._module(block[0], label, body)
        if (label if kind == "provider" else label.partition("_")[0]) not in self._missing:
            return block[0]
        if kind == "data":
            self._replaced.append(f"data {label}")
            self._values[f"{label}.{name}"] = _tree(_paths(self.text, rf"data\.{label}\.{name}"))
        return ""

    def _module(self, block: str, name: str, body: str) -> str:
        if all(map(self._is_here, self._sources_of(_source(body)))):
            return block
        self._replaced.append(f"module {name}")
        return _module(self._folder, name, body, _tree(_paths(self.text, rf"module\.{name}")))


def _source(body: str) -> str:
    found = re.search(r'(?m)^  source += "([^"]+)"', body)
    return found[1] if found else ""


def _module(folder: Path, name: str, body: str, outputs: Tree) -> str:
    place = folder / f"stand-in-{name}"
    place.mkdir(exist_ok=True)
    arguments = [key for key in _ARGUMENT.findall(body) if key not in {"source", "version", "providers"}]
    variables = "".join(f'variable "{key}" {{\n  type    = any\n  default = null\n}}\n' for key in arguments)
    given = outputs if isinstance(outputs, dict) else {}
    lines = "".join(f'output "{key}" {{\n  value = {json.dumps(value)}\n}}\n' for key, value in given.items())
    (place / "main.tf").write_text(variables + lines)
    body = re.sub(r'(?m)^  source += ".*"$', f'  source = "./{place.name}"', body)
    body = re.sub(r'(?m)^  version += ".*"\n', "", body)
    body = re.sub(r"(?m)^  providers += \{\n(?:    .*\n)*  \}\n", "", body)
    return f'module "{name}" {{{body}\n'


def _paths(text: str, of: str) -> list[str]:
    return [found[1] for found in re.finditer(of + _PATH, text)]


def _tree(paths: Iterable[str]) -> Tree:
    """Return a value in which every one of these paths leads somewhere."""
    tree: dict[str, Tree] = {}
    for path in paths:
        keys = [name or key or int(index) for name, key, index in _STEP.findall(path)]
        _grow(tree, keys)
    return _with_lists(tree)


def _grow(tree: dict[str, Tree], keys: list[str | int]) -> None:
    for position, key in enumerate(keys):
        inner = tree.setdefault(str(key), {} if position + 1 < len(keys) else VALUE)
        if not isinstance(inner, dict):
            if position + 1 == len(keys):
                return
            inner = tree[str(key)] = {}
        tree = inner


def _with_lists(tree: Tree) -> Tree:
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isdigit() for key in tree):
        return [_with_lists(tree.get(str(index), VALUE)) for index in range(max(map(int, tree)) + 1)]
    return {key: _with_lists(value) for key, value in tree.items()}
