"""`services list | show`."""

from typing import Annotated

import typer

from blockyard.cli.documents import members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.plain_kinds import MeshObjects, PlainKind
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import SERVICE_INSTANCE

service_instances = typer.Typer(name="services", help="Service instances: what brokers made for projects.")

Which = Annotated[str, typer.Argument(metavar="INSTANCE", help="Id of the service instance.")]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "metadata", "instanceId"),
        text(item, "spec", "displayName"),
        owner_of(item),
        text(item, "metadata", "ownedByProject"),
        text(item, "spec", "serviceId"),
        text(item, "spec", "planId"),
        text(item, "spec", "creator"),
    )


def _more(document: JsonObject) -> list[tuple[str, str]]:
    parameters = members(document, "spec", "parameters").items()
    marketplace = ("marketplace", text(document, "metadata", "marketplaceIdentifier"))
    return [marketplace, *((f"parameter {name}", shown(value)) for name, value in parameters)]


_INSTANCES = PlainKind(
    word="service instance",
    which=Which,
    objects=MeshObjects(kind=SERVICE_INSTANCE),
    columns=columns("INSTANCE", "DISPLAY NAME", "OWNER", "PROJECT", "SERVICE", "PLAN", wide=["CREATOR"]),
    row=_row,
    more=_more,
)


@service_instances.command("list")
def list_service_instances(
    *,
    workspace: WorkspaceOption = None,
    project: Annotated[str | None, typer.Option("--project", help="Only those of this project.")] = None,
    service: Annotated[str | None, typer.Option("--service", help="Only those of the service with this id.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Only those of the plan with this id.")] = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the service instances you may see, the oldest first."""
    with connected(output, url) as session:
        filters = {
            "workspaceIdentifier": workspace,
            "projectIdentifier": project,
            "serviceIdentifier": service,
            "planIdentifier": plan,
        }
        _INSTANCES.tell_page(session, filters, page=page, limit=limit, workspace=workspace)


_INSTANCES.add_show(service_instances, "Show a service instance with its parameters.")
