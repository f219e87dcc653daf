"""`platforms list | show | create | update | delete`."""

from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.changes import given, read_json
from blockyard.cli.completion import names_of
from blockyard.cli.documents import members, objects, text, texts
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, owner_of
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
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import LOCATION, PLATFORM, PLATFORM_TYPE

platforms = typer.Typer(name="platforms", help="Platforms: where projects have their tenants.")

Which = Annotated[
    str,
    typer.Argument(
        metavar="PLATFORM",
        help="NAME.LOCATION, id, beginning of the id, or name.",
        autocompletion=names_of("platforms"),
    ),
]
Type = Annotated[
    str | None,
    typer.Option(
        "--type", help="Platform type of your own, such as MAINFRAME.", autocompletion=names_of("platform-types")
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="JSON: the member config of the API, for built-in types."),
]
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="Address of its console.")]
For = Annotated[
    list[str] | None,
    typer.Option("--for", metavar="WORKSPACE", help="Only these may use it; repeatable."),
]
Public = Annotated[bool, typer.Option("--public", help="Everybody may use it.")]
Publish = Annotated[
    bool | None, typer.Option("--publish/--no-publish", help="Show it to others; administrators at once, others ask.")
]
Contributor = Annotated[
    list[str] | None,
    typer.Option("--contributor", metavar="WORKSPACE", help="May have landing zones here; repeatable. none: nobody."),
]


def _identifier(item: JsonObject) -> str:
    return f"{text(item, 'metadata', 'name')}.{text(item, 'spec', 'locationRef', 'name')}"


def _row(item: JsonObject) -> tuple[str, ...]:
    named = texts(item, "spec", "availability", "restrictedToWorkspaces")
    restriction = text(item, "spec", "availability", "restriction")
    return (
        _identifier(item),
        text(item, "spec", "displayName"),
        owner_of(item),
        ", ".join(named) if restriction == "RESTRICTED" else restriction,
        text(item, "spec", "availability", "publicationState"),
        text(item, "metadata", "uuid"),
        text(item, "spec", "endpoint"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    quotas = ", ".join(text(one, "quotaKey") for one in objects(document, "spec", "quotaDefinitions"))
    return [
        ("description", text(document, "spec", "description")),
        ("contributors", ", ".join(texts(document, "spec", "contributingWorkspaces")) or "-"),
        ("configuration", text(document, "spec", "config", "type") or "-"),
        ("quotas", quotas or "-"),
    ]


_PLATFORMS = PlainKind(
    word="platform",
    which=Which,
    objects=MeshObjects(kind=PLATFORM, find=lookup.platform),
    columns=columns("PLATFORM", "DISPLAY NAME", "OWNER", "FOR", "PUBLICATION", "ID", wide=["ENDPOINT"]),
    row=_row,
    more=_more,
    called=_identifier,
)


@platforms.command("list")
def list_platforms(
    *,
    workspace: WorkspaceOption = None,
    type_: Type = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the platforms you may see, the oldest first."""
    with connected(output, url) as session:
        filters = {"ownedByWorkspace": workspace, "platformTypeIdentifier": type_}
        _PLATFORMS.tell_page(session, filters, page=page, limit=limit, workspace=workspace)


_PLATFORMS.add_show(
    platforms,
    """Show a platform.

    JSON and YAML have its configuration, too, without secrets.
    """,
)


@platforms.command("create")
def create_platform(
    name: NewName,
    *,
    endpoint: Annotated[str, typer.Option("--endpoint", help="Address of its console.")],
    workspace: NeededWorkspaceOption = None,
    location: Annotated[
        str, typer.Option("--location", help="Where it is.", autocompletion=names_of("locations"))
    ] = "global",
    type_: Type = None,
    config: Config = None,
    display_name: DisplayName = None,
    description: Description = None,
    for_: For = None,
    public: Public = False,
    publish: Publish = None,
    contributor: Contributor = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a platform of a workspace.

    It is for its owner alone unless --for or --public says more.
    """
    with connected(output, url) as session:
        owner = needed_workspace(workspace, url)
        alone: JsonObject = {"restriction": "PRIVATE", "publicationState": "UNPUBLISHED"}
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": owner},
            "spec": {
                "displayName": display_name or name,
                "description": description or "",
                "endpoint": endpoint,
                "locationRef": {"kind": LOCATION.name, "name": location},
                "contributingWorkspaces": [*(contributor or [])],
                "availability": alone | _availability(for_, publish, public=public),
                "quotaDefinitions": [],
                "config": _config(type_, config) or _needs_config(),
            },
        }
        _PLATFORMS.create(session, content, f"{name}.{location}")


@platforms.command("update")
def update_platform(
    platform: Which,
    *,
    endpoint: Endpoint = None,
    type_: Type = None,
    config: Config = None,
    display_name: DisplayName = None,
    description: Description = None,
    for_: For = None,
    public: Public = False,
    publish: Publish = None,
    contributor: Contributor = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a platform.

    What no option names stays as it is, secrets too.
    """
    with connected(output, url) as session:
        contributors = None if contributor is None else [one for one in contributor if one != "none"]
        changes = given(
            endpoint=endpoint,
            displayName=display_name,
            description=description,
            contributingWorkspaces=None if contributors is None else [*contributors],
            config=_config(type_, config),
        )
        availability = _availability(for_, publish, public=public)

        def merge(before: JsonObject) -> JsonObject:
            return {"availability": members(before, "availability") | availability}

        _PLATFORMS.change(session, platform, changes, merge=merge if availability else None)


_PLATFORMS.add_delete(
    platforms, "Delete a platform that has no landing zones and no tenants. Its NAME.LOCATION is never given again."
)


def _config(type_: str | None, file: Path | None) -> JsonObject | None:
    if type_ is not None and file is not None:
        raise usage("--type and --config say two things", "Give one of them.")
    if type_ is not None:
        return {"type": "custom", "custom": {"platformTypeRef": {"kind": PLATFORM_TYPE.name, "name": type_}}}
    return None if file is None else read_json(file)


def _needs_config() -> JsonObject:
    raise usage("a platform needs a type", "Give --type, or --config for a built-in type.")


def _availability(for_: list[str] | None, publish: bool | None, *, public: bool) -> JsonObject:  # noqa: FBT001  as it was typed
    if public and for_:
        raise usage("--public and --for say two things", "Give one of them.")
    state = {None: None, True: "PUBLISHED", False: "UNPUBLISHED"}[publish]
    if public:
        return given(restriction="PUBLIC", restrictedToWorkspaces=[], publicationState=state)
    if for_:
        return given(restriction="RESTRICTED", restrictedToWorkspaces=[*for_], publicationState=state)
    return given(publicationState=state)
