"""`runs changes`: what a run would change, or changes, and how that differs from another run."""

from typing import Annotated

import typer
from rich.text import Text

from blockyard.cli import lookup
from blockyard.cli.client import page_in
from blockyard.cli.completion import names_of
from blockyard.cli.documents import flag, member, number, objects, text
from blockyard.cli.listing import Limit, PageNumber, completing, tell_pages
from blockyard.cli.output import Format, shown
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, Session, UrlOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.names import ChangeAction

Which = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of the run, or the beginning of it.", autocompletion=names_of("runs"))
]

_DIFFERENCES = {"ONLY_HERE": "only here", "ONLY_THERE": "only there", "OTHERWISE": "otherwise"}
_LONGEST = 80


def list_changes(
    run: Which,
    *,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="RUN",
            help="Only what differs from the plan of this run (id).",
            autocompletion=names_of("runs"),
        ),
    ] = None,
    action: Annotated[
        ChangeAction | None,
        typer.Option(
            "--action",
            help="Only resources that this becomes of.",
            case_sensitive=False,
            autocompletion=completing([*ChangeAction]),
        ),
    ] = None,
    page: PageNumber = 1,
    limit: Limit = 200,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List what the plan of a run would change.

    A run that applies the plan of a dry run has the same. With --compare only what the plans of two runs do not have in common.
    """
    if compare is not None and action is not None:
        raise typer.BadParameter("--action does not go with --compare")
    with connected(output, url) as session:
        identifier = lookup.run_id(session.client, run)
        query = {"page": str(page - 1), "size": str(limit)}
        if compare is not None:
            query["with"] = lookup.run_id(session.client, compare)
            _compare(session, session.client.get(own("runs", identifier, "changes", "comparison"), query=query))
            return
        if action is not None:
            query["action"] = action.value
        _list(session, session.client.get(own("runs", identifier, "changes"), query=query))


def _list(session: Session, document: JsonObject) -> None:
    printer = session.printer
    if printer.for_programs:
        printer.document(document)
        return
    page = page_in(document, "changes")
    printer.table(("ACTION", "RESOURCE", "VALUE", "BEFORE", "AFTER"), [row for one in page.items for row in _rows(one)])
    printer.say(_sum(document, "plan"))
    tell_pages(printer, page)


def _compare(session: Session, document: JsonObject) -> None:
    printer = session.printer
    if printer.for_programs:
        printer.document(document)
        return
    page = page_in(document, "differences")
    rows = [
        (
            _DIFFERENCES.get(text(one, "difference"), ""),
            text(one, "here", "address") or text(one, "there", "address"),
            text(one, "here", "action") or "-",
            text(one, "there", "action") or "-",
        )
        for one in page.items
    ]
    printer.table(("DIFFERS", "RESOURCE", "HERE", "THERE"), rows)
    printer.say(f"Here: {_sum(document, 'here')} There: {_sum(document, 'there')}")
    same = "Both plans would do the same." if flag(document, "isEqual") else "The plans differ."
    printer.say(f"{same} They have {number(document, 'alike')} changes in common.")
    tell_pages(printer, page)


def _rows(change: JsonObject) -> list[tuple[str | Text, ...]]:
    """Return a line for the resource, and one for each of its values."""
    previous, reason = text(change, "previousAddress"), text(change, "reason").replace("_", " ")
    notes = [f"was {previous}" if previous else "", reason]
    head = (text(change, "action"), text(change, "address"), "", "", "; ".join(filter(None, notes)))
    return [head, *(_value(one) for one in objects(change, "attributes"))]


def _value(attribute: JsonObject) -> tuple[str | Text, ...]:
    path = text(attribute, "path") + (" (forces replacement)" if flag(attribute, "forcesReplacement") else "")
    if flag(attribute, "sensitive"):
        return ("", "", path, "(sensitive)", "(sensitive)")
    after = "(known after apply)" if flag(attribute, "unknown") else _short(attribute, "after")
    return ("", "", path, _short(attribute, "before"), after)


def _short(attribute: JsonObject, name: str) -> str:
    value = shown(member(attribute, name))
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _sum(document: JsonObject, name: str) -> str:
    counts = [(action, number(document, name, "counts", action.value)) for action in ChangeAction]
    told = ", ".join(f"{count} {action.value}" for action, count in counts if count)
    outputs = number(document, name, "outputs")
    return f"{told or 'no resources'}; {outputs} outputs." if outputs else f"{told or 'no changes'}."
