"""Finds objects by full id, by exact name, or by the beginning of their id."""

from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from blockyard.cli.client import Client
from blockyard.cli.documents import members, objects, text
from blockyard.cli.exits import missing, usage
from blockyard.cli.model import Block, Definition, Version
from blockyard.cli.output import plain
from blockyard.cli.resources import own
from blockyard.cli.run_lists import latest_runs, newest_blocks, newest_first
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import API_KEY, BLOCK_V2, DEFINITION, INTEGRATION, PLATFORM, RUN, RUNNER, TENANT, VERSION

MIN_PREFIX = 4
"""Shorter beginnings of an id are not looked for."""

MAX_SEARCHED = 5000
"""So many objects are looked through for the beginning of an id, the newest first."""

MAX_NAMED = 100
MAX_CANDIDATES = 10
"""So many objects of one name are read, and named in a refusal."""

EMBEDDED_KEYS = ("_embedded", "meshApiKeys")

_COMMANDS = {
    "definition": "definitions",
    "building block": "blocks",
    "runner": "runners",
    "integration": "integrations",
    "API key": "keys",
    "run": "runs",
    "platform": "platforms",
    "tenant": "tenants",
}


def full_id(word: str) -> str | None:
    """Return `word` as an id if it is a whole one."""
    try:
        return str(UUID(word)) if len(word) in {32, 36} else None
    except ValueError:
        return None


def definition(client: Client, word: str, *, workspace: str | None = None) -> Definition:
    """Return the definition that `word` means, among those of `workspace` if one is given. Raises Failure."""
    if identifier := full_id(word):
        return Definition.read(client.show(DEFINITION, identifier))
    filters = {"includeAllPublished": "true", "ownedByWorkspace": workspace}
    return Definition.read(_the_one(word, client.list(DEFINITION, filters), "definition"))


def block(client: Client, word: str, *, workspace: str | None = None) -> Block:
    """Return the building block that `word` means, among those of `workspace` if one is given. Raises Failure."""
    if identifier := full_id(word):
        return Block.read(client.show(BLOCK_V2, identifier))
    here = {"workspaceIdentifier": workspace}
    named = list(client.list(BLOCK_V2, {"name": word} | here, limit=MAX_NAMED, path=own("blocks")))
    if not named and _is_prefix(word):
        listed = client.list(BLOCK_V2, here, limit=MAX_SEARCHED, path=own("blocks"))
        found = _the_one(word, listed, "building block")
    else:
        found = _the_one(word, named, "building block")
    return Block.read(client.show(BLOCK_V2, Block.read(found).id))  # lists leave long values out


def runner(client: Client, word: str) -> JsonObject:
    """Return the runner that `word` means. Raises Failure."""
    if identifier := full_id(word):
        return client.show(RUNNER, identifier)
    return _the_one(word, client.list(RUNNER, {}), "runner")


def integration(client: Client, word: str) -> JsonObject:
    """Return the integration that `word` means. Raises Failure."""
    if identifier := full_id(word):
        return client.show(INTEGRATION, identifier)
    return _the_one(word, client.list(INTEGRATION, {}), "integration")


def platform(client: Client, word: str) -> JsonObject:
    """Return the platform that `word` means: by its id, `<name>.<location>`, its name for people, or its name. Raises Failure."""
    if identifier := full_id(word):
        return client.show(PLATFORM, identifier)
    name, _, location = word.partition(".")
    named = list(client.list(PLATFORM, {"identifier": name, "locationIdentifier": location}))
    if len(named) == 1:
        return named[0]
    return _the_one(word, named or client.list(PLATFORM, {}), "platform")


def api_key(client: Client, word: str, *, workspace: str | None) -> JsonObject:
    """Return the API key that `word` means; by name or the beginning of its id among those of a workspace alone.

    Raises Failure.
    """
    if identifier := full_id(word):
        return client.show(API_KEY, identifier)
    if workspace is None:
        raise usage("an API key is looked for in its workspace", "Give its whole id, or its workspace with -w.")
    return _the_one(word, objects(client.get(own("workspaces", workspace, "apikeys")), *EMBEDDED_KEYS), "API key")


def tenant(client: Client, word: str) -> JsonObject:
    """Return the tenant that `word` means, as people read it. Raises Failure."""
    if identifier := full_id(word):
        return client.get(own("tenants", identifier))
    return _the_one(word, client.list(TENANT, {}, path=own("tenants")), "tenant")


