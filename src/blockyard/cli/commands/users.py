"""`users list | show | lock | unlock | delete`."""

from typing import Annotated

import typer

from blockyard.cli.client import Client
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, text, texts
from blockyard.cli.exits import missing
from blockyard.cli.lookup import full_id
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, USER, own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.protocol.jsontypes import JsonObject

users = typer.Typer(name="users", help="Users: accounts of people. For administrators.")

Who = Annotated[str, typer.Argument(metavar="USERNAME", help="Username or id of the person.")]


@users.command("list")
def list_users(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List all accounts, the oldest first."""
    with connected(output, url) as session:
        found = list(session.client.list(USER, {}, path=own("users")))
        if session.printer.for_programs:
            session.printer.document([*found])
            return
        session.printer.objects(
            columns("USERNAME", "NAME", "E-MAIL", "ADMIN ROLES", "LOCKED", wide=["ID"]),
            [
                (
                    text(item, "username"),
                    _name(item),
                    text(item, "email") or "-",
                    ", ".join(texts(item, "adminRoles")) or "-",
                    "yes" if flag(item, "disabled") else "no",
                    text(item, "uuid"),
                )
                for item in found
            ],
        )


@users.command("show")
def show_user(username: Who, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show an account."""
    with connected(output, url) as session:
        document = _user(session.client, username)
        if session.printer.for_programs:
            session.printer.document(document)
            return
        facts = [
            ("username", text(document, "username")),
            ("name", _name(document)),
            ("e-mail", text(document, "email") or "-"),
            ("euid", text(document, "euid") or "-"),
            ("admin roles", ", ".join(texts(document, "adminRoles")) or "-"),
            ("locked", "yes" if flag(document, "disabled") else "no"),
            ("created", text(document, "createdOn")),
            ("id", text(document, "uuid")),
        ]
        session.printer.facts(facts)


@users.command("lock")
def lock_user(
    username: Who, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Lock an account; all its tokens and sessions end."""
    with connected(output, url) as session:
        require_consent(f"Lock the account '{username}'? All its tokens and sessions end.", yes=yes)
        session.printer.result(_lock(session.client, username, disabled=True), f"{username} is locked.")


@users.command("unlock")
def unlock_user(username: Who, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Unlock an account."""
    with connected(output, url) as session:
        session.printer.result(_lock(session.client, username, disabled=False), f"{username} can sign in again.")


@users.command("delete")
def delete_user(
    username: Who, *, yes: YesOption = False, url: UrlOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Delete an account with all its roles."""
    with connected(output, url) as session:
        found = _user(session.client, username)
        require_consent(f"Delete the account '{text(found, 'username')}' with all its roles?", yes=yes)
        session.client.request("DELETE", own("users", text(found, "uuid")))
        session.printer.result({"deleted": text(found, "uuid")}, f"{text(found, 'username')} deleted.")


def _lock(client: Client, username: str, *, disabled: bool) -> JsonObject:
    path = own("users", text(_user(client, username), "uuid"), "lock")
    answer: JsonObject = client.request("PUT", path, body={"disabled": disabled}, sends=JSON).json()
    return answer


def _user(client: Client, word: str) -> JsonObject:
    if identifier := full_id(word):
        return client.get(own("users", identifier))
    for item in client.list(USER, {}, path=own("users")):
        if text(item, "username").lower() == word.lower():
            return item
    raise missing(f"there is no user '{word}'", "'blockyard users list' shows them.")


def _name(item: JsonObject) -> str:
    return f"{text(item, 'firstName')} {text(item, 'lastName')}".strip() or "-"
