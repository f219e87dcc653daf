"""`definitions failures | explain | close-breaker`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import number, objects, text
from blockyard.cli.listing import ago
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.names import FailureCause

Which = Annotated[
    str,
    typer.Argument(
        metavar="DEFINITION", help="Id, beginning of the id, or exact name.", autocompletion=names_of("definitions")
    ),
]


def show_failures(
    definition: Which,
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How far to look back.")] = 30,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show why runs of a definition failed."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        found = session.client.get(f"{own('definitions', item.id, 'failures')}?days={days}")
        if session.printer.for_programs:
            session.printer.document(found)
            return
        session.printer.objects(
            columns("CAUSE", "BLOCKS", "RUNS", "LAST", "WHAT HAPPENED", "LATEST RUN", wide=["WHAT TO DO", "CODE"]),
            [_row(group) for group in objects(found, "failures")],
        )
        for breaker in objects(found, "breakers"):
            cause, at = text(breaker, "cause"), text(breaker, "nextAt")
            session.printer.note(
                f"Too many runs failed with {cause}: they are tried again one at a time, the next one at {at}."
            )


def _row(group: JsonObject) -> tuple[str, ...]:
    return (
        text(group, "cause"),
        shown(number(group, "buildingBlocks")),
        shown(number(group, "runs")),
        ago(text(group, "lastAt")),
        text(group, "message"),
        text(group, "latestRunUuid"),
        text(group, "remedy"),
        text(group, "code"),
    )


def explain_failure(
    definition: Which,
    *,
    said: Annotated[str, typer.Option("--text", help="What the error says; * stands for any characters.")],
    cause: Annotated[FailureCause, typer.Option("--cause", help="TRANSIENT and CAPACITY are tried again.")],
    message: Annotated[str, typer.Option("--message", help="One sentence for whoever ordered.")],
    remedy: Annotated[str, typer.Option("--remedy", help="What they can do about it.")],
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say how failures of a definition are told to people."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        path = own("definitions", item.id, "failure-patterns")
        known: list[Json] = [one for one in objects(session.client.get(path), "patterns") if text(one, "text") != said]
        added: JsonObject = {"text": said, "cause": cause.value, "message": message, "remedy": remedy}
        stored: JsonObject = session.client.request("PUT", path, body={"patterns": [added, *known]}, sends=JSON).json()
        session.printer.result(stored, f"'{item.name}' has {len(known) + 1} explanations of its failures now.")


def close_breaker(
    definition: Which,
    *,
    cause: Annotated[FailureCause, typer.Option("--cause", help="The cause whose breaker is open.")],
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let runs that were held back be tried again now."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        session.client.request("DELETE", own("definitions", item.id, "breakers", cause.value))
        session.printer.result(
            {"cause": cause.value}, f"Runs of '{item.name}' that were held back are tried again now."
        )
