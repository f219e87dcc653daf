"""`admin-roles list | show | give | take`."""

from typing import Annotated

import typer

from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import text
from blockyard.cli.listing import Most
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import OwnObjects, PlainKind
from blockyard.cli.resources import ADMIN_BINDING, own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.cli.subjects import Expires, User, the_one
from blockyard.protocol.jsontypes import JsonObject

admin_roles = typer.Typer(name="admin-roles", help="Admin roles: who may do what everywhere. For administrators.")

Which = Annotated[str, typer.Argument(metavar="BINDING", help="Id of the admin binding.")]


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "role"),
        text(item, "subject", "kind"),
        text(item, "subject", "name"),
        text(item, "expiryDate") or "never",
        text(item, "uuid"),
    )


_ROLES = PlainKind(
    word="admin binding",
    which=Which,
    objects=OwnObjects(kind=ADMIN_BINDING),
    columns=columns("ROLE", "OF", "WHO", "EXPIRES", "ID"),
    row=_row,
    more=lambda document: [("since", text(document, "createdOn"))],
)


@admin_roles.command("list")
def list_admin_roles(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List who has admin roles, ended ones too."""
    with connected(output, url) as session:
        _ROLES.tell_all(session, {}, limit=limit)


_ROLES.add_show(admin_roles, "Show who has an admin role by a binding, and until when.")


@admin_roles.command("give")
def give_admin_role(
    role: Annotated[str, typer.Argument(help="Such as Auditor or Platform Engineer.")],
    *,
    user: User = None,
    group: Annotated[str | None, typer.Option("--group", help="Name of a group of the installation.")] = None,
    expires: Expires = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Give a person or a group an admin role."""
    with connected(output, url) as session:
        subject = the_one(user, group, "an admin role is given to one person or one group")
        content: JsonObject = {
            "role": role,
            "subject": {"kind": "user" if user else "group", "name": subject},
            "expiryDate": expires,
        }
        made = session.client.post(own("admin-bindings"), content)
        session.printer.result(made, f"{subject} has the role {role}.")


@admin_roles.command("take")
def take_admin_role(
    binding: Which,
    *,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Take an admin role away."""
    with connected(output, url) as session:
        found = session.client.get(own("admin-bindings", binding))
        role, who = text(found, "role"), text(found, "subject", "name")
        require_consent(f"Take the role '{role}' away from {who}?", yes=yes)
        session.client.request("DELETE", own("admin-bindings", binding))
        session.printer.result({"deleted": binding}, f"{who} does not have the role {role} by this any more.")
