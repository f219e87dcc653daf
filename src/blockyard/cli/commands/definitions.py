"""`definitions list | show | docs | trust | readiness | release | new-draft | mark | …`: definitions and their versions."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.client import Client
from blockyard.cli.commands.definition_failures import Which, close_breaker, explain_failure, show_failures
from blockyard.cli.commands.definition_readiness import show_readiness
from blockyard.cli.commands.definition_trust import generate_inputs, show_trust
from blockyard.cli.commands.definitions_import import import_definition
from blockyard.cli.commands.lives import lifetimes_of_definition
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.definition_reports import print_definition
from blockyard.cli.documents import members, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.listing import Most, require_workspace
from blockyard.cli.model import DRAFT, RELEASED, Definition, Version
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import DEFINITION, VERSION

definitions = typer.Typer(name="definitions", help="Building block definitions: what can be ordered.")
definitions.command("import")(import_definition)
definitions.command("generate-inputs")(generate_inputs)
definitions.command("trust")(show_trust)
definitions.command("readiness")(show_readiness)
definitions.command("lifetimes")(lifetimes_of_definition)
definitions.command("failures")(show_failures)
definitions.command("explain")(explain_failure)
definitions.command("close-breaker")(close_breaker)


@definitions.command("list")
def list_definitions(
    *,
    workspace: WorkspaceOption = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List your definitions and the released ones of others."""
    with connected(output, url) as session:
        filters = {"includeAllPublished": "true", "ownedByWorkspace": workspace}
        found = list(session.client.list(DEFINITION, filters, limit=limit or 0))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        require_workspace(session, workspace, found)
        session.printer.objects(
            columns("NAME", "OWNER", "RELEASED", "LATEST", "BLOCKS", "ID", wide=["DESCRIPTION"]),
            [
                (
                    item.name,
                    item.workspace,
                    "-" if item.released is None else f"v{item.released}",
                    "-" if item.latest is None else f"v{item.latest}",
                    shown(item.blocks),
                    item.id,
                    item.description,
                )
                for item in map(Definition.read, found)
            ],
        )


@definitions.command("show")
def show_definition(
    definition: Which,
    *,
    version: Annotated[int | None, typer.Option("--version", help="Number of the version to show.")] = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a definition, its inputs and its outputs.

    They are those of its latest released version, else of its draft.
    """
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        version_id = lookup.orderable(item, version)
        offered = lookup.offer(session.client, version_id)
        written = _written(session.client, version_id)
        if session.printer.for_programs:
            document: JsonObject = {"definition": item.document, "offer": offered.document}
            session.printer.document(document | ({"version": written.document} if written else {}))
            return
        print_definition(session.printer, item, offered, written)


@definitions.command("docs")
def show_documentation(
    definition: Which,
    *,
    version: Annotated[int | None, typer.Option("--version", help="Number of the version.")] = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Write the documentation of a definition as markdown.

    It has inputs, outputs, dependencies and permissions, and is that of its latest released version, else of its draft.
    """
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        path = own("definitionversions", lookup.orderable(item, version), "documentation")
        markdown = session.client.request("GET", path, accept="text/markdown").text
        if session.printer.for_programs:
            session.printer.document({"documentation": markdown})
            return
        session.printer.raw(markdown.rstrip("\n"))


def _written(client: Client, version_id: str) -> Version | None:
    """Return a version as its team wrote it; None for others, who order it."""
    try:
        return lookup.version(client, version_id)
    except Failure as failure:
        if failure.exit_code not in {ExitCode.DENIED, ExitCode.NOT_FOUND}:
            raise
        return None


@definitions.command("release")
def release_definition(
    definition: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Release the draft.

    From then on it is what is ordered, and it never changes.
    """
    with connected(output, url) as session:
        item, latest = _latest(session, definition, workspace)
        if latest.state == RELEASED:
            session.printer.result(latest.document, f"Version {latest.number} of '{item.name}' is released already.")
            return
        stored = session.client.replace(VERSION, latest.id, _with_state(latest, RELEASED, latest.number))
        state = text(stored, "spec", "state")
        said = "is released" if state == RELEASED else "waits for its approval"
        session.printer.result(stored, f"Version {latest.number} of '{item.name}' {said}.")


@definitions.command("new-draft")
def new_draft(
    definition: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Begin the next version as a copy of the latest one."""
    with connected(output, url) as session:
        item, latest = _latest(session, definition, workspace)
        if latest.state == DRAFT:
            raise Failure(
                f"version {latest.number} of '{item.name}' is a draft already", remedy="Edit it, or release it first."
            )
        stored = session.client.create(VERSION, _with_state(latest, DRAFT, latest.number + 1))
        session.printer.result(stored, f"Version {latest.number + 1} of '{item.name}' is a draft now.")


@definitions.command("mark")
def mark_defective(
    definition: Which,
    *,
    version: Annotated[int, typer.Option("--version", help="Number of the released version.")],
    reason: Annotated[str, typer.Option("--reason", help="What is wrong; who has building blocks of it reads this.")],
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Mark a released version as defective.

    Nothing new uses it; building blocks that do go on and are offered another version.
    """
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        path = own("definitionversions", lookup.orderable(item, version), "defect")
        stored: JsonObject = session.client.request("PUT", path, body={"reason": reason}, sends=JSON).json()
        session.printer.result(stored, f"Version {version} of '{item.name}' is marked as defective.")


@definitions.command("unmark")
def unmark_defective(
    definition: Which,
    *,
    version: Annotated[int, typer.Option("--version", help="Number of the version.")],
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say that a version is not defective."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        path = own("definitionversions", lookup.orderable(item, version), "defect")
        stored: JsonObject = session.client.request("DELETE", path).json()
        session.printer.result(stored, f"Version {version} of '{item.name}' is not defective any more.")


@definitions.command("delete")
def delete_definition(
    definition: Which,
    *,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Delete a definition that no building block uses any more."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        require_consent(f"Delete the definition '{item.name}' with all its versions?", yes=yes)
        session.client.delete(DEFINITION, item.id)
        session.printer.result({"deleted": item.id}, f"Definition '{item.name}' deleted.")


def _latest(session: Session, word: str, workspace: str | None) -> tuple[Definition, Version]:
    """Return a definition and its latest version. Raises Failure."""
    item = lookup.definition(session.client, word, workspace=workspace)
    found = lookup.versions(session.client, item.id)
    if not found:
        raise Failure(f"'{item.name}' has no version", exit_code=ExitCode.NOT_FOUND)
    return item, found[-1]


def _with_state(version: Version, state: str, number: int) -> JsonObject:
    """Return the document to send: the version's content under a state and a number; secrets go as their hashes."""
    metadata: JsonObject = {
        "uuid": version.id if number == version.number else "",
        "ownedByWorkspace": text(version.document, "metadata", "ownedByWorkspace"),
        "createdOn": "",
    }
    spec = members(version.document, "spec") | {"state": state, "versionNumber": number}
    if number != version.number:
        spec.pop("inputMigrations", None)  # they lead from the version before to this one, not to the next
    return {"metadata": metadata, "spec": spec}
