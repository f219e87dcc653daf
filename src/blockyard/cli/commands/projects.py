"""`projects list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.completion import names_of
from blockyard.cli.documents import members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.option_words import NONE
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import DisplayName, MeshObjects, NewName, PlainKind
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.cli.tags import Tag, tag_facts, with_tags
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import PROJECT

projects = typer.Typer(name="projects", help="Projects: they have tenants on platforms.")

Which = Annotated[
    str, typer.Argument(metavar="WORKSPACE.PROJECT", help="The project.", autocompletion=names_of("projects"))
]
Pays = Annotated[
    str | None,
    typer.Option(
        "--payment-method", help="Payment method, or none.", autocompletion=names_of("payment-methods"), metavar="NAME"
    ),
]
Substitute = Annotated[
    str | None,
    typer.Option(
        "--substitute",
        help="Payment method that takes over when the other one ends, or none.",
        autocompletion=names_of("payment-methods"),
        metavar="NAME",
    ),
]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        f"{owner_of(item)}.{text(item, 'metadata', 'name')}",
        text(item, "spec", "displayName"),
        text(item, "spec", "paymentMethodIdentifier") or "-",
        text(item, "metadata", "createdOn"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    substitute = ("substitute", text(document, "spec", "substitutePaymentMethodIdentifier") or "-")
    return [substitute, *tag_facts(members(document, "spec", "tags"))]


_PROJECTS = PlainKind(
    word="project",
    which=Which,
    objects=MeshObjects(kind=PROJECT),
    columns=columns("PROJECT", "DISPLAY NAME", "PAYMENT METHOD", wide=["CREATED"]),
    row=_row,
    more=_more,
)


@projects.command("list")
def list_projects(
    *,
    workspace: WorkspaceOption = None,
    payment_method: Annotated[
        str | None, typer.Option("--payment-method", help="Only those that name this payment method.")
    ] = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the projects you may see, the oldest first."""
    with connected(output, url) as session:
        filters = {"workspaceIdentifier": workspace, "paymentIdentifier": payment_method}
        _PROJECTS.tell_page(session, filters, page=page, limit=limit, workspace=workspace)


_PROJECTS.add_show(projects, "Show a project.")


@projects.command("create")
def create_project(
    name: NewName,
    *,
    workspace: NeededWorkspaceOption = None,
    display_name: DisplayName = None,
    payment_method: Pays = None,
    substitute: Substitute = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a project in a workspace."""
    with connected(output, url) as session:
        owner = needed_workspace(workspace, url)
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": owner},
            "spec": {
                "displayName": display_name or name,
                "tags": with_tags({}, tag),
                **_payment(payment_method, substitute),
            },
        }
        _PROJECTS.create(session, content, f"{owner}.{name}")


@projects.command("update")
def update_project(
    project: Which,
    *,
    display_name: DisplayName = None,
    payment_method: Pays = None,
    substitute: Substitute = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a project; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(displayName=display_name) | _payment(payment_method, substitute)
        _PROJECTS.change(session, project, changes, tag=tag)


_PROJECTS.add_delete(
    projects, "Delete a project that has no tenants.", question="Delete the project '{}' with its bindings?"
)


def _payment(method: str | None, substitute: str | None) -> JsonObject:
    words = {"paymentMethodIdentifier": method, "substitutePaymentMethodIdentifier": substitute}
    return {name: None if word == NONE else word for name, word in words.items() if word is not None}
