"""`login`, `logout`, `whoami`."""

import json
import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli import browser, contexts
from blockyard.cli import credentials as stored
from blockyard.cli.client import Client
from blockyard.cli.context_option import chosen_context
from blockyard.cli.contexts import Contexts, Credentials
from blockyard.cli.documents import flag, members, text
from blockyard.cli.exits import Failure, usage
from blockyard.cli.issuers import issuer_at, revoked
from blockyard.cli.output import Format, Printer
from blockyard.cli.prompts import secret_word
from blockyard.cli.resources import own
from blockyard.cli.session import OutputOption, UrlOption, connected, interactive, reporting
from blockyard.protocol.jsontypes import Json, JsonObject


class Access(StrEnum):
    """How much a command line may do for who signs in."""

    FULL = "full"
    WRITE = "write"
    READ = "read"


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
    access: Annotated[Access, typer.Option("--access", help="How much the command line may do for you.")] = Access.FULL,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address to open elsewhere; the code it shows is asked for.")
    ] = False,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password, or the key's secret, from standard input; a code is the next line.",
        ),
    ] = False,
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            help="Code of the person's authenticator app, or a recovery code; left out, it is asked for if needed.",
        ),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Sign in to a server, and remember it.

    Without --key, --key-file and --user, you sign in with your browser and choose there what the command line may do.
    The sign-in is kept as a context, which becomes the current one.

    Without --url it is BLOCKYARD_URL, else the server whose own key the file is, else the server of the current context, else
    http://127.0.0.1:8500. Sign-ins to other servers are kept. --context names the context; left out, it is called after the server.
    """
    with reporting(output) as printer:
        path = contexts.file_path(os.environ)
        known = contexts.read(path)
        address = stored.checked_url(url or _url_beside(key_file) or _known_url(known) or DEFAULT_URL)
        if sum(option is not None for option in (key, key_file, user)) > 1:
            raise usage("give only one of --key, --key-file and --user")
        if key_file is not None:
            wanted = _read_key_file(key_file, address)
        elif key is not None:
            wanted = Credentials(
                url=address, key=key, secret=secret or secret_word("Secret", from_stdin=password_stdin)
            )
        elif user is not None:
            wanted = Credentials(url=address, user=user)
        else:
            wanted = _by_browser(address, access, printer, by_hand=no_browser)
        signed_in, me = _sign_in(wanted, printer, from_stdin=password_stdin, code=code)
        name = chosen_context() or _name_at(known, address)
        with contexts.changing(path) as held:
            before = held[0].by_name.get(name)
            workspace = before.workspace if before else None
            held[0] = held[0].holding(replace(signed_in, context=name, workspace=workspace), current=True)
        if before is not None and before.refresh:
            revoked(before)
        printer.result(
            {"url": address, "context": name, "principal": me}, f"Signed in to {address} as {text(me, 'displayName')}."
        )


def logout(
    *,
    everywhere: Annotated[bool, typer.Option("--all", help="Forget the sign-ins to all servers.")] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Forget the sign-in to a server.

    One that was made with a browser ends at the server, too.

    It is the server of the current context, or of --context.
    """
    with reporting(output) as printer:
        with contexts.changing(contexts.file_path(os.environ)) as held:
            known = held[0]
            name = chosen_context() or os.environ.get(stored.CONTEXT)
            one = known.named(name) if name else known.chosen
            forgotten: list[str] = [*known.by_name] if everywhere else [one.context] if one and one.context else []
            ended = [known.by_name[context] for context in forgotten if known.by_name[context].refresh]
            for context in forgotten:
                held[0] = held[0].without(context)
        for credentials in ended:
            if not revoked(credentials):
                printer.warn(f"{credentials.url} could not be told; end the session on the page of your account there")
        sentence = f"Signed out of {', '.join(forgotten)}." if forgotten else "Nobody was signed in."
        printer.result({"signedOut": [*forgotten]}, sentence)


