"""Prints what a run did, once or until it ends."""

from typing import Annotated

import typer

from blockyard.cli.feeds import follow_run, replay_run
from blockyard.cli.live import Screen
from blockyard.cli.session import Session
from blockyard.cli.watching import exit_code_of_run
from blockyard.protocol.kinds import RUN

Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end and show what happens.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")]


def print_logs(session: Session, run_id: str, *, follow: bool) -> None:
    """Print the steps of a run with their logs; with `follow` until it ends, and exit by that. Raises Failure."""
    printer = session.printer
    if follow:
        with Screen(printer.progress) as screen:
            status = follow_run(session.client, run_id, screen)
    if printer.for_programs:
        printer.document(session.client.get(RUN.path(run_id, "logs"), accept=RUN.media))
    elif follow:
        printer.say(f"The run ended: {status}.")
    else:
        with Screen(printer.out, live=False) as screen:
            replay_run(session.client, run_id, screen)
    if follow:
        end(status)


def wait_for(session: Session, run_id: str) -> str:
    """Show a run until it ends and return its status. Raises Failure."""
    with Screen(session.printer.progress) as screen:
        return follow_run(session.client, run_id, screen)


def end(status: str) -> None:
    """Exit by how a run ended."""
    if code := exit_code_of_run(status):
        raise typer.Exit(code)
