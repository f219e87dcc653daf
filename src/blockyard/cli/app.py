"""The client's commands as one Typer application."""

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from blockyard import __version__
from blockyard.cli.commands.admin_roles import admin_roles
from blockyard.cli.commands.apply import apply, export
from blockyard.cli.commands.bindings import bindings
from blockyard.cli.commands.blocks import blocks
from blockyard.cli.commands.brakes import brakes
from blockyard.cli.commands.bulk import bulk
from blockyard.cli.commands.context import context
from blockyard.cli.commands.definitions import definitions
from blockyard.cli.commands.drift import drift
from blockyard.cli.commands.events import events
from blockyard.cli.commands.groups import groups
from blockyard.cli.commands.identities import identities
from blockyard.cli.commands.identity_providers import identity_providers
from blockyard.cli.commands.integrations import integrations
from blockyard.cli.commands.issuer import issuer
from blockyard.cli.commands.keys import keys
from blockyard.cli.commands.landing_zones import landing_zones
from blockyard.cli.commands.locations import locations
from blockyard.cli.commands.orders import marketplace, orders
from blockyard.cli.commands.payment_methods import payment_methods
from blockyard.cli.commands.platform_types import platform_types
from blockyard.cli.commands.platforms import platforms
from blockyard.cli.commands.policies import policies
from blockyard.cli.commands.project_roles import project_roles
from blockyard.cli.commands.projects import projects
from blockyard.cli.commands.publications import publications
from blockyard.cli.commands.requests import requests
from blockyard.cli.commands.resources import resources
from blockyard.cli.commands.runners import runners
from blockyard.cli.commands.runs import runs
from blockyard.cli.commands.service_instances import service_instances
from blockyard.cli.commands.sessions import sessions
from blockyard.cli.commands.signin import login, logout, whoami
from blockyard.cli.commands.state_work import state
from blockyard.cli.commands.tag_definitions import tag_definitions
from blockyard.cli.commands.tenants import tenants
from blockyard.cli.commands.users import users
from blockyard.cli.commands.workspaces import workspaces
from blockyard.cli.completion import names_of
from blockyard.cli.context_option import taking_context
from blockyard.cli.usage_errors import Commands

NAMES_OF_HELP = {"help_option_names": ["-h", "--help"]}

_PLACES = (locations, platform_types, platforms, landing_zones)
_PEOPLE = (bindings, requests, project_roles, groups, users, admin_roles, identity_providers, issuer)

SIGN_IN = "Sign-in"
OBJECTS = "Objects"


def build() -> typer.Typer:
    """Return the application with every client command."""
    application = typer.Typer(
        name="blockyard",
        cls=Commands,
        help="Order, run, update and destroy versioned automation.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,  # no frames where a program reads
        context_settings=NAMES_OF_HELP,
    )
    application.callback()(_main)
    application.command("help")(_help)
    application.command("version")(_version)
    for command in (login, logout, whoami):
        application.command(command.__name__, rich_help_panel=SIGN_IN)(_with_context(command))
    application.add_typer(_all_with_context(sessions), no_args_is_help=True, rich_help_panel=SIGN_IN)
    application.add_typer(context, no_args_is_help=True, rich_help_panel=SIGN_IN)
    application.command("apply", rich_help_panel=OBJECTS)(_with_context(apply))
    application.command("export", rich_help_panel=OBJECTS)(_with_context(export))
    for group in (
        definitions,
        identities,
        publications,
        marketplace,
        orders,
        blocks,
        bulk,
        brakes,
        runs,
        state,
        resources,
        drift,
        runners,
        integrations,
        *_PLACES,
        workspaces,
        projects,
        payment_methods,
        tenants,
        service_instances,
        tag_definitions,
        policies,
        keys,
        events,
        *_PEOPLE,
    ):
        application.add_typer(_all_with_context(group), no_args_is_help=True, rich_help_panel=OBJECTS)
    return application


def _with_context(command: Callable[..., None]) -> Callable[..., None]:
    return taking_context(command, names_of("contexts"))


def _all_with_context(group: typer.Typer) -> typer.Typer:
    """Return a group whose commands take `--context`."""
    made = typer.Typer(name=group.info.name, help=group.info.help)
    for registered in group.registered_commands:
        if registered.callback is not None:
            made.command(registered.name)(_with_context(registered.callback))
    return made


def _help(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help="What to explain.")] = None,
) -> None:
    """Explain a command, or list all commands."""
    root = context.find_root()
    root.command.main([*(words or ()), "--help"], prog_name=root.info_name)


def _version() -> None:
    """Show the version."""
    typer.echo(f"blockyard {__version__}")


def _main(
    *,
    _asked: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=lambda on: _show_version(wanted=on)
        ),
    ] = False,
) -> None:
    """Order, run, update and destroy versioned automation."""


def _show_version(*, wanted: bool) -> None:
    if wanted:
        _version()
        raise typer.Exit


app = build()
