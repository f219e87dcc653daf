"""Finds objects by full id, by exact name, or by the beginning of their id."""

from typing import TypeVar
from uuid import UUID

from blockyard.cli.client import Client
from blockyard.cli.documents import text
from blockyard.cli.exits import missing, usage
from blockyard.cli.model import Block, Definition, Version
from blockyard.cli.output import plain
from blockyard.cli.resources import BLOCKS, DEFINITIONS, RUNS, VERSIONS, Resource, own
from blockyard.protocol.jsontypes import JsonObject

MIN_PREFIX = 4
"""Shorter beginnings of an id are not looked for."""

MAX_SEARCHED = 5000
"""So many objects are looked through for the beginning of an id."""

T = TypeVar("T", Definition, Block)


def full_id(word: str) -> str | None:
    """Return `word` as an id if it is a whole one."""
    try:
        return str(UUID(word)) if len(word) in {32, 36} else None
    except ValueError:
        return None


def definition(client: Client, word: str, *, workspace: str | None = None) -> Definition:
    """Return the definition that `word` means, among those of `workspace` if one is given. Raises Failure."""
    if identifier := full_id(word):
        return Definition.read(client.show(DEFINITIONS, identifier))
    filters = {"includeAllPublished": "true", "ownedByWorkspace": workspace}
    found = [Definition.read(item) for item in client.list(DEFINITIONS, filters)]
    return _the_one(word, found, "definition")


def block(client: Client, word: str, *, workspace: str | None = None) -> Block:
    """Return the building block that `word` means, among those of `workspace` if one is given. Raises Failure."""
    if identifier := full_id(word):
        return Block.read(client.show(BLOCKS, identifier))
    named = [
        Block.read(item) for item in client.list(BLOCKS, {"name": word, "workspaceIdentifier": workspace}, limit=100)
    ]
    if named or not _is_prefix(word):
        return _the_one(word, named, "building block")
    listed = client.list(BLOCKS, {"workspaceIdentifier": workspace}, limit=MAX_SEARCHED)
    return _the_one(word, [Block.read(item) for item in listed], "building block")


def _is_prefix(word: str) -> bool:
    return len(word) >= MIN_PREFIX and set(word.lower()) <= set("0123456789abcdef-")


def _the_one(word: str, found: list[T], kind: str) -> T:
    """Return the one object of that name, else the one whose id begins so."""
    matches = [item for item in found if item.name == word]
    if not matches and _is_prefix(word):
        matches = [item for item in found if item.id.startswith(word.lower())]
    if not matches:
        raise missing(f"there is no {kind} '{word}'", f"Give its id or its exact name; list them with '{_list(kind)}'.")
    if len(matches) > 1:
        candidates = ", ".join(f"{item.id} ({plain(item.name)}, {item.workspace})" for item in matches[:10])
        raise usage(f"'{word}' means {len(matches)} {kind}s: {candidates}", "Give the whole id.")
    return matches[0]


def _list(kind: str) -> str:
    return "blockyard definitions list" if kind == "definition" else "blockyard blocks list"


def versions(client: Client, definition_id: str) -> list[Version]:
    """Return the versions of a definition, by number. Raises Failure (denied for definitions of others)."""
    listed = client.list(VERSIONS, {"buildingBlockDefinitionUuid": definition_id})
    return sorted((Version.read(item) for item in listed), key=lambda version: version.number)


def version(client: Client, version_id: str) -> Version:
    """Return a version of an own definition. Raises Failure."""
    return Version.read(client.show(VERSIONS, version_id))


def order_form(client: Client, version_id: str, workspace: str) -> Version:
    """Return a version as far as it matters to those who order it for a workspace. Raises Failure."""
    return Version.read_form(client.get(own("definitionversions", version_id, "form"), query={"workspace": workspace}))


def version_of_block(client: Client, block_id: str) -> Version:
    """Return the version of a building block as far as it matters to those who change it. Raises Failure."""
    return Version.read_form(client.get(own("blocks", block_id)))


def orderable(item: Definition, version_number: int | None = None) -> str:
    """Return the id of the version to order: the given one, else the latest released one, else the draft."""
    if version_number is not None:
        numbers = item.version_numbers
        for identifier, known in numbers.items():
            if known == version_number:
                return identifier
        listed = ", ".join(str(known) for known in sorted(numbers.values()))
        raise missing(f"'{item.name}' has no version {version_number}", f"It has: {listed}.")
    if not (item.released_id or item.latest_id):
        raise missing(f"'{item.name}' has no version that can be ordered", "Ask its owner to release one.")
    return item.released_id or item.latest_id


def by_prefix(client: Client, resource: Resource, word: str, kind: str) -> JsonObject:
    """Return the object whose id is `word` or begins with it. Raises Failure."""
    if identifier := full_id(word):
        return client.show(resource, identifier)
    matches = _beginning_with(client, resource, word)
    if len(matches) > 1:
        raise usage(f"the ids of {len(matches)} {kind}s begin with '{word}'", "Give the whole id.")
    if not matches:
        raise missing(f"there is no {kind} '{word}'", "Give its id.")
    return matches[0]


def run_id(client: Client, word: str) -> str:
    """Return the id of the run whose id is `word` or begins with it. Raises Failure."""
    return full_id(word) or text(by_prefix(client, RUNS, word, "run"), "metadata", "uuid")


def _beginning_with(client: Client, resource: Resource, word: str) -> list[JsonObject]:
    if not _is_prefix(word):
        return []
    listed = client.list(resource, {}, limit=MAX_SEARCHED)
    return [item for item in listed if text(item, "metadata", "uuid").startswith(word.lower())]
