"""`login`, `logout`, `whoami`."""

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import credentials as stored
from blockyard.cli.client import Client
from blockyard.cli.credentials import Credentials
from blockyard.cli.documents import flag, members, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.output import Format, Printer
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, connected, interactive, reporting
from blockyard.protocol.jsontypes import Json, JsonObject

DEFAULT_URL = "http://127.0.0.1:8500"
"""Where `blockyard up` listens."""


def login(
    url: UrlOption = None,
    key: Annotated[str | None, typer.Option("--key", help="Client id of an API key.")] = None,
    secret: Annotated[
        str | None,
        typer.Option("--secret", help="Its secret; other users of this machine may see it. Left out, it is asked for."),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help='JSON file with an API key: {"clientId", "clientSecret"}.')
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="Name of a person; the password is asked for.")] = None,
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password, or the key's secret, from standard input.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Sign in and remember it for further commands.

    Without --url it is BLOCKYARD_URL, else the server of the last sign-in, else http://127.0.0.1:8500.
    """
    with reporting(output) as printer:
        path = stored.file_path(os.environ)
        address = stored.checked_url(url or os.environ.get(stored.URL) or _last_url(path) or DEFAULT_URL)
        if sum(option is not None for option in (key, key_file, user)) > 1:
            raise usage("--key, --key-file and --user exclude each other")
        if key_file is not None:
            wanted = _read_key_file(key_file, address)
        elif key is not None:
            wanted = Credentials(url=address, key=key, secret=secret or _secret("Secret", from_stdin=password_stdin))
        else:
            wanted = Credentials(url=address, user=user or _ask_for_user())
        signed_in, me = _sign_in(wanted, printer, from_stdin=password_stdin)
        stored.store(path, signed_in)
        printer.result({"url": address, "principal": me}, f"Signed in to {address} as {text(me, 'displayName')}.")


def logout(output: OutputOption = Format.TABLE) -> None:
    """Forget the sign-in."""
    with reporting(output) as printer:
        forgotten = stored.forget(stored.file_path(os.environ))
        printer.result({"signedOut": forgotten}, "Signed out." if forgotten else "Nobody was signed in.")


def whoami(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show who is signed in, where, and with which rights."""
    with connected(output, url) as session:
        me = session.client.get(own("me"))
        if session.printer.is_json:
            session.printer.json({"url": session.client.url, **me})
            return
        facts = [
            ("server", session.client.url),
            ("name", text(me, "displayName")),
            ("type", text(me, "type")),
            ("identifier", text(me, "identifier")),
            ("administrator", "yes" if flag(me, "administrator") else "no"),
            ("workspaces", ", ".join(members(me, "workspaces")) or "-"),
        ]
        session.printer.facts(facts)


def _last_url(path: Path) -> str | None:
    last = stored.read(path)
    return last.url if last else None


def _read_key_file(path: Path, url: str) -> Credentials:
    try:
        document: Json = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except ValueError:
        document = None
    key, secret = text(document, "clientId"), text(document, "clientSecret")
    if not key or not secret:
        raise usage(f"'{path}' is no key file", 'It must be JSON: {"clientId": "…", "clientSecret": "…"}.')
    return Credentials(url=url, key=key, secret=secret)


def _ask_for_user() -> str:
    if not interactive():
        raise usage("nobody can be asked for a name and a password", "Give --key-file, --key or --user.")
    return str(typer.prompt("Username", err=True))


def _secret(what: str, *, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not interactive():
        raise usage(f"nobody can be asked for the {what.lower()}", "Give --password-stdin.")
    return getpass.getpass(f"{what}: ")


def _sign_in(wanted: Credentials, printer: Printer, *, from_stdin: bool) -> tuple[Credentials, JsonObject]:
    """Return the credentials with a token, and who that is. A person's password is not kept."""

    def waiting(reason: str, seconds: float) -> None:
        printer.note(f"{reason}; trying again in {seconds:g} s")

    with Client(wanted, waiting=waiting) as client:
        if wanted.user is None:
            signed_in = client.sign_in("/api/login", {"clientId": wanted.key, "clientSecret": wanted.secret})
        else:
            password = _secret("Password", from_stdin=from_stdin)
            signed_in = client.sign_in(own("login"), {"username": wanted.user, "password": password})
        if not signed_in.token:
            raise Failure("the server gave no token")
        return signed_in, client.get(own("me"))
