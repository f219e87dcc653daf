"""Writes what the server has as files that apply without a change."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from blockyard.cli.client import Client
from blockyard.cli.documents import members, number, text
from blockyard.cli.manifests import plain, secrets
from blockyard.cli.manifests.files import write_file, written
from blockyard.cli.manifests.forms import definition_in_files, version_in_files, without_defaults
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.naming import DISABLED, Form, came_built_in
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, VERSION

FOLDER = "definitions"


def export(
    client: Client, known: Known, definitions: Sequence[JsonObject], folder: Path, *, force: bool
) -> Iterator[tuple[Path, bool]]:
    """Write one file for each definition with its latest version; yield its path and whether it was written. Raises Failure."""
    taken: set[str] = set()
    for definition in definitions:
        stem = _stem(text(definition, "spec", "displayName"))
        if stem in taken:
            stem = f"{stem}-{text(definition, 'metadata', 'uuid')[:8]}"
        taken.add(stem)
        path = folder / FOLDER / text(definition, "metadata", "ownedByWorkspace") / f"{stem}.yaml"
        yield path, write_file(path, written(_documents(client, known, definition)), force=force)


def export_plain(
    known: Known, form: Form, owner: str | None, folder: Path, *, force: bool
) -> Iterator[tuple[Path, bool]]:
    """Write one file for each object of a kind, those of a workspace or all; yield path and whether it was written. Raises Failure."""
    for item in known.all_of(form.kind).values():
        of = text(item, "metadata", "ownedByWorkspace")
        if came_built_in(item) or owner not in {None, of}:
            continue
        name = form.name(item)
        stem = _stem(name) if form.by_id else name  # names in URLs are good names of files, and differ
        if form.by_id and len(known.named(form.kind, of, name)) > 1:
            stem = f"{stem}-{form.address(item)[:8]}"
        path = folder / form.folder / of / f"{stem}.yaml"
        yield path, write_file(path, written([_document(known, form, item)]), force=force)


def _document(known: Known, form: Form, item: JsonObject) -> JsonObject:
    spec = plain.in_files(form, item, known)
    if form.switch is not None and form.switch.is_off(item):
        spec[DISABLED] = True
    tags = spec.pop("tags", {})
    name = form.name(item)
    named = {place: f"${{env:{_stem(name, '_').upper()}_{place.variable}}}" for place in secrets.places(spec)}
    metadata: dict[str, Json] = {}
    if form.is_of_workspace:
        metadata = {
            "name": text(item, "metadata", "name"),
            "ownedByWorkspace": text(item, "metadata", "ownedByWorkspace"),
        }
    if tags:
        metadata["tags"] = tags
    if "uuid" in form.metadata and len(known.named(form.kind, "", name)) > 1:
        metadata["uuid"] = form.address(item)
    head: JsonObject = {"kind": form.kind.name} | ({"metadata": metadata} if metadata else {})
    return head | {"spec": plain.without_defaults(form, secrets.replaced(spec, named))}


def _documents(client: Client, known: Known, definition: JsonObject) -> list[JsonObject]:
    identifier, owner = text(definition, "metadata", "uuid"), text(definition, "metadata", "ownedByWorkspace")
    spec = definition_in_files(definition, known)
    tags = spec.pop("tags")
    is_clear = len(known.named(DEFINITION, owner, text(definition, "spec", "displayName"))) == 1
    metadata: JsonObject = {"ownedByWorkspace": owner}
    metadata |= {"tags": tags} if tags else {}
    metadata |= {} if is_clear else {"uuid": identifier}
    found: list[JsonObject] = [{"kind": DEFINITION.name, "metadata": metadata, "spec": without_defaults(spec)}]
    listed = list(client.list(VERSION, {"buildingBlockDefinitionUuid": identifier}))
    if listed:
        latest = max(listed, key=lambda item: number(item, "spec", "versionNumber") or 0)
        found.append({"kind": VERSION.name, "metadata": {"ownedByWorkspace": owner}, "spec": _version(latest, known)})
    return found


def _version(latest: JsonObject, known: Known) -> JsonObject:
    spec = version_in_files(latest, known)
    definition = members(spec, "buildingBlockDefinitionRef")
    name = text(definition, "name") or "definition"
    named = {place: f"${{env:{_stem(name, '_').upper()}_{place.variable}}}" for place in secrets.places(spec)}
    head: JsonObject = {"buildingBlockDefinitionRef": definition, "state": text(latest, "spec", "state")}
    return head | without_defaults({**secrets.replaced(spec, named)} | head)


def _stem(name: str, hyphen: str = "-") -> str:
    return re.sub(r"[^a-z0-9]+", hyphen, name.lower()).strip(hyphen)[:60] or "definition"
