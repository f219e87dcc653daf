"""`bulk start | list | show | resume | stop`."""

import time
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import number, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import BULK_BLOCK, BULK_JOB, own
from blockyard.cli.run_logs import Wait
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

bulk = typer.Typer(name="bulk", help="The same thing done to many building blocks.")

Which = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]

_ACTIONS = ("run", "upgrade", "delete", "purge")
_LOOK_AGAIN_SECONDS = 0.5


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
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run, upgrade, delete or purge many building blocks.

    The server does it, also when this command is gone. Without names, all that match the options.
    """
    with connected(output, url) as session:
        if action not in _ACTIONS:
            raise usage(f"'{action}' is not an action", "Use run, upgrade, delete or purge.")
        body: JsonObject = {"action": action.upper()}
        if blocks:
            found: list[Json] = [lookup.block(session.client, one, workspace=workspace).id for one in blocks]
            body["buildingBlockUuids"] = found
        else:
            chosen: dict[str, Json] = {"workspaceIdentifier": workspace, "status": status}
            if definition:
                chosen["definitionUuid"] = lookup.definition(session.client, definition).id
            if not any(chosen.values()):
                raise usage(
                    "nothing says which building blocks", "Name them, or use --workspace, --status or --definition."
                )
            body["filter"] = {name: value for name, value in chosen.items() if value is not None}
        job = session.client.post(own("bulk-jobs"), body)
        count = number(job, "counts", "OPEN")
        require_consent(f"{action.capitalize()} {count} building blocks?", yes=yes)
        _start(session, text(job, "uuid"), wait=wait)


@bulk.command("show")
def show_job(job: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show how far a job is, and what came of each building block."""
    with connected(output, url) as session:
        _print(session, session.client.get(own("bulk-jobs", job)))


@bulk.command("list")
def list_jobs(*, limit: Limit = 50, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List your own jobs, the newest first."""
    with connected(output, url) as session:
        jobs = list(session.client.list(BULK_JOB, {}, limit=limit, path=own("bulk-jobs")))
        if session.printer.for_programs:
            listed: list[Json] = [*jobs]
            session.printer.document(listed)
            return
        session.printer.objects(
            columns("JOB", "ACTION", "STATE", "OPEN", "DONE", "REFUSED", "CREATED"),
            [
                (
                    text(job, "uuid"),
                    text(job, "action"),
                    text(job, "state"),
                    *(str(number(job, "counts", name)) for name in ("OPEN", "DONE", "REFUSED")),
                    text(job, "createdAt"),
                )
                for job in jobs
            ],
        )


@bulk.command("resume")
def resume_job(job: Which, *, wait: Wait = True, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Go on with a job that was stopped, or never started."""
    with connected(output, url) as session:
        _start(session, job, wait=wait)


@bulk.command("stop")
def stop_job(job: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Leave the rest of a job; `bulk resume` goes on with it."""
    with connected(output, url) as session:
        _print(session, session.client.post(own("bulk-jobs", job, "stop")))


def _start(session: Session, job_id: str, *, wait: bool) -> None:
    """Let the server do a job, and look until it is over."""
    job = session.client.post(own("bulk-jobs", job_id, "start"))
    session.printer.progress.print(f"The server does job {job_id}; blockyard bulk show {job_id} says how far it is.")
    while wait and text(job, "state") == "UNDER_WAY":
        time.sleep(_LOOK_AGAIN_SECONDS)
        job = session.client.get(own("bulk-jobs", job_id))
    _print(session, job)


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
