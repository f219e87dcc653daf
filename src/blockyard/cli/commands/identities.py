"""`identities list`: which definitions can be whom in clouds."""

from typing import Annotated

import typer

from blockyard.cli.documents import number, objects, text, texts
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import IDENTITY, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.names import Cloud

identities = typer.Typer(name="identities", help="Identities of runs in clouds.")


@identities.command("list")
def list_identities(
    *,
    workspace: WorkspaceOption = None,
    cloud: Annotated[Cloud | None, typer.Option("--cloud", help="Only those in this cloud.")] = None,
    identity: Annotated[
        str | None, typer.Option("--identity", help="Only this one: ARN of a role, client id, service account.")
    ] = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List which definitions can be whom in a cloud, and where.

    -o wide and -o json say who can change their code, besides administrators.
    """
    with connected(output, url) as session:
        filters = {
            "workspaceIdentifier": workspace,
            "cloud": None if cloud is None else cloud.value,
            "identity": identity,
        }
        found = list(session.client.list(IDENTITY, filters, limit=limit or 0, path=own("identities")))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns(
                "CLOUD", "IDENTITY", "DEFINITION", "VERSION", "OWNER", "BLOCKS", wide=["SUBJECTS", "CODE", "EDITORS"]
            ),
            [
                (
                    text(one, "cloud"),
                    text(one, "identity") or ("(key)" if text(one, "way") == "KEY" else "-"),
                    text(one, "displayName"),
                    f"v{number(one, 'versionNumber')}",
                    text(one, "ownedByWorkspace"),
                    str(number(one, "buildingBlocks")),
                    ", ".join(texts(one, "subjects")),
                    text(one, "repositoryUrl"),
                    ", ".join(text(editor, "name") for editor in objects(one, "editors")),
                )
                for one in found
            ],
        )
