"""`project-roles list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given, require_change
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, number, text
from blockyard.cli.listing import tell_one
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, PROJECT_ROLE, own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.cli.tags import Tag, tag_facts, with_tags
from blockyard.protocol.jsontypes import JsonObject

project_roles = typer.Typer(name="project-roles", help="Project roles: what somebody can be in a project.")


Which = Annotated[str, typer.Argument(metavar="NAME", help="Name of the project role.")]


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


@project_roles.command("show")
def show_project_role(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a project role."""
    with connected(output, url) as session:
        document = session.client.get(own("project-roles", name))
        facts = [
            ("name", text(document, "name")),
            ("display name", text(document, "displayName")),
            ("rank", str(number(document, "rank") or 0)),
            ("description", text(document, "description") or "-"),
            *tag_facts(members(document, "tags")),
        ]
        tell_one(session, document, facts)


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


@project_roles.command("update")
def update_project_role(
    name: Which,
    *,
    display_name: Annotated[str | None, typer.Option("--display-name", help="What bindings call the role.")] = None,
    rank: Annotated[int | None, typer.Option("--rank", min=0, help="Higher for more rights.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="A sentence for people.")] = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a project role; what no option names stays as it is. Only administrators may."""
    with connected(output, url) as session:
        changes = given(displayName=display_name, rank=rank, description=description)
        require_change(changes | given(tags=[*tag] if tag else None), "at least one option")
        before = session.client.get(own("project-roles", name))
        kept: JsonObject = {member: before.get(member) for member in ("displayName", "rank", "description")}
        body = kept | changes | {"tags": with_tags(members(before, "tags"), tag)}
        changed: JsonObject = session.client.request("PUT", own("project-roles", name), body=body, sends=JSON).json()
        session.printer.result(changed, f"Project role {name} changed.")


@project_roles.command("delete")
def delete_project_role(
    name: Which,
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
