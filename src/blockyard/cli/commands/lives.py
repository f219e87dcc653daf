"""`blocks expire`, `blocks keep`, `definitions lifetimes`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import number, text
from blockyard.cli.exits import usage
from blockyard.cli.output import Format
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

BlockName = Annotated[
    str, typer.Argument(help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks"))
]


def expire_block(
    block: BlockName,
    *,
    at: Annotated[str | None, typer.Option("--at", help="When, such as 2026-12-31T12:00:00Z.")] = None,
    never: Annotated[bool, typer.Option("--never", help="Let it live as long as it is wanted.")] = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say when a building block ends by itself, or put that off.

    It is then deleted as if you had asked for it. A week and a day before, its workspace is told.
    """
    with connected(output, url) as session:
        if (at is None) is not never:
            raise usage("say when the building block ends", "Use --at or --never.")
        item = lookup.block(session.client, block, workspace=workspace)
        body: JsonObject = {"expiresAt": at}
        stored = session.client.request("PUT", own("blocks", item.id, "expiry"), body=body, sends=JSON).json()
        ends = text(stored, "expiresAt")
        session.printer.result(stored, f"'{item.name}' ends at {ends}." if ends else f"'{item.name}' has no end.")


def keep_block(
    block: BlockName,
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Take a deletion back that nobody has begun."""
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        kept = session.client.post(own("blocks", item.id, "take-back-deletion"))
        session.printer.result(kept, f"'{item.name}' lives on and is {text(kept, 'status')}.")


def lifetimes_of_definition(
    definition: Annotated[str, typer.Argument(help="Id or name.", autocompletion=names_of("definitions"))],
    *,
    undo_minutes: Annotated[
        int | None, typer.Option("--undo-minutes", help="So long deletions can be taken back; 0: not at all.")
    ] = None,
    maximum_days: Annotated[
        int | None, typer.Option("--maximum-days", help="So long building blocks live at most; 0: as long as wanted.")
    ] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show or say how long building blocks live.

    And how long their deletion can be taken back.
    """
    with connected(output, url) as session:
        path = own("definitions", lookup.definition(session.client, definition).id, "lifetimes")
        said: JsonObject = session.client.get(path)
        if undo_minutes is not None or maximum_days is not None:
            if undo_minutes is not None:
                said = {**said, "undoMinutes": undo_minutes}
            if maximum_days is not None:
                said = {**said, "maximumDays": maximum_days or None}
            said = session.client.request("PUT", path, body=said, sends=JSON).json()
        days = number(said, "maximumDays")
        session.printer.result(
            said,
            f"Deletions can be taken back for {number(said, 'undoMinutes')} minutes; building blocks live "
            + ("as long as they are wanted." if days is None else f"{days} days at most."),
        )
