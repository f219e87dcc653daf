"""`runs list | show | changes | approve | decline | logs | abort`."""

from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from blockyard.cli import lookup
from blockyard.cli.commands.runs_changes import Which, list_changes
from blockyard.cli.commands.runs_decide import approve_run, decline_run
from blockyard.cli.completion import names_of
from blockyard.cli.documents import member, number, objects, text
from blockyard.cli.listing import (
    MAX_SEARCHED,
    Limit,
    PageNumber,
    ago,
    require_workspace,
    status_option,
)
from blockyard.cli.live import duration, instant
from blockyard.cli.output import Format, Printer, columns, shown, status_text
from blockyard.cli.resources import own
from blockyard.cli.run_lists import latest_runs, newest_blocks, newest_first
from blockyard.cli.run_logs import Follow, Wait, end, print_logs, wait_for
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.cli.waits import wait_facts
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import RUN
from blockyard.protocol.names import RunStatus

runs = typer.Typer(name="runs", help="Runs: single executions for building blocks.")
runs.command("changes")(list_changes)
runs.command("approve")(approve_run)
runs.command("decline")(decline_run)


@runs.command("list")
def list_runs(
    block: Annotated[
        str | None,
        typer.Argument(help="Only those of this building block (id or name).", autocompletion=names_of("blocks")),
    ] = None,
    *,
    status: Annotated[str | None, status_option([*RunStatus])] = None,
    workspace: WorkspaceOption = None,
    page: PageNumber = 1,
    limit: Limit = 50,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List runs, the newest first.

    They are those of your definitions, or of one building block.

    Where you have no definitions: the latest runs of your newest building blocks.
    """
    with connected(output, url) as session:
        one = lookup.block(session.client, block, workspace=workspace) if block else None
        filters = {"buildingBlockUuid": one.id if one else None, "workspaceIdentifier": workspace}
        listed = newest_first(session.client, RUN, filters, size=min(limit, 200))
        matching = (run for run in islice(listed, MAX_SEARCHED) if status in {None, text(run, "status")})
        found = list(islice(matching, (page - 1) * limit, page * limit))
        if not found and page == 1:
            blocks = [one] if one else newest_blocks(session.client, workspace)
            found = latest_runs(session.client, blocks, status)[:limit]
        require_workspace(session, workspace, found)
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("BLOCK", "NUMBER", "BEHAVIOR", "STATUS", "AGE", "REASON", "ID", wide=["CREATED"]),
            [_row(item) for item in found],
        )
        if len(found) == limit:
            session.printer.note(f"There may be more: --page {page + 1}, or a higher --limit.")


def _row(item: JsonObject) -> tuple[str | Text, ...]:
    created = text(item, "metadata", "createdOn")
    return (
        text(item, "spec", "buildingBlock", "spec", "displayName"),
        shown(number(item, "spec", "runNumber")),
        text(item, "spec", "behavior"),
        status_text(text(item, "status")),
        ago(created),
        text(item, "spec", "trigger", "reason"),
        text(item, "metadata", "uuid"),
        created,
    )


@runs.command("show")
def show_run(run: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a run: its steps, attempts and warnings."""
    with connected(output, url) as session:
        document = session.client.get(own("runs", lookup.run_id(session.client, run)))
        if session.printer.for_programs:
            session.printer.document(document)
        else:
            _print(session.printer, document)


def _print(printer: Printer, run: JsonObject) -> None:
    begun, ended = instant(text(run, "claimedAt")), instant(text(run, "finishedAt"))
    taken = duration(ended - begun) if begun is not None and ended is not None else "-"
    facts: list[tuple[str, str | Text]] = [
        ("id", text(run, "uuid")),
        ("building block", f"{text(run, 'buildingBlock', 'displayName')} ({text(run, 'buildingBlock', 'uuid')})"),
        ("number", shown(number(run, "number"))),
        ("behavior", text(run, "behavior")),
        ("status", status_text(text(run, "status"))),
        ("summary", text(run, "summary") or "-"),
        ("reason", text(run, "trigger", "reason")),
        ("requested by", text(run, "trigger", "author", "displayName") or "-"),
        ("created", text(run, "createdAt")),
        ("took", taken),
        ("attempts", shown(number(run, "attempt"))),
    ]
    facts += wait_facts(run)
    if text(run, "failure", "cause"):
        why, what = text(run, "failure", "message"), text(run, "failure", "remedy")
        facts += [("why", f"{why} ({text(run, 'failure', 'cause')})"), ("what to do", what)]
    facts += [("warning", text(warning, "message")) for warning in objects(run, "warnings")]
    links = [text(source, "externalRunUrl") for source in objects(run, "sources")]
    facts += [("pipeline", link) for link in links if link]
    printer.facts(facts)
    printer.say("")
    printer.table(
        ("STEP", "STATUS", "TOOK", "MESSAGE"), [_step_row(step) for step in objects(run, "steps")], title="Steps"
    )


def _step_row(step: JsonObject) -> tuple[str | Text, ...]:
    begun, ended = instant(text(step, "startedAt")), instant(text(step, "endedAt"))
    taken = duration(ended - begun) if begun is not None and ended is not None else "-"
    return (text(step, "displayName"), status_text(text(step, "status")), taken, shown(member(step, "userMessage")))


@runs.command("logs")
def show_logs(
    run: Which,
    *,
    follow: Follow = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show the log of a run. With --follow the exit code says how the run ended."""
    with connected(output, url) as session:
        print_logs(session, lookup.run_id(session.client, run), follow=follow)


@runs.command("break-glass")
def break_glass(
    run: Which,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it cannot wait; it stays with the run.")],
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let one run that waits pass every hold, stop and freeze."""
    with connected(output, url) as session:
        identifier = lookup.run_id(session.client, run)
        document = session.client.post(own("runs", identifier, "break-glass"), {"reason": reason})
        session.printer.result(document, f"Run {identifier} waits for its runner only.")


@runs.command("abort")
def abort_run(
    run: Which,
    *,
    wait: Wait = True,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Stop a run. One that executes ends when its engine has put everything in order; success is exit code 0."""
    with connected(output, url) as session:
        identifier = lookup.run_id(session.client, run)
        document = session.client.post(own("runs", identifier, "abort"))
        status = text(document, "status")
        if wait and status != "ABORTED":
            status = wait_for(session, identifier)
            document = session.client.get(own("runs", identifier))
        session.printer.result(
            document, f"Run {identifier} is {status}." if wait else f"Run {identifier} was told to stop."
        )
        if wait and status != "ABORTED":
            end(status)