def whoami(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Show who is signed in, where, and with which rights."""
    with connected(output, url) as session:
        me = session.client.get(own("me"))
        if session.printer.for_programs:
            session.printer.document({"url": session.client.url, **me})
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


def _url_beside(key_file: Path | None) -> str | None:
    """Return where the running server listens whose own file the key is: `blockyard up` notes it in its data directory."""
    if key_file is None or os.environ.get(stored.URL) or chosen_context():
        return None
    try:
        return (key_file.expanduser().parent / "url").read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _known_url(known: Contexts) -> str | None:
    """Return the server that is meant where no URL is given."""
    name = chosen_context() or os.environ.get(stored.CONTEXT)
    if name and name in known.by_name:
        return known.by_name[name].url
    return os.environ.get(stored.URL) or (known.chosen.url if known.chosen else None)


def _name_at(known: Contexts, url: str) -> str:
    """Return the name of the context of a server: the one it has, or a new one."""
    found = known.at(url)
    return found.context if found and found.context else contexts.default_name(url)


def _read_key_file(path: Path, url: str) -> Credentials:
    try:
        document: Json = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise usage(f"'{path}' cannot be read: {error.strerror}") from error
    except ValueError:
        document = None
    key, secret = text(document, "clientId"), text(document, "clientSecret")
    if not key or not secret:
        raise usage(f"'{path}' is not a key file", 'It must be JSON: {"clientId": "…", "clientSecret": "…"}.')
    return Credentials(url=url, key=key, secret=secret)


def _by_browser(url: str, access: Access, printer: Printer, *, by_hand: bool) -> Credentials:
    """Return the credentials of who signs in with a browser, or who wants to give a password to a server without an issuer."""
    if not (interactive() or by_hand or browser.can_open()):
        raise usage("cannot ask anybody to sign in: this is not a terminal", "Give --key-file, --key or --user.")
    issuer = issuer_at(url)
    if issuer is None:
        return Credentials(url=url, user=_ask_for_user())
    return browser.sign_in(issuer, url, access.value, printer, by_hand=by_hand)


def _ask_for_user() -> str:
    if not interactive():
        raise usage("cannot ask for a name and a password: this is not a terminal", "Give --key-file, --key or --user.")
    return str(typer.prompt("Username", err=True))


def _sign_in(
    wanted: Credentials, printer: Printer, *, from_stdin: bool, code: str | None
) -> tuple[Credentials, JsonObject]:
    """Return the credentials with a token, and who that is. A person's password is not kept."""

    def waiting(reason: str, seconds: float) -> None:
        printer.note(f"{reason}; trying again in {seconds:g} s")

    with Client(wanted, waiting=waiting) as client:
        if wanted.issuer is not None:
            return wanted, client.get(own("me"))
        if wanted.user is None:
            signed_in = client.sign_in(
                "/api/login", {"clientId": wanted.key, "clientSecret": wanted.secret}, patient=False
            )
        else:
            password = secret_word("Password", from_stdin=from_stdin)
            signed_in = _person(client, {"username": wanted.user, "password": password}, code, from_stdin=from_stdin)
        if not signed_in.token:
            raise Failure(f"{wanted.url} gave no token")
        return signed_in, client.get(own("me"))


def _person(client: Client, body: JsonObject, code: str | None, *, from_stdin: bool) -> Credentials:
    """Sign a person in; a code is asked for once the server says that it needs one. Raises Failure."""
    if code is None:
        try:
            return client.sign_in(own("login"), body, patient=False)
        except Failure as failure:
            if failure.code != "CodeNeeded":
                raise
            if not (from_stdin or interactive()):
                raise usage("a code is needed besides the password", "Give --code.") from None
        code = secret_word("Code of your authenticator app, or a recovery code", from_stdin=from_stdin)
    return client.sign_in(own("login"), body | {"code": code}, patient=False)
