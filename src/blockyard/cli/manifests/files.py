"""The folder with the files: read with care, written in a form that people like to read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # PyYAML brings no types

from blockyard.cli.documents import members, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.manifests.naming import DISABLED, KINDS, PLAIN, metadata_of
from blockyard.protocol.jsontypes import Json, JsonObject

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_VALUES = 1_000_000
"""How many values a file may have, each alias counted as what it stands for."""

_SUFFIXES = frozenset({".yaml", ".yml"})
_MEMBERS = frozenset({"apiVersion", "kind", "metadata", "spec"})


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file.

    Attributes:
        place: where it stands, for messages.
        folder: what paths of secret files are relative to.
    """

    kind: str
    metadata: JsonObject
    spec: JsonObject
    place: str
    folder: Path

    @property
    def owner(self) -> str:
        """The workspace that the object belongs to."""
        return text(self.metadata, "ownedByWorkspace")

    @property
    def content(self) -> JsonObject:
        """Metadata and specification, as in a document of the server."""
        return {"metadata": self.metadata, "spec": self.spec}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML brings no types
    """Refuses members that are given twice, of which YAML would take the last, and aliases that stand for too much."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._values = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """Return the next node, and count the values that it stands for."""
        before, is_alias = self._values, self.check_event(yaml.events.AliasEvent)
        node = super().compose_node(parent, index)
        if is_alias:
            self._values += self._sizes.get(id(node), 1)
        else:
            self._values += 1
            self._sizes[id(node)] = self._values - before
        if self._values > MAX_VALUES:
            problem = f"with its aliases it has more than {MAX_VALUES} values"
            raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
        return node


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> object:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = [key for key in keys if keys.count(key) > 1]
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"'{twice[0]}' is given twice", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_folder(folder: Path) -> list[Document]:
    """Return the objects of all YAML files below a folder, or of one file. Raises Failure (usage)."""
    if not folder.exists():
        raise usage(f"there is no folder '{folder}'", "Give the folder that holds the YAML files.")
    paths = [folder] if folder.is_file() else sorted(_yaml_files(folder))
    found = [document for path in paths for document in _read_file(path)]
    if not found:
        raise usage(
            f"'{folder}' has no objects", "Give the folder that holds the YAML files; 'blockyard export' writes some."
        )
    return found


def _yaml_files(folder: Path) -> list[Path]:
    hidden = (part for path in folder.rglob("*") for part in [path.relative_to(folder)] if not _is_hidden(part))
    return [folder / path for path in hidden if path.suffix in _SUFFIXES and (folder / path).is_file()]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read_file(path: Path) -> list[Document]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise usage(f"'{path}' is larger than {MAX_FILE_BYTES // 2**20} MiB")
        parsed = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader))
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        reason = getattr(error, "problem", None) or "it is not YAML in UTF-8"
        raise usage(f"'{path}'{line} cannot be read: {reason}") from None
    documents = [(number, content) for number, content in enumerate(parsed, start=1) if content is not None]
    return [
        _document(content, f"{path}" + (f", document {number}" if len(parsed) > 1 else ""), path.parent)
        for number, content in documents
    ]


def read_document(content: str, place: str) -> JsonObject:
    """Return the one object of a YAML or JSON text. Raises Failure (usage)."""
    try:
        parsed = yaml.load(content, Loader=_Loader)  # noqa: S506  it is a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise usage(f"{place}{line} cannot be read: {getattr(error, 'problem', None) or 'it is not YAML'}") from None
    document = _json(parsed, place)
    if not isinstance(document, dict):
        raise usage(f"{place} must hold one object")
    return document


def _document(content: object, place: str, folder: Path) -> Document:
    document = _json(content, place)
    if not isinstance(document, dict):
        raise usage(f"{place}: an object with 'kind', 'metadata' and 'spec' is expected")
    _only(document, _MEMBERS, place)
    kind = text(document, "kind")
    if kind not in KINDS:
        raise usage(f"{place}: kind '{kind}' cannot be applied", f"Known kinds: {', '.join(KINDS)}.")
    metadata, spec = members(document, "metadata"), members(document, "spec")
    known = metadata_of(kind)
    _only(metadata, known, f"{place}: metadata")
    if "ownedByWorkspace" in known and not text(metadata, "ownedByWorkspace"):
        raise usage(f"{place}: metadata.ownedByWorkspace is missing", "Name the workspace that the object belongs to.")
    if not spec:
        raise usage(f"{place}: spec is missing")
    if kind in PLAIN and not PLAIN[kind].name(document):
        raise usage(f"{place}: {PLAIN[kind].required} is missing")
    if kind in PLAIN and PLAIN[kind].switch and not isinstance(spec.get(DISABLED, False), bool):
        raise usage(f"{place}: spec.{DISABLED} must be true or false")
    return Document(kind=kind, metadata=metadata, spec=spec, place=place, folder=folder)


def _only(found: JsonObject, known: frozenset[str], place: str) -> None:
    if unknown := sorted(set(found) - known):
        raise usage(f"{place}: unknown member '{unknown[0]}'", f"Known members: {', '.join(sorted(known))}.")


def _json(value: object, place: str) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case date():
            return value.isoformat()
        case list():
            return [_json(item, place) for item in value]
        case dict():
            if odd := [key for key in value if not isinstance(key, str)]:
                raise usage(f"{place}: the member '{odd[0]}' is not a text", "Put quotes around it.")
            return {key: _json(item, place) for key, item in value.items()}
        case _:
            raise usage(f"{place}: a value of type {type(value).__name__} cannot be used", "Put quotes around it.")


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML brings no types
    """Writes texts of several lines as blocks, and lists below their members."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  PyYAML's
        """Indent lists, too."""
        super().increase_indent(flow, False)  # noqa: FBT003  PyYAML's


def _text(dumper: yaml.SafeDumper, value: str) -> object:
    style = "|" if "\n" in value and not re.search(r"[ \t]\n|\r|^\s", value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def written(documents: Sequence[Mapping[str, Json]]) -> str:
    """Return objects as the text of one file."""
    parts = [
        yaml.dump(dict(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
        for document in documents
    ]
    return "---\n".join(parts)


def write_file(path: Path, content: str, *, force: bool) -> bool:
    """Write a file unless it says the same already; return whether it was written. Raises Failure: it says something else."""
    try:
        if path.exists():
            if path.read_text(encoding="utf-8", errors="replace") == content:
                return False
            if not force:
                raise usage(f"'{path}' is there and says something else", "Pass --force to overwrite such files.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise Failure(f"'{path}' cannot be written: {error.strerror}") from error
    return True
