"""`project-roles list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.documents import members, number, text
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import OwnObjects, PlainKind
from blockyard.cli.resources import PROJECT_ROLE
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.cli.tags import Tag, tag_facts
from blockyard.protocol.jsontypes import JsonObject

project_roles = typer.Typer(name="project-roles", help="Project roles: what somebody can be in a project.")


Which = Annotated[str, typer.Argument(metavar="NAME", help="Name of the project role.")]

DisplayName = Annotated[str | None, typer.Option("--display-name", help="What bindings call the role.")]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "name"),
        text(item, "displayName"),
        str(number(item, "rank") or 0),
        text(item, "description") or "-",
    )


_ROLES = PlainKind(
    word="project role",
    which=Which,
    objects=OwnObjects(kind=PROJECT_ROLE, members=("displayName", "rank", "description", "tags")),
    columns=columns("NAME", "DISPLAY NAME", "RANK", "DESCRIPTION"),
    row=_row,
    more=lambda document: tag_facts(members(document, "tags")),
)


@project_roles.command("list")
def list_project_roles(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the project roles, those with more rights first."""
    with connected(output, url) as session:
        _ROLES.tell_all(session, {}, limit=limit, order=lambda item: -(number(item, "rank") or 0))


_ROLES.add_show(project_roles, "Show a project role.")


@project_roles.command("create")
def create_project_role(
    name: Annotated[str, typer.Argument(help="What building blocks read; it never changes.")],
    *,
    display_name: DisplayName = None,
    rank: Annotated[int, typer.Option("--rank", min=0, help="Higher for more rights.")] = 0,
    description: Annotated[str, typer.Option("--description", help="A sentence for people.")] = "",
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a project role. Only administrators may."""
    with connected(output, url) as session:
        content: JsonObject = {
            "name": name,
            "displayName": display_name or name,
            "rank": rank,
            "description": description,
            "tags": {},
        }
        _ROLES.create(session, content, name)


@project_roles.command("update")
def update_project_role(
    name: Which,
    *,
    display_name: DisplayName = None,
    rank: Annotated[int | None, typer.Option("--rank", min=0, help="Higher for more rights.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="A sentence for people.")] = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a project role; what no option names stays as it is. Only administrators may."""
    with connected(output, url) as session:
        changes = given(displayName=display_name, rank=rank, description=description)
        _ROLES.change(session, name, changes, tag=tag)


_ROLES.add_delete(project_roles, "Delete a project role that no binding has. Only administrators may.")
