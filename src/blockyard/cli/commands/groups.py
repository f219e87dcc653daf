"""`groups list | show | create | update | add | remove | delete`."""

from typing import Annotated

import typer

from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import text, texts
from blockyard.cli.listing import tell_one
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import GROUP, JSON, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

groups = typer.Typer(name="groups", help="Groups: people who are bound together.")

Which = Annotated[str, typer.Argument(metavar="NAME", help="Name of the group.", autocompletion=names_of("groups"))]
Who = Annotated[str, typer.Argument(metavar="USERNAME", help="Username of the person.")]


@groups.command("list")
def list_groups(workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the groups that you may bind."""
    with connected(output, url) as session:
        found = list(session.client.list(GROUP, {"workspaceIdentifier": workspace}, path=own("groups")))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("NAME", "DISPLAY NAME", "WORKSPACE", "CREATED"),
            [
                (
                    text(item, "name"),
                    text(item, "displayName"),
                    text(item, "workspaceIdentifier") or "-",
                    text(item, "createdOn"),
                )
                for item in found
            ],
        )


@groups.command("show")
def show_group(name: Which, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a group and who is in it."""
    with connected(output, url) as session:
        document = session.client.get(own("groups", name))
        facts = [
            ("name", text(document, "name")),
            ("display name", text(document, "displayName")),
            ("workspace", text(document, "workspaceIdentifier") or "-"),
            ("members", ", ".join(texts(document, "members")) or "-"),
            ("created", text(document, "createdOn")),
        ]
        tell_one(session, document, facts)


@groups.command("create")
def create_group(
    name: Annotated[str, typer.Argument(help="Name of the group.")],
    *,
    display_name: Annotated[str | None, typer.Option("--display-name", help="Name for people.")] = None,
    of_workspace: Annotated[
        str | None, typer.Option("--of", metavar="WORKSPACE", help="Workspace it is for; without it the installation.")
    ] = None,
    member: Annotated[list[str] | None, typer.Option("--member", help="Username of a person; repeatable.")] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a group of a workspace, or of the installation."""
    with connected(output, url) as session:
        content: JsonObject = {
            "name": name,
            "displayName": display_name or name,
            "workspaceIdentifier": of_workspace,
            "members": [*(member or [])],
        }
        session.printer.result(session.client.post(own("groups"), content), f"Group {name} created.")


@groups.command("update")
def update_group(
    name: Which,
    *,
    display_name: Annotated[str, typer.Option("--display-name", help="Name for people.")],
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Give a group another name."""
    with connected(output, url) as session:
        before = session.client.get(own("groups", name))
        body: JsonObject = {"displayName": display_name, "members": before.get("members")}
        changed: JsonObject = session.client.request("PUT", own("groups", name), body=body, sends=JSON).json()
        session.printer.result(changed, f"Group {name} changed.")


@groups.command("add")
def add_member(name: Which, username: Who, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Put a person into a group."""
    with connected(output, url) as session:
        session.client.request("PUT", own("groups", name, "members", username))
        session.printer.result({"added": username}, f"{username} is in the group {name}.")


@groups.command("remove")
def remove_member(
    name: Which, username: Who, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Take a person out of a group."""
    with connected(output, url) as session:
        require_consent(f"Take {username} out of the group '{name}'?", yes=yes)
        session.client.request("DELETE", own("groups", name, "members", username))
        session.printer.result({"removed": username}, f"{username} is not in the group {name} any more.")


@groups.command("delete")
def delete_group(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a group with all its roles."""
    with connected(output, url) as session:
        require_consent(f"Delete the group '{name}'? Its members lose the roles they have by it.", yes=yes)
        session.client.request("DELETE", own("groups", name))
        session.printer.result({"deleted": name}, f"Group {name} deleted.")
