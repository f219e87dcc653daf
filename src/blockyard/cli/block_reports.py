"""What is printed about building blocks, and how commands that start a run end."""

import typer
from rich.text import Text

from blockyard.cli.client import Page
from blockyard.cli.documents import flag, member, number, text
from blockyard.cli.listing import ago, tell_pages
from blockyard.cli.model import Block
from blockyard.cli.orders import output_rows
from blockyard.cli.output import Printer, columns, shown, status_text
from blockyard.cli.session import Session
from blockyard.cli.watching import DELETED, Watch, exit_code_of
from blockyard.protocol.jsontypes import JsonObject

_WAITS_FOR = {
    "WAITING_FOR_USER_INPUT": "It waits for inputs: give them with 'blockyard blocks update {id} -i …'.",
    "WAITING_FOR_OPERATOR_INPUT": "It waits for inputs of the platform team ('blockyard blocks update {id} -i …').",
    "WAITING_FOR_DEPENDENT_INPUT": "It waits for the building blocks it depends on.",
    "WAITING_FOR_APPROVAL": "It waits for an approval.",
}


def finish(session: Session, block: Block, *, wait: bool) -> None:
    """Wait for a building block unless told not to, print how it stands, and exit by that."""
    printer = session.printer
    if not wait:
        printer.result(block.document, f"'{block.name}' ({block.id}) is {block.status}.")
        return
    try:
        ended = Watch(session.client, printer.progress).until_settled(block)
    except KeyboardInterrupt:
        printer.note(f"'{block.name}' goes on; follow it with: blockyard blocks logs --follow {block.id}")
        raise
    _print_end(printer, ended)
    if code := exit_code_of(ended):
        raise typer.Exit(code)


def _print_end(printer: Printer, block: Block) -> None:
    if printer.is_json:
        printer.json(block.document)
        return
    if block.lifecycle == DELETED:
        printer.say(f"'{block.name}' ({block.id}) is deleted.")
        return
    printer.out.print(Text.assemble(f"'{block.name}' ({block.id}): ", status_text(block.status)), soft_wrap=True)
    if block.status in _WAITS_FOR:
        printer.say(_WAITS_FOR[block.status].format(id=block.id))
    if block.status == "SUCCEEDED" and block.outputs:
        printer.say("")
        printer.facts([(key, shown(value)) for key, value, _ in output_rows(block)])


def print_block(printer: Printer, block: Block) -> None:
    """Print a building block with its inputs and outputs."""
    facts: list[tuple[str, str | Text]] = [
        ("name", block.name),
        ("id", block.id),
        ("workspace", block.workspace),
        ("status", status_text(block.status)),
        ("lifecycle", status_text(block.lifecycle)),
        ("version", block.version_id),
        ("latest run", block.run_id or "-"),
    ]
    printer.facts(facts)
    printer.say("")
    rows = [
        (
            key,
            "(secret)" if flag(value, "isSensitive") and member(value, "value") else shown(member(value, "value")),
            text(value, "assignmentType"),
        )
        for key, value in sorted(block.inputs.items())
    ]
    printer.table(("INPUT", "VALUE", "FROM"), rows, title="Inputs")
    printer.say("")
    printer.table(
        ("OUTPUT", "VALUE", "USED AS"),
        [(key, shown(value), used) for key, value, used in output_rows(block)],
        title="Outputs",
    )


def print_list(printer: Printer, page: Page) -> None:
    """Print one page of building blocks; a program gets the objects alone."""
    if printer.is_json:
        printer.json([*page.items])
        return
    printer.objects(
        columns(
            "NAME", "WORKSPACE", "DEFINITION", "VERSION", "STATUS", "AGE", "ID", wide=["CREATED", "WHAT HAPPENED LAST"]
        ),
        [_row(item) for item in page.items],
    )
    tell_pages(printer, page)


def _row(item: JsonObject) -> tuple[str | Text, ...]:
    block = Block.read(item)
    deleting = " (being deleted)" if block.lifecycle == "MARKED_FOR_DELETION" else ""
    return (
        text(item, "name") or block.name,
        block.workspace,
        text(item, "definition", "displayName"),
        f"v{number(item, 'version', 'number')}",
        status_text(block.status) + deleting,
        ago(text(item, "createdAt")),
        block.id,
        text(item, "createdAt"),
        text(item, "statusText"),
    )
