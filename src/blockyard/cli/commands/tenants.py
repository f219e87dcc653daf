"""`tenants list | show | create | update | move | delete | approve-deletion | decline-deletion | confirm-deletion | purge`."""

from typing import Annotated

import typer

from blockyard.cli import lookup
from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, members, number, text
from blockyard.cli.exits import ExitCode
from blockyard.cli.listing import Limit, PageNumber, owner_of, require_workspace, tell_pages
from blockyard.cli.model import Block
from blockyard.cli.option_words import key_and_number
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, own
from blockyard.cli.run_logs import Wait
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    Session,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.cli.watching import Watch
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import BLOCK_V2, LANDING_ZONE, PLATFORM, TENANT

tenants = typer.Typer(name="tenants", help="Tenants: what projects have on platforms.")

Which = Annotated[
    str,
    typer.Argument(
        metavar="TENANT",
        help="Id, beginning of the id, or name: <workspace>.<project>.<platform>.<location>.",
        autocompletion=names_of("tenants"),
    ),
]


@tenants.command("list")
def list_tenants(
    *,
    workspace: WorkspaceOption = None,
    project: Annotated[str | None, typer.Option("--project", help="Only those of this project.")] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="Only those on this platform: <platform>.<location>.")
    ] = None,
    to_approve: Annotated[
        bool, typer.Option("--to-approve", help="Only those whose deletion waits for an approval.")
    ] = False,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the tenants you may see, the oldest first.

    These are those of your workspaces, and those of what they offer.

    Those that are being deleted are listed, too.
    """
    with connected(output, url) as session:
        filters = {
            "workspaceIdentifier": workspace,
            "projectIdentifier": project,
            "platformIdentifier": platform,
            "awaitsApproval": "true" if to_approve else None,
        }
        found = session.client.page(TENANT, filters, number_=page - 1, size=limit, path=own("tenants"))
        if session.printer.for_programs:
            session.printer.document([*found.items])
            return
        require_workspace(session, workspace, found.items)
        session.printer.objects(
            columns("ID", "NAME", "PLATFORM TENANT ID", "STATUS", "REPLICATION", wide=["LANDING ZONE", "CREATED"]),
            [
                (
                    text(item, "metadata", "uuid"),
                    text(item, "status", "tenantName"),
                    text(item, "spec", "platformTenantId") or "-",
                    text(item, "statusText"),
                    text(item, "replicationStatus"),
                    text(item, "spec", "landingZoneRef", "name") or "-",
                    text(item, "metadata", "createdOn"),
                )
                for item in found.items
            ],
        )
        tell_pages(session.printer, found)


@tenants.command("show")
def show_tenant(tenant: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a tenant."""
    with connected(output, url) as session:
        _print(session, lookup.tenant(session.client, tenant))


