"""What is to be done so that the server has what the files say: compared first, then carried out in the order of dependency."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from blockyard.cli.client import Client
from blockyard.cli.documents import members, number, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.manifests import secrets
from blockyard.cli.manifests.differences import Difference, differences
from blockyard.cli.manifests.files import Document
from blockyard.cli.manifests.forms import comparable, definition_in_files, version_in_files
from blockyard.cli.manifests.known import Known, definitions_named
from blockyard.cli.manifests.secrets import KEPT, Place
from blockyard.cli.model import DRAFT, RELEASED
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION, VERSION

Name = tuple[str, str]
"""Workspace and display name of a definition."""


class Action(StrEnum):
    """What is done with an object."""

    CREATE = "create"
    CHANGE = "change"
    RELEASE = "release"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done with one object.

    Attributes:
        name: the definition that it is, or that it is a version of.
        document: what the file says; None for what no file names any more.
        present: what the server has: the definition, or its latest version.
        changes: the members that differ; of a secret only that it is sent.
    """

    action: Action
    kind: str
    name: Name
    document: Document | None = None
    present: JsonObject = field(default_factory=dict)
    changes: Sequence[Difference] = ()

    @property
    def label(self) -> str:
        """The object as people read it."""
        return f"{'version of' if self.kind == VERSION.name else 'definition'} '{self.name[1]}' ({self.name[0]})"


def plan(client: Client, known: Known, documents: Sequence[Document], *, send_secrets: bool, prune: bool) -> list[Step]:
    """Return a step for every object, in the order in which they are taken. Raises Failure: the files do not fit together."""
    definitions = _by_name([document for document in documents if document.kind == DEFINITION.name], known)
    versions = _by_name([document for document in documents if document.kind == VERSION.name], known)
    steps: list[Step] = []
    for name in _in_order(definitions, versions):
        present = _present(known, name, definitions.get(name) or versions.get(name))
        if name in definitions:
            steps.append(_definition(known, name, definitions[name], present))
        elif not present:
            raise Failure(
                f"{versions[name].place}: there is no definition '{name[1]}' in workspace '{name[0]}'",
                remedy="Add the definition to the files.",
            )
        if name in versions:
            steps.append(_version(client, known, name, versions[name], present, send_secrets=send_secrets))
    return steps + (_superfluous(known, definitions, versions) if prune else [])


def _by_name(documents: Sequence[Document], known: Known) -> dict[Name, Document]:
    found: dict[Name, Document] = {}
    for document in documents:
        name = _name_of(document, known)
        if name in found:
            raise usage(f"{document.place}: this says the same object as {found[name].place}", "Leave one of them out.")
        found[name] = document
        if document.kind == VERSION.name:
            secrets.check(document.spec, document.place)
            if text(document.spec, "state") not in {"", DRAFT, RELEASED}:
                raise usage(f"{document.place}: spec.state must be {DRAFT} or {RELEASED}")
    return found


def _name_of(document: Document, known: Known) -> Name:
    identifier = _identifier(document)
    item = known.all_of(DEFINITION).get(identifier)
    if document.kind == DEFINITION.name:
        member, name = "displayName", text(document.spec, "displayName")
    else:
        member = "buildingBlockDefinitionRef.name"
        name = text(item, "spec", "displayName") or text(document.spec, "buildingBlockDefinitionRef", "name")
    if not name:
        raise usage(f"{document.place}: spec.{member} is missing")
    if identifier and len(known.named(DEFINITION, document.owner, name)) > 1:
        name += f" ({identifier[:8]})"  # one of several with this name
    return document.owner, name


def _identifier(document: Document | None) -> str:
    if document is None:
        return ""
    if document.kind == DEFINITION.name:
        return text(document.metadata, "uuid")
    return text(document.spec, "buildingBlockDefinitionRef", "uuid")


def _in_order(definitions: Mapping[Name, Document], versions: Mapping[Name, Document]) -> list[Name]:
    names = dict.fromkeys([*definitions, *versions])
    sorter: TopologicalSorter[Name] = TopologicalSorter()
    for name in names:
        spec = versions[name].spec if name in versions else {}
        content = {member: value for member, value in spec.items() if member != "buildingBlockDefinitionRef"}
        sorter.add(name, *(found for found in definitions_named(content, name[0]) if found in names))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(name for _, name in error.args[1])
        raise usage(f"definitions depend on each other in a circle: {circle}") from None


