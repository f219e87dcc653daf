"""`platform-types list | show | create | update | activate | deactivate | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.changes import given, read_image
from blockyard.cli.completion import names_of
from blockyard.cli.documents import text
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import DisplayName, MeshObjects, PlainKind
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PLATFORM_TYPE

platform_types = typer.Typer(name="platform-types", help="Platform types: kinds of platforms.")

_SQUARE = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiLz4="
"""The icon of a type that is made without one: nothing, in a square."""

Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the platform type.", autocompletion=names_of("platform-types"))
]
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="Where its platforms are found unless they say.")]
Icon = Annotated[Path | None, typer.Option("--icon", metavar="FILE", help="Image of at most 100 KiB.")]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        text(item, "spec", "category"),
        text(item, "status", "lifecycle", "state"),
    )


_TYPES = PlainKind(
    word="platform type",
    which=Which,
    objects=MeshObjects(kind=PLATFORM_TYPE),
    columns=columns("NAME", "DISPLAY NAME", "OWNER", "CATEGORY", "STATE"),
    row=_row,
    more=lambda document: [("default endpoint", text(document, "spec", "defaultEndpoint") or "-")],
)


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
        _TYPES.tell_page(session, filters, page=page, limit=limit)


_TYPES.add_show(platform_types, "Show a platform type.")


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
        _TYPES.create(session, content, name)


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
        _TYPES.change(session, name, changes, options="--display-name, --endpoint or --icon")


_TYPES.add_switch(
    platform_types, "activate", "Let there be new platforms of a type again. Only administrators may.", done="activated"
)


_TYPES.add_switch(
    platform_types,
    "deactivate",
    "Let there be no new platforms of a type. Only administrators may.",
    done="deactivated",
)


_TYPES.add_delete(platform_types, "Delete a platform type that nothing names.")
