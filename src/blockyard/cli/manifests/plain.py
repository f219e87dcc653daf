"""Objects without versions in the form of files, and on the wire: tags, places, landing zones, policies."""

from collections.abc import Mapping

from blockyard.cli.client import Client
from blockyard.cli.documents import members, text
from blockyard.cli.manifests import secrets
from blockyard.cli.manifests.files import Document
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.naming import DISABLED, PLAIN, Form, filled
from blockyard.cli.manifests.secrets import KEPT
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import PLATFORM, TAG_DEFINITION

_SAID_STATES: Mapping[str, Json] = {"REQUESTED": "PUBLISHED", "REJECTED": "UNPUBLISHED"}
"""What a file says where the server says how far a publication is: what was asked for, or what came of it."""

_FILLED_IN: Mapping[str, Json] = {"subscriptionCreationErrorCooldownSec": 900}
"""What the server fills in where a configuration leaves it out. Source: api.md 3.9."""


def in_files(form: Form, document: JsonObject, known: Known) -> JsonObject:
    """Return what files say of an object, with all defaults: `tags`, if it has them, and its specification.

    Each secret is a word that stands for it. Whether it is switched off is said apart.
    """
    spec = _without_nulls(_without_switch(form, members(document, "spec")))
    spec = secrets.replaced(spec, dict.fromkeys(secrets.places(spec), KEPT))
    spec = filled(form, members(known.in_files(spec, text(document, "metadata", "ownedByWorkspace"))))
    if form.kind is PLATFORM:
        spec = _platform(spec)
    return {"tags": members(document, "metadata", "tags"), **spec} if "tags" in form.metadata else spec


def without_defaults(form: Form, spec: JsonObject) -> JsonObject:
    """Return a specification as an export writes it: without what a file may leave out."""
    return {
        name: value for name, value in spec.items() if form.defaults.get(name) != value or name not in form.defaults
    }


def store(client: Client, known: Known, document: Document, present: JsonObject) -> JsonObject:
    """Make an object, or change the one that the server has; return it as stored. Raises Failure."""
    form = PLAIN[document.kind]
    spec = secrets.replaced(document.spec, secrets.sent(document.spec, document.folder, members(present, "spec")))
    spec = filled(form, members(known.on_wire(_without_switch(form, spec), document.owner)))
    content: JsonObject = {"metadata": _metadata(form, document, present), "spec": spec}
    if present:
        return client.replace(form.kind, form.address(present), content)
    return client.create(form.kind, content)


def _without_switch(form: Form, spec: JsonObject) -> JsonObject:
    return spec if form.switch is None else {name: value for name, value in spec.items() if name != DISABLED}


def _metadata(form: Form, document: Document, present: JsonObject) -> JsonObject:
    metadata = dict(document.metadata)
    if "tags" in form.metadata:
        metadata["tags"] = members(metadata, "tags")
    if form.kind is TAG_DEFINITION:
        metadata.setdefault("name", form.name(document.content))
    if form.kind is PLATFORM and present:
        metadata["uuid"] = text(present, "metadata", "uuid")
    return metadata


def _platform(spec: JsonObject) -> JsonObject:
    availability = {name: value for name, value in members(spec, "availability").items() if value != []}
    state = text(availability, "publicationState")
    return {
        **spec,
        "availability": {**availability, "publicationState": _SAID_STATES.get(state, state)},
        "config": _without(members(spec, "config"), _FILLED_IN),
    }


def _without(value: JsonObject, filled_in: Mapping[str, Json]) -> JsonObject:
    return {
        name: _without(item, filled_in) if isinstance(item, dict) else item
        for name, item in value.items()
        if name not in filled_in or filled_in[name] != item
    }


def _without_nulls(value: JsonObject) -> JsonObject:
    return {
        name: _without_nulls(item) if isinstance(item, dict) else item
        for name, item in value.items()
        if item is not None
    }
