"""`workspaces list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, members, text
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.cli.listing import tell_one
from blockyard.cli.output import Format, columns
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


@workspaces.command("list")
def list_workspaces(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the workspaces you may see."""
    with connected(output, url) as session:
        found = list(session.client.list(WORKSPACE, {}, path=own("workspaces")))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("NAME", "DISPLAY NAME", "CREATED"),
            [
                (text(item, "metadata", "name"), text(item, "spec", "displayName"), text(item, "metadata", "createdOn"))
                for item in found
            ],
        )


@workspaces.command("create")
def create_workspace(
    name: Annotated[str, typer.Argument(help="Identifier: lower-case letters, digits, single hyphens.")],
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
        session.printer.result(session.client.create(WORKSPACE, content), f"Workspace {name} created.")


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
        if display_name is None and builder is None and not tag:
            raise usage("nothing to change", "Give --display-name, --tag, --builder or --no-builder.")
        before = session.client.show(WORKSPACE, name)
        is_builder = flag(before, "spec", "platformBuilderAccessEnabled")
        content: JsonObject = {
            "metadata": members(before, "metadata") | {"tags": with_tags(members(before, "metadata", "tags"), tag)},
            "spec": {
                "displayName": display_name or text(before, "spec", "displayName"),
                "platformBuilderAccessEnabled": is_builder if builder is None else builder,
            },
        }
        session.printer.result(session.client.replace(WORKSPACE, name, content), f"Workspace {name} changed.")


@workspaces.command("show")
def show_workspace(
    name: Which,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a workspace."""
    with connected(output, url) as session:
        document = session.client.show(WORKSPACE, name)
        facts = [
            ("name", text(document, "metadata", "name")),
            ("display name", text(document, "spec", "displayName")),
            ("platform builder", "yes" if flag(document, "spec", "platformBuilderAccessEnabled") else "no"),
            *tag_facts(members(document, "metadata", "tags")),
            ("created", text(document, "metadata", "createdOn")),
        ]
        tell_one(session, document, facts)


@workspaces.command("delete")
def delete_workspace(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a workspace that owns nothing any more. Its name is never given again."""
    with connected(output, url) as session:
        require_consent(f"Delete the workspace '{name}' with its roles, keys and payment methods?", yes=yes)
        session.client.delete(WORKSPACE, name)
        session.printer.result({"deleted": name}, f"Workspace {name} deleted.")


def _existing(client: Client, name: str) -> JsonObject | None:
    try:
        return client.show(WORKSPACE, name)
    except Failure as failure:
        if failure.exit_code is not ExitCode.NOT_FOUND:
            raise
        return None
