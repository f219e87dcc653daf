"""Creates API keys and keeps their secrets in files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from blockyard.cli.client import Client
from blockyard.cli.contexts import write_private
from blockyard.cli.documents import members, text
from blockyard.cli.exits import Failure
from blockyard.cli.new_files import require_new
from blockyard.cli.option_words import last_day
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import API_KEY

LastDay = Annotated[
    str | None,
    typer.Option("--expires", metavar="DAY", help="Last day of the key, YYYY-MM-DD.", parser=last_day),
]


def create_key(
    client: Client, *, workspace: str, name: str, permissions: list[str], expires: str | None, file: Path
) -> JsonObject:
    """Create an API key, write its secret to `file`, and return its document without the secret.

    If the file cannot be written the key is deleted again: nobody could ever use it.

    Raises:
        Failure: the server refuses, or the file exists or cannot be written.
    """
    require_new(file)
    spec: JsonObject = {"displayName": name, "permissions": [*permissions]}
    content: JsonObject = {
        "metadata": {"ownedByWorkspace": workspace},
        "spec": spec | ({"expiresAt": expires} if expires else {}),
    }
    key = client.create(API_KEY, content)
    keep_key(client, file, text(key, "metadata", "uuid"), key)
    return without_secret(key)


def keep_key(client: Client, file: Path, key_id: str, key: JsonObject) -> None:
    """Write client id and secret of a new key, or delete it: without its secret nobody could use it. Raises Failure."""
    try:
        write_key_file(file, key)
    except Failure:
        client.delete(API_KEY, key_id)
        raise


def write_key_file(file: Path, key: JsonObject) -> None:
    """Write client id and secret of a new key, for this user's eyes only. Raises Failure."""
    pair = {"clientId": text(key, "status", "clientId"), "clientSecret": text(key, "status", "clientSecret")}
    if not pair["clientSecret"]:
        raise Failure("the server did not answer with the key's secret")
    write_private(file, json.dumps(pair, indent=2) + "\n")


def without_secret(key: JsonObject) -> JsonObject:
    """Return a key's document without its secret."""
    status = {name: value for name, value in members(key, "status").items() if name != "clientSecret"}
    return key | {"status": status}
