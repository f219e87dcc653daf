"""`definitions import`: makes a definition of an OpenTofu module in a git repository, or a manual one of a file."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import text
from blockyard.cli.output import Format
from blockyard.cli.resources import SHARED_RUNNER
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace, reporting


class Target(StrEnum):
    """What blocks of a definition belong to."""

    WORKSPACE = "workspace"
    TENANT = "tenant"


def import_definition(
    source: Annotated[
        str | None, typer.Argument(help="URL of a git repository, or a folder in one on this machine.")
    ] = None,
    *,
    workspace: NeededWorkspaceOption = None,
    path: Annotated[str | None, typer.Option("--path", help="Folder of the module in the repository.")] = None,
    ref: Annotated[
        str | None, typer.Option("--ref", help="Branch, tag or commit; left out, the default branch.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Display name of the definition.")] = None,
    engine_version: Annotated[
        str | None, typer.Option("--engine-version", help="Exact version of OpenTofu, such as 1.11.4.")
    ] = None,
    runner: Annotated[
        str,
        typer.Option(
            "--runner",
            help="Runner that executes it (id or name); left out, the shared one.",
            autocompletion=names_of("runners"),
        ),
    ] = SHARED_RUNNER,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="TOML or JSON file with overrides.")] = None,
    manual: Annotated[
        bool, typer.Option("--manual", help="Without a module: people do the work; --file names the inputs.")
    ] = False,
    target: Annotated[
        Target | None,
        typer.Option("--target", help="What its blocks belong to; left out, workspaces."),
    ] = None,
    into: Annotated[
        str | None, typer.Option("--into", help="Existing definition (id or name): write its draft, or a new one.")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Release the version at once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be stored, and store nothing.")] = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a definition of an OpenTofu module.

    Its variables become inputs, its outputs become outputs.
    """
    from blockyard.cli import definition_import  # noqa: PLC0415  loads the reader of HCL, which no other command needs

    with reporting(output):
        workspace = needed_workspace(workspace, url)
    if lookup.full_id(runner) is None:
        with connected(output, url) as session:
            runner = text(lookup.runner(session.client, runner), "metadata", "uuid")
    wanted = definition_import.Wanted(
        location=source,
        path=path,
        ref=ref,
        name=name,
        engine_version=engine_version,
        runner=runner,
        file=file,
        manual=manual,
        workspace=workspace,
        target=None if target is None else f"{target.value.upper()}_LEVEL",
    )
    definition_import.run(wanted, into=into, release=release, dry_run=dry_run, url=url, form=output)
