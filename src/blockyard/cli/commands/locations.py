"""`locations list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given, require_change
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list
from blockyard.cli.output import Format, columns
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import LOCATION

locations = typer.Typer(name="locations", help="Locations: labels that group platforms.")

Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the location.", autocompletion=names_of("locations"))
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
Description = Annotated[str | None, typer.Option("--description", help="What it is.")]


@locations.command("list")
def list_locations(
    *,
    workspace: WorkspaceOption = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the locations you may see, the oldest first."""
    with connected(output, url) as session:
        found = session.client.page(LOCATION, {"ownedByWorkspace": workspace}, number_=page - 1, size=limit)
        tell_list(session, found, workspace, columns("NAME", "DISPLAY NAME", "OWNER", "PUBLIC"), _row)


@locations.command("show")
def show_location(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a location."""
    with connected(output, url) as session:
        document = session.client.show(LOCATION, name)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        names = ("name", "display name", "owner", "public")
        description = ("description", text(document, "spec", "description"))
        session.printer.facts([*zip(names, _row(document), strict=True), description])


@locations.command("create")
def create_location(
    name: Annotated[str, typer.Argument(help="Identifier: lower-case letters, digits, single hyphens.")],
    *,
    workspace: NeededWorkspaceOption = None,
    display_name: DisplayName = None,
    description: Description = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a location for the platforms of a workspace."""
    with connected(output, url) as session:
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": needed_workspace(workspace, url)},
            "spec": {"displayName": display_name or name, "description": description or ""},
        }
        session.printer.result(session.client.create(LOCATION, content), f"Location {name} created.")


@locations.command("update")
def update_location(
    name: Which,
    *,
    display_name: DisplayName = None,
    description: Description = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a location; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(displayName=display_name, description=description)
        require_change(changes, "--display-name or --description")
        before = session.client.show(LOCATION, name)
        content: JsonObject = {"metadata": before["metadata"], "spec": members(before, "spec") | changes}
        session.printer.result(session.client.replace(LOCATION, name, content), f"Location {name} changed.")


@locations.command("delete")
def delete_location(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a location that no platform names."""
    with connected(output, url) as session:
        require_consent(f"Delete the location '{name}'?", yes=yes)
        session.client.delete(LOCATION, name)
        session.printer.result({"deleted": name}, f"Location {name} deleted.")


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        "yes" if flag(item, "status", "isPublic") else "no",
    )
