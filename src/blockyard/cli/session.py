"""What every command stands on: the server, the printer, and how failures end the process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer

from blockyard.cli import contexts
from blockyard.cli import credentials as stored
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.context_option import chosen_context
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.cli.issuers import refreshed
from blockyard.cli.output import Format, Printer

OutputOption = Annotated[
    Format,
    typer.Option("--output", "-o", help="How to print the result: a table, a wide one with whole ids, JSON or YAML."),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Base URL of the server; takes precedence over BLOCKYARD_URL and the current context."),
]
WorkspaceOption = Annotated[
    str | None,
    typer.Option("--workspace", "-w", help="Identifier of the workspace.", autocompletion=names_of("workspaces")),
]
NeededWorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Identifier of the workspace; left out, BLOCKYARD_WORKSPACE or the default one of the context.",
        autocompletion=names_of("workspaces"),
    ),
]


def needed_workspace(workspace: str | None, url: str | None = None) -> str:
    """Return the workspace given, else the default one. Raises Failure (usage)."""
    found = workspace or stored.default_workspace(os.environ, url=url, context=chosen_context())
    if found is None:
        raise usage(
            "no workspace is given",
            f"Give -w, set {stored.WORKSPACE}, or choose a default: blockyard context use --workspace WORKSPACE",
        )
    return found


@dataclass(frozen=True, slots=True)
class Session:
    """A server to talk to and a place to print."""

    client: Client
    printer: Printer


@contextmanager
def reporting(form: Format) -> Iterator[Printer]:
    """Yield a printer; a Failure inside is printed and ends the process with its exit code."""
    printer = Printer(form)
    try:
        yield printer
    except Failure as failure:
        printer.fail(failure)
        raise typer.Exit(failure.exit_code) from None
    except typer.Abort:  # no, or Ctrl-C, at a question: all questions come before anything is sent
        printer.fail(Failure("Cancelled; nothing was changed.", exit_code=ExitCode.INTERRUPTED, code="Cancelled"))
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        _stop_writing()


@contextmanager
def connected(form: Format, url: str | None = None) -> Iterator[Session]:
    """Yield the server and a printer, like `reporting`. New tokens are kept for the next command."""
    with (
        reporting(form) as printer,
        signed_in(stored.load(os.environ, url=url, context=chosen_context()), printer) as session,
    ):
        yield session


@contextmanager
def signed_in(credentials: contexts.Credentials, printer: Printer) -> Iterator[Session]:
    """Yield the server of some credentials. New tokens are kept for the next command."""

    def waiting(reason: str, seconds: float) -> None:
        printer.note(f"{reason}; trying again in {seconds:g} s")

    with Client(credentials, renewed=_keep, renewing=renewed, waiting=waiting) as client:
        yield Session(client, printer)


def _keep(newer: contexts.Credentials) -> None:
    """Store a new token, unless somebody signed in otherwise meanwhile."""
    if newer.context is None:
        return
    with contexts.changing(contexts.file_path(os.environ)) as held:
        kept = held[0].by_name.get(newer.context)
        if kept is not None and (kept.url, kept.key) == (newer.url, newer.key):
            held[0] = held[0].holding(newer)


def renewed(known: contexts.Credentials) -> contexts.Credentials:
    """Return new tokens of a sign-in with a browser, or those that another command got while this one waited for it."""
    if known.context is None:
        return refreshed(known)
    with contexts.changing(contexts.file_path(os.environ)) as held:
        kept = held[0].by_name.get(known.context)
        if kept is None or kept.url != known.url or kept.refresh is None:
            return refreshed(known)
        if kept.token != known.token:
            return kept
        newer = refreshed(kept)
        held[0] = held[0].holding(newer)
        return newer


def interactive() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _stop_writing() -> NoReturn:
    """End quietly: whoever read our output has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(ExitCode.REFUSED)
