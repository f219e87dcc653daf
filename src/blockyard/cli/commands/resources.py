"""`resources list`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import text
from blockyard.cli.listing import Limit, PageNumber, ago, tell_list
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

resources = typer.Typer(name="resources", help="What building blocks have made, by their states.")


@resources.command("list")
def list_resources(
    search: Annotated[str | None, typer.Argument(help="How an address, a type, a name or an id begins.")] = None,
    *,
    type_: Annotated[str | None, typer.Option("--type", help="Only those of this type, such as aws_s3_bucket.")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="Only those of this provider, such as hashicorp/aws.")
    ] = None,
    block: Annotated[
        str | None,
        typer.Option(
            "--block", help="Only those of this building block (id or name).", autocompletion=names_of("blocks")
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    page: PageNumber = 1,
    limit: Limit = 50,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List what exists by the states that you may read, the newest first."""
    with connected(output, url) as session:
        one = lookup.block(session.client, block, workspace=workspace).id if block else None
        filters = {"search": search, "type": type_, "provider": provider}
        filters |= {"buildingBlockUuid": one, "workspaceIdentifier": workspace}
        found = session.client.page_at(own("resources"), "resources", filters, number_=page - 1, size=limit)
        shown = columns("ADDRESS", "ID", "BLOCK", "WORKSPACE", "AGE", wide=["PROVIDER", "BLOCK ID"])
        tell_list(session, found, None, shown, _row)


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "address"),
        text(item, "id") or "-",
        text(item, "buildingBlockName"),
        text(item, "workspaceIdentifier"),
        ago(text(item, "foundAt")),
        text(item, "provider"),
        text(item, "buildingBlockUuid"),
    )
