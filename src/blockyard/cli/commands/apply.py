"""`apply` and `export`: definitions, places, tags and policies as YAML files in a folder."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.manifests import export as exporting
from blockyard.cli.manifests.files import read_folder
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.naming import PLAIN
from blockyard.cli.manifests.plan import Action, Step, plan
from blockyard.cli.manifests.work import carry_out
from blockyard.cli.output import Format, Printer
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION

FOLDERS = ("definitions", *(form.folder for form in PLAIN.values()))
"""The kinds that an export writes, as its folders are called."""

_SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.NOTHING: " "}
"""Before a step of the plan; a change has `~`."""


def _folder(word: str) -> str:
    """Return the name of a kind as it was given. Raises BadParameter."""
    if word not in FOLDERS:
        raise typer.BadParameter(f"'{word}' is not one of {', '.join(FOLDERS)}")
    return word


def apply(
    files: Annotated[
        Path, typer.Option("--file", "-f", metavar="DIR", help="Folder with YAML files, looked through to the bottom.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    send_secrets: Annotated[
        bool, typer.Option("--secrets", help="Send every secret anew, also where nothing else differs.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Delete what no file names, of workspaces and kinds that the files have others of."
        ),
    ] = False,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let the server have what YAML files say.

    They say definitions and versions, locations, platform types, platforms, landing zones, tag definitions and policies. The plan is
    shown first. The same files again change nothing; after an interruption the same command goes on.
    """
    with connected(output, url) as session:
        known = Known(session.client)
        steps = plan(session.client, known, read_folder(files), send_secrets=send_secrets, prune=prune)
        todo = [step for step in steps if step.action is not Action.NOTHING]
        _show(session.printer, steps)
        if dry_run or not todo:
            session.printer.result([_shown(step) for step in steps], _summary(steps, done=False))
            return
        require_consent("Carry this plan out?", yes=yes)
        for number, step in enumerate(todo, start=1):
            try:
                carry_out(session.client, known, step)
            except Failure as failure:
                session.printer.note(
                    f"{number - 1} of {len(todo)} objects are done; the same command goes on with the others."
                )
                failure.message = f"{step.label}: {failure.message}"
                raise
            session.printer.note(f"[{number}/{len(todo)}] {step.action} {step.label}")
        session.printer.result([_shown(step) for step in steps], _summary(steps, done=True))


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that the files are written to.")],
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help=f"Only objects of this kind: {', '.join(FOLDERS)}; repeatable.",
            parser=_folder,
            autocompletion=lambda incomplete: [name for name in FOLDERS if name.startswith(incomplete)],
        ),
    ] = None,
    definition: Annotated[
        list[str] | None,
        typer.Option(
            "--definition",
            metavar="DEFINITION",
            help="Only this one (id, beginning of the id, or name); repeatable.",
            autocompletion=names_of("definitions"),
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of all workspaces, and what belongs to none: tag definitions and policies.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that say something else.")] = False,
    workspace: NeededWorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Write what a workspace owns as YAML files.

    These are definitions with their latest version, locations, platform types, platforms and landing zones. They apply without a change.
    Secrets are not in them: each is the name of an environment variable.
    """
    with connected(output, url) as session:
        owner = _owner(kind, definition, workspace, url, everything=everything)
        known = Known(session.client)
        folders = ["definitions"] if definition else kind or _folders(owner)
        definitions = _definitions(session.client, known, owner, definition) if "definitions" in folders else []
        files: list[Json] = []
        for path, is_new in chain(
            exporting.export(session.client, known, definitions, folder, force=force),
            *(
                exporting.export_plain(known, form, owner if form.is_of_workspace else None, folder, force=force)
                for form in PLAIN.values()
                if form.folder in folders
            ),
        ):
            files.append(str(path))
            session.printer.note(f"{path} {'written' if is_new else 'is as it was'}")
        if not files:
            raise usage("there is nothing to export" + (f" of workspace '{owner}'" if owner else ""))
        session.printer.result(files, f"{len(files)} object{'' if len(files) == 1 else 's'} exported.")


def _owner(
    kinds: list[str] | None,
    definitions: list[str] | None,
    workspace: str | None,
    url: str | None,
    *,
    everything: bool,
) -> str | None:
    """Return whose objects are exported; None for those of all workspaces. Raises Failure (usage)."""
    if everything and (workspace or definitions):
        raise usage("--all and the choice of a workspace or definition say two things", "Give one of them.")
    if kinds and definitions:
        raise usage("--kind and --definition say two things", "Give one of them.")
    needs_none = bool(kinds) and not set(kinds or ()) & {"definitions", *_folders("")}
    return None if everything or needs_none else needed_workspace(workspace, url)


def _folders(owner: str | None) -> list[str]:
    """Return what is exported of a workspace, or of all."""
    return ["definitions", *(form.folder for form in PLAIN.values() if owner is None or form.is_of_workspace)]


def _definitions(client: Client, known: Known, owner: str | None, words: list[str] | None) -> list[JsonObject]:
    found = [
        item
        for item in known.all_of(DEFINITION).values()
        if owner in {None, text(item, "metadata", "ownedByWorkspace")}
    ]
    if words:
        wanted = {lookup.definition(client, word, workspace=owner).id for word in words}
        found = [item for item in found if text(item, "metadata", "uuid") in wanted]
    return found


def _show(printer: Printer, steps: list[Step]) -> None:
    if printer.for_programs:
        return
    for step in steps:
        if step.action is Action.NOTHING:
            continue
        printer.say(f"{_SIGNS.get(step.action, '~')} {step.action} {step.label}")
        for change in step.changes:
            printer.say(f"    {change}")


def _shown(step: Step) -> JsonObject:
    members: list[Json] = [change.name for change in step.changes]
    owner, name = step.name
    return {"action": step.action.value, "kind": step.kind, "workspace": owner, "name": name, "members": members}


def _summary(steps: list[Step], *, done: bool) -> str:
    counted = Counter(step.action for step in steps if step.action is not Action.NOTHING)
    if not counted:
        return f"Nothing to do: {len(steps)} object{'' if len(steps) == 1 else 's'} as the files say."
    said = ", ".join(f"{count} to {action}" if not done else f"{action} {count}" for action, count in counted.items())
    return f"{'Done' if done else 'Plan'}: {said}."
