"""What lists have in common: their options, their pages, how old something is, and filters that name nothing."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer
from rich.text import Text
from typer.models import OptionInfo

from blockyard.cli.client import Page
from blockyard.cli.documents import text
from blockyard.cli.exits import ExitCode, Failure, missing
from blockyard.cli.live import instant
from blockyard.cli.output import Column, Printer
from blockyard.cli.session import Session
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import WORKSPACE

PageNumber = Annotated[int, typer.Option("--page", min=1, help="Number of the page, from 1.")]
Limit = Annotated[int, typer.Option("--limit", "--size", "-n", min=1, max=1000, help="Most that are listed.")]
Most = Annotated[
    int | None,
    typer.Option("--limit", "--size", "-n", min=1, max=1000, help="Most that are listed; all of them without it."),
]
OldestFirst = Annotated[bool, typer.Option("--oldest-first", help="Begin with the oldest.")]

MAX_SEARCHED = 5000
"""So many objects are looked through for those that match."""

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """Return what reads one of some words, in upper or lower case."""
    known = list(words)

    def parse(word: str) -> str:
        if word.upper() not in known:
            raise typer.BadParameter(f"'{word}' is not one of {', '.join(known)}")
        return word.upper()

    return parse


def completing(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what completes one of some words."""
    known = list(words)
    return lambda incomplete: [word for word in known if word.startswith(incomplete.upper())]


def status_option(words: Sequence[str]) -> OptionInfo:
    """Return the option that keeps those with one status."""
    option: OptionInfo = typer.Option(
        "--status",
        metavar="STATUS",
        help=f"Only those with this status: {', '.join(words)}.",
        parser=one_of(words),
        autocompletion=completing(words),
    )
    return option


def ago(wire: str) -> str:
    """Return how long an instant of the wire is gone; empty if there is none."""
    at = instant(wire)
    if at is None:
        return ""
    seconds = max(0, int(time.time() - at))
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), f"{seconds} s")


def require_workspace(session: Session, workspace: str | None, found: Sequence[JsonObject]) -> None:
    """Refuse a workspace that there is not: an empty list would look like an answer. Raises Failure (not found)."""
    if workspace is None or found:
        return
    try:
        session.client.show(WORKSPACE, workspace)
    except Failure as failure:
        if failure.exit_code not in {ExitCode.NOT_FOUND, ExitCode.DENIED}:
            raise
        raise missing(
            f"there is no workspace '{workspace}' that you may see", "'blockyard workspaces list' shows yours."
        ) from failure


def tell_pages(printer: Printer, page: Page) -> None:
    """Say which page of how many was printed."""
    if page.pages > 1:
        printer.note(f"page {page.number + 1} of {page.pages}, {page.total} in all; --page and --limit show others")


def tell_list(
    session: Session,
    found: Page,
    workspace: str | None,
    shown: list[Column],
    row: Callable[[JsonObject], Sequence[str | Text]],
) -> None:
    """Print a page of a list: the documents for programs, `row` of each in the columns `shown` for people. Raises Failure."""
    if session.printer.for_programs:
        session.printer.document([*found.items])
        return
    require_workspace(session, workspace, found.items)
    session.printer.objects(shown, [row(item) for item in found.items])
    tell_pages(session.printer, found)


def tell_one(session: Session, document: JsonObject, facts: Iterable[tuple[str, str]]) -> None:
    """Print an object: its document for programs, facts about it for people."""
    if session.printer.for_programs:
        session.printer.document(document)
    else:
        session.printer.facts([*facts])


def owner_of(document: JsonObject) -> str:
    """Return the workspace that an object belongs to."""
    return text(document, "metadata", "ownedByWorkspace")
