"""`context list | use`."""

import os
from dataclasses import replace
from typing import Annotated

import typer

from blockyard.cli import contexts
from blockyard.cli.completion import names_of
from blockyard.cli.exits import usage
from blockyard.cli.listing import require_workspace
from blockyard.cli.output import SHORT_ID, Format, columns
from blockyard.cli.session import OutputOption, reporting, signed_in
from blockyard.protocol.jsontypes import JsonObject

context = typer.Typer(name="context", help="Contexts: the servers you signed in to.")


@context.command("list")
def list_contexts(output: OutputOption = Format.TABLE) -> None:
    """List the contexts; the current one is marked."""
    with reporting(output) as printer:
        known = contexts.read(contexts.file_path(os.environ))
        found = sorted(known.by_name.items())
        if printer.for_programs:
            documents: list[JsonObject] = [
                {
                    "name": name,
                    "url": item.url,
                    "user": item.user,
                    "workspace": item.workspace,
                    "current": name == known.current,
                }
                for name, item in found
            ]
            printer.document([*documents])
            return
        printer.objects(
            columns("CURRENT", "NAME", "URL", "AS", "WORKSPACE", wide=["KEY"]),
            [
                (
                    "*" if name == known.current else "",
                    name,
                    item.url,
                    item.user or (f"key {item.key[:SHORT_ID]}" if item.key else "token"),
                    item.workspace or "-",
                    item.key or "-",
                )
                for name, item in found
            ],
        )


@context.command("use")
def use_context(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Name of the context; left out with --workspace, the current one.", autocompletion=names_of("contexts")
        ),
    ] = None,
    *,
    workspace: Annotated[
        str | None,
        typer.Option("--workspace", "-w", help="Default workspace from now on.", autocompletion=names_of("workspaces")),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a context the current one.

    --workspace chooses its default workspace, which its server must know; alone it does so for the current context.
    """
    with reporting(output) as printer:
        known = contexts.read(contexts.file_path(os.environ))
        name = name or (known.current if workspace else None)
        if name is None:
            raise usage("no context is given", "'blockyard context list' shows the names.")
        if workspace is not None:
            with signed_in(known.named(name), printer) as session:
                require_workspace(session, workspace, [])
        with contexts.changing(contexts.file_path(os.environ)) as held:
            chosen = held[0].named(name)
            chosen = replace(chosen, workspace=workspace or chosen.workspace)
            held[0] = held[0].holding(chosen, current=True)
        where = f" with workspace '{chosen.workspace}'" if chosen.workspace else ""
        printer.result(
            {"name": name, "url": chosen.url, "workspace": chosen.workspace}, f"Now using {chosen.url}{where}."
        )
