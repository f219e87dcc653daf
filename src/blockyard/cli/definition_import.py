"""Imports a definition: reads the module, shows what it found, stores definition and version."""

import os
from dataclasses import dataclass
from pathlib import Path

import typer

from blockyard.cli import engine_check, lookup
from blockyard.cli.checkout import checked_out, locate, module_folder, read_files
from blockyard.cli.client import Client
from blockyard.cli.documents import flag, members, objects, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.importing import NOTHING, TENANT_LEVEL, WORKSPACE_LEVEL, Plan, plan
from blockyard.cli.model import DRAFT, RELEASED, Definition
from blockyard.cli.output import Format, Printer, plain, shown
from blockyard.cli.overrides import Overrides, files_of_inputs, read_overrides
from blockyard.cli.session import connected, interactive, reporting
from blockyard.modules.importing import Proposal, propose
from blockyard.modules.module import read as read_module
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION, PLATFORM_TYPE, VERSION
from blockyard.protocol.run import ImplementationType


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options of the command say."""

    location: str | None
    path: str | None
    ref: str | None
    name: str | None
    engine_version: str | None
    runner: str
    file: Path | None
    manual: bool
    workspace: str
    target: str | None


def run(wanted: Wanted, *, into: str | None, release: bool, dry_run: bool, url: str | None, form: Format) -> None:
    """Do what the command is for; ends the process where it fails."""
    with reporting(form) as printer:
        made = read(wanted, release=release, dry_run=dry_run)
        for warning in made.warnings:
            printer.warn(warning)
        if not printer.for_programs:
            _show(printer, made)
        if dry_run:
            definition_content, version_content = made.shown()
            printer.result({"definition": definition_content, "version": version_content}, "Nothing was stored.")
            return
    with connected(form, url) as session:
        state = RELEASED if release else DRAFT
        definition, version = _store(session.client, made, into=into, workspace=wanted.workspace, state=state)
        number = members(version, "spec").get("versionNumber")
        said = f"Definition '{definition.name}' is {definition.id}; version {number} is {text(version, 'spec', 'state').lower()}."
        session.printer.result({"definition": definition.document, "version": version}, said)


def read(wanted: Wanted, *, release: bool, dry_run: bool) -> Plan:
    """Return what shall be stored. Raises Failure.

    To release it, the engine of this machine must find the module valid. A dry run reads no secrets.
    """
    environ = None if dry_run else os.environ
    overrides = read_overrides(wanted.file) if wanted.file else Overrides()
    if wanted.manual:
        if wanted.location is not None:
            raise usage("a manual definition has no source", "Leave SOURCE or --manual out.")
        return plan(
            NOTHING,
            overrides,
            environ,
            source=None,
            name=wanted.name,
            target=wanted.target,
            workspace=wanted.workspace,
            runner=wanted.runner,
        )
    if wanted.location is None:
        raise usage("SOURCE is missing", "Give a repository's URL or a folder, or --manual.")
    source, warnings = locate(wanted.location, path=wanted.path, ref=wanted.ref)
    with checked_out(source) as repository:
        files = read_files(repository, source.path)
        proposal = propose(files.texts)
        _refuse_unread(proposal)
        warnings += files.warnings
        if release:
            folder = module_folder(repository, source.path)
            declared = read_module(files.texts).variables
            warnings += engine_check.check(folder, declared, os.environ, files_of_inputs(overrides, environ))
    made = plan(
        proposal,
        overrides,
        environ,
        source=source,
        name=wanted.name,
        target=wanted.target or _asked_target(proposal, overrides),
        engine_version=wanted.engine_version,
        logo=files.logo,
        workspace=wanted.workspace,
        runner=wanted.runner,
    )
    return made.with_warnings(warnings)


def _refuse_unread(proposal: Proposal) -> None:
    """Refuse a module that was read in part: inputs and outputs would be missing without a word. Raises Failure."""
    if proposal.unread:
        sentences = "; ".join(file.sentence for file in proposal.unread)
        raise usage(sentences, "Mend the module and commit it, then import it.")


def _asked_target(proposal: Proposal, overrides: Overrides) -> str | None:
    """Return what blocks belong to where only a person can tell; None if nobody can be asked, or the file says it."""
    if not proposal.supported_platforms or overrides.text("target_type") or not interactive():
        return None
    platforms = ", ".join(proposal.supported_platforms)
    question = f"The readme names {plain(platforms)}. Do blocks belong to tenants on this platform, not to workspaces?"
    return TENANT_LEVEL if typer.confirm(question, default=False, err=True) else WORKSPACE_LEVEL


def _show(printer: Printer, wanted: Plan) -> None:
    description = text(wanted.definition, "spec", "description")
    printer.say(f"{wanted.name}: {description}" if description != wanted.name else wanted.name)
    rows = []
    for key, item in members(wanted.version, "inputs").items():
        sensitive = flag(item, "isSensitive")
        default = members(item).get("defaultValue")
        secret = sensitive and default is not None
        rows.append(
            (
                key,
                text(item, "type") + (" (sensitive)" if sensitive else ""),
                text(item, "assignmentType"),
                "(secret)" if secret else shown(default).replace("\n", " "),
            )
        )
    printer.table(("INPUT", "TYPE", "FROM", "DEFAULT"), rows, title="Inputs")
    printer.say("")
    if text(wanted.version, "implementation", "type") == ImplementationType.MANUAL:
        printer.say("Outputs: each input is an output as well.")
    else:
        outputs = members(wanted.version, "outputs").items()
        printer.table(
            ("OUTPUT", "TYPE", "USED AS"),
            [(key, text(item, "type"), text(item, "assignmentType")) for key, item in outputs],
            title="Outputs",
        )
    printer.say("")


def _store(
    client: Client, wanted: Plan, *, into: str | None, workspace: str, state: str
) -> tuple[Definition, JsonObject]:
    """Write definition and version, and return them as stored. Raises Failure."""
    if into is not None:
        return _store_version(client, wanted, lookup.definition(client, into, workspace=workspace), state=state)
    wanted = _on_platform_types(client, wanted)
    created = client.create(DEFINITION, wanted.definition)
    definition = Definition.read(created)
    first = next((text(item, "versionUuid") for item in objects(created, "status", "versions")), "")
    document = wanted.version_document(definition_id=definition.id, version_id=first, number=1, state=state)
    try:
        version = client.replace(VERSION, first, document)
    except Failure:
        client.delete(DEFINITION, definition.id)  # a definition nobody can order would stay behind
        raise
    return Definition.read(client.show(DEFINITION, definition.id)), version


def _on_platform_types(client: Client, wanted: Plan) -> Plan:
    """Return the plan with the platform types of the server, as far as it shows them. Raises Failure."""
    if not objects(wanted.definition, "spec", "supportedPlatforms"):
        return wanted
    try:
        known = [text(one, "metadata", "name") for one in client.list(PLATFORM_TYPE, {})]
    except Failure:  # the server knows them, and says what is wrong
        return wanted
    return wanted.on_platform_types(known)


def _store_version(
    client: Client, wanted: Plan, definition: Definition, *, state: str
) -> tuple[Definition, JsonObject]:
    """Write the draft of an existing definition, or its next version. Raises Failure."""
    latest = lookup.versions(client, definition.id)[-1]
    if latest.state == DRAFT:
        document = wanted.version_document(
            definition_id=definition.id, version_id=latest.id, number=latest.number, state=state
        )
        return definition, client.replace(VERSION, latest.id, document)
    document = wanted.version_document(
        definition_id=definition.id, version_id="", number=latest.number + 1, state=DRAFT
    )
    version = client.create(VERSION, document)
    if state == RELEASED:
        document = wanted.version_document(
            definition_id=definition.id,
            version_id=text(version, "metadata", "uuid"),
            number=latest.number + 1,
            state=state,
        )
        version = client.replace(VERSION, text(version, "metadata", "uuid"), document)
    return definition, version
