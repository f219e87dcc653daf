"""`platform-types list | show | create | update | activate | deactivate | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.changes import given, read_image, require_change
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import own
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PLATFORM_TYPE

platform_types = typer.Typer(name="platform-types", help="Platform types: kinds of platforms, with name and icon.")

_SQUARE = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiLz4="
"""The icon of a type that is made without one: nothing, in a square."""

Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the platform type.", autocompletion=names_of("platform-types"))
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="Where its platforms are found unless they say.")]
Icon = Annotated[Path | None, typer.Option("--icon", metavar="FILE", help="Image of at most 100 KiB.")]


@platform_types.command("list")
def list_platform_types(
    *,
    category: Annotated[
        str | None, typer.Option("--category", help="Only those of this category, such as AWS.")
    ] = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the platform types, the oldest first."""
    with connected(output, url) as session:
        filters = {"category": category.upper() if category else None}
        found = session.client.page(PLATFORM_TYPE, filters, number_=page - 1, size=limit)
        tell_list(session, found, None, columns("NAME", "DISPLAY NAME", "OWNER", "CATEGORY", "STATE"), _row)


@platform_types.command("show")
def show_platform_type(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a platform type."""
    with connected(output, url) as session:
        document = session.client.show(PLATFORM_TYPE, name)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        names = ("name", "display name", "owner", "category", "state")
        endpoint = ("default endpoint", text(document, "spec", "defaultEndpoint") or "-")
        session.printer.facts([*zip(names, _row(document), strict=True), endpoint])


@platform_types.command("create")
def create_platform_type(
    name: Annotated[str, typer.Argument(help="Identifier: upper-case letters, digits, single hyphens.")],
    *,
    workspace: NeededWorkspaceOption = None,
    display_name: DisplayName = None,
    endpoint: Endpoint = None,
    icon: Icon = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a platform type."""
    with connected(output, url) as session:
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": needed_workspace(workspace, url)},
            "spec": {
                "displayName": display_name or name,
                "category": "CUSTOM",
                "defaultEndpoint": endpoint,
                "icon": read_image(icon) if icon else _SQUARE,
            },
        }
        session.printer.result(session.client.create(PLATFORM_TYPE, content), f"Platform type {name} created.")


@platform_types.command("update")
def update_platform_type(
    name: Which,
    *,
    display_name: DisplayName = None,
    endpoint: Endpoint = None,
    icon: Icon = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a platform type; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(displayName=display_name, defaultEndpoint=endpoint, icon=read_image(icon) if icon else None)
        require_change(changes, "--display-name, --endpoint or --icon")
        before = session.client.show(PLATFORM_TYPE, name)
        content: JsonObject = {"metadata": before["metadata"], "spec": members(before, "spec") | changes}
        session.printer.result(session.client.replace(PLATFORM_TYPE, name, content), f"Platform type {name} changed.")


@platform_types.command("activate")
def activate_platform_type(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Let there be new platforms of a type again. Only administrators may."""
    with connected(output, url) as session:
        changed = session.client.post(own("platformtypes", name, "activate"))
        session.printer.result(changed, f"Platform type {name} activated.")


@platform_types.command("deactivate")
def deactivate_platform_type(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Let there be no new platforms of a type. Only administrators may."""
    with connected(output, url) as session:
        changed = session.client.post(own("platformtypes", name, "deactivate"))
        session.printer.result(changed, f"Platform type {name} deactivated.")


@platform_types.command("delete")
def delete_platform_type(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a platform type that nothing names."""
    with connected(output, url) as session:
        require_consent(f"Delete the platform type '{name}'?", yes=yes)
        session.client.delete(PLATFORM_TYPE, name)
        session.printer.result({"deleted": name}, f"Platform type {name} deleted.")


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        text(item, "spec", "category"),
        text(item, "status", "lifecycle", "state"),
    )
