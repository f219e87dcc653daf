"""`runs approve` and `runs decline`: what waits for an approval, decided."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.commands.runs_changes import Which
from blockyard.cli.documents import flag, number, text
from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.output import Format
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUN

Comment = Annotated[str | None, typer.Option("--comment", help="What to say about it, at most 500 characters.")]


def approve_run(
    run: Which,
    *,
    plan: Annotated[
        str | None,
        typer.Option("--plan", metavar="RUN", help="Only if it applies the plan of this dry run (id)."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="The name of the building block, where something precious is destroyed."),
    ] = None,
    comment: Comment = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Approve the plan of a waiting run.

    Exactly that is applied. 'blockyard runs changes RUN' shows it. With --plan another plan than the one you have looked at is refused.
    """
    with connected(output, url) as session:
        identifier = lookup.run_id(session.client, run)
        detail = session.client.get(own("runs", identifier))
        chosen = lookup.run_id(session.client, plan) if plan is not None else _plan_of(detail)
        sent: JsonObject = {"predecessorRunUuid": chosen}
        sent |= {} if comment is None else {"comment": comment}
        sent |= {} if name is None else {"buildingBlockName": name}
        session.client.request("POST", RUN.path(identifier, "approve"), accept=RUN.media, body=sent, sends=RUN.media)
        after = session.client.get(own("runs", identifier))
        missing = number(after, "approval", "missing") or 0
        told = "It is applied now." if not missing else f"{missing} more people have to approve it."
        session.printer.result(after, f"Run {identifier} is approved. {told}")


def decline_run(
    run: Which, *, comment: Comment = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Decline the plan of a waiting run: nothing is applied."""
    with connected(output, url) as session:
        identifier = lookup.run_id(session.client, run)
        body: JsonObject = {} if comment is None else {"comment": comment}
        document = session.client.post(own("runs", identifier, "decline"), body)
        session.printer.result(document, f"Run {identifier} is declined: nothing was applied.")


def _plan_of(detail: JsonObject) -> str:
    """Return the dry run whose plan a run is to apply. Raises Failure: it waits for nothing."""
    found = text(detail, "approval", "predecessorRunUuid")
    if not found or not flag(detail, "awaitsApproval"):
        raise Failure(
            "the run does not wait for an approval",
            remedy="'blockyard runs show RUN' names its status.",
            exit_code=ExitCode.REFUSED,
        )
    return found
