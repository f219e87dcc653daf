"""`blocks order | list | show | logs | outputs | update | follow | run | cascade | remains | detect | apply-plan | delete`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.block_reports import finish, print_block, print_list
from blockyard.cli.commands.blocks_change import order_block, update_block
from blockyard.cli.commands.blocks_versions import follow_versions
from blockyard.cli.commands.brakes import hold_block, release_block
from blockyard.cli.commands.lives import expire_block, keep_block
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, can_ask, require_consent
from blockyard.cli.documents import flag, number, objects, text, texts
from blockyard.cli.exits import missing, usage
from blockyard.cli.feeds import replay_block
from blockyard.cli.listing import Limit, OldestFirst, PageNumber, require_workspace, status_option
from blockyard.cli.live import Screen
from blockyard.cli.model import Block, BlockStatus
from blockyard.cli.orders import output_rows, output_value
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.resources import JSON, own
from blockyard.cli.run_logs import Follow, Wait, end, print_logs, wait_for
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.cli.watching import Watch
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2

blocks = typer.Typer(name="blocks", help="Building blocks: what was ordered.")
blocks.command("order")(order_block)
blocks.command("update")(update_block)
blocks.command("follow")(follow_versions)
blocks.command("hold")(hold_block)
blocks.command("release")(release_block)
blocks.command("expire")(expire_block)
blocks.command("keep")(keep_block)

_NAMED = 5
"""How many blocks a question names."""

Which = Annotated[
    str,
    typer.Argument(metavar="BLOCK", help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks")),
]


_OFFERS = {
    "CHANGE": "Change inputs and go on: blockyard blocks update '{name}' -i KEY=VALUE",
    "RETRY": "Try again: blockyard blocks run '{name}'",
    "REMOVE": "Remove what exists: blockyard blocks delete '{name}'",
}
"""How to go on where the first order failed."""


@blocks.command("list")
def list_blocks(
    *,
    workspace: WorkspaceOption = None,
    definition: Annotated[
        str | None,
        typer.Option(
            "--definition",
            "-d",
            help="Only those of this definition (id or name).",
            autocompletion=names_of("definitions"),
        ),
    ] = None,
    status: Annotated[str | None, status_option([*BlockStatus])] = None,
    name: Annotated[str | None, typer.Option("--name", help="Only those with exactly this name.")] = None,
    managed_by: Annotated[
        str | None,
        typer.Option(
            "--managed-by",
            help="Those of any workspace whose definition this workspace owns; needs MANAGED_BUILDINGBLOCK_LIST there.",
            autocompletion=names_of("workspaces"),
        ),
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that are gone, instead of the others.")] = False,
    oldest_first: OldestFirst = False,
    page: PageNumber = 1,
    limit: Limit = 50,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List building blocks, the newest first.

    Those that are being deleted are listed, too.
    """
    with connected(output, url) as session:
        definition_id = lookup.definition(session.client, definition).id if definition else None
        filters = {
            "workspaceIdentifier": workspace,
            "definitionUuid": definition_id,
            "status": status,
            "name": name,
            "managedByWorkspaceIdentifier": managed_by,
            "deleted": "true" if deleted else None,
            "oldestFirst": "true" if oldest_first else None,
        }
        found = session.client.page(BLOCK_V2, filters, number_=page - 1, size=limit, path=own("blocks"))
        require_workspace(session, workspace or managed_by, found.items)
        print_list(session.printer, found)


