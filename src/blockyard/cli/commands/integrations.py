"""`integrations list | show | create | update | delete`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.changes import given, read_json, read_text
from blockyard.cli.completion import names_of
from blockyard.cli.documents import members, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import Merge, MeshObjects, PlainKind
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    connected,
    needed_workspace,
)
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import INTEGRATION

integrations = typer.Typer(name="integrations", help="Integrations: how pipelines elsewhere are reached.")

_SECRETS: Mapping[str, str] = {
    "github": "appPrivateKey",
    "azuredevops": "personalAccessToken",
    "entraid": "clientSecret",
}
"""The secret of each type that has one. Source: api.md 3.13."""

Which = Annotated[
    str,
    typer.Argument(
        metavar="INTEGRATION", help="Id, beginning of the id, or exact name.", autocompletion=names_of("integrations")
    ),
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="New name.")]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="JSON: the member config of the API, without its secret."),
]
SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", metavar="FILE", help="File that holds its key, token or client secret.")
]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "spec", "displayName"),
        owner_of(item),
        text(item, "spec", "config", "type"),
        text(item, "metadata", "uuid"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    config = members(document, "spec", "config")
    settings = members(config, text(config, "type")).items()
    return [(name, value) for name, value in settings if isinstance(value, str)]


_INTEGRATIONS = PlainKind(
    word="integration",
    which=Which,
    objects=MeshObjects(kind=INTEGRATION, find=lookup.integration),
    columns=columns("NAME", "OWNER", "TYPE", "ID"),
    row=_row,
    more=_more,
    called=lambda document: text(document, "spec", "displayName"),
)


@integrations.command("list")
def list_integrations(
    *, limit: Limit = 50, page: PageNumber = 1, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """List the integrations of your workspaces, the oldest first."""
    with connected(output, url) as session:
        _INTEGRATIONS.tell_page(session, {}, page=page, limit=limit)


_INTEGRATIONS.add_show(integrations, "Show an integration, without its secret.")


@integrations.command("create")
def create_integration(
    name: Annotated[str, typer.Argument(help="Name for people.")],
    *,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="JSON: the member config of the API, without its secret.")
    ],
    workspace: NeededWorkspaceOption = None,
    secret_file: SecretFile = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create an integration of a workspace.

    Its secret is sealed to its runner at once.
    """
    with connected(output, url) as session:
        content: JsonObject = {
            "metadata": {"ownedByWorkspace": needed_workspace(workspace, url)},
            "spec": {"displayName": name, "config": _with_secret(read_json(config), secret_file)},
        }
        _INTEGRATIONS.create(session, content, name)


@integrations.command("update")
def update_integration(
    integration: Which,
    *,
    display_name: DisplayName = None,
    config: Config = None,
    secret_file: SecretFile = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change an integration.

    What no option names stays as it is, its secret too.
    """
    with connected(output, url) as session:
        _INTEGRATIONS.change(
            session,
            integration,
            given(displayName=display_name),
            merge=_configuration(config, secret_file),
            options="--display-name, --config or --secret-file",
        )


_INTEGRATIONS.add_delete(integrations, "Delete an integration that no version uses.")


def _configuration(config: Path | None, secret_file: Path | None) -> Merge | None:
    """Return what changes a configuration; the secret that the server has stays unless another is given. Raises Failure."""
    if config is None and secret_file is None:
        return None
    sent = None if config is None else read_json(config)

    def merge(before: JsonObject) -> JsonObject:
        was = members(before, "config")
        return {"config": _with_secret(was if sent is None else _keeping_secret(sent, was), secret_file)}

    return merge


def _with_secret(config: JsonObject, file: Path | None) -> JsonObject:
    if file is None:
        return config
    type_ = text(config, "type")
    if type_ not in _SECRETS:
        raise usage(f"an integration of type '{type_}' has no secret", "Leave --secret-file out.")
    secret = read_text(file).rstrip("\r\n")
    return config | {type_: members(config, type_) | {_SECRETS[type_]: {"plaintext": secret}}}


def _keeping_secret(config: JsonObject, before: JsonObject) -> JsonObject:
    """Return a configuration with the secret that the server has, unless it brings its own."""
    type_ = text(config, "type")
    secret = members(before, type_).get(_SECRETS.get(type_, ""))
    if secret is None:
        return config
    kept: JsonObject = {_SECRETS[type_]: secret}
    return config | {type_: kept | members(config, type_)}
