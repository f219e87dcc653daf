"""`keys list | show | create | rotate | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.client import Client
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import objects, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.keys import LastDay, create_key, without_secret, write_key_file
from blockyard.cli.listing import Most, owner_of, tell_one
from blockyard.cli.new_files import require_new
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import own
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import API_KEY

keys = typer.Typer(name="keys", help="API keys: how programs sign in.")

Which = Annotated[
    str,
    typer.Argument(metavar="KEY", help="Id of the key; with --workspace the beginning of it or the exact name."),
]


def _row(item: JsonObject) -> tuple[str, ...]:
    codes = texts(item, "spec", "permissions")
    return (
        text(item, "spec", "displayName"),
        str(len(codes)),
        text(item, "spec", "expiresAt") or "never",
        text(item, "status", "lastLoginAt") or "-",
        text(item, "metadata", "uuid"),
        " ".join(codes),
    )


_COLUMNS = columns("NAME", "PERMISSIONS", "EXPIRES", "LAST SIGN-IN", "ID", wide=["CODES"])


@keys.command("list")
def list_keys(
    *,
    workspace: NeededWorkspaceOption = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the API keys of a workspace."""
    with connected(output, url) as session:
        workspace = needed_workspace(workspace, url)
        found = objects(session.client.get(own("workspaces", workspace, "apikeys")), *lookup.EMBEDDED_KEYS)[:limit]
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(_COLUMNS, [_row(item) for item in found])


@keys.command("show")
def show(
    key: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show an API key: its permissions, its end, and its last sign-in."""
    with connected(output, url) as session:
        document = lookup.api_key(session.client, key, workspace=workspace)
        names = [column.name.lower() for column in _COLUMNS]
        tell_one(session, document, [("owner", owner_of(document)), *zip(names, _row(document), strict=True)])


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name for people.")],
    *,
    workspace: NeededWorkspaceOption = None,
    permission: Annotated[
        list[str] | None,
        typer.Option("--permission", "-p", help="A permission code, such as BUILDINGBLOCK_LIST; repeatable."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help="A ready list of codes: read-only, plan (reads states, too) or order (deletes nothing).",
        ),
    ] = None,
    key_file: Annotated[
        Path,
        typer.Option("--key-file", help="New file, mode 0600, for client id and secret; login --key-file reads it."),
    ],
    expires: LastDay = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create an API key. Its secret goes into a file; it is never printed and cannot be had again."""
    with connected(output, url) as session:
        if not permission and preset is None:
            raise usage("a key without permissions can do nothing", "Give --permission or --preset.")
        key = create_key(
            session.client,
            workspace=needed_workspace(workspace, url),
            name=name,
            permissions=[*(permission or []), *_preset(session.client, preset)],
            expires=expires,
            file=key_file,
        )
        session.printer.result(key, f"API key {text(key, 'metadata', 'uuid')} created; its secret is in {key_file}.")


@keys.command("rotate")
def rotate(
    key: Which,
    *,
    key_file: Annotated[
        Path, typer.Option("--key-file", help="New file, mode 0600, for client id and the new secret.")
    ],
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Draw a new secret for an API key; the old one ends at once."""
    with connected(output, url) as session:
        require_new(key_file)
        found = lookup.api_key(session.client, key, workspace=workspace)
        name, identifier = text(found, "spec", "displayName"), text(found, "metadata", "uuid")
        require_consent(
            f"Draw a new secret for the API key '{name}' ({identifier})? The old one ends at once.", yes=yes
        )
        rotated = session.client.post(own("apikeys", identifier, "rotate"))
        write_key_file(key_file, rotated)
        session.printer.result(without_secret(rotated), f"API key '{name}' has a new secret; it is in {key_file}.")


@keys.command("delete")
def delete(
    key: Which,
    *,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Delete an API key; its tokens end at once."""
    with connected(output, url) as session:
        found = lookup.api_key(session.client, key, workspace=workspace)
        name, identifier = text(found, "spec", "displayName"), text(found, "metadata", "uuid")
        require_consent(
            f"Delete the API key '{name}' ({identifier})? Programs that use it stop working at once.", yes=yes
        )
        session.client.delete(API_KEY, identifier)
        session.printer.result({"deleted": identifier}, f"API key '{name}' ({identifier}) deleted.")


def _preset(client: Client, name: str | None) -> list[str]:
    """Return the codes of a ready list. Raises Failure: the server has none of this name."""
    if name is None:
        return []
    known = {
        text(item, "name"): texts(item, "permissions")
        for item in objects(client.get(own("permission-presets")), "permissionPresets")
    }
    if name not in known:
        raise usage(f"there is no preset '{name}'", f"Use one of {', '.join(known)}.")
    return known[name]
