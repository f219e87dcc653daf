"""`payment-methods list | show | create | update | delete`."""

from typing import Annotated

import typer

from blockyard.cli.completion import names_of
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import members, number, text
from blockyard.cli.exits import usage
from blockyard.cli.listing import Limit, PageNumber, owner_of, tell_list, tell_one
from blockyard.cli.option_words import NONE, day_or_none, whole_number_or_none
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
from blockyard.protocol.kinds import PAYMENT_METHOD

payment_methods = typer.Typer(name="payment-methods", help="Payment methods: how a workspace pays. Projects name them.")

Which = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name of the payment method.", autocompletion=names_of("payment-methods")),
]
DisplayName = Annotated[str | None, typer.Option("--display-name", help="Name for people.")]
Amount = Annotated[
    str | None,
    typer.Option("--amount", metavar="AMOUNT", help="Budget, a whole number, or none.", parser=whole_number_or_none),
]
Expires = Annotated[
    str | None, typer.Option("--expires", metavar="DAY", help="Last day, YYYY-MM-DD, or none.", parser=day_or_none)
]


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
        found = session.client.page(PAYMENT_METHOD, filters, number_=page - 1, size=limit)
        tell_list(
            session,
            found,
            workspace,
            columns("NAME", "DISPLAY NAME", "OWNER", "AMOUNT", "EXPIRES", wide=["CREATED"]),
            lambda item: (
                text(item, "metadata", "name"),
                text(item, "spec", "displayName"),
                owner_of(item),
                _shown(number(item, "spec", "amount")),
                text(item, "spec", "expirationDate") or "never",
                text(item, "metadata", "createdOn"),
            ),
        )


@payment_methods.command("show")
def show_payment_method(name: Which, *, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show a payment method."""
    with connected(output, url) as session:
        document = session.client.show(PAYMENT_METHOD, name)
        facts = [
            ("name", text(document, "metadata", "name")),
            ("display name", text(document, "spec", "displayName")),
            ("owner", owner_of(document)),
            ("amount", _shown(number(document, "spec", "amount"))),
            ("expires", text(document, "spec", "expirationDate") or "never"),
            *tag_facts(members(document, "spec", "tags")),
            ("created", text(document, "metadata", "createdOn")),
        ]
        tell_one(session, document, facts)


@payment_methods.command("create")
def create_payment_method(
    name: Annotated[str, typer.Argument(help="Identifier: lower-case letters, digits, single hyphens.")],
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
            "spec": _changed({}, display_name or name, amount, expires, tag),
        }
        session.printer.result(session.client.create(PAYMENT_METHOD, content), f"Payment method {name} created.")


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
        if display_name is None and amount is None and expires is None and not tag:
            raise usage("nothing to change", "Give --display-name, --amount, --expires or --tag.")
        before = session.client.show(PAYMENT_METHOD, name)
        content: JsonObject = {
            "metadata": before["metadata"],
            "spec": _changed(members(before, "spec"), display_name, amount, expires, tag),
        }
        session.printer.result(session.client.replace(PAYMENT_METHOD, name, content), f"Payment method {name} changed.")


@payment_methods.command("delete")
def delete_payment_method(
    name: Which, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete a payment method that no project names. Only administrators may."""
    with connected(output, url) as session:
        require_consent(f"Delete the payment method '{name}'?", yes=yes)
        session.client.delete(PAYMENT_METHOD, name)
        session.printer.result({"deleted": name}, f"Payment method {name} deleted.")


def _shown(amount: int | None) -> str:
    return "-" if amount is None else str(amount)


def _changed(
    spec: JsonObject, display_name: str | None, amount: str | None, expires: str | None, tags: list[str] | None
) -> JsonObject:
    """Return a specification with what was given."""
    changes: JsonObject = {} if display_name is None else {"displayName": display_name}
    if amount is not None:
        changes["amount"] = None if amount == NONE else int(amount)
    if expires is not None:
        changes["expirationDate"] = None if expires == NONE else expires
    return spec | changes | {"tags": with_tags(members(spec, "tags"), tags)}
