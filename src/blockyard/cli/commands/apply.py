"""`apply` and `export`: definitions and versions as YAML files in a folder."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.manifests import export as exporting
from blockyard.cli.manifests.files import read_folder
from blockyard.cli.manifests.known import Known
from blockyard.cli.manifests.plan import Action, Step, plan
from blockyard.cli.manifests.work import carry_out
from blockyard.cli.output import Format, Printer
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION

_SIGNS = {Action.CREATE: "+", Action.CHANGE: "~", Action.RELEASE: "~", Action.DELETE: "-", Action.NOTHING: " "}


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
            "--prune", help="Delete definitions that no file names, in workspaces that own others of the files."
        ),
    ] = False,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let the server have the definitions of YAML files.

    The plan is shown first. The same files again change nothing; after an interruption the same command goes on.
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
    definition: Annotated[
        list[str] | None,
        typer.Option(
            "--definition",
            metavar="DEFINITION",
            help="Only this one (id, beginning of the id, or name); repeatable.",
            autocompletion=names_of("definitions"),
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that say something else.")] = False,
    workspace: NeededWorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Write the definitions of a workspace as YAML files.

    Each comes with its latest version. They apply without a change. Secrets are not in them: each is the name of an environment variable.
    """
    with connected(output, url) as session:
        owner, known = needed_workspace(workspace, url), Known(session.client)
        found = [
            item for item in known.all_of(DEFINITION).values() if text(item, "metadata", "ownedByWorkspace") == owner
        ]
        if definition:
            wanted = {lookup.definition(session.client, word, workspace=owner).id for word in definition}
            found = [item for item in found if text(item, "metadata", "uuid") in wanted]
        if not found:
            raise usage(f"workspace '{owner}' has no definitions that you may see")
        files: list[Json] = []
        for path, is_new in exporting.export(session.client, known, found, folder, force=force):
            files.append(str(path))
            session.printer.note(f"{path} {'written' if is_new else 'is as it was'}")
        session.printer.result(files, f"{len(files)} definition{'' if len(files) == 1 else 's'} exported.")


def _show(printer: Printer, steps: list[Step]) -> None:
    if printer.for_programs:
        return
    for step in steps:
        if step.action is Action.NOTHING:
            continue
        printer.say(f"{_SIGNS[step.action]} {step.action} {step.label}")
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
