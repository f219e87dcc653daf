"""The client's commands as one Typer application."""

from typing import Annotated

import typer

from blockyard import __version__
from blockyard.cli.commands.blocks import blocks
from blockyard.cli.commands.definitions import definitions
from blockyard.cli.commands.keys import keys
from blockyard.cli.commands.runners import runners
from blockyard.cli.commands.runs import runs
from blockyard.cli.commands.signin import login, logout, whoami
from blockyard.cli.commands.state import state
from blockyard.cli.commands.workspaces import workspaces

SIGN_IN = "Sign-in"
OBJECTS = "Objects"


def build() -> typer.Typer:
    """Return the application with every client command."""
    application = typer.Typer(
        name="blockyard",
        help="Order, run, update and destroy versioned automation.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    application.callback()(_main)
    for command in (login, logout, whoami):
        application.command(rich_help_panel=SIGN_IN)(command)
    for group in (definitions, blocks, runs, state, runners, workspaces, keys):
        application.add_typer(group, no_args_is_help=True, rich_help_panel=OBJECTS)
    return application


def _main(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=lambda on: _show_version(wanted=on)
        ),
    ] = False,
) -> None:
    """Order, run, update and destroy versioned automation."""


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"blockyard {__version__}")
        raise typer.Exit


app = build()