@tenants.command("create")
def create_tenant(
    project: Annotated[str, typer.Argument(help="Name of the project.")],
    platform: Annotated[
        str, typer.Argument(help="Id of the platform, or <platform>.<location>.", autocompletion=names_of("platforms"))
    ],
    *,
    workspace: NeededWorkspaceOption = None,
    landing_zone: Annotated[
        str | None, typer.Option("--landing-zone", help="Name of the landing zone; left out, the only usable one.")
    ] = None,
    imported: Annotated[
        str | None,
        typer.Option(
            "--import", metavar="ID", help="Import what the platform calls ID instead of making a new tenant."
        ),
    ] = None,
    quota: Annotated[
        list[str] | None,
        typer.Option("--quota", metavar="KEY=VALUE", help="A quota; repeatable.", parser=key_and_number),
    ] = None,
    wait: Wait = True,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a tenant and show it.

    Waits for the building blocks that its landing zone asks for.
    """
    with connected(output, url) as session:
        zone: JsonObject | None = None if landing_zone is None else {"name": landing_zone, "kind": LANDING_ZONE.name}
        quotas: JsonObject = {
            key: {"value": int(value)} for key, _, value in (word.rpartition("=") for word in quota or ())
        }
        content: JsonObject = {
            "metadata": {"ownedByWorkspace": needed_workspace(workspace, url), "ownedByProject": project},
            "spec": {
                "platformRef": PLATFORM.ref(text(lookup.platform(session.client, platform), "metadata", "uuid")),
                "landingZoneRef": zone,
                "platformTenantId": imported,
                "requestedQuotas": quotas,
            },
        }
        made = session.client.create(TENANT, content)
        _finish(session, text(made, "metadata", "uuid"), wait=wait)


@tenants.command("update")
def update_tenant(
    tenant: Which,
    *,
    quota: Annotated[
        list[str],
        typer.Option("--quota", metavar="KEY=VALUE", help="A quota; repeatable. Others stay.", parser=key_and_number),
    ],
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change quotas of a tenant on a platform that you offer."""
    with connected(output, url) as session:
        found = lookup.tenant(session.client, tenant)
        quotas = members(found, "status", "appliedQuotas")
        quotas |= {key: {"value": int(value)} for key, _, value in (word.rpartition("=") for word in quota)}
        address = own("tenants", text(found, "metadata", "uuid"), "quotas")
        _print(session, session.client.request("PUT", address, body={"quotas": quotas}, sends=JSON).json())


@tenants.command("move")
def move_tenant(
    tenant: Which,
    project: Annotated[str, typer.Argument(help="Name of another project of its workspace.")],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Move a tenant to another project.

    Its building blocks and their runs go with it; the project is one of the same workspace. This is for administrators.
    """
    with connected(output, url) as session:
        identifier = text(lookup.tenant(session.client, tenant), "metadata", "uuid")
        _print(session, session.client.post(own("tenants", identifier, "move"), {"projectIdentifier": project}))


@tenants.command("delete")
def delete_tenant(
    tenant: Which,
    *,
    yes: YesOption = False,
    wait: Wait = True,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Ask for the deletion of a tenant.

    Who offers the platform has to approve it, unless the landing zone does that by itself; then its building blocks are destroyed.
    """
    with connected(output, url) as session:
        found = lookup.tenant(session.client, tenant)
        require_consent(f"Delete tenant '{text(found, 'status', 'tenantName')}' and what it has?", yes=yes)
        identifier = text(found, "metadata", "uuid")
        session.client.delete(TENANT, identifier)
        _finish(session, identifier, wait=wait)


@tenants.command("approve-deletion")
def approve_deletion(
    tenant: Which,
    *,
    yes: YesOption = False,
    wait: Wait = True,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Approve that a tenant is deleted. Nothing stops that any more."""
    _decide(tenant, "approve-deletion", "Destroy tenant '{}'?", yes=yes, wait=wait, url=url, output=output)


@tenants.command("decline-deletion")
def decline_deletion(
    tenant: Which,
    comment: Annotated[str, typer.Argument(help="Why it stays.")],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Decline that a tenant is deleted, and say why.

    It can be used again.
    """
    with connected(output, url) as session:
        identifier = text(lookup.tenant(session.client, tenant), "metadata", "uuid")
        _print(session, session.client.post(own("tenants", identifier, "decline-deletion"), {"comment": comment}))


@tenants.command("confirm-deletion")
def confirm_deletion(
    tenant: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Say that a tenant is gone from the platform.

    This is for tenants that no building block destroys.
    """
    question = "Is tenant '{}' gone from the platform?"
    _decide(tenant, "confirm-deletion", question, yes=yes, wait=False, url=url, output=output)


@tenants.command("purge")
def purge_tenant(
    tenant: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Forget a tenant with its building blocks.

    The platform is left as it is.
    """
    question = "Forget tenant '{}' without destroying what it has?"
    _decide(tenant, "purge", question, yes=yes, wait=False, url=url, output=output)


def _decide(tenant: str, what: str, question: str, *, yes: bool, wait: bool, url: str | None, output: Format) -> None:
    """Send one of the requests that end a tenant, once somebody agreed."""
    with connected(output, url) as session:
        found = lookup.tenant(session.client, tenant)
        require_consent(question.format(text(found, "status", "tenantName")), yes=yes)
        identifier = text(found, "metadata", "uuid")
        session.client.post(own("tenants", identifier, what))
        _finish(session, identifier, wait=wait)


def _finish(session: Session, identifier: str, *, wait: bool) -> None:
    """Show a tenant, with `wait` once nothing is going on with its building blocks; the exit code says how it stands."""
    if wait:
        watch = Watch(session.client, session.printer.progress)
        for block in session.client.list(BLOCK_V2, {"tenantUuid": identifier}, path=own("blocks")):
            watch.until_settled(Block.read(block))
    document = session.client.get(own("tenants", identifier))
    _print(session, document)
    replication = text(document, "replicationStatus")
    if wait and replication != "SUCCESSFUL":
        raise typer.Exit(ExitCode.RUN_FAILED if replication == "FAILED" else ExitCode.WAITING)


def _print(session: Session, document: JsonObject) -> None:
    if session.printer.for_programs:
        session.printer.document(document)
        return
    quotas = members(document, "status", "appliedQuotas")
    facts = [
        ("id", text(document, "metadata", "uuid")),
        ("name", text(document, "status", "tenantName")),
        ("owner", owner_of(document)),
        ("platform tenant id", text(document, "spec", "platformTenantId") or "-"),
        ("landing zone", text(document, "spec", "landingZoneRef", "name") or "-"),
        ("status", text(document, "statusText")),
        ("replication", text(document, "replicationStatus")),
        ("sign in", text(document, "signInUrl") or "-"),
        *((f"quota {key}", str(number(quotas, key, "value"))) for key in quotas),
        ("created", text(document, "metadata", "createdOn")),
    ]
    if flag(document, "confirmedByHand"):
        facts.append(("waits for", "tenants confirm-deletion, once it is gone from the platform"))
    if comment := text(document, "declineComment"):
        facts.append(("deletion declined", comment))
    session.printer.facts(facts)
