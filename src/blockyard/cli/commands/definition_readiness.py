"""`definitions readiness`: what a version makes of the building blocks that are there."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.commands.definition_failures import Which
from blockyard.cli.documents import number, objects, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject


def show_readiness(
    definition: Which,
    *,
    version: Annotated[int | None, typer.Option("--version", help="Number of the version.")] = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show which building blocks are ready for a version.

    Without --version that is the latest one, a draft too. Named are those whose owners have to answer something first.
    """
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        known = {one.number: one.id for one in lookup.versions(session.client, item.id)}
        wanted = max(known) if version is None else version
        if wanted not in known:
            raise usage(f"'{item.name}' has no version {wanted}", f"Its latest one is {max(known)}.")
        report = session.client.get(own("definitionversions", known[wanted], "readiness"))
        if session.printer.for_programs:
            session.printer.document(report)
            return
        waiting, ready = number(report, "needAnswer"), number(report, "ready")
        verb = "needs" if waiting == 1 else "need"
        session.printer.say(
            f"Version {number(report, 'versionNumber')} of '{item.name}': {ready} ready, {waiting} {verb} an answer, "
            f"{number(report, 'upToDate')} have it already."
        )
        session.printer.objects(
            columns("BLOCK", "WORKSPACE", "VERSION", "NEEDS", wide=["ID"]),
            [
                (
                    text(one, "displayName"),
                    text(one, "workspaceIdentifier"),
                    f"v{number(one, 'versionNumber')}",
                    _needs(one),
                    text(one, "uuid"),
                )
                for one in objects(report, "buildingBlocks")
            ],
        )


def _needs(block: JsonObject) -> str:
    parents = [f"a building block of {name}" for name in texts(block, "parents")]
    return ", ".join([*(text(one, "displayName") for one in objects(block, "inputs")), *parents])
