"""`runs list | show | logs | abort`."""

from typing import Annotated

import typer
from rich.text import Text

from blockyard.cli import lookup
from blockyard.cli.documents import member, number, objects, text
from blockyard.cli.live import duration, instant
from blockyard.cli.output import Format, Printer, shown, status_text
from blockyard.cli.resources import RUNS, own
from blockyard.cli.run_logs import end, print_logs, wait_for
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

runs = typer.Typer(name="runs", help="Runs: single executions for building blocks.")

Which = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, or the beginning of it.")]


@runs.command("list")
def list_runs(
    block: Annotated[str | None, typer.Argument(help="Only those of this building block (id or name).")] = None,
    *,
    status: Annotated[str | None, typer.Option("--status", help="Only those with this status, such as FAILED.")] = None,
    workspace: WorkspaceOption = None,
    page: Annotated[int, typer.Option("--page", min=1, help="Number of the page, from 1.")] = 1,
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help="Runs on a page.")] = 50,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List runs, oldest first."""
    with connected(output, url) as session:
        block_id = lookup.block(session.client, block, workspace=workspace).id if block else None
        filters = {
            "buildingBlockUuid": block_id,
            "workspaceIdentifier": workspace,
            "status": status.upper() if status else None,
        }
        found = session.client.page(RUNS, filters, number_=page - 1, size=size)
        if session.printer.is_json:
            session.printer.json([*found.items])
            return
        session.printer.table(
            ("ID", "BLOCK", "NUMBER", "BEHAVIOR", "STATUS", "CREATED", "REASON"),
            [_row(item) for item in found.items],
        )
        if found.pages > 1:
            session.printer.note(f"page {found.number + 1} of {found.pages}, {found.total} in all")


def _row(item: JsonObject) -> tuple[str | Text, ...]:
    return (
        text(item, "metadata", "uuid"),
        text(item, "spec", "buildingBlock", "spec", "displayName"),
        shown(number(item, "spec", "runNumber")),
        text(item, "spec", "behavior"),
        status_text(text(item, "status")),
        text(item, "metadata", "createdOn"),
        text(item, "spec", "trigger", "reason"),
    )


@runs.command("show")
def show_run(run: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a run: its steps, attempts and warnings."""
    with connected(output, url) as session:
        document = session.client.get(own("runs", lookup.run_id(session.client, run)))
        if session.printer.is_json:
            session.printer.json(document)
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
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show the log of a run. With --follow the exit code says how the run ended."""
    with connected(output, url) as session:
        print_logs(session, lookup.run_id(session.client, run), follow=follow)


@runs.command("abort")
def abort_run(
    run: Which,
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end and show what happens.")] = True,
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
