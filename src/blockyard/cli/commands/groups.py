"""`groups list | show | create | update | tags | add | remove | delete`."""

from typing import Annotated

import typer

from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import text, texts
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import DisplayName, OwnObjects, PlainKind
from blockyard.cli.resources import GROUP, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.cli.tags import Tag, tell_tags
from blockyard.protocol.jsontypes import JsonObject

groups = typer.Typer(name="groups", help="Groups: people who are bound together.")

Which = Annotated[str, typer.Argument(metavar="NAME", help="Name of the group.", autocompletion=names_of("groups"))]
Who = Annotated[str, typer.Argument(metavar="USERNAME", help="Username of the person.")]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "name"),
        text(item, "displayName"),
        text(item, "workspaceIdentifier") or "-",
        text(item, "createdOn"),
    )


_GROUPS = PlainKind(
    word="group",
    which=Which,
    objects=OwnObjects(kind=GROUP, members=("displayName", "members")),
    columns=columns("NAME", "DISPLAY NAME", "WORKSPACE", "CREATED"),
    row=_row,
    more=lambda document: [("members", ", ".join(texts(document, "members")) or "-")],
)


@groups.command("list")
def list_groups(
    *, workspace: WorkspaceOption = None, limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the groups that you may bind."""
    with connected(output, url) as session:
        _GROUPS.tell_all(session, {"workspaceIdentifier": workspace}, limit=limit)


_GROUPS.add_show(groups, "Show a group and who is in it.")


@groups.command("create")
def create_group(
    name: Annotated[str, typer.Argument(help="Name of the group.")],
    *,
    display_name: DisplayName = None,
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
        _GROUPS.create(session, content, name)


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
        _GROUPS.change(session, name, {"displayName": display_name})


@groups.command("tags")
def tag_group(name: Which, *, tag: Tag = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show the tags of a group, or change them with --tag."""
    with connected(output, url) as session:
        tell_tags(session, own("groups", name, "tags"), tag, name)


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


_GROUPS.add_delete(
    groups,
    "Delete a group with all its roles.",
    question="Delete the group '{}'? Its members lose the roles they have by it.",
)
