"""What the server has of the kinds that files refer to: from names to ids and back."""

import re
from collections.abc import Iterator, Mapping

from blockyard.cli.client import Client
from blockyard.cli.documents import text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.manifests.naming import NAMINGS
from blockyard.cli.resources import SHARED_RUNNER
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, Kind

_OF_DEFINITION = re.compile(r"\$\{definition:([^}]+)\}")


class Known:
    """What one may see of the kinds that files name; each kind is read when it is first needed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[Kind, dict[str, JsonObject]] = {}
        self._addresses: dict[Kind, dict[tuple[str, str], list[str]]] = {}

    def all_of(self, kind: Kind) -> Mapping[str, JsonObject]:
        """Return the objects of a kind by what URLs call them. Raises Failure."""
        if kind not in self._found:
            naming = NAMINGS[kind.name]
            self._found[kind] = {naming.address(item): item for item in self._client.list(kind, naming.filters)}
        return self._found[kind]

    def learn(self, kind: Kind, document: JsonObject) -> None:
        """Take note of an object that was just stored."""
        self._found[kind] = {**self.all_of(kind), NAMINGS[kind.name].address(document): document}
        self._addresses.pop(kind, None)

    def named(self, kind: Kind, owner: str, name: str) -> list[str]:
        """Return the addresses of the objects with this name, those of a workspace where names are its own."""
        if kind not in self._addresses:
            self._addresses[kind] = {}
            for address, item in self.all_of(kind).items():
                self._addresses[kind].setdefault(_key(kind, item), []).append(address)
        return self._addresses[kind].get((owner if NAMINGS[kind.name].is_owned else "", name), [])

    def require(self, kind: Kind, owner: str, name: str) -> str:
        """Return the address of the only object with this name. Raises Failure."""
        found = self.named(kind, owner, name)
        if len(found) == 1:
            return found[0]
        what = f"{kind.name} '{name}'" + (f" of workspace '{owner}'" if NAMINGS[kind.name].is_owned else "")
        if not found:
            raise Failure(f"there is no {what} that you may see", remedy="Add it to the files, or check its name.")
        raise usage(f"there are {len(found)} of {what}", "Say which by its 'uuid'.")

    # From the wire to files

    def in_files(self, value: Json, owner: str) -> Json:
        """Return a value with names in place of ids, as far as they are known and clear."""
        if isinstance(value, list):
            return [self.in_files(item, owner) for item in value]
        if isinstance(value, dict):
            if (naming := NAMINGS.get(text(value, "kind"))) and naming.by_id and "uuid" in value:
                return self._reference_in_files(naming.kind, value, owner)
            return {name: self.in_files(item, owner) for name, item in value.items()}
        return value

    def _reference_in_files(self, kind: Kind, value: JsonObject, owner: str) -> JsonObject:
        of, name = self._name(kind, text(value, "uuid"))
        if not name:
            return {"kind": kind.name, "uuid": text(value, "uuid")}
        reference: JsonObject = {"kind": kind.name, "name": name}
        return reference if of in {owner, ""} else reference | {"ownedByWorkspace": of}

    def output_in_files(self, argument: str, owner: str) -> str:
        """Return the text `<definition uuid>.<output>` with the definition's name."""
        identifier, dot, output = argument.partition(".")
        of, name = self._name(DEFINITION, identifier)
        if not dot or not name or "}" in name:
            return argument
        return f"${{definition:{name if of == owner and '/' not in name else f'{of}/{name}'}}}.{output}"

    def _name(self, kind: Kind, identifier: str) -> tuple[str, str]:
        item = self.all_of(kind).get(identifier)
        of, name = _key(kind, item) if item is not None else ("", "")
        return (of, name) if len(self.named(kind, of, name)) == 1 else ("", "")

    # From files to the wire

    def on_wire(self, value: Json, owner: str) -> Json:
        """Return a value with ids in place of names. Raises Failure."""
        if isinstance(value, list):
            return [self.on_wire(item, owner) for item in value]
        if isinstance(value, dict):
            if reference := _reference(value, owner):
                kind, of, name = reference
                if NAMINGS[kind.name].by_id:
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


def references(value: Json, owner: str) -> Iterator[tuple[Kind, str, str]]:
    """Yield kind, workspace and name of each object that a value in the form of files refers to by name."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, owner)
    elif isinstance(value, dict):
        if reference := _reference(value, owner):
            yield reference
        for name, item in value.items():
            found = _OF_DEFINITION.match(item) if name == "argument" and isinstance(item, str) else None
            if found is not None:
                yield (DEFINITION, *_of_word(found.group(1), owner))
            yield from references(item, owner)


def is_shared_runner(reference: Json) -> bool:
    """Whether a reference is to the runner that every installation has."""
    return text(reference, "uuid") == SHARED_RUNNER


def _key(kind: Kind, item: JsonObject) -> tuple[str, str]:
    naming = NAMINGS[kind.name]
    return text(item, "metadata", "ownedByWorkspace") if naming.is_owned else "", naming.name(item)


def _reference(value: JsonObject, owner: str) -> tuple[Kind, str, str] | None:
    naming, name = NAMINGS.get(text(value, "kind")), text(value, "name")
    if naming is None or not name or "uuid" in value:
        return None
    return naming.kind, (text(value, "ownedByWorkspace") or owner) if naming.is_owned else "", name


def _of_word(word: str, owner: str) -> tuple[str, str]:
    of, slash, name = word.partition("/")
    return (of, name) if slash else (owner, word)
