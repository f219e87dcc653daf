"""Creates API keys and keeps their secrets in files."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from blockyard.cli.client import Client
from blockyard.cli.contexts import write_private
from blockyard.cli.documents import members, text
from blockyard.cli.exits import Failure, usage
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.kinds import API_KEY


def create_key(
    client: Client, *, workspace: str, name: str, permissions: list[str], expires: str | None, file: Path
) -> JsonObject:
    """Create an API key, write its secret to `file`, and return its document without the secret.

    If the file cannot be written the key is deleted again: nobody could ever use it.

    Raises:
        Failure: the server refuses, or the file exists or cannot be written.
    """
    if file.exists():
        raise usage(f"'{file}' exists already", "Give the name of a new file.")
    if expires is not None:
        check_last_day(expires)
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
        _write_key_file(file, key)
    except Failure:
        client.delete(API_KEY, key_id)
        raise


def check_last_day(expires: str) -> None:
    """Refuse what is not a day, or a day that has passed. Raises Failure (usage)."""
    try:
        last = date.fromisoformat(expires)
    except ValueError:
        raise usage(f"'{expires}' is not a date", "Give the last day of the key as YYYY-MM-DD.") from None
    if last < datetime.now(UTC).date():
        raise usage(f"a key whose last day is {expires} would have expired already", "Give a day from today on.")


def _write_key_file(file: Path, key: JsonObject) -> None:
    """Write client id and secret of a new key, for this user's eyes only. Raises Failure."""
    pair = {"clientId": text(key, "status", "clientId"), "clientSecret": text(key, "status", "clientSecret")}
    if not pair["clientSecret"]:
        raise Failure("the server did not answer with the key's secret")
    write_private(file, json.dumps(pair, indent=2) + "\n")


def without_secret(key: JsonObject) -> JsonObject:
    """Return a key's document without its secret."""
    status = {name: value for name, value in members(key, "status").items() if name != "clientSecret"}
    return key | {"status": status}
