"""`bulk start | show | resume | stop`."""

import time
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, number, text
from blockyard.cli.exits import usage
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import BULK_BLOCK, own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

bulk = typer.Typer(name="bulk", help="The same thing done to many building blocks.")

Which = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]

_ACTIONS = ("run", "upgrade", "delete", "purge")
_LOOK_AGAIN_SECONDS = 2.0


@bulk.command("start")
def start_job(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="run, upgrade, delete or purge.")],
    blocks: Annotated[
        list[str] | None,
        typer.Argument(metavar="BLOCK", help="Ids or exact names.", autocompletion=names_of("blocks")),
    ] = None,
    *,
    definition: Annotated[
        str | None,
        typer.Option(
            "--definition", "-d", help="All of this definition (id or name).", autocompletion=names_of("definitions")
        ),
    ] = None,
    status: Annotated[str | None, typer.Option("--status", help="Only those with this status.")] = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run, upgrade, delete or purge many building blocks.

    It says what came of each. Without names, all that match the options. A job that was interrupted goes on with `bulk resume`.
    """
    if action not in _ACTIONS:
        raise usage(f"'{action}' is not an action", "Use run, upgrade, delete or purge.")
    with connected(output, url) as session:
        body: JsonObject = {"action": action.upper()}
        if blocks:
            found: list[Json] = [lookup.block(session.client, one, workspace=workspace).id for one in blocks]
            body["buildingBlockUuids"] = found
        else:
            chosen: dict[str, Json] = {"workspaceIdentifier": workspace, "status": status}
            if definition:
                chosen["definitionUuid"] = lookup.definition(session.client, definition).id
            body["filter"] = {name: value for name, value in chosen.items() if value is not None}
        job = session.client.post(own("bulk-jobs"), body)
        count = number(job, "counts", "OPEN")
        require_consent(f"{action.capitalize()} {count} building blocks?", yes=yes)
        _finish(session, text(job, "uuid"))


@bulk.command("show")
def show_job(job: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show how far a job is, and what came of each building block."""
    with connected(output, url) as session:
        _print(session, session.client.get(own("bulk-jobs", job)))


@bulk.command("resume")
def resume_job(job: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Go on with a job that was interrupted."""
    with connected(output, url) as session:
        _finish(session, job)


@bulk.command("stop")
def stop_job(job: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Leave the rest of a job; what was done stays done."""
    with connected(output, url) as session:
        _print(session, session.client.post(own("bulk-jobs", job, "stop")))


def _finish(session: Session, job_id: str) -> None:
    """Go on until nothing is left; deletions of parents wait for those of their children."""
    session.printer.progress.print(f"Job {job_id}. If this is interrupted: blockyard bulk resume {job_id}")
    before: int | None = None
    while True:
        job = session.client.post(own("bulk-jobs", job_id, "continue"))
        if flag(job, "over"):
            _print(session, job)
            return
        left = number(job, "counts", "OPEN")
        if left == before:
            time.sleep(_LOOK_AGAIN_SECONDS)
        before = left


def _print(session: Session, job: JsonObject) -> None:
    rows = list(session.client.list(BULK_BLOCK, {}, path=own("bulk-jobs", text(job, "uuid"), "blocks")))
    if session.printer.for_programs:
        listed: list[Json] = [*rows]
        session.printer.document({**job, "blocks": listed})
        return
    session.printer.objects(
        columns("BLOCK", "STATE", "RESULT", wide=["ID"]),
        [
            (
                text(row, "name"),
                text(row, "state"),
                text(row, "message") or text(row, "code"),
                text(row, "buildingBlockUuid"),
            )
            for row in rows
        ],
    )
