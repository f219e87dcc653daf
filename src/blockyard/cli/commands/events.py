"""`events list | show`."""

from typing import Annotated

import typer

from blockyard.cli.documents import member, text
from blockyard.cli.listing import Limit, PageNumber, tell_list
from blockyard.cli.option_words import moment
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import EVENT_LOG

events = typer.Typer(name="events", help="The event log: who did what, when.")

Title = Annotated[str | None, typer.Option("--title", help="Only those with this title, such as 'Project Created'.")]
Type = Annotated[str | None, typer.Option("--type", help="Only those of this type, such as Created.")]
Author = Annotated[
    str | None, typer.Option("--author", help="Only what this user name, or key by its id, did.", metavar="AUTHOR")
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help="Not before this day or time; left out, the last month.", parser=moment
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before this day or time.", parser=moment)]


@events.command("list")
def list_events(
    *,
    workspace: WorkspaceOption = None,
    title: Title = None,
    type_: Type = None,
    author: Author = None,
    since: From = None,
    until: Until = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List what happened, the newest first."""
    with connected(output, url) as session:
        filters = {
            "workspaceIdentifier": workspace,
            "title": title,
            "eventType": type_,
            "authorIdentifier": author,
            "from": since,
            "until": until,
        }
        found = session.client.page(EVENT_LOG, filters, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            workspace,
            columns("TIME", "TITLE", "BY", "WORKSPACE", "ID", wide=["TYPE", "DESCRIPTION"]),
            lambda item: (
                text(item, "status", "created", "timestamp"),
                text(item, "spec", "title"),
                _author(item),
                text(item, "spec", "workspaceRef", "name") or "-",
                text(item, "metadata", "uuid"),
                text(item, "spec", "eventType"),
                text(item, "spec", "description"),
            ),
        )


@events.command("show")
def show_event(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Id of the event.")],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show an event with its content and, of a change, the content before."""
    with connected(output, url) as session:
        item = session.client.show(EVENT_LOG, event)
        if session.printer.for_programs:
            session.printer.document(item)
            return
        facts = [
            ("time", text(item, "status", "created", "timestamp")),
            ("title", text(item, "spec", "title")),
            ("type", text(item, "spec", "eventType")),
            ("by", f"{_author(item)} ({text(item, 'status', 'created', 'author', 'type')})"),
            ("workspace", text(item, "spec", "workspaceRef", "name") or "-"),
            ("description", text(item, "spec", "description") or "-"),
            ("content", shown(member(item, "spec", "content"))),
            ("before", shown(member(item, "spec", "previousContent"))),
        ]
        session.printer.facts(facts)


def _author(item: JsonObject) -> str:
    author = member(item, "status", "created", "author")
    return text(author, "displayName") or text(author, "identifier")