def _is_prefix(word: str) -> bool:
    return len(word) >= MIN_PREFIX and _is_hex(word)


def _is_hex(word: str) -> bool:
    return set(word.lower()) <= set("0123456789abcdef-")


def _the_one(word: str, listed: Iterable[JsonObject], kind: str) -> JsonObject:
    """Return the one object of that name, else the one whose id begins so. Raises Failure."""
    found = list(listed)
    matches = [item for item in found if word in _names(item)]
    if not matches and _is_prefix(word):
        matches = [item for item in found if text(item, "metadata", "uuid").startswith(word.lower())]
    if not matches:
        raise missing(f"there is no {kind} '{word}' that you may see", _how_to_name(word, kind))
    if len(matches) > 1:
        shown = "\n".join(f"  {_candidate(item)}" for item in matches[:MAX_CANDIDATES])
        raise usage(f"'{word}' matches {len(matches)} {kind}s:\n{shown}", "Use the id, or the beginning of it.")
    return matches[0]


def _names(item: JsonObject) -> tuple[str, ...]:
    return (text(item, "name"), text(item, "spec", "displayName"), text(item, "status", "tenantName"))


def _how_to_name(word: str, kind: str) -> str:
    name = "" if kind == "run" else ", or its exact name"
    short = (
        f" The beginning of an id must have at least {MIN_PREFIX} characters."
        if len(word) < MIN_PREFIX and _is_hex(word)
        else ""
    )
    return f"Give its id, or the beginning of it{name}; 'blockyard {_COMMANDS[kind]} list' shows them.{short}"


def _candidate(item: JsonObject) -> str:
    name = (
        text(item, "name")
        or text(item, "spec", "displayName")
        or text(item, "spec", "buildingBlock", "spec", "displayName")
    )
    target = members(item, "spec", "targetRef")
    place = f"on tenant {text(target, 'uuid')}" if text(target, "kind") == TENANT.name else ""
    parts = (
        text(item, "metadata", "uuid"),
        name,
        text(item, "metadata", "ownedByWorkspace"),
        place,
        text(item, "status", "status"),
    )
    return "  ".join(plain(part) for part in parts if part)


def versions(client: Client, definition_id: str) -> list[Version]:
    """Return the versions of a definition, by number. Raises Failure (denied for definitions of others)."""
    listed = client.list(VERSION, {"buildingBlockDefinitionUuid": definition_id})
    return sorted((Version.read(item) for item in listed), key=lambda version: version.number)


def version(client: Client, version_id: str) -> Version:
    """Return a version of an own definition. Raises Failure."""
    return Version.read(client.show(VERSION, version_id))


def offer(client: Client, version_id: str) -> Version:
    """Return a version as everybody sees it who may see its definition. Raises Failure."""
    return Version.read_form(client.get(own("definitionversions", version_id, "form")))


def order_form(client: Client, version_id: str, workspace: str) -> Version:
    """Return a version as far as it matters to those who order it for a workspace. Raises Failure."""
    return Version.read_form(client.get(own("definitionversions", version_id, "form"), query={"workspace": workspace}))


def version_of_block(client: Client, block_id: str) -> Version:
    """Return the version of a building block as far as it matters to those who change it. Raises Failure."""
    return Version.read_form(client.get(own("blocks", block_id)))


def orderable(item: Definition, version_number: int | None = None) -> str:
    """Return the id of the version to order: the given one, else the latest released one that is not defective, else the draft."""
    if version_number is not None:
        numbers = item.version_numbers
        for identifier, known in numbers.items():
            if known == version_number:
                return identifier
        listed = ", ".join(str(known) for known in sorted(numbers.values()))
        raise missing(f"'{item.name}' has no version {version_number}", f"It has: {listed}.")
    if not (item.released_id or item.latest_id):
        raise missing(f"'{item.name}' has no version that can be ordered", "Ask its owner to release one.")
    return item.sound_id or item.released_id or item.latest_id


def run_id(client: Client, word: str) -> str:
    """Return the id of the run whose id is `word` or begins with it. Raises Failure."""
    if identifier := full_id(word):
        return identifier
    listed = list(islice(newest_first(client, RUN, {}), MAX_SEARCHED)) if _is_prefix(word) else []
    if not any(text(item, "metadata", "uuid").startswith(word.lower()) for item in listed):
        listed = latest_runs(client, newest_blocks(client, None))
    return text(_the_one(word, listed, "run"), "metadata", "uuid")
