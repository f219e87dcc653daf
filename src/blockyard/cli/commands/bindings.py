"""`bindings list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import objects, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Most, tell_one
from blockyard.cli.option_words import NONE, day_or_none, last_day
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import NeededWorkspaceOption, OutputOption, UrlOption, connected, needed_workspace
from blockyard.cli.subjects import User, the_one
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import (
    PROJECT_GROUP_BINDING,
    PROJECT_USER_BINDING,
    WORKSPACE_GROUP_BINDING,
    WORKSPACE_USER_BINDING,
    Kind,
)

bindings = typer.Typer(name="bindings", help="Bindings: who has which role where.")

Project = Annotated[
    str | None, typer.Option("--project", help="Project of the workspace; without it the workspace itself.")
]
Which = Annotated[str, typer.Argument(metavar="NAME", help="Name of the binding.")]
OfProject = Annotated[bool, typer.Option("--of-project", help="A binding to a project, not to a workspace.")]
OfGroup = Annotated[bool, typer.Option("--of-group", help="The binding of a group, not of a person.")]


@bindings.command("list")
def list_bindings(
    *,
    workspace: NeededWorkspaceOption = None,
    project: Project = None,
    limit: Most = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the bindings of a workspace or a project, the oldest first."""
    with connected(output, url) as session:
        workspace = needed_workspace(workspace, url)
        path = (
            own("workspaces", workspace, "bindings")
            if project is None
            else own("projects", f"{workspace}.{project}", "bindings")
        )
        document = session.client.get(path)
        found = [
            (word, item)
            for word, kind in (("user", _kind(project, of_group=False)), ("group", _kind(project, of_group=True)))
            for item in objects(document, "_embedded", kind.plural)
        ][:limit]
        if session.printer.for_programs:
            session.printer.document([item for _, item in found])
            return
        session.printer.objects(
            columns("NAME", "ROLE", "OF", "WHO", "EXPIRES"),
            [
                (
                    text(item, "metadata", "name"),
                    text(item, "roleRef", "name"),
                    word,
                    text(item, "subject", "name"),
                    text(item, "expiryDate") or "never",
                )
                for word, item in found
            ],
        )


@bindings.command("show")
def show_binding(
    name: Which,
    *,
    of_project: OfProject = False,
    of_group: OfGroup = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a binding."""
    with connected(output, url) as session:
        document = session.client.show(_kind("" if of_project else None, of_group=of_group), name)
        facts = [
            ("name", text(document, "metadata", "name")),
            ("role", text(document, "roleRef", "name")),
            ("group" if of_group else "user", text(document, "subject", "name")),
            ("workspace", text(document, "targetRef", "ownedByWorkspace") or text(document, "targetRef", "name")),
            ("project", text(document, "targetRef", "name") if of_project else "-"),
            ("expires", text(document, "expiryDate") or "never"),
        ]
        tell_one(session, document, facts)


@bindings.command("create")
def create_binding(
    name: Annotated[str, typer.Argument(help="Name of the binding.")],
    *,
    workspace: NeededWorkspaceOption = None,
    project: Project = None,
    role: Annotated[str, typer.Option("--role", help="Such as Workspace Member or Project Reader.")],
    user: User = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Name of a group.", autocompletion=names_of("groups"))
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DAY", help="Last day, YYYY-MM-DD; of workspaces only.", parser=last_day),
    ] = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Give a person or a group a role."""
    with connected(output, url) as session:
        subject = the_one(user, group, "a binding is of one person or one group")
        if project is not None and expires is not None:
            raise usage("bindings to projects have no last day", "Leave --expires out.")
        target: JsonObject = {"name": needed_workspace(workspace, url)}
        if project is not None:
            target = {"name": project, "ownedByWorkspace": target["name"]}
        content: JsonObject = {
            "metadata": {"name": name},
            "roleRef": {"name": role},
            "targetRef": target,
            "subject": {"name": subject},
            **({} if expires is None else {"expiryDate": expires}),
        }
        made = session.client.create(_kind(project, of_group=user is None), content)
        session.printer.result(made, f"Binding {name} created.")


@bindings.command("update")
def update_binding(
    name: Which,
    *,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DAY", help="Last day, YYYY-MM-DD, or none.", parser=day_or_none)
    ],
    of_group: OfGroup = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let a role in a workspace end on another day, or not at all."""
    with connected(output, url) as session:
        body: JsonObject = {
            "kind": _kind(None, of_group=of_group).name,
            "name": name,
            "expiryDate": None if expires == NONE else expires,
        }
        changed: JsonObject = session.client.request("PUT", own("binding-ends"), body=body, sends=JSON).json()
        session.printer.result(changed, f"Binding {name} changed.")


@bindings.command("delete")
def delete_binding(
    name: Which,
    *,
    of_project: OfProject = False,
    of_group: OfGroup = False,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Take a role away."""
    with connected(output, url) as session:
        require_consent(f"Delete the binding '{name}'? Who has no other role there loses access at once.", yes=yes)
        session.client.delete(_kind("" if of_project else None, of_group=of_group), name)
        session.printer.result({"deleted": name}, f"Binding {name} deleted.")


def _kind(project: str | None, *, of_group: bool) -> Kind:
    if project is None:
        return WORKSPACE_GROUP_BINDING if of_group else WORKSPACE_USER_BINDING
    return PROJECT_GROUP_BINDING if of_group else PROJECT_USER_BINDING
