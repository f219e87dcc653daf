"""`landing-zones list | show | create | update | enable | disable | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.changes import given, read_json, require_change
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, members, number, objects, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list
from blockyard.cli.option_words import key_and_value
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import own
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.kinds import DEFINITION, LANDING_ZONE, PLATFORM

landing_zones = typer.Typer(name="landing-zones", help="Landing zones: prepared configurations for new tenants.")

Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the landing zone.", autocompletion=names_of("landing-zones"))
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
Description = Annotated[str | None, typer.Option("--description", help="What it is.")]
Restricted = Annotated[
    bool | None, typer.Option("--restricted/--not-restricted", help="Whether only its owner and administrators use it.")
]
Quota = Annotated[
    list[str] | None,
    typer.Option(
        "--quota", metavar="KEY=AMOUNT", help="What tenants have unless they ask; repeatable.", parser=key_and_value
    ),
]
Mandatory = Annotated[
    list[str] | None,
    typer.Option(
        "--mandatory",
        metavar="DEFINITION",
        help="Definition that every tenant gets a block of; repeatable. none: nothing.",
        autocompletion=names_of("definitions"),
    ),
]
Recommended = Annotated[
    list[str] | None,
    typer.Option(
        "--recommended",
        metavar="DEFINITION",
        help="Definition that new tenants are offered; repeatable. none: nothing.",
        autocompletion=names_of("definitions"),
    ),
]
Properties = Annotated[
    Path | None,
    typer.Option("--properties", metavar="FILE", help="JSON: the member platformProperties of the API."),
]


@landing_zones.command("list")
def list_landing_zones(
    *,
    workspace: WorkspaceOption = None,
    platform: Annotated[
        str | None,
        typer.Option("--platform", help="Only those of this platform.", autocompletion=names_of("platforms")),
    ] = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the landing zones you own or may use, the oldest first."""
    with connected(output, url) as session:
        of = text(lookup.platform(session.client, platform), "metadata", "uuid") if platform else None
        filters = {"ownedByWorkspace": workspace, "platformUuid": of}
        found = session.client.page(LANDING_ZONE, filters, number_=page - 1, size=limit)
        shown = columns("NAME", "DISPLAY NAME", "OWNER", "RESTRICTED", "DISABLED", "PLATFORM")
        tell_list(session, found, workspace, shown, _row)


@landing_zones.command("show")
def show_landing_zone(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a landing zone."""
    with connected(output, url) as session:
        document = session.client.show(LANDING_ZONE, name)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        names = ("name", "display name", "owner", "restricted", "disabled", "platform")
        quotas = objects(document, "spec", "quotas")
        session.printer.facts(
            [
                *zip(names, _row(document), strict=True),
                ("description", text(document, "spec", "description")),
                ("quotas", ", ".join(f"{text(one, 'key')}={number(one, 'value')}" for one in quotas) or "-"),
                ("mandatory", _ids(document, "mandatoryBuildingBlockRefs")),
                ("recommended", _ids(document, "recommendedBuildingBlockRefs")),
            ]
        )


@landing_zones.command("create")
def create_landing_zone(
    name: Annotated[str, typer.Argument(help="Identifier: lower-case letters, digits, single hyphens.")],
    *,
    platform: Annotated[
        str, typer.Option("--platform", help="Platform of its tenants.", autocompletion=names_of("platforms"))
    ],
    workspace: NeededWorkspaceOption = None,
    display_name: DisplayName = None,
    description: Description = None,
    restricted: Restricted = None,
    quota: Quota = None,
    mandatory: Mandatory = None,
    recommended: Recommended = None,
    properties: Properties = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a landing zone of a platform.

    The workspace owns the platform or contributes to it.
    """
    with connected(output, url) as session:
        of = text(lookup.platform(session.client, platform), "metadata", "uuid")
        custom: JsonObject = {"type": "custom", "custom": {}}
        changes = _changes(session.client, quota, mandatory, recommended)
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": needed_workspace(workspace, url), "tags": {}},
            "spec": {
                "displayName": display_name or name,
                "description": description or "",
                "automateDeletionApproval": False,
                "automateDeletionReplication": False,
                "restricted": restricted or False,
                "platformRef": PLATFORM.ref(of),
                "platformProperties": read_json(properties) if properties else custom,
                "quotas": [],
                **changes,
            },
        }
        session.printer.result(session.client.create(LANDING_ZONE, content), f"Landing zone {name} created.")


@landing_zones.command("update")
def update_landing_zone(
    name: Which,
    *,
    display_name: DisplayName = None,
    description: Description = None,
    restricted: Restricted = None,
    quota: Quota = None,
    mandatory: Mandatory = None,
    recommended: Recommended = None,
    properties: Properties = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a landing zone; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(
            displayName=display_name,
            description=description,
            restricted=restricted,
            platformProperties=read_json(properties) if properties else None,
        ) | _changes(session.client, quota, mandatory, recommended)
        require_change(changes, "at least one option")
        before = session.client.show(LANDING_ZONE, name)
        content: JsonObject = {"metadata": before["metadata"], "spec": members(before, "spec") | changes}
        session.printer.result(session.client.replace(LANDING_ZONE, name, content), f"Landing zone {name} changed.")


@landing_zones.command("enable")
def enable_landing_zone(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Let there be new tenants in a landing zone again."""
    with connected(output, url) as session:
        changed = session.client.post(own("landingzones", name, "enable"))
        session.printer.result(changed, f"Landing zone {name} enabled.")


@landing_zones.command("disable")
def disable_landing_zone(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Allow no new tenants in a landing zone.

    Those that are there stay.
    """
    with connected(output, url) as session:
        changed = session.client.post(own("landingzones", name, "disable"))
        session.printer.result(changed, f"Landing zone {name} disabled.")


@landing_zones.command("delete")
def delete_landing_zone(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a landing zone that no tenant has."""
    with connected(output, url) as session:
        require_consent(f"Delete the landing zone '{name}'?", yes=yes)
        session.client.delete(LANDING_ZONE, name)
        session.printer.result({"deleted": name}, f"Landing zone {name} deleted.")


def _changes(
    client: Client, quotas: list[str] | None, mandatory: list[str] | None, recommended: list[str] | None
) -> JsonObject:
    """Return the members that were given; quotas and definitions replace those that were there. Raises Failure."""
    return given(
        quotas=None if quotas is None else [_quota(word) for word in quotas],
        mandatoryBuildingBlockRefs=_refs(client, mandatory),
        recommendedBuildingBlockRefs=_refs(client, recommended),
    )


def _refs(client: Client, words: list[str] | None) -> Json:
    if words is None:
        return None
    return [DEFINITION.ref(lookup.definition(client, word).id) for word in words if word != "none"]


def _quota(word: str) -> Json:
    key, _, amount = word.partition("=")
    if not amount.lstrip("-").isdecimal():
        raise usage(f"'{amount}' is not a whole number", "Write --quota KEY=AMOUNT, such as limits.cpu=4.")
    return {"key": key, "value": int(amount)}


def _ids(document: JsonObject, member: str) -> str:
    return ", ".join(text(one, "uuid") for one in objects(document, "spec", member)) or "-"


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        "yes" if flag(item, "spec", "restricted") else "no",
        "yes" if flag(item, "status", "disabled") else "no",
        text(item, "spec", "platformRef", "uuid"),
    )
