"""`requests list | create | approve | decline | cancel`."""

from typing import Annotated

import typer

from blockyard.cli.documents import text, texts
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import BINDING_REQUEST, own
from blockyard.cli.session import (
    NeededWorkspaceOption,
    OutputOption,
    UrlOption,
    WorkspaceOption,
    connected,
    needed_workspace,
)
from blockyard.cli.subjects import Expires, User, the_one
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import (
    PROJECT_GROUP_BINDING,
    PROJECT_USER_BINDING,
    WORKSPACE_GROUP_BINDING,
    WORKSPACE_USER_BINDING,
)

requests = typer.Typer(name="requests", help="Requests for roles that several people give together.")

Which = Annotated[str, typer.Argument(metavar="ID", help="Id of the request.")]


@requests.command("list")
def list_requests(
    *,
    workspace: WorkspaceOption = None,
    project: Annotated[str | None, typer.Option("--project", help="Only for roles in this project.")] = None,
    state: Annotated[
        str, typer.Option("--state", help="REQUESTED, APPROVED, REJECTED or CANCELLED; empty for all.")
    ] = "REQUESTED",
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the requests for roles in your workspaces, the oldest first."""
    with connected(output, url) as session:
        filters = {"workspaceIdentifier": workspace, "projectIdentifier": project, "state": state.upper()}
        found = list(session.client.list(BINDING_REQUEST, filters, limit=limit or 0, path=own("binding-requests")))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("ROLE", "WORKSPACE", "PROJECT", "WHO", "STATE", "APPROVED BY", "ID", wide=["REASON"]),
            [
                (
                    text(item, "role"),
                    text(item, "workspaceIdentifier"),
                    text(item, "projectIdentifier"),
                    text(item, "subject"),
                    text(item, "state"),
                    ", ".join(texts(item, "approvals")),
                    text(item, "uuid"),
                    text(item, "reason"),
                )
                for item in found
            ],
        )


@requests.command("create")
def create_request(
    name: Annotated[str, typer.Argument(help="Name of the binding.")],
    *,
    workspace: NeededWorkspaceOption = None,
    role: Annotated[str, typer.Option("--role", help="Such as Workspace Member; in a project, Project User.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the others read it.")],
    user: User = None,
    group: Annotated[str | None, typer.Option("--group", help="Name of a group.")] = None,
    project: Annotated[str | None, typer.Option("--project", help="The role is one in this project.")] = None,
    expires: Expires = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Ask for a role; that counts as your approval."""
    with connected(output, url) as session:
        subject = the_one(user, group, "a role is asked for one person or one group")
        content: JsonObject = {
            "kind": _kind(is_group=group is not None, is_of_project=project is not None),
            "name": name,
            "role": role,
            "workspaceIdentifier": needed_workspace(workspace, url),
            "projectIdentifier": project,
            "subject": subject,
            "expiryDate": expires,
            "reason": reason,
        }
        made = session.client.post(own("binding-requests"), content)
        session.printer.result(made, f"The request {text(made, 'uuid')} is {text(made, 'state')}.")


@requests.command("approve")
def approve_request(request: Which, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Approve a request; enough approvals give the role."""
    _decide(request, "approve", url, output)


@requests.command("decline")
def decline_request(request: Which, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Decline a request, which ends it."""
    _decide(request, "decline", url, output)


@requests.command("cancel")
def cancel_request(request: Which, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Take your own request back."""
    _decide(request, "cancel", url, output)


def _kind(*, is_group: bool, is_of_project: bool) -> str:
    if is_of_project:
        return (PROJECT_GROUP_BINDING if is_group else PROJECT_USER_BINDING).name
    return (WORKSPACE_GROUP_BINDING if is_group else WORKSPACE_USER_BINDING).name


def _decide(request: str, decision: str, url: str | None, output: Format) -> None:
    with connected(output, url) as session:
        after = session.client.post(own("binding-requests", request, decision))
        session.printer.result(after, f"The request for {text(after, 'subject')} is {text(after, 'state')}.")
