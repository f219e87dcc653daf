"""Carries a plan out, one object after the other. What was done stays done: the same command goes on where it stopped."""

from blockyard.cli.client import Client
from blockyard.cli.documents import member, members, number, objects, text
from blockyard.cli.manifests import plain, secrets
from blockyard.cli.manifests.files import Document
from blockyard.cli.manifests.forms import version_on_wire
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.naming import NAMINGS, PLAIN
from blockyard.cli.manifests.plan import Action, Step
from blockyard.cli.model import DRAFT, RELEASED
from blockyard.cli.resources import own
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION, VERSION


def carry_out(client: Client, known: Known, step: Step) -> None:
    """Do one step. Raises Failure."""
    if step.action is Action.NOTHING:
        return
    if step.document is None:
        naming = NAMINGS[step.kind]
        client.delete(naming.kind, naming.address(step.present))
    elif step.action in {Action.ENABLE, Action.DISABLE}:
        _switch(client, known, step)
    elif step.kind in PLAIN:
        known.learn(PLAIN[step.kind].kind, plain.store(client, known, step.document, step.present))
    elif step.kind == DEFINITION.name:
        known.learn(DEFINITION, _store_definition(client, known, step, step.document))
    else:
        _store_version(client, known, step, step.document)


def _switch(client: Client, known: Known, step: Step) -> None:
    form, (owner, name) = PLAIN[step.kind], step.name
    if form.switch is not None:
        address = known.require(form.kind, owner, name)
        verb = form.switch.off if step.action is Action.DISABLE else form.switch.on
        known.learn(form.kind, client.post(own(form.switch.path, address, verb)))


def _store_definition(client: Client, known: Known, step: Step, document: Document) -> JsonObject:
    spec = members(known.on_wire(document.spec, document.owner))
    if step.present and "symbol" not in spec:
        spec = spec | {"symbol": member(step.present, "spec", "symbol")}
    metadata: JsonObject = {"ownedByWorkspace": document.owner, "tags": members(document.metadata, "tags")}
    content: JsonObject = {"metadata": metadata, "spec": spec}
    if not step.present:
        return client.create(DEFINITION, content)
    return client.replace(DEFINITION, text(step.present, "metadata", "uuid"), content)


def _store_version(client: Client, known: Known, step: Step, document: Document) -> None:
    present = step.present or _first_draft(client, known, step)
    identifier, latest = text(present, "metadata", "uuid"), number(present, "spec", "versionNumber") or 0
    wanted = text(document.spec, "state") or DRAFT
    spec = secrets.replaced(document.spec, secrets.sent(document.spec, document.folder, members(present, "spec")))
    wire = version_on_wire(spec, document.owner, known)
    of_definition: JsonObject = {
        "buildingBlockDefinitionRef": DEFINITION.ref(text(present, "spec", "buildingBlockDefinitionRef", "uuid"))
    }
    is_next = text(present, "spec", "state") == RELEASED
    content: JsonObject = {
        "metadata": {"uuid": "" if is_next else identifier, "ownedByWorkspace": document.owner, "createdOn": ""},
        "spec": {**wire, **of_definition, "versionNumber": latest + is_next, "state": wanted},
    }
    if is_next:
        client.create(VERSION, content)
    else:
        client.replace(VERSION, identifier, content)


def _first_draft(client: Client, known: Known, step: Step) -> JsonObject:
    """Return the empty draft that the server made with its definition a moment ago."""
    definition = known.all_of(DEFINITION)[known.require(DEFINITION, *step.name)]
    first = next((text(item, "versionUuid") for item in objects(definition, "status", "versions")), "")
    return client.show(VERSION, first)
