"""`state list | show | diff | pull | restore | lock | unlock`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.contexts import write_private
from blockyard.cli.documents import flag, number, objects, text
from blockyard.cli.exits import missing
from blockyard.cli.listing import Most
from blockyard.cli.new_files import require_new
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject

state = typer.Typer(name="state", help="The kept versions of building blocks' OpenTofu state.")

Which = Annotated[
    str,
    typer.Argument(metavar="BLOCK", help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks")),
]
Number = Annotated[int, typer.Argument(min=1, help="Number of the version.")]


@state.command("list")
def list_versions(
    block: Which,
    *,
    workspace: WorkspaceOption = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the kept versions of a building block's state.

    The newest come first.
    """
    with connected(output, url) as session:
        found = _versions(session.client, block_id(session.client, block, workspace))[:limit]
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("VERSION", "CURRENT", "SERIAL", "BYTES", "RESOURCES", "CREATED", "BY", "WHY"),
            [
                (
                    shown(number(item, "number")),
                    "yes" if flag(item, "isCurrent") else "",
                    shown(number(item, "serial")),
                    shown(number(item, "sizeBytes")),
                    _count(item),
                    text(item, "createdAt"),
                    text(item, "author") or text(item, "runUuid") or "-",
                    text(item, "reason") or "-",
                )
                for item in found
            ],
        )


@state.command("show")
def show_version(
    block: Which,
    version: Annotated[
        int | None, typer.Argument(min=1, help="Number of the version; left out, the current one.")
    ] = None,
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show where a version of a state comes from."""
    with connected(output, url) as session:
        item = _chosen(session.client, block_id(session.client, block, workspace), version)
        if session.printer.for_programs:
            session.printer.document(item)
            return
        facts = [
            ("version", shown(number(item, "number"))),
            ("current", "yes" if flag(item, "isCurrent") else "no"),
            ("serial", shown(number(item, "serial"))),
            ("lineage", text(item, "lineage") or "-"),
            ("bytes", shown(number(item, "sizeBytes"))),
            ("resources", _count(item)),
            ("created", text(item, "createdAt")),
            ("author", text(item, "author") or "-"),
            ("run", text(item, "runUuid") or "-"),
            ("why", text(item, "reason") or "-"),
        ]
        session.printer.facts(facts)


@state.command("diff")
def show_difference(
    block: Which,
    before: Annotated[int, typer.Argument(min=1, help="Number of the earlier version.")],
    after: Annotated[int, typer.Argument(min=1, help="Number of the later version.")],
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what differs between two versions, without secrets."""
    with connected(output, url) as session:
        path = f"{_path(block_id(session.client, block, workspace))}/{after}/difference"
        found = session.client.get(path, query={"before": str(before)})
        if session.printer.for_programs:
            session.printer.document(found)
            return
        if not flag(found, "isReadable"):
            session.printer.note("The state is encrypted: only its engine can read it.")
            return
        session.printer.objects(columns("WHAT", "ADDRESS", "ATTRIBUTE", "BEFORE", "AFTER"), [*_differences(found)])


@state.command("pull")
def pull_version(
    block: Which,
    file: Annotated[Path, typer.Argument(help="New file, mode 0600: a state may hold secrets.")],
    *,
    version: Annotated[
        int | None, typer.Option("--version", min=1, help="Number of the version; left out, the current one.")
    ] = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Write the content of a state into a file."""
    with connected(output, url) as session:
        require_new(file)
        found = block_id(session.client, block, workspace)
        item = _chosen(session.client, found, version)
        path = f"{_path(found)}/{number(item, 'number')}"
        content = session.client.request("GET", path, accept=JSON)
        write_private(file, content.text)
        session.printer.result(item, f"Version {number(item, 'number')} of the state is in {file}.")


@state.command("restore")
def restore_version(
    block: Which,
    version: Number,
    *,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make an older version of a state the current one.

    It becomes a new version.
    """
    with connected(output, url) as session:
        found = block_id(session.client, block, workspace)
        require_consent(f"Replace the current state of '{block}' with its version {version}?", yes=yes)
        stored = session.client.post(f"{_path(found)}/{version}/restore")
        session.printer.result(
            stored, f"Version {version} is the current state again, as version {number(stored, 'number')}."
        )


@state.command("lock")
def show_lock(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show who holds the lock of a state."""
    with connected(output, url) as session:
        lock = session.client.get(_lock_path(block_id(session.client, block, workspace)))
        if session.printer.for_programs:
            session.printer.document(lock)
            return
        facts = [
            ("lock", text(lock, "lockInfo", "ID")),
            ("operation", text(lock, "lockInfo", "Operation") or "-"),
            ("who", text(lock, "lockInfo", "Who") or "-"),
            ("holder", text(lock, "holder", "principal")),
            ("run", text(lock, "holder", "runUuid") or "-"),
            ("since", text(lock, "createdOn")),
        ]
        session.printer.facts(facts)


@state.command("unlock")
def force_unlock(
    block: Which,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; the event log keeps it.")] = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Take the lock of a state away from whoever holds it.

    Only when nothing works with the state any more: two at once destroy it.
    """
    with connected(output, url) as session:
        path = _lock_path(block_id(session.client, block, workspace))
        lock = session.client.get(path)
        holder, lock_id = text(lock, "holder", "principal"), text(lock, "lockInfo", "ID")
        require_consent(f"Take the lock of the state of '{block}' away from {holder}?", yes=yes)
        session.client.request("DELETE", path, query={"ID": lock_id} | ({"reason": reason} if reason else {}))
        session.printer.result(lock, f"The state of '{block}' is not locked any more.")


def _count(item: JsonObject) -> str:
    found = number(item, "resourceCount")
    return "-" if found is None else str(found)


def _differences(found: JsonObject) -> Iterator[tuple[str, ...]]:
    for one in objects(found, "resources"):
        kind, address = text(one, "kind").lower(), text(one, "address")
        attributes = objects(one, "attributes")
        if not attributes:
            yield kind, address, "", "", ""
        for attribute in attributes:
            yield kind, address, text(attribute, "name"), text(attribute, "before"), text(attribute, "after")
    for output in objects(found, "outputs"):
        yield "changed", "output", text(output, "name"), text(output, "before"), text(output, "after")


def block_id(client: Client, word: str, workspace: str | None) -> str:
    """Return the id of the building block that a word means. Raises Failure."""
    return lookup.full_id(word) or lookup.block(client, word, workspace=workspace).id


def _path(block_id: str) -> str:
    return own("blocks", block_id, "state", "versions")


def _lock_path(block_id: str) -> str:
    return own("blocks", block_id, "state", "lock")


def _versions(client: Client, block_id: str) -> list[JsonObject]:
    return objects(client.get(_path(block_id)), "versions")


def _chosen(client: Client, block_id: str, version: int | None) -> JsonObject:
    """Return the version of a number, or the current one. Raises Failure."""
    for item in _versions(client, block_id):
        if flag(item, "isCurrent") if version is None else number(item, "number") == version:
            return item
    what = "no state" if version is None else f"no version {version} of its state"
    raise missing(f"the building block has {what}")
