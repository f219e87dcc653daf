"""`services list | show`."""

from typing import Annotated

import typer

from blockyard.cli.documents import members, text
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list
from blockyard.cli.output import Format, columns, shown
from blockyard.cli.session import OutputOption, UrlOption, WorkspaceOption, connected
from blockyard.protocol.kinds import SERVICE_INSTANCE

service_instances = typer.Typer(name="services", help="Service instances: what brokers made for projects.")


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
        found = session.client.page(SERVICE_INSTANCE, filters, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            workspace,
            columns("INSTANCE", "DISPLAY NAME", "OWNER", "PROJECT", "SERVICE", "PLAN", wide=["CREATOR"]),
            lambda item: (
                text(item, "metadata", "instanceId"),
                text(item, "spec", "displayName"),
                owner_of(item),
                text(item, "metadata", "ownedByProject"),
                text(item, "spec", "serviceId"),
                text(item, "spec", "planId"),
                text(item, "spec", "creator"),
            ),
        )


@service_instances.command("show")
def show_service_instance(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="Id of the service instance.")],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a service instance with its parameters."""
    with connected(output, url) as session:
        item = session.client.show(SERVICE_INSTANCE, instance)
        if session.printer.for_programs:
            session.printer.document(item)
            return
        parameters = members(item, "spec", "parameters")
        facts = [
            ("instance", text(item, "metadata", "instanceId")),
            ("display name", text(item, "spec", "displayName")),
            ("owner", owner_of(item)),
            ("project", text(item, "metadata", "ownedByProject")),
            ("marketplace", text(item, "metadata", "marketplaceIdentifier")),
            ("service", text(item, "spec", "serviceId")),
            ("plan", text(item, "spec", "planId")),
            ("creator", text(item, "spec", "creator")),
            *((f"parameter {name}", shown(value)) for name, value in parameters.items()),
        ]
        session.printer.facts(facts)
