"""`payment-methods list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.completion import names_of
from blockyard.cli.documents import members, number, text
from blockyard.cli.listing import Limit, PageNumber, owner_of
from blockyard.cli.option_words import NONE, day_or_none, whole_number_or_none
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
from blockyard.protocol.kinds import PAYMENT_METHOD

payment_methods = typer.Typer(name="payment-methods", help="Payment methods: how a workspace pays. Projects name them.")

Which = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name of the payment method.", autocompletion=names_of("payment-methods")),
]
Amount = Annotated[
    str | None,
    typer.Option("--amount", metavar="AMOUNT", help="Budget, a whole number, or none.", parser=whole_number_or_none),
]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="DAY", help="Last day, YYYY-MM-DD, or none.", parser=day_or_none)
]


def _row(item: JsonObject) -> tuple[str, ...]:
    amount = number(item, "spec", "amount")
    return (
        text(item, "metadata", "name"),
        text(item, "spec", "displayName"),
        owner_of(item),
        "-" if amount is None else str(amount),
        text(item, "spec", "expirationDate") or "never",
        text(item, "metadata", "createdOn"),
    )


_METHODS = PlainKind(
    word="payment method",
    which=Which,
    objects=MeshObjects(kind=PAYMENT_METHOD),
    columns=columns("NAME", "DISPLAY NAME", "OWNER", "AMOUNT", "EXPIRES", wide=["CREATED"]),
    row=_row,
    more=lambda document: tag_facts(members(document, "spec", "tags")),
)


@payment_methods.command("list")
def list_payment_methods(
    *,
    workspace: WorkspaceOption = None,
    limit: Limit = 50,
    page: PageNumber = 1,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the payment methods you may see, the oldest first."""
    with connected(output, url) as session:
        filters = {"workspaceIdentifier": workspace}
        _METHODS.tell_page(session, filters, page=page, limit=limit, workspace=workspace)


_METHODS.add_show(payment_methods, "Show a payment method.")


@payment_methods.command("create")
def create_payment_method(
    name: NewName,
    *,
    workspace: NeededWorkspaceOption = None,
    display_name: DisplayName = None,
    amount: Amount = None,
    expires: Expires = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create a payment method of a workspace. Only administrators may."""
    with connected(output, url) as session:
        content: JsonObject = {
            "metadata": {"name": name, "ownedByWorkspace": needed_workspace(workspace, url)},
            "spec": _given(display_name or name, amount, expires) | {"tags": with_tags({}, tag)},
        }
        _METHODS.create(session, content, name)


@payment_methods.command("update")
def update_payment_method(
    name: Which,
    *,
    display_name: DisplayName = None,
    amount: Amount = None,
    expires: Expires = None,
    tag: Tag = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change a payment method; what no option names stays as it is. Only administrators may."""
    with connected(output, url) as session:
        changes = _given(display_name, amount, expires)
        _METHODS.change(session, name, changes, tag=tag, options="--display-name, --amount, --expires or --tag")


_METHODS.add_delete(payment_methods, "Delete a payment method that no project names. Only administrators may.")


def _given(display_name: str | None, amount: str | None, expires: str | None) -> JsonObject:
    """Return the members that were given."""
    changes = given(displayName=display_name)
    if amount is not None:
        changes["amount"] = None if amount == NONE else int(amount)
    if expires is not None:
        changes["expirationDate"] = None if expires == NONE else expires
    return changes
