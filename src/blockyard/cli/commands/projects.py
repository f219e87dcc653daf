"""`projects list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given, require_change
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list, tell_one
from blockyard.cli.option_words import NONE
from blockyard.cli.output import Format, columns
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
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
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
        found = session.client.page(PROJECT, filters, number_=page - 1, size=limit)
        shown = columns("PROJECT", "DISPLAY NAME", "PAYMENT METHOD", wide=["CREATED"])
        tell_list(session, found, workspace, shown, _row)


@projects.command("show")
def show_project(project: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a project."""
    with connected(output, url) as session:
        document = session.client.show(PROJECT, project)
        names = ("project", "display name", "payment method", "created")
        substitute = ("substitute", text(document, "spec", "substitutePaymentMethodIdentifier") or "-")
        tags = tag_facts(members(document, "spec", "tags"))
        tell_one(session, document, [*zip(names, _row(document), strict=True), substitute, *tags])


@projects.command("create")
def create_project(
    name: Annotated[str, typer.Argument(help="Identifier: lower-case letters, digits, single hyphens.")],
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
        session.printer.result(session.client.create(PROJECT, content), f"Project {owner}.{name} created.")


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
        require_change(changes | given(tags=[*tag] if tag else None), "at least one option")
        before = session.client.show(PROJECT, project)
        spec = members(before, "spec")
        spec = spec | changes | {"tags": with_tags(members(spec, "tags"), tag)}
        changed = session.client.replace(PROJECT, project, {"metadata": before["metadata"], "spec": spec})
        session.printer.result(changed, f"Project {project} changed.")


@projects.command("delete")
def delete_project(
    project: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a project that has no tenants."""
    with connected(output, url) as session:
        require_consent(f"Delete the project '{project}' with its bindings?", yes=yes)
        session.client.delete(PROJECT, project)
        session.printer.result({"deleted": project}, f"Project {project} deleted.")


def _payment(method: str | None, substitute: str | None) -> JsonObject:
    words = {"paymentMethodIdentifier": method, "substitutePaymentMethodIdentifier": substitute}
    return {name: None if word == NONE else word for name, word in words.items() if word is not None}


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        f"{owner_of(item)}.{text(item, 'metadata', 'name')}",
        text(item, "spec", "displayName"),
        text(item, "spec", "paymentMethodIdentifier") or "-",
        text(item, "metadata", "createdOn"),
    )
