"""What the server has of the kinds that files refer to: from names to ids and back."""

import re
from collections.abc import Iterator, Mapping

from blockyard.cli.client import Client
from blockyard.cli.documents import text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.resources import SHARED_RUNNER
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, INTEGRATION, RUNNER, Kind

_FILTERS: Mapping[Kind, Mapping[str, str]] = {DEFINITION: {"includeAllPublished": "true"}, RUNNER: {}, INTEGRATION: {}}
_REFERRED: Mapping[str, Kind] = {kind.name: kind for kind in _FILTERS}
_OF_DEFINITION = re.compile(r"\$\{definition:([^}]+)\}")


class Known:
    """Definitions, runners and integrations that one may see; each kind is read when it is first needed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[Kind, dict[str, JsonObject]] = {}

    def all_of(self, kind: Kind) -> Mapping[str, JsonObject]:
        """Return the objects of a kind by their ids. Raises Failure."""
        if kind not in self._found:
            listed = self._client.list(kind, _FILTERS[kind])
            self._found[kind] = {text(item, "metadata", "uuid"): item for item in listed}
        return self._found[kind]

    def learn(self, kind: Kind, document: JsonObject) -> None:
        """Take note of an object that was just stored."""
        self._found[kind] = {**self.all_of(kind), text(document, "metadata", "uuid"): document}

    def named(self, kind: Kind, owner: str, name: str) -> list[str]:
        """Return the ids of the objects of a workspace with this name."""
        return [
            identifier
            for identifier, item in self.all_of(kind).items()
            if text(item, "metadata", "ownedByWorkspace") == owner and text(item, "spec", "displayName") == name
        ]

    def require(self, kind: Kind, owner: str, name: str) -> str:
        """Return the id of the only object with this name. Raises Failure."""
        found = self.named(kind, owner, name)
        if len(found) == 1:
            return found[0]
        what = f"{kind.name} '{name}' of workspace '{owner}'"
        if not found:
            raise Failure(f"there is no {what} that you may see", remedy="Add it to the files, or check its name.")
        raise usage(f"there are {len(found)} of {what}", "Say which by its 'uuid'.")

    # From the wire to files

    def in_files(self, value: Json, owner: str) -> Json:
        """Return a value with names in place of ids, as far as they are known and clear."""
        if isinstance(value, list):
            return [self.in_files(item, owner) for item in value]
        if isinstance(value, dict):
            if (kind := _REFERRED.get(text(value, "kind"))) and "uuid" in value:
                return self._reference_in_files(kind, value, owner)
            return {name: self.in_files(item, owner) for name, item in value.items()}
        return value

    def _reference_in_files(self, kind: Kind, value: JsonObject, owner: str) -> JsonObject:
        of, name = self._name(kind, text(value, "uuid"))
        if not name:
            return {"kind": kind.name, "uuid": text(value, "uuid")}
        reference: JsonObject = {"kind": kind.name, "name": name}
        return reference if of == owner else reference | {"ownedByWorkspace": of}

    def output_in_files(self, argument: str, owner: str) -> str:
        """Return the text `<definition uuid>.<output>` with the definition's name."""
        identifier, dot, output = argument.partition(".")
        of, name = self._name(DEFINITION, identifier)
        if not dot or not name or "}" in name:
            return argument
        return f"${{definition:{name if of == owner and '/' not in name else f'{of}/{name}'}}}.{output}"

    def _name(self, kind: Kind, identifier: str) -> tuple[str, str]:
        item = self.all_of(kind).get(identifier)
        of, name = text(item, "metadata", "ownedByWorkspace"), text(item, "spec", "displayName")
        return (of, name) if len(self.named(kind, of, name)) == 1 else ("", "")

    # From files to the wire

    def on_wire(self, value: Json, owner: str) -> Json:
        """Return a value with ids in place of names. Raises Failure."""
        if isinstance(value, list):
            return [self.on_wire(item, owner) for item in value]
        if isinstance(value, dict):
            if reference := _reference(value, owner):
                kind, of, name = reference
                return kind.ref(self.require(kind, of, name))
            return {name: self.on_wire(item, owner) for name, item in value.items()}
        return value

    def output_on_wire(self, argument: str, owner: str) -> str:
        """Return the text of an output with the definition's id. Raises Failure."""
        found = _OF_DEFINITION.match(argument)
        if found is None:
            return argument
        of, name = _of_word(found.group(1), owner)
        return self.require(DEFINITION, of, name) + argument[found.end() :]


def definitions_named(value: Json, owner: str) -> Iterator[tuple[str, str]]:
    """Yield workspace and name of each definition that a value in the form of files refers to by name."""
    if isinstance(value, list):
        for item in value:
            yield from definitions_named(item, owner)
    elif isinstance(value, dict):
        reference = _reference(value, owner)
        if reference is not None and reference[0] is DEFINITION:
            yield reference[1:]
        for name, item in value.items():
            found = _OF_DEFINITION.match(item) if name == "argument" and isinstance(item, str) else None
            if found is not None:
                yield _of_word(found.group(1), owner)
            yield from definitions_named(item, owner)


def is_shared_runner(reference: Json) -> bool:
    """Whether a reference is to the runner that every installation has."""
    return text(reference, "uuid") == SHARED_RUNNER


def _reference(value: JsonObject, owner: str) -> tuple[Kind, str, str] | None:
    kind, name = _REFERRED.get(text(value, "kind")), text(value, "name")
    if kind is None or not name or "uuid" in value:
        return None
    return kind, text(value, "ownedByWorkspace") or owner, name


def _of_word(word: str, owner: str) -> tuple[str, str]:
    of, slash, name = word.partition("/")
    return (of, name) if slash else (owner, word)