@blocks.command("show")
def show_block(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show a building block: its status, inputs and outputs."""
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        if session.printer.for_programs:
            session.printer.document(item.document)
        else:
            print_block(session.printer, item, session.client.get(own("blocks", item.id)))


@blocks.command("outputs")
def show_outputs(
    block: Which,
    name: Annotated[str | None, typer.Argument(help="Only this output, as it is.")] = None,
    *,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show the outputs of a building block.

    With the name of an output it prints the bare value, for scripts.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        if name is not None:
            value = output_value(item, name)
            if session.printer.for_programs:
                session.printer.document(value)
            else:
                session.printer.raw(value)
            return
        if session.printer.for_programs:
            session.printer.document(item.outputs)
            return
        session.printer.table(
            ("OUTPUT", "VALUE", "USED AS"), [(key, shown(value), used) for key, value, used in output_rows(item)]
        )


@blocks.command("logs")
def show_logs(
    block: Which,
    *,
    follow: Follow = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show the log of a building block's latest run. With --follow the exit code says how the run ended.

    Where only the team that offers it may read logs, its steps and their messages are shown.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        if item.run_id:
            print_logs(session, item.run_id, follow=follow)
        elif follow:
            finish(session, item, wait=True)
        elif session.printer.for_programs:
            raise missing(f"'{item.name}' has no run whose log you may read", "Without -o json its steps are shown.")
        else:
            with Screen(session.printer.out, live=False) as screen:
                replay_block(session.client, item.id, screen)


@blocks.command("run")
def run_block(
    block: Which,
    *,
    wait: Wait = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether others may run again, too.")] = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Run a building block again with its current inputs.

    Asks at a terminal if others may run again because of it.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        _ask_about_cascade(session, item.id, yes=yes)
        session.client.request("POST", BLOCK_V2.path(item.id, "trigger-run"), accept=JSON)
        finish(session, Watch(session.client, session.printer.progress).again(item), wait=wait)


def _ask_about_cascade(session: Session, block_id: str, *, yes: bool) -> None:
    """Say who may run again because of a run, and ask; where nobody can be asked it goes on."""
    followers = objects(session.client.get(own("blocks", block_id, "cascade")), "buildingBlocks")
    if not followers:
        return
    names = ", ".join(text(one, "displayName") for one in followers[:_NAMED])
    more = f" and {len(followers) - _NAMED} more" if len(followers) > _NAMED else ""
    session.printer.note(f"These may run again, too, if what they take from it changes: {names}{more}.")
    if not yes and can_ask():
        require_consent("Start the run?", yes=False)


@blocks.command("cascade")
def show_cascade(
    block: Which,
    *,
    stop: Annotated[
        str | None, typer.Option("--stop", metavar="REASON", help="Let no more runs follow from its latest run.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Run again what a stopped cascade held back.")] = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show which building blocks may run again, and why.

    With --stop or --resume it ends that, or goes on with it; what a runner has goes on.
    """
    with connected(output, url) as session:
        if stop is not None and resume:
            raise usage("give only one of --stop and --resume", "Give one of them.")
        item = lookup.block(session.client, block, workspace=workspace)
        if stop is not None:
            stopped = session.client.post(own("blocks", item.id, "cascade", "stop"), {"reason": stop})
            session.printer.result(stopped, f"No more runs follow from '{item.name}'. {text(stopped, 'message')}")
            return
        if resume:
            gone_on = session.client.post(own("blocks", item.id, "cascade", "resume"))
            session.printer.result(gone_on, f"{number(gone_on, 'resumed')} building blocks run again.")
            return
        found = session.client.get(own("blocks", item.id, "cascade"))
        if session.printer.for_programs:
            session.printer.document(found)
            return
        rows = [
            (
                text(one, "displayName"),
                shown(number(one, "depth")),
                "; ".join(
                    f"takes {', '.join(str(name) for name in why['outputs'])} of {text(why, 'displayName')}"
                    for why in objects(one, "because")
                    if isinstance(why["outputs"], list)
                )
                or "waits for it",
                text(one, "uuid"),
            )
            for one in objects(found, "buildingBlocks")
        ]
        session.printer.objects(columns("BLOCK", "DEPTH", "WHY", "ID"), rows)
        if flag(found, "isCut"):
            session.printer.note("There are more.")
        if warning := found.get("warning"):
            session.printer.warn(str(warning))
        if flag(found, "stopped"):
            held = [text(one, "displayName") for one in objects(found, "held")]
            names = ", ".join(held[:_NAMED]) + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")
            session.printer.note(f"The cascade is stopped. {text(found, 'message')} Held: {names or 'none'}.")


@blocks.command("remains")
def show_remains(
    block: Which, *, workspace: WorkspaceOption = None, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show what runs of a building block have made.

    Where its first order failed it says how to go on: change inputs, try again, or remove what exists.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        found = session.client.get(own("blocks", item.id, "remains"))
        if session.printer.for_programs:
            session.printer.document(found)
            return
        if not flag(found, "isReadable"):
            session.printer.say("Only the engine can read the state of this building block.")
        for offer in texts(found, "offers"):
            session.printer.say(_OFFERS[offer].format(name=item.name))
        session.printer.objects(
            columns("TYPE", "ADDRESS"),
            [(text(one, "type"), text(one, "address") or "-") for one in objects(found, "resources")],
        )


@blocks.command("detect")
def detect_changes(
    block: Which,
    *,
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say what a run would change, and change nothing. The plan is kept for `blocks apply-plan`."""
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        ended = _run_of(session, item, "detect", "dry run", wait=wait)
        if ended is None:
            return
        status, run = ended
        changes = flag(run, "changesDetected")
        if session.printer.for_programs:
            session.printer.document(run)
        elif status == "SUCCEEDED" and changes:
            session.printer.say(f"There are changes. Make them with: blockyard blocks apply-plan {item.id}")
        else:
            session.printer.say("There are no changes." if status == "SUCCEEDED" else f"The dry run ended: {status}.")
        end(status)


@blocks.command("trust-test")
def try_trust(
    block: Which,
    *,
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Try whether the clouds of a building block trust its runs.

    Its runner exchanges identity tokens as the module would, and says which claim a cloud does not accept. Nothing else is done.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        ended = _run_of(session, item, "trust-test", "trust test", wait=wait)
        if ended is None:
            return
        status, run = ended
        session.printer.result(run, f"The trust test ended: {status}.")
        end(status)


def _run_of(session: Session, item: Block, action: str, called: str, *, wait: bool) -> tuple[str, JsonObject] | None:
    """Start a run that changes nothing, and return how it ended, and the run; None if nobody waits for it, which is told."""
    started = session.client.post(own("blocks", item.id, action))
    run_id = text(started, "runUuid")
    if not (wait and run_id):
        session.printer.result(started, f"A {called} of '{item.name}' ({item.id}) was started.")
        return None
    return wait_for(session, run_id), session.client.get(own("runs", run_id))


@blocks.command("apply-plan")
def apply_plan(
    block: Which,
    *,
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make exactly the changes that `blocks detect` showed."""
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        session.client.post(own("blocks", item.id, "apply-plan"))
        finish(session, Watch(session.client, session.printer.progress).again(item), wait=wait)


@blocks.command("end")
def end_wait(
    block: Which,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the event log.")],
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """End whatever a building block waits for, or its run, at once.

    Unlike `runs abort` this asks no runner. It says what it leaves, and needs BUILDINGBLOCKRUN_SAVE for the team that offers it.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        require_consent(f"End the run of '{item.name}', or what it waits for, without asking its runner?", yes=yes)
        ended = session.client.post(own("blocks", item.id, "end"), {"reason": reason})
        told = "\n".join([f"'{item.name}' is {text(ended, 'status')}.", *texts(ended, "leaves")])
        session.printer.result(ended, told)


@blocks.command("delete")
def delete_block(
    block: Which,
    *,
    purge: Annotated[
        bool, typer.Option("--purge", help="Forget it without destroying what it made; in any status.")
    ] = False,
    yes: YesOption = False,
    wait: Wait = True,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Delete a building block.

    A run destroys what it made, then it is gone.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        what = "forget it without destroying what it made" if purge else "destroy what it made"
        require_consent(f"Delete '{item.name}' of workspace '{item.workspace}' and {what}?", yes=yes)
        session.client.delete(BLOCK_V2, item.id, *(["purge"] if purge else []))
        finish(session, Watch(session.client, session.printer.progress).again(item), wait=wait)