def _present(known: Known, name: Name, document: Document | None) -> JsonObject:
    """Return the definition that the server has; empty if it has none. Raises Failure: it has several."""
    if identifier := _identifier(document):
        found = known.all_of(DEFINITION).get(identifier)
        if found is None:
            raise Failure(
                f"there is no definition {identifier} that you may see", remedy="Take 'uuid' out to create it."
            )
        return found
    return known.all_of(DEFINITION)[known.require(DEFINITION, *name)] if known.named(DEFINITION, *name) else {}


def _definition(known: Known, name: Name, document: Document, present: JsonObject) -> Step:
    wanted: JsonObject = {"tags": members(document.metadata, "tags"), **document.spec}
    step = Step(action=Action.CREATE, kind=DEFINITION.name, name=name, document=document)
    if not present:
        return step
    changes = differences(*comparable(definition_in_files(present, known), wanted))
    return replace(step, action=Action.CHANGE if changes else Action.NOTHING, present=present, changes=changes)


def _version(
    client: Client, known: Known, name: Name, document: Document, definition: JsonObject, *, send_secrets: bool
) -> Step:
    step = Step(action=Action.CREATE, kind=VERSION.name, name=name, document=document)
    latest = _latest(client, definition)
    kept = secrets.kept_on_server(members(latest, "spec"))
    _require_secrets(document, kept)
    if not latest:
        return step
    before, after = comparable(version_in_files(latest, known), _canonical(document, known))
    changes = differences(before, after)
    if send_secrets:
        changes += [Difference(place.path, KEPT, KEPT) for place in secrets.places(document.spec) if place in kept]
    state, wanted = text(latest, "spec", "state"), text(document.spec, "state") or DRAFT
    if changes:
        action = Action.CHANGE if state == DRAFT else Action.CREATE
        return replace(step, action=action, present=latest, changes=changes)
    releases = state == DRAFT and wanted == RELEASED
    return replace(step, action=Action.RELEASE if releases else Action.NOTHING, present=latest)


def _canonical(document: Document, known: Known) -> JsonObject:
    """Return what a file says in the form that the server's versions are brought into."""
    hidden = secrets.replaced(document.spec, dict.fromkeys(secrets.places(document.spec), KEPT))
    spec = {name: value for name, value in hidden.items() if name != "state"}
    sent: JsonObject = {"metadata": {"ownedByWorkspace": document.owner}, "spec": spec}
    return version_in_files(sent, known)


def _latest(client: Client, definition: JsonObject) -> JsonObject:
    identifier = text(definition, "metadata", "uuid")
    if not identifier:
        return {}
    listed = client.list(VERSION, {"buildingBlockDefinitionUuid": identifier})
    return max(listed, key=lambda item: number(item, "spec", "versionNumber") or 0, default={})


def _require_secrets(document: Document, kept: Mapping[Place, JsonObject]) -> None:
    lacking = [
        place
        for place in secrets.places(document.spec)
        if place not in kept and secrets.read(document.spec, place, document.folder, os.environ) is None
    ]
    if lacking:
        place = lacking[0]
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise usage(
            f"{document.place}: the secret '{place.name}' is not there{more}: {text(document.spec, *place.path)}",
            "Set the variable, or write the file.",
        )


def _superfluous(known: Known, definitions: Mapping[Name, Document], versions: Mapping[Name, Document]) -> list[Step]:
    """Return the deletion of definitions that no file names, in workspaces that own others of the files: dependents first."""
    named = {*definitions, *versions}
    owners = {owner for owner, _ in named}
    uuids = {text(document.metadata, "uuid") for document in definitions.values()}
    found = []
    for identifier, item in known.all_of(DEFINITION).items():
        name = text(item, "metadata", "ownedByWorkspace"), text(item, "spec", "displayName")
        if name[0] in owners and name not in named and identifier not in uuids:
            found.append(Step(action=Action.DELETE, kind=DEFINITION.name, name=name, present=item))
    return list(reversed(found))
