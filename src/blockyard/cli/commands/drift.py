"""`drift list | show | ignore | attend | pause | resume | repair | accept`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from blockyard.cli.commands.state import Which, block_id
from blockyard.cli.documents import number, objects, text
from blockyard.cli.listing import Limit, PageNumber, ago, tell_list
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

drift = typer.Typer(name="drift", help="What is not as definitions and inputs say any more.")

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; everybody sees it.")]


@drift.command("list")
def list_drift(
    *,
    state: Annotated[
        str | None, typer.Option("--state", help="Only those in this state: UNKNOWN, CLEAN, DRIFTED, FAILED.")
    ] = None,
    workspace: WorkspaceOption = None,
    page: PageNumber = 1,
    limit: Limit = 50,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the building blocks on which drift is looked for."""
    with connected(output, url) as session:
        filters = {"state": state, "workspaceIdentifier": workspace}
        found = session.client.page_at(own("drift"), "drift", filters, number_=page - 1, size=limit)
        head = columns("BLOCK", "WORKSPACE", "STATE", "CHANGES", "SINCE", "CHECKED", "ID")
        tell_list(session, found, None, head, _row)


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "buildingBlockName"),
        text(item, "workspaceIdentifier"),
        text(item, "state"),
        shown(number(item, "count")),
        ago(text(item, "driftedSince")) or "-",
        ago(text(item, "checkedAt")) or "-",
        text(item, "buildingBlockUuid"),
    )


@drift.command("show")
def show_drift(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show what has drifted, since when, and who ignores it."""
    with connected(output, url) as session:
        found = session.client.get(own("blocks", block_id(session.client, block, workspace), "drift"))
        if session.printer.for_programs:
            session.printer.document(found)
            return
        facts = [
            ("state", text(found, "state")),
            ("since", text(found, "driftedSince") or "-"),
            ("checked", text(found, "checkedAt") or "-"),
            ("next check", text(found, "dueAt")),
            ("run", text(found, "runUuid") or "-"),
            ("changes", shown(number(found, "count"))),
            *((text(one, "action"), text(one, "address")) for one in objects(found, "changes")),
        ]
        if text(found, "pauseReason"):
            facts.append(("paused", f"by {text(found, 'pausedBy')}: {text(found, 'pauseReason')}"))
        if text(found, "ignoredUntil"):
            why = f"until {text(found, 'ignoredUntil')} by {text(found, 'ignoredBy')}: {text(found, 'ignoreReason')}"
            facts.append(("ignored", why))
        session.printer.facts(facts)


@drift.command("ignore")
def ignore_drift(
    block: Which,
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="For so many days.")] = 7,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Leave the drift of a building block alone for a time."""
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    _decide(block, "ignore", {"until": until, "reason": reason}, workspace, url, output, f"is ignored until {until}")


@drift.command("attend")
def attend_drift(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Ignore the drift of a building block no longer."""
    _decide(block, "attend", None, workspace, url, output, "is not ignored any more")


@drift.command("pause")
def pause_checks(
    block: Which,
    *,
    reason: ReasonOption,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Look for no drift on a building block until you resume that."""
    _decide(block, "pause", {"reason": reason}, workspace, url, output, "is not looked for")


@drift.command("resume")
def resume_checks(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Look for drift on a building block again."""
    _decide(block, "resume", None, workspace, url, output, "is looked for again")


@drift.command("repair")
def repair_drift(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Apply the plan of the last check, and nothing else."""
    with connected(output, url) as session:
        path = own("blocks", block_id(session.client, block, workspace), "apply-plan")
        started = session.client.post(path)
        session.printer.result(started, f"Run {text(started, 'runUuid')} repairs it.")


@drift.command("accept")
def show_acceptances(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show which inputs to change so that the drift is wanted."""
    with connected(output, url) as session:
        path = own("blocks", block_id(session.client, block, workspace), "drift", "acceptances")
        found = session.client.get(path)
        if session.printer.for_programs:
            session.printer.document(found)
            return
        rows = [
            (text(one, "input"), shown(one.get("current")), shown(one.get("proposed")), text(one, "address"))
            for one in objects(found, "inputs")
        ]
        session.printer.objects(columns("INPUT", "NOW", "TO ACCEPT", "RESOURCE"), rows)
        for name, _, proposed, _ in rows:
            session.printer.note(f"blockyard blocks update {block} --input {name}={proposed}")


def _decide(  # noqa: PLR0917  what each of the commands above is given
    block: str,
    what: str,
    body: JsonObject | None,
    workspace: str | None,
    url: str | None,
    output: Format,
    told: str,
) -> None:
    with connected(output, url) as session:
        done = session.client.post(own("blocks", block_id(session.client, block, workspace), "drift", what), body)
        session.printer.result(done, f"Drift of '{block}' {told}.")
