"""Completes names on the command line: quickly, and silently where nobody is signed in or nothing answers."""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

import httpx2
import typer

from blockyard.cli import contexts, lookup
from blockyard.cli import credentials as stored
from blockyard.cli.client import Client
from blockyard.cli.documents import number, text
from blockyard.cli.exits import Failure
from blockyard.cli.model import OPERATOR_INPUT, USER_INPUT, Version
from blockyard.cli.output import plain
from blockyard.cli.resources import GROUP, own
from blockyard.cli.run_lists import latest_runs, newest_blocks, newest_first
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import (
    BLOCK_V2,
    DEFINITION,
    INTEGRATION,
    LANDING_ZONE,
    LOCATION,
    PAYMENT_METHOD,
    PLATFORM,
    PLATFORM_TYPE,
    PROJECT,
    RUN,
    RUNNER,
    TAG_DEFINITION,
    TENANT,
    WORKSPACE,
    Kind,
)

TIMEOUT = httpx2.Timeout(2.0)
"""Nobody waits longer for a completion."""

MOST = 200
"""So many objects are offered."""

Choice = tuple[str, str]
"""A word and what it is."""

Completer = Callable[[typer.Context, list[str], str], list[Choice]]


Given = Mapping[str, object]
"""What the line has so far, by parameter."""


class _Impatient(Exception):
    """The server is busy or away."""


def names_of(kind: str) -> Completer:
    """Return what completes the names of a kind of objects, or of contexts and inputs."""

    def complete(running: typer.Context, _arguments: list[str], incomplete: str) -> list[Choice]:
        try:
            found = _CHOICES[kind](_before_option(running) if kind == "inputs" else running.params)
            return [
                (_spelled(plain(word)), plain(said))
                for word, said in found
                if word.lower().startswith(incomplete.lower())
            ]
        except (Failure, _Impatient, httpx2.HTTPError, OSError, ValueError):
            return []

    return complete


def _spelled(word: str) -> str:
    """Return a word as the shell wants it; bash inserts it as it is, other shells quote it themselves."""
    if "bash" not in os.environ.get("_BLOCKYARD_COMPLETE", ""):
        return word
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _text(given: Given, parameter: str) -> str | None:
    """Return what the line has for a parameter so far."""
    found = given.get(parameter)
    return found if isinstance(found, str) else None


def _connected(given: Given) -> Client:
    credentials = stored.load(os.environ, url=_text(given, "url"), context=_text(given, "context"))
    return Client(credentials, waiting=_give_up, timeout=TIMEOUT)


def _give_up(_reason: str, _seconds: float) -> None:
    raise _Impatient


def _listed(
    resource: Kind, filters: Mapping[str, str] | None = None, path: str | None = None
) -> Callable[[Given], list[JsonObject]]:
    def fetch(given: Given) -> list[JsonObject]:
        with _connected(given) as client:
            return client.page(resource, filters or {}, size=MOST, path=path).items

    return fetch


def _named(fetch: Callable[[Given], list[JsonObject]]) -> Callable[[Given], Iterable[Choice]]:
    """Return what offers objects by their names, by the beginning of their ids where several have one name."""

    def choices(given: Given) -> Iterator[Choice]:
        found = [(text(item, "name") or text(item, "spec", "displayName"), item) for item in fetch(given)]
        names = [name for name, _ in found]
        for name, item in found:
            short = text(item, "metadata", "uuid")[:8]
            if names.count(name) == 1:
                yield name, short
            else:
                yield short, ", ".join(part for part in (name, text(item, "status", "status")) if part)

    return choices


def _addressed(fetch: Callable[[Given], list[JsonObject]]) -> Callable[[Given], Iterable[Choice]]:
    """Return what offers objects by the names that are their addresses."""
    return lambda given: [(text(item, "metadata", "name"), text(item, "spec", "displayName")) for item in fetch(given)]


def _runs(given: Given) -> Iterator[Choice]:
    with _connected(given) as client:
        found = list(islice(newest_first(client, RUN, {}), MOST)) or latest_runs(client, newest_blocks(client, None))
    for item in found:
        block = text(item, "spec", "buildingBlock", "spec", "displayName")
        yield text(item, "metadata", "uuid")[:8], f"{block}, run {number(item, 'spec', 'runNumber')}"


def _platforms(given: Given) -> Iterator[Choice]:
    for item in _listed(PLATFORM)(given):
        identifier = f"{text(item, 'metadata', 'name')}.{text(item, 'spec', 'locationRef', 'name')}"
        yield identifier, text(item, "spec", "displayName")


def _projects(given: Given) -> Iterator[Choice]:
    for item in _listed(PROJECT)(given):
        identifier = f"{text(item, 'metadata', 'ownedByWorkspace')}.{text(item, 'metadata', 'name')}"
        yield identifier, text(item, "spec", "displayName")


def _contexts(_given: Given) -> Iterator[Choice]:
    for name, item in contexts.read(contexts.file_path(os.environ)).by_name.items():
        yield name, item.url


def _tenants(given: Given) -> Iterator[Choice]:
    for item in _listed(TENANT, path=own("tenants"))(given):
        yield text(item, "status", "tenantName"), text(item, "statusText")


def _inputs(given: Given) -> Iterator[Choice]:
    """Offer `KEY=` for every input of the definition or block that the line names."""
    with _connected(given) as client:
        version = _version(given, client)
        for item in version.inputs if version else ():
            if item.assignment in {USER_INPUT, OPERATOR_INPUT}:
                yield f"{item.key}=", item.description.strip() or item.type


def _before_option(running: typer.Context) -> Given:
    """Return what the line has without the option that is being completed: one without its value ends the reading."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = shlex.split(line)[len(running.command_path.split()) :]
    ends = [index for index, word in enumerate(words) if word in {"-i", "--input"}]
    before = words[: ends[-1]] if ends else words
    return running.command.make_context(running.info_name, before, parent=running.parent, resilient_parsing=True).params


def _version(given: Given, client: Client) -> Version | None:
    definition, block = _text(given, "definition"), _text(given, "block")
    workspace = _text(given, "workspace") or stored.default_workspace(os.environ, context=_text(given, "context"))
    if block:
        return lookup.version_of_block(client, lookup.block(client, block).id)
    if definition and workspace:
        return lookup.order_form(client, lookup.orderable(lookup.definition(client, definition)), workspace)
    return None


_CHOICES: Mapping[str, Callable[[Given], Iterable[Choice]]] = {
    "definitions": _named(_listed(DEFINITION, {"includeAllPublished": "true"})),
    "blocks": _named(_listed(BLOCK_V2, path=own("blocks"))),
    "runners": _named(_listed(RUNNER)),
    "workspaces": _addressed(_listed(WORKSPACE, path=own("workspaces"))),
    "integrations": _named(_listed(INTEGRATION)),
    "projects": _projects,
    "groups": lambda given: [
        (text(item, "name"), text(item, "displayName")) for item in _listed(GROUP, path=own("groups"))(given)
    ],
    "tag-definitions": _addressed(_listed(TAG_DEFINITION)),
    "payment-methods": _addressed(_listed(PAYMENT_METHOD)),
    "locations": _addressed(_listed(LOCATION)),
    "platform-types": _addressed(_listed(PLATFORM_TYPE)),
    "platforms": _platforms,
    "landing-zones": _addressed(_listed(LANDING_ZONE)),
    "tenants": _tenants,
    "runs": _runs,
    "contexts": _contexts,
    "inputs": _inputs,
}
