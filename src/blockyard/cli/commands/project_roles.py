"""`project-roles list | create | delete`."""

from typing import Annotated

import typer

from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import number, text
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import PROJECT_ROLE, own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.protocol.jsontypes import JsonObject

project_roles = typer.Typer(name="project-roles", help="Project roles: what somebody can be in a project.")


@project_roles.command("list")
def list_project_roles(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the project roles, those with more rights first."""
    with connected(output, url) as session:
        listed = session.client.list(PROJECT_ROLE, {}, path=own("project-roles"))
        found = sorted(listed, key=lambda item: -(number(item, "rank") or 0))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("NAME", "DISPLAY NAME", "RANK", "DESCRIPTION"),
            [
                (
                    text(item, "name"),
                    text(item, "displayName"),
                    str(number(item, "rank") or 0),
                    text(item, "description"),
                )
                for item in found
            ],
        )


@project_roles.command("create")
def create_project_role(
    name: Annotated[str, typer.Argument(help="What building blocks read; it never changes.")],
    *,
    display_name: Annotated[str | None, typer.Option("--display-name", help="What bindings call the role.")] = None,
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
        session.printer.result(session.client.post(own("project-roles"), content), f"Project role {name} created.")


@project_roles.command("delete")
def delete_project_role(
    name: Annotated[str, typer.Argument(help="Name of the project role.")],
    *,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Delete a project role that no binding has. Only administrators may."""
    with connected(output, url) as session:
        require_consent(f"Delete the project role '{name}'?", yes=yes)
        session.client.request("DELETE", own("project-roles", name))
        session.printer.result({"deleted": name}, f"Project role {name} deleted.")
