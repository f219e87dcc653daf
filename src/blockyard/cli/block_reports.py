"""What is printed about building blocks, and how commands that start a run end."""

import typer
from rich.text import Text

from blockyard.cli.client import Page
from blockyard.cli.documents import flag, member, number, objects, text
from blockyard.cli.listing import ago, tell_pages
from blockyard.cli.model import Block
from blockyard.cli.orders import output_rows
from blockyard.cli.output import Printer, columns, plain, shown, status_text
from blockyard.cli.resources import own
from blockyard.cli.session import Session
from blockyard.cli.waits import wait_facts
from blockyard.cli.watching import DELETED, Watch, exit_code_of
from blockyard.protocol.jsontypes import JsonObject

_WAITS_FOR = {
    "WAITING_FOR_USER_INPUT": "It waits for inputs: give them with 'blockyard blocks update {id} -i …'.",
    "WAITING_FOR_OPERATOR_INPUT": "It waits for inputs of the platform team.",
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
    _print_end(session, ended)
    if code := exit_code_of(ended):
        raise typer.Exit(code)


def _print_end(session: Session, block: Block) -> None:
    printer = session.printer
    if printer.for_programs:
        printer.document(block.document)
        return
    if block.lifecycle == DELETED:
        printer.say(f"'{block.name}' ({block.id}) is deleted.")
        return
    printer.out.print(Text.assemble(f"'{block.name}' ({block.id}): ", status_text(block.status)), soft_wrap=True)
    if block.status in _WAITS_FOR:
        printer.say(_WAITS_FOR[block.status].format(id=block.id))
        _tell_what_for(session, block)
    if block.status == "SUCCEEDED" and block.outputs:
        printer.say("")
        printer.facts([(key, shown(value)) for key, value, _ in output_rows(block)])


def _tell_what_for(session: Session, block: Block) -> None:
    """Say what exactly is waited for, who the platform team is, and how its inputs are given if the reader belongs to it."""
    detail = session.client.get(own("blocks", block.id))
    for _, line in wait_facts(detail):
        session.printer.say(f"  {line}")
    if block.status != "WAITING_FOR_OPERATOR_INPUT":
        return
    if flag(detail, "allowed", "operate"):
        session.printer.say(f"Give them with: blockyard blocks update {block.id} -i …")
    else:
        session.printer.say(f"The team is workspace '{text(detail, 'provider')}'.")


def print_block(printer: Printer, block: Block, detail: JsonObject) -> None:
    """Print a building block with its latest run, inputs and outputs."""
    newer = number(detail, "newerVersion", "number")
    version = f"v{number(detail, 'version', 'number')}{f' (v{newer} is available)' if newer else ''}"
    run = next(iter(objects(detail, "runs")), {})
    facts: list[tuple[str, str | Text]] = [
        ("name", text(detail, "name") or block.name),
        ("id", block.id),
        ("workspace", block.workspace),
        ("definition", f"{text(detail, 'definition', 'displayName')} {version}"),
        ("offered by", text(detail, "provider")),
        ("status", Text.assemble(status_text(block.status), f"  {plain(text(detail, 'statusText'))}")),
        ("lifecycle", status_text(block.lifecycle)),
        ("ordered", _when(text(detail, "createdAt"))),
        ("latest run", _run_in_words(run) if run else "-"),
    ]
    facts += [("", text(run, "summary"))] if text(run, "summary") else []
    defect = text(detail, "version", "defect", "reason")
    facts += [("defective", f"this version is defective: {defect}")] if defect else []
    facts += [("run id", text(run, "uuid"))] if text(run, "uuid") else []
    facts += wait_facts(detail)
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


def _run_in_words(run: JsonObject) -> Text:
    at = _when(text(run, "finishedAt") or text(run, "createdAt"))
    begin = f"{number(run, 'number')}, {text(run, 'behavior').lower()}: "
    return Text.assemble(begin, status_text(text(run, "status")), f", {at}")


def _when(wire: str) -> str:
    return f"{ago(wire)} ago ({wire})" if wire else "-"


def print_list(printer: Printer, page: Page) -> None:
    """Print one page of building blocks; a program gets the objects alone."""
    if printer.for_programs:
        printer.document([*page.items])
        return
    printer.objects(
        columns("NAME", "WORKSPACE", "DEFINITION", "VERSION", "STATUS", "AGE", "ID", wide=["CREATED", "IN WORDS"]),
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
