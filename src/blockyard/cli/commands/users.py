"""`users list | show | create | update | tags | password | lock | unlock | delete`."""

from typing import Annotated

import typer

from blockyard.cli.changes import given
from blockyard.cli.client import Client
from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import flag, text, texts
from blockyard.cli.exits import missing
from blockyard.cli.listing import Most
from blockyard.cli.lookup import full_id
from blockyard.cli.output import Format, columns
from blockyard.cli.plain_kinds import OwnObjects, PlainKind
from blockyard.cli.prompts import secret_word
from blockyard.cli.resources import JSON, USER, own
from blockyard.cli.session import OutputOption, UrlOption, connected
from blockyard.cli.tags import Tag, tell_tags
from blockyard.protocol.jsontypes import JsonObject

users = typer.Typer(name="users", help="Users: accounts of people. For administrators.")

FirstName = Annotated[str | None, typer.Option("--first-name", help="First name.")]
LastName = Annotated[str | None, typer.Option("--last-name", help="Last name.")]
Email = Annotated[str | None, typer.Option("--email", help="Address for mails.")]
Euid = Annotated[str | None, typer.Option("--euid", help="Id of the person in other systems.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Who = Annotated[str, typer.Argument(metavar="USERNAME", help="Username or id of the person.")]


def _user(client: Client, word: str) -> JsonObject:
    if identifier := full_id(word):
        return client.get(own("users", identifier))
    for item in client.list(USER, {}, path=own("users")):
        if text(item, "username").lower() == word.lower():
            return item
    raise missing(f"there is no user '{word}'", "'blockyard users list' shows them.")


def _name(item: JsonObject) -> str:
    return f"{text(item, 'firstName')} {text(item, 'lastName')}".strip() or "-"


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        text(item, "username"),
        _name(item),
        text(item, "email") or "-",
        ", ".join(texts(item, "adminRoles")) or "-",
        "yes" if flag(item, "disabled") else "no",
        text(item, "uuid"),
    )


_USERS = PlainKind(
    word="account",
    which=Who,
    objects=OwnObjects(kind=USER, members=("firstName", "lastName", "email", "euid"), find=_user),
    columns=columns("USERNAME", "NAME", "E-MAIL", "ADMIN ROLES", "LOCKED", wide=["ID"]),
    row=_row,
    more=lambda document: [("euid", text(document, "euid") or "-"), ("created", text(document, "createdOn"))],
    called=lambda document: text(document, "username"),
)


@users.command("list")
def list_users(limit: Most = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List all accounts, the oldest first."""
    with connected(output, url) as session:
        _USERS.tell_all(session, {}, limit=limit)


_USERS.add_show(users, "Show an account.")


@users.command("create")
def create_user(
    username: Annotated[str, typer.Argument(help="Name that the person signs in with.")],
    *,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Email = None,
    euid: Euid = None,
    admin: Annotated[bool, typer.Option("--admin", help="Make an administrator of everything.")] = False,
    password_stdin: PasswordStdin = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Create an account; its first password is asked for."""
    with connected(output, url) as session:
        password = secret_word("Password", from_stdin=password_stdin)
        content: JsonObject = {"username": username, "password": password, "admin": admin}
        content |= given(firstName=first_name, lastName=last_name, email=email, euid=euid)
        _USERS.create(session, content, username)


@users.command("update")
def update_user(
    username: Who,
    *,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Email = None,
    euid: Euid = None,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Change an account; what no option names stays as it is."""
    with connected(output, url) as session:
        changes = given(firstName=first_name, lastName=last_name, email=email, euid=euid)
        _USERS.change(session, username, changes, options="--first-name, --last-name, --email or --euid")


@users.command("tags")
def tag_user(username: Who, *, tag: Tag = None, url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show the tags of a person, or change them with --tag."""
    with connected(output, url) as session:
        found = _user(session.client, username)
        tell_tags(session, own("users", text(found, "uuid"), "tags"), tag, text(found, "username"))


@users.command("password")
def set_password(
    username: Who,
    *,
    password_stdin: PasswordStdin = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Give a person a new password, which is asked for."""
    with connected(output, url) as session:
        found = _user(session.client, username)
        body: JsonObject = {"password": secret_word("New password", from_stdin=password_stdin)}
        session.client.request("PUT", own("users", text(found, "uuid"), "password"), body=body, sends=JSON)
        session.printer.result({"changed": text(found, "uuid")}, f"{username} has a new password.")


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


_USERS.add_delete(
    users, "Delete an account with all its roles.", question="Delete the account '{}' with all its roles?"
)


def _lock(client: Client, username: str, *, disabled: bool) -> JsonObject:
    path = own("users", text(_user(client, username), "uuid"), "lock")
    answer: JsonObject = client.request("PUT", path, body={"disabled": disabled}, sends=JSON).json()
    return answer
