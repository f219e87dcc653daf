"""What is to be done so that the server has what the files say: compared first, then carried out in the order of references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from blockyard.cli.client import Client
from blockyard.cli.documents import members, number, text
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.cli.manifests import plain, secrets
from blockyard.cli.manifests.differences import Difference, differences
from blockyard.cli.manifests.files import Document
from blockyard.cli.manifests.forms import comparable, definition_in_files, version_in_files
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.naming import DISABLED, PLAIN, Form, came_built_in
from blockyard.cli.manifests.order import Name, Unit, in_order
from blockyard.cli.manifests.secrets import KEPT
from blockyard.cli.model import DRAFT, RELEASED
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION, LANDING_ZONE, VERSION, WORKSPACE


class Action(StrEnum):
    """What is done with an object."""

    CREATE = "create"
    CHANGE = "change"
    RELEASE = "release"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done with one object.

    Attributes:
        name: its workspace and name, those of the definition for a version.
        document: what the file says; None for what no file names any more.
        present: what the server has: the object, or the latest version.
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
        owner, name = self.name
        words = {VERSION.name: "version of", DEFINITION.name: "definition"}
        word = words.get(self.kind) or PLAIN[self.kind].word
        return f"{word} '{name}'" + (f" ({owner})" if owner else "")


def plan(client: Client, known: Known, documents: Sequence[Document], *, send_secrets: bool, prune: bool) -> list[Step]:
    """Return the steps of all objects, in the order in which they are taken; what is switched off is so at the end.

    Raises Failure: the files do not fit together, or name a workspace that is not there.
    """
    _require_workspaces(client, documents)
    definitions = _by_name([document for document in documents if document.kind == DEFINITION.name], known)
    versions = _by_name([document for document in documents if document.kind == VERSION.name], known)
    others = _others([document for document in documents if document.kind in PLAIN])
    steps: list[Step] = []
    switches: list[Step] = []
    for unit in in_order(definitions, versions, others):
        if unit in others:
            step = _plain(known, others[unit], send_secrets=send_secrets)
            steps.append(step)
            switches += _switched(step)
            continue
        name = unit.owner, unit.name
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
    steps = [*(step for step in switches if step.action is Action.ENABLE), *steps]
    steps += [step for step in switches if step.action is Action.DISABLE]
    if not prune:
        return steps
    zones, places = _superfluous_plain(known, others)
    return [*steps, *zones, *_superfluous(known, definitions, versions), *places]


def _require_workspaces(client: Client, documents: Sequence[Document]) -> None:
    """Refuse files of workspaces that are not there, all of them at once: nothing is half done then. Raises Failure."""
    missing = []
    for owner in sorted({document.owner for document in documents if document.owner}):
        try:
            client.show(WORKSPACE, owner)
        except Failure as failure:
            if failure.exit_code is ExitCode.NOT_FOUND:
                place = next(document.place for document in documents if document.owner == owner)
                missing.append(f"'{owner}' ({place})")
            elif failure.exit_code is not ExitCode.DENIED:  # whoever may not read workspaces learns it later
                raise
    if missing:
        word = "workspace" if len(missing) == 1 else "workspaces"
        raise Failure(
            f"there is no {word} {', '.join(missing)} that you may see",
            remedy="Make it first, or correct ownedByWorkspace in the files.",
            exit_code=ExitCode.NOT_FOUND,
        )


def _switched(step: Step) -> list[Step]:
    """Return the step that switches an object off or on, if its file says other than the server."""
    switch = PLAIN[step.kind].switch
    if switch is None or step.document is None or DISABLED not in step.document.spec:
        return []
    now, wanted = switch.is_off(step.present), step.document.spec[DISABLED]
    if now is wanted:
        return []
    action = Action.DISABLE if wanted else Action.ENABLE
    return [replace(step, action=action, changes=[Difference((DISABLED,), now, wanted)])]


def _others(documents: Sequence[Document]) -> dict[Unit, Document]:
    found: dict[Unit, Document] = {}
    for document in documents:
        unit = Unit(document.kind, "", PLAIN[document.kind].name(document.content))
        if unit in found:
            raise _twice(document, found[unit])
        found[unit] = document
        secrets.check(document.spec, document.place)
    return found


def _twice(document: Document, other: Document) -> Failure:
    return usage(f"{document.place}: this says the same object as {other.place}", "Leave one of them out.")


def _by_name(documents: Sequence[Document], known: Known) -> dict[Name, Document]:
    found: dict[Name, Document] = {}
    for document in documents:
        name = _name_of(document, known)
        if name in found:
            raise _twice(document, found[name])
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


def _plain(known: Known, document: Document, *, send_secrets: bool) -> Step:
    form = PLAIN[document.kind]
    name = document.owner, form.name(document.content)
    present = _present_plain(known, form, name, document)
    kept = secrets.kept_on_server(members(present, "spec"))
    secrets.require(document.spec, kept, document.folder, document.place)
    step = Step(action=Action.CREATE, kind=document.kind, name=name, document=document)
    if not present:
        return step
    wanted = plain.in_files(form, document.content, known)
    changes = differences(plain.in_files(form, present, known), wanted)
    changes += _sent_again(document, kept, send_secrets=send_secrets)
    return replace(step, action=Action.CHANGE if changes else Action.NOTHING, present=present, changes=changes)


def _present_plain(known: Known, form: Form, name: Name, document: Document) -> JsonObject:
    """Return the object that the server has; empty if it has none. Raises Failure: it has several, or another owner."""
    address = text(document.metadata, "uuid")
    found = known.all_of(form.kind).get(address, {}) if address else {}
    if not address and known.named(form.kind, *name):
        found = known.all_of(form.kind)[known.require(form.kind, *name)]
    if address and not found:
        raise Failure(
            f"{document.place}: there is no {form.word} {address} that you may see",
            remedy="Take 'uuid' out to create it.",
        )
    if found and form.is_of_workspace and (owner := text(found, "metadata", "ownedByWorkspace")) != name[0]:
        raise usage(f"{document.place}: the {form.word} '{name[1]}' belongs to workspace '{owner}'")
    return found


def _sent_again(
    document: Document, kept: Mapping[secrets.Place, JsonObject], *, send_secrets: bool
) -> list[Difference]:
    if not send_secrets:
        return []
    return [Difference(place.path, KEPT, KEPT) for place in secrets.places(document.spec) if place in kept]


def _version(
    client: Client, known: Known, name: Name, document: Document, definition: JsonObject, *, send_secrets: bool
) -> Step:
    step = Step(action=Action.CREATE, kind=VERSION.name, name=name, document=document)
    latest = _latest(client, definition)
    kept = secrets.kept_on_server(members(latest, "spec"))
    secrets.require(document.spec, kept, document.folder, document.place)
    if not latest:
        return step
    before, after = comparable(version_in_files(latest, known), _canonical(document, known))
    changes = differences(before, after) + _sent_again(document, kept, send_secrets=send_secrets)
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


def _superfluous_plain(known: Known, others: Mapping[Unit, Document]) -> tuple[list[Step], list[Step]]:
    """Return the deletions of landing zones, and of what definitions may name.

    What belongs to no workspace (tags, policies) is never deleted: files of one team do not say what others need.
    """
    found: list[Step] = []
    for form in reversed([form for form in PLAIN.values() if form.is_of_workspace]):
        owners = {document.owner for unit, document in others.items() if unit.kind == form.kind.name}
        for item in known.all_of(form.kind).values() if owners else ():
            name = text(item, "metadata", "ownedByWorkspace"), form.name(item)
            is_named = Unit(form.kind.name, "", name[1]) in others
            if name[0] in owners and not is_named and not came_built_in(item):
                found.append(Step(action=Action.DELETE, kind=form.kind.name, name=name, present=item))
    zones = [step for step in found if step.kind == LANDING_ZONE.name]
    return zones, [step for step in found if step.kind != LANDING_ZONE.name]
