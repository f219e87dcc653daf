"""`sessions list | end`."""

from typing import Annotated

import typer

from blockyard.cli.documents import objects, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, UrlOption, connected

sessions = typer.Typer(name="sessions", help="Command lines that act for you.")


@sessions.command("list")
def list_sessions(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the command lines that act for you, the one used last first."""
    with connected(output, url) as session:
        found = objects(session.client.get(own("me", "client-sessions")), "clientSessions")[:limit]
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("PROGRAM", "ACCESS", "WORKSPACE", "LAST USED", "ID", wide=["ADDRESS", "EXPIRES"]),
            [
                (
                    text(one, "program"),
                    text(one, "accessLevel"),
                    text(one, "workspace") or "all",
                    text(one, "lastUsedOn"),
                    text(one, "uuid"),
                    text(one, "address"),
                    text(one, "expiresOn"),
                )
                for one in found
            ],
        )


@sessions.command("end")
def end_session(
    which: Annotated[str | None, typer.Argument(metavar="ID", help="Id of the session.")] = None,
    *,
    everywhere: Annotated[bool, typer.Option("--all", help="Sign out all of them, this one too.")] = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Sign out a command line that acts for you."""
    with connected(output, url) as session:
        if (which is None) is not everywhere:
            raise usage("give either the id of a session or --all", "'blockyard sessions list' shows the ids.")
        path = own("me", "client-sessions", *([which] if which else []))
        session.client.request("DELETE", path, accept=JSON)
        session.printer.result({"ended": which or "all"}, f"Signed out {which or 'all command lines'}.")
