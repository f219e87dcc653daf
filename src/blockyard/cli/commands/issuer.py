"""`issuer keys | rotate | withdraw | export`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.consent import YesOption, require_consent
from blockyard.cli.documents import objects, text
from blockyard.cli.exits import Failure
from blockyard.cli.new_files import require_folder
from blockyard.cli.output import Format, columns
from blockyard.cli.resources import JSON, own
from blockyard.cli.session import OutputOption, Session, UrlOption, connected
from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import JsonObject

issuer = typer.Typer(name="issuer", help="Issuer of tokens: the keys that sign them. For administrators.")

_DISCOVERY, _KEYS = ".well-known/openid-configuration", "oidc/jwks"


@issuer.command("keys")
def list_signing_keys(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """List the keys that sign tokens, the oldest first."""
    with connected(output, url) as session:
        _tell(session, session.client.get(own("signing-keys")))


@issuer.command("rotate")
def rotate_signing_keys(url: UrlOption = None, output: OutputOption = Format.TABLE) -> None:
    """Make the next keys: shown at once, they sign a day later.

    Keys follow each other by themselves, too, every 90 days.
    """
    with connected(output, url) as session:
        _tell(session, session.client.post(own("signing-keys")))


@issuer.command("withdraw")
def withdraw_signing_key(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as `issuer keys` shows it.")],
    *,
    yes: YesOption = False,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Withdraw a key: nothing that it signed is good any more."""
    with connected(output, url) as session:
        require_consent(
            f"Withdraw the key '{key}'? Runs that go on may lose access to their clouds for up to an hour.", yes=yes
        )
        session.client.request("DELETE", own("signing-keys", key), accept=JSON)
        session.printer.result({"keyId": key}, f"Key {key} withdrawn.")


@issuer.command("export")
def export_issuer(
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Folder that is there.")],
    *,
    url: UrlOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Write the issuer's public documents into a folder.

    Put them where `workload_issuer_url` says, again after each change of keys: a new key signs a day after it is shown.
    """
    with connected(output, url) as session:
        require_folder(folder)
        discovery = session.client.get(f"/{_DISCOVERY}")
        keys = session.client.get(f"/{_KEYS}")
        if not objects(keys, "keys"):
            raise Failure("the issuer has no key yet", remedy="Try again in a few seconds.")
        files = {_DISCOVERY: discovery, _KEYS: keys}
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        address = text(discovery, "issuer")
        told: JsonObject = {"issuer": address, "files": [*files]}
        session.printer.result(
            told, f"Written to {folder}: {', '.join(files)}. Show them below {address}.{_warned(address)}"
        )


def _warned(address: str) -> str:
    parts = addresses.split(address)
    return "" if parts is not None and parts.scheme == "https" else " Clouds trust https addresses only."


def _tell(session: Session, found: JsonObject) -> None:
    if session.printer.for_programs:
        session.printer.document([*objects(found, "signingKeys")])
        return
    session.printer.objects(
        columns("KEY", "ALGORITHM", "USE", "MADE", "CHANGES"),
        [
            (
                text(one, "keyId"),
                text(one, "algorithm"),
                text(one, "use"),
                text(one, "createdOn"),
                text(one, "changesOn") or "-",
            )
            for one in objects(found, "signingKeys")
        ],
    )
