"""`publications list | show | submit | withdraw | restrict | deprecate | reactivate | approve | reject`."""

from typing import Annotated

import typer
from rich.text import Text

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import objects, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, ago, completing, one_of, tell_list
from blockyard.cli.output import Format, columns, status_text
from blockyard.cli.resources import JSON, PUBLICATION, own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

publications = typer.Typer(name="publications", help="Publications: how definitions come to workspaces.")

DECISIONS = ("OPEN", "APPROVED", "REJECTED", "WITHDRAWN")

Which = Annotated[
    str,
    typer.Argument(
        metavar="DEFINITION", help="Id, beginning of the id, or exact name.", autocompletion=names_of("definitions")
    ),
]
Request = Annotated[str, typer.Argument(metavar="REQUEST", help="Id of the request; 'publications list' shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the event log keeps it.")]


@publications.command("list")
def list_publications(
    *,
    decision: Annotated[
        str | None,
        typer.Option(
            "--decision",
            metavar="DECISION",
            help=f"Only those with this decision: {', '.join(DECISIONS)}.",
            parser=one_of(DECISIONS),
            autocompletion=completing(DECISIONS),
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the requests for publication. Only reviewers may.

    They are those of all workspaces, undecided ones first.
    """
    with connected(output, url) as session:
        filters = {"decision": decision, "ownedByWorkspace": workspace}
        found = session.client.page(PUBLICATION, filters, number_=page - 1, size=limit, path=own("publications"))
        tell_list(
            session,
            found,
            None,
            columns("NAME", "OWNER", "KIND", "DECISION", "AGE", "BY", "ID", wide=["MESSAGE", "COMMENT"]),
            lambda item: (
                text(item, "displayName"),
                text(item, "ownedByWorkspace"),
                text(item, "kind").removeprefix("mesh"),
                status_text(text(item, "decision")),
                ago(text(item, "requestedOn")),
                text(item, "requestedBy"),
                text(item, "uuid"),
                text(item, "message"),
                text(item, "comment"),
            ),
        )


@publications.command("show")
def show_publication(
    definition: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show how far a definition of yours is on its way to others."""
    with connected(output, url) as session:
        item = lookup.definition(session.client, definition, workspace=workspace)
        document = session.client.get(own("definitions", item.id, "publication"))
        if session.printer.for_programs:
            session.printer.document(document)
            return
        workspaces = ", ".join(texts(document, "restrictedToWorkspaces"))
        facts: list[tuple[str, str | Text]] = [
            ("definition", f"{item.name} ({item.id})"),
            ("state", status_text(text(document, "state"))),
            ("restriction", text(document, "restriction") + (f": {workspaces}" if workspaces else "")),
            ("next steps", ", ".join(texts(document, "nextSteps")) or "-"),
        ]
        session.printer.facts(facts)
        session.printer.say("")
        session.printer.table(
            ("REQUESTED", "BY", "DECISION", "BY", "COMMENT"),
            [
                (
                    text(request, "requestedOn"),
                    text(request, "requestedBy"),
                    status_text(text(request, "decision")),
                    text(request, "decidedBy"),
                    text(request, "comment"),
                )
                for request in objects(document, "requests")
            ],
            title="Requests",
        )


@publications.command("submit")
def submit(
    definition: Which,
    *,
    message: Annotated[str, typer.Option("--message", "-m", help="What the reviewer should know.")] = "",
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Submit a definition for publishing.

    Where no review is needed it is published at once.
    """
    with connected(output, url) as session:
        _step(session, definition, workspace, "submit", {"message": message})


@publications.command("withdraw")
def withdraw(
    definition: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Take a request for publication back."""
    with connected(output, url) as session:
        _step(session, definition, workspace, "withdraw", {})


@publications.command("deprecate")
def deprecate(
    definition: Which,
    *,
    reason: Reason = "",
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Deprecate a published definition.

    Nothing new is made of it; building blocks that are there go on.
    """
    with connected(output, url) as session:
        _step(session, definition, workspace, "deprecate", {"reason": reason})


@publications.command("reactivate")
def reactivate(
    definition: Which,
    *,
    reason: Reason = "",
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Publish a deprecated definition again."""
    with connected(output, url) as session:
        _step(session, definition, workspace, "reactivate", {"reason": reason})


@publications.command("restrict")
def restrict(
    definition: Which,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="A workspace that may see it; repeatable.", autocompletion=names_of("workspaces")),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Everybody may see it once it is published.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Nobody but its owner sees it.")] = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say whom a definition reaches.

    Building blocks that are there go on.
    """
    with connected(output, url) as session:
        if [bool(to), public, private].count(True) != 1:
            raise usage("whom the definition reaches is not clear", "Give either --to, --public or --private.")
        word = "RESTRICTED" if to else "PUBLIC" if public else "PRIVATE"
        item = lookup.definition(session.client, definition, workspace=workspace)
        body: JsonObject = {"restriction": word, "restrictedToWorkspaces": [*(to or [])]}
        path = own("definitions", item.id, "publication")
        stored: JsonObject = session.client.request("PUT", path, body=body, sends=JSON).json()
        session.printer.result(stored, f"Definition '{item.name}' is {word.lower()}.")


@publications.command("approve")
def approve(
    request: Request,
    *,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What the owner should know.")] = "",
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Publish what was submitted. Only reviewers may."""
    with connected(output, url) as session:
        stored = session.client.post(own("publications", request, "approve"), {"comment": comment})
        session.printer.result(stored, f"'{text(stored, 'displayName')}' is published.")


@publications.command("reject")
def reject(
    request: Request,
    *,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What the owner has to change.")],
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Reject what was submitted. Only reviewers may."""
    with connected(output, url) as session:
        stored = session.client.post(own("publications", request, "reject"), {"comment": comment})
        session.printer.result(stored, f"'{text(stored, 'displayName')}' is rejected.")


def _step(session: Session, definition: str, workspace: str | None, step: str, body: JsonObject) -> None:
    item = lookup.definition(session.client, definition, workspace=workspace)
    stored = session.client.post(own("definitions", item.id, "publication", step), body)
    session.printer.result(stored, f"Definition '{item.name}' is {text(stored, 'state')}.")
