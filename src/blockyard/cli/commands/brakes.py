"""`brakes list | show | stop | freeze | lift`, `blocks hold`, `blocks release`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.documents import text
from blockyard.cli.exits import usage
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import OwnObjects, PlainKind
from blockyard.cli.resources import BRAKE, own
from blockyard.cli.session import OutputOption, Session, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import Json, JsonObject

brakes = typer.Typer(name="brakes", help="Holds, stops and freezes of applies.")

Which = Annotated[str, typer.Argument(metavar="BRAKE", help="Its id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; everybody who waits reads it.")]
Until = Annotated[str | None, typer.Option("--until", help="When it ends by itself, such as 2026-12-31T12:00:00Z.")]
BlockName = Annotated[
    str, typer.Argument(help="Id, beginning of the id, or exact name.", autocompletion=names_of("blocks"))
]
Definition = Annotated[
    str | None,
    typer.Option("--definition", "-d", help="Of this definition (id or name).", autocompletion=names_of("definitions")),
]
Platform = Annotated[str | None, typer.Option("--platform", help="On this platform: NAME.LOCATION.")]
OfWorkspace = Annotated[str | None, typer.Option("--of-workspace", help="Of this workspace.")]
Everything = Annotated[bool, typer.Option("--everything", help="Of the whole installation.")]

_RECURRENCES = ("once", "daily", "weekly", "yearly")


def _row(brake: JsonObject) -> list[str]:
    return [
        text(brake, "uuid"),
        text(brake, "kind"),
        text(brake, "subject"),
        "yes" if brake.get("isOn") else "no",
        text(brake, "closesAt"),
        text(brake, "author"),
        text(brake, "reason"),
    ]


_BRAKES = PlainKind(
    word="brake",
    which=Which,
    objects=OwnObjects(kind=BRAKE),
    columns=columns("ID", "KIND", "ON", "HOLDS", "UNTIL", "BY", "REASON"),
    row=_row,
    more=lambda brake: [("since", text(brake, "opensAt")), ("lifted by", text(brake, "liftedBy"))],
    called=lambda brake: text(brake, "uuid"),
)
_BRAKES.add_show(brakes, "Show a hold, a stop or a freeze.")


@brakes.command("list")
def list_brakes(
    *,
    kind: Annotated[str | None, typer.Option("--kind", help="hold, stop or freeze.")] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List holds, stops and freezes.

    They are those of the installation and of your workspaces.
    """
    with connected(output, url) as session:
        _BRAKES.tell_all(session, {"kind": None if kind is None else kind.upper()}, path=own("brakes"))


@brakes.command("stop")
def stop_applies(
    *,
    reason: Reason,
    definition: Definition = None,
    platform: Platform = None,
    of_workspace: OfWorkspace = None,
    everything: Everything = False,
    until: Until = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Stop new applies of something, or of everything.

    What a runner has already goes on, and so do dry runs. Runs that wait are claimed in their order once it is lifted.
    """
    with connected(output, url) as session:
        place = _place(session, definition, platform, of_workspace, everything=everything)
        _create(session, place | {"reason": reason} | ({} if until is None else {"until": until}))


@brakes.command("freeze")
def freeze_applies(
    recurrence: Annotated[str, typer.Argument(metavar="RECURRENCE", help="once, daily, weekly or yearly.")],
    *,
    begin: Annotated[str, typer.Option("--begin", help="2026-12-24T18:00, 18:00, 'FRIDAY 18:00' or '12-20 00:00'.")],
    end: Annotated[str, typer.Option("--end", help="When the window ends, written like its beginning.")],
    time_zone: Annotated[str, typer.Option("--time-zone", help="Whose time that is, such as Europe/Berlin.")] = "UTC",
    reason: Reason,
    definition: Definition = None,
    platform: Platform = None,
    of_workspace: OfWorkspace = None,
    everything: Everything = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Freeze applies in the windows of a calendar.

    Such as weekends, or the end of the year.
    """
    with connected(output, url) as session:
        if recurrence not in _RECURRENCES:
            raise usage(f"'{recurrence}' does not say how often", "Use once, daily, weekly or yearly.")
        calendar: JsonObject = {
            "recurrence": recurrence.upper(),
            "timeZone": time_zone,
            "begin": begin,
            "end": end,
        }
        place = _place(session, definition, platform, of_workspace, everything=everything)
        _create(session, place | {"reason": reason, "calendar": calendar})


@brakes.command("lift")
def lift_brake(brake: Which, *, reason: Reason, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Lift a stop or a freeze: what waits for it goes on."""
    with connected(output, url) as session:
        lifted = session.client.post(own("brakes", brake, "lift"), {"reason": reason})
        session.printer.result(lifted, f"Nothing keeps {text(lifted, 'subject')} back because of this any more.")


def hold_block(
    block: BlockName,
    *,
    reason: Reason,
    until: Until = None,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Put a building block on hold.

    It is not deleted, purged or upgraded, no bulk job takes it, and no run changes what it made. Dry runs go on.
    """
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        body: JsonObject = {"reason": reason, **({} if until is None else {"until": until})}
        held = session.client.post(own("blocks", item.id, "holds"), body)
        session.printer.result(held, f"'{item.name}' is on hold; {text(held, 'liftedBy')} can lift that.")


def release_block(
    block: BlockName,
    *,
    reason: Reason,
    workspace: WorkspaceOption = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Lift the holds of a building block that you may lift."""
    with connected(output, url) as session:
        item = lookup.block(session.client, block, workspace=workspace)
        path = own("blocks", item.id, "holds", "lift")
        lifted: list[Json] = session.client.request("POST", path, body={"reason": reason}).json()
        session.printer.result(lifted, f"{len(lifted)} hold(s) of '{item.name}' lifted.")


def _place(
    session: Session, definition: str | None, platform: str | None, workspace: str | None, *, everything: bool
) -> JsonObject:
    """Return what is to be stopped. Raises Failure unless exactly one thing was named."""
    found: list[JsonObject] = []
    if definition is not None:
        found.append({"scope": "DEFINITION", "subject": lookup.definition(session.client, definition).id})
    if platform is not None:
        found.append({"scope": "PLATFORM", "subject": platform})
    if workspace is not None:
        found.append({"scope": "WORKSPACE", "subject": workspace})
    if everything:
        found.append({"scope": "EVERYTHING"})
    if len(found) != 1:
        raise usage(
            "say what is stopped, and one thing only",
            "Use one of --definition, --platform, --of-workspace and --everything.",
        )
    return found[0]


def _create(session: Session, body: JsonObject) -> None:
    made = session.client.post(own("brakes"), body)
    session.printer.result(made, f"{text(made, 'message').rstrip('.')}. Its id is {text(made, 'uuid')}.")
