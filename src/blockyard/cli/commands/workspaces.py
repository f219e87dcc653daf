"""`workspaces list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.documents import flag, members, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import MeshObjects, NewName, PlainKind
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.cli.tags import Tag, tag_facts, with_tags
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import WORKSPACE

workspaces = typer.Typer(name="workspaces", help="Workspaces: they own definitions, blocks and keys.")

Which = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Identifier of the workspace.", autocompletion=names_of("workspaces")),
]


def _row(item: JsonObject) -> tuple[str, ...]:
    return text(item, "metadata", "name"), text(item, "spec", "displayName"), text(item, "metadata", "createdOn")


def _more(document: JsonObject) -> list[tuple[str, str]]:
    builder = "yes" if flag(document, "spec", "platformBuilderAccessEnabled") else "no"
    return [("platform builder", builder), *tag_facts(members(document, "metadata", "tags"))]


_WORKSPACES = PlainKind(
    word="workspace",
    which=Which,
    objects=MeshObjects(kind=WORKSPACE, has_tags_in_metadata=True),
    columns=columns("NAME", "DISPLAY NAME", "CREATED"),
    row=_row,
    more=_more,
)


@workspaces.command("list")
def list_workspaces(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the workspaces you may see."""
    with connected(output, url) as session:
        _WORKSPACES.tell_all(session, {}, limit=limit, path=own("workspaces"))


@workspaces.command("create")
def create_workspace(
    name: NewName,
    display_name: Annotated[str | None, typer.Option("--display-name", help="Name for people.")] = None,
    *,
    builder: Annotated[
        bool,
        typer.Option(
            "--builder", help="Let the workspace offer definitions and have runners; only administrators may."
        ),
    ] = False,
    tag: Tag = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="Succeed too if the workspace exists already.")
    ] = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a workspace."""
    with connected(output, url) as session:
        if if_missing and (existing := _existing(session.client, name)) is not None:
            session.printer.result(existing, f"Workspace {name} exists.")
            return
        content: JsonObject = {
            "metadata": {"name": name, "tags": with_tags({}, tag)},
            "spec": {"displayName": display_name or name, "platformBuilderAccessEnabled": builder},
        }
        _WORKSPACES.create(session, content, name)


@workspaces.command("update")
def update_workspace(
    name: Which,
    display_name: Annotated[str | None, typer.Option("--display-name", help="Name for people.")] = None,
    *,
    builder: Annotated[
        bool | None,
        typer.Option("--builder/--no-builder", help="Whether it may save definitions, runners and integrations."),
    ] = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a workspace; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(displayName=display_name, platformBuilderAccessEnabled=builder)
        options = "--display-name, --tag, --builder or --no-builder"
        _WORKSPACES.change(session, name, changes, tag=tag, options=options)


_WORKSPACES.add_show(workspaces, "Show a workspace.")


_WORKSPACES.add_delete(
    workspaces,
    "Delete a workspace that owns nothing any more. Its name is never given again.",
    question="Delete the workspace '{}' with its roles, keys and payment methods?",
)


def _existing(client: Client, name: str) -> JsonObject | None:
    try:
        return client.show(WORKSPACE, name)
    except Failure as failure:
        if failure.exit_code is not ExitCode.NOT_FOUND:
            raise
        return None
