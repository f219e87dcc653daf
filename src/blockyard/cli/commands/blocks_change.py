"""`blocks order | update`: what takes inputs."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.block_reports import finish
from blockyard.cli.commands.blocks_versions import kept_by_upgrade
from blockyard.cli.commands.orders import tell_warnings
from blockyard.cli.completion import names_of
from blockyard.cli.definition_reports import may_of
from blockyard.cli.documents import text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.filling import checked, fill_in
from blockyard.cli.listing import owner_of
from blockyard.cli.model import Block, Definition, Version
from blockyard.cli.orders import answered, change_document, order_document, proposed_name, unchanged
from blockyard.cli.output import Format
from blockyard.cli.resources import own
from blockyard.cli.run_logs import Wait
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    Session,
    UrlOption,
    WorkspaceOption,
    connected,
    interactive,
    needed_workspace,
)
from blockyard.cli.values import exposed_secrets, read_values, split_assignments
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2, DEFINITION

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        help="KEY=VALUE; repeatable. For files and code KEY=@PATH reads a file (KEY=@- standard input).",
        autocompletion=names_of("inputs"),
    ),
]
InputFiles = Annotated[
    list[str] | None,
    typer.Option("--input-file", "-f", help="KEY=PATH: read a value of any type from a file; for secrets. Repeatable."),
]


def order_block(
    definition: Annotated[
        str,
        typer.Argument(
            help="Id, beginning of the id, or exact name of the definition.", autocompletion=names_of("definitions")
        ),
    ],
    *,
    workspace: NeededWorkspaceOption = None,
    inputs: Inputs = None,
    input_files: InputFiles = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="Name of the building block; left out, the one its definition suggests.",
        ),
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", help="Number of the version; left out, the latest released one.")
    ] = None,
    parents: Annotated[
        list[str] | None,
        typer.Option(
            "--parent", help="Building block it depends on (id or name); repeatable.", autocompletion=names_of("blocks")
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant",
            help="Order it on this tenant (id or name) instead of in the workspace.",
            autocompletion=names_of("tenants"),
        ),
    ] = None,
    later: Annotated[
        bool, typer.Option("--later", help="Inputs that are missing are given later; it waits for them.")
    ] = False,
    wait: Wait = True,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Order a building block, wait for it, and show its outputs.

    Inputs that are missing are asked for on a terminal; elsewhere the command names them and ends.
    """
    with connected(output, url) as session:
        place = None if tenant is None else lookup.tenant(session.client, tenant)
        workspace = needed_workspace(workspace, url) if place is None else owner_of(place)
        wanted = lookup.definition(session.client, definition)
        chosen = lookup.order_form(session.client, lookup.orderable(wanted, version), workspace)
        _say_what_runs_may(session, chosen, workspace)
        values = _given_values(session, chosen, inputs, input_files)
        place_id = None if place is None else text(place, "metadata", "uuid")
        values |= {} if later else fill_in(session, chosen, values, {}, workspace=workspace, tenant_id=place_id)
        _warn_of_waiting(session, chosen, values, workspace)
        is_named_by_server = name is None and bool(text(chosen.document, "displayNameTemplate"))
        called = None if is_named_by_server else name or proposed_name(wanted.name, values)
        if called is not None:
            _warn_of_equal_names(session, called, workspace)
        document = order_document(
            chosen,
            workspace=workspace,
            name=called,
            inputs=values,
            tenant_id=place_id,
            parents=[lookup.block(session.client, parent, workspace=workspace).id for parent in parents or []],
        )
        finish(session, Block.read(session.client.create(BLOCK_V2, document)), wait=wait)


def _say_what_runs_may(session: Session, version: Version, workspace: str) -> None:
    """Say before an order what its runs may do besides themselves; nothing if they may do nothing."""
    if may := may_of(version):
        sentences = "; ".join(f"{one[:1].lower()}{one[1:]}" for one in may)
        session.printer.note(f"While it runs it may, in workspace '{workspace}': {sentences}.")


def _warn_of_waiting(session: Session, version: Version, values: JsonObject, workspace: str) -> None:
    """Say before an order that no runner will take it soon."""
    tell_warnings(session, checked(session, version, values, workspace=workspace))


def _warn_of_equal_names(session: Session, name: str, workspace: str) -> None:
    filters = {"name": name, "workspaceIdentifier": workspace}
    for other in session.client.list(BLOCK_V2, filters, limit=1, path=own("blocks")):
        session.printer.warn(
            f"workspace '{workspace}' has a building block '{name}' already ({text(other, 'metadata', 'uuid')}); "
            "tell them apart by their ids, or give the new one another --name"
        )


def update_block(
    block: Annotated[
        str, typer.Argument(help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks"))
    ],
    *,
    inputs: Inputs = None,
    input_files: InputFiles = None,
    name: Annotated[str | None, typer.Option("--name", help="New name; that alone starts no run.")] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Change to the latest released version of its definition.")
    ] = False,
    version: Annotated[int | None, typer.Option("--version", help="Change to the version of this number.")] = None,
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change inputs, name or version of a building block. Inputs not given keep their values."""
    with connected(output, url) as session:
        given = inputs or input_files or name or upgrade or version is not None
        if not (given or interactive()):
            raise _nothing_changes()
        item = lookup.block(session.client, block, workspace=workspace)
        chosen = lookup.version_of_block(session.client, item.id)
        if upgrade or version is not None:
            definition = Definition.read(session.client.show(DEFINITION, chosen.definition_id))
            chosen = lookup.order_form(session.client, lookup.orderable(definition, version), item.workspace)
        values = _given_values(session, chosen, inputs, input_files)
        known = answered(chosen, item)
        if chosen.id != item.version_id:
            known = kept_by_upgrade(session, item.id, chosen.id) or known
        asks = item.status == "WAITING_FOR_USER_INPUT" and interactive()
        if upgrade or version is not None or asks:
            values |= fill_in(session, chosen, values, known, workspace=item.workspace)
        if not (given or values):
            raise _nothing_changes()
        document = change_document(item, version_id=chosen.id, name=name, inputs=values)
        changed = Block.read(session.client.replace(BLOCK_V2, item.id, document))
        if unchanged(item, changed):
            same_version = (upgrade or version is not None) and chosen.id == item.version_id
            latest = "the latest version" if version is None else "version"
            already = f"'{item.name}' is already on {latest} {chosen.number}. " if same_version else ""
            session.printer.say(f"{already}Nothing was changed.")
        finish(session, changed, wait=wait)


def _given_values(
    session: Session, version: Version, inputs: list[str] | None, input_files: list[str] | None
) -> JsonObject:
    given = split_assignments(inputs or [], input_files or [])
    values = read_values(version, given)
    for key in exposed_secrets(version, given):
        session.printer.warn(f"-i {key}: other users of this machine may see the secret; use -f {key}=PATH instead")
    return values


def _nothing_changes() -> Failure:
    return usage("nothing to change", "Give -i, -f, --name, --upgrade or --version.")
