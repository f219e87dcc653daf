"""`locations list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.completion import names_of
from blockyard.cli.documents import flag, text
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import Description, DisplayName, MeshObjects, NewName, PlainKind
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


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        "yes" if flag(item, "status", "isPublic") else "no",
    )


_LOCATIONS = PlainKind(
    word="location",
    which=Which,
    objects=MeshObjects(kind=LOCATION),
    columns=columns("NAME", "DISPLAY NAME", "OWNER", "PUBLIC"),
    row=_row,
    more=lambda document: [("description", text(document, "spec", "description"))],
)


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
        _LOCATIONS.tell_page(session, {"ownedByWorkspace": workspace}, page=page, limit=limit, workspace=workspace)


_LOCATIONS.add_show(locations, "Show a location.")


@locations.command("create")
def create_location(
    name: NewName,
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
        _LOCATIONS.create(session, content, name)


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
        _LOCATIONS.change(session, name, changes, options="--display-name or --description")


_LOCATIONS.add_delete(locations, "Delete a location that no platform names.")
