"""`landing-zones list | show | create | update | enable | disable | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.changes import given, read_json
from blockyard.cli.client import Client
from blockyard.cli.completion import names_of
from blockyard.cli.documents import flag, number, objects, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.option_words import key_and_value
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import Description, DisplayName, MeshObjects, NewName, PlainKind
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

landing_zones = typer.Typer(name="landing-zones", help="Landing zones: configurations for new tenants.")

Which = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the landing zone.", autocompletion=names_of("landing-zones"))
]
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


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        "yes" if flag(item, "spec", "restricted") else "no",
        "yes" if flag(item, "status", "disabled") else "no",
        text(item, "spec", "platformRef", "uuid"),
    )


def _ids(document: JsonObject, member: str) -> str:
    return ", ".join(text(one, "uuid") for one in objects(document, "spec", member)) or "-"


def _more(document: JsonObject) -> list[tuple[str, str]]:
    quotas = objects(document, "spec", "quotas")
    return [
        ("description", text(document, "spec", "description")),
        ("quotas", ", ".join(f"{text(one, 'key')}={number(one, 'value')}" for one in quotas) or "-"),
        ("mandatory", _ids(document, "mandatoryBuildingBlockRefs")),
        ("recommended", _ids(document, "recommendedBuildingBlockRefs")),
    ]


_ZONES = PlainKind(
    word="landing zone",
    which=Which,
    objects=MeshObjects(kind=LANDING_ZONE),
    columns=columns("NAME", "DISPLAY NAME", "OWNER", "RESTRICTED", "DISABLED", "PLATFORM"),
    row=_row,
    more=_more,
)


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
        _ZONES.tell_page(session, filters, page=page, limit=limit, workspace=workspace)


_ZONES.add_show(landing_zones, "Show a landing zone.")


@landing_zones.command("create")
def create_landing_zone(
    name: NewName,
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
        _ZONES.create(session, content, name)


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
        _ZONES.change(session, name, changes)


_ZONES.add_switch(landing_zones, "enable", "Let there be new tenants in a landing zone again.", done="enabled")


_ZONES.add_switch(
    landing_zones,
    "disable",
    """Allow no new tenants in a landing zone.

    Those that are there stay.
    """,
    done="disabled",
)


_ZONES.add_delete(landing_zones, "Delete a landing zone that no tenant has.")


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
