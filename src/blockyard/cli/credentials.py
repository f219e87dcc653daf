"""Who the client is and where the server is: a file of this user's, or the environment, which wins."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from blockyard.cli.documents import number, text
from blockyard.cli.exits import ExitCode, Failure, usage
from blockyard.protocol.jsontypes import Json, JsonObject

URL = "BLOCKYARD_URL"
API_KEY = "BLOCKYARD_API_KEY"
API_SECRET = "BLOCKYARD_API_SECRET"  # noqa: S105  the name of a variable
API_TOKEN = "BLOCKYARD_API_TOKEN"  # noqa: S105  same
VARIABLES = {
    URL: "base URL of the server",
    API_KEY: "client id of an API key",
    API_SECRET: "its secret",
    API_TOKEN: "a bearer token to use as it is, without signing in; goes before a key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A server and how to sign in to it: by key, or by a token alone.

    Attributes:
        expires_at: end of the token's life in seconds since 1970; None if it is not known.
        stored: whether they came from the file, so that a new token belongs there.
    """

    url: str
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    user: str | None = None
    stored: bool = False

    @property
    def renewable(self) -> bool:
        """Whether a new token can be had without asking anybody."""
        return bool(self.key and self.secret)


def checked_url(url: str) -> str:
    """Return a server's base URL without trailing slash. Raises Failure (usage)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise usage(f"'{url}' is no address of a server", "Give a URL such as https://blockyard.example.org.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise usage("the server's URL may only have a host, a port and a path")
    return url.rstrip("/")


def file_path(environ: Mapping[str, str]) -> Path:
    """Return where credentials are kept."""
    configured = environ.get("XDG_CONFIG_HOME")
    folder = Path(configured) if configured else Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "blockyard" / "credentials.json"


def load(environ: Mapping[str, str], *, url: str | None = None) -> Credentials:
    """Return the credentials to use. `url` goes before the environment, that before the file.

    A stored key or token is only ever sent to the server it was stored for.

    Raises:
        Failure: there are none, or the file cannot be read.
    """
    stored = read(file_path(environ))
    address = url or environ.get(URL) or (stored.url if stored else None)
    if address is None:
        raise _signed_out(f"no server is known: neither {URL} nor a stored sign-in names one")
    address = checked_url(address)
    if token := environ.get(API_TOKEN):
        return Credentials(url=address, token=token)
    key, secret = environ.get(API_KEY), environ.get(API_SECRET)
    if key and secret:
        return Credentials(url=address, key=key, secret=secret)
    if key or secret:
        raise usage(f"{API_KEY} and {API_SECRET} belong together; one of them is missing")
    if stored is None or stored.url != address:
        raise _signed_out(f"not signed in to {address}")
    return stored


def _signed_out(message: str) -> Failure:
    return Failure(
        message,
        remedy=f"Run 'blockyard login --url …', or set {URL}, {API_KEY} and {API_SECRET}.",
        exit_code=ExitCode.DENIED,
        code="NotSignedIn",
    )


def read(path: Path) -> Credentials | None:
    """Return the stored credentials, None without a file. Raises Failure."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from error
    try:
        document: Json = json.loads(content)
    except ValueError:
        document = None
    if not text(document, "url"):
        raise Failure(f"{path} is damaged", remedy="Sign in again with 'blockyard login'.")
    return Credentials(
        url=text(document, "url"),
        key=text(document, "clientId") or None,
        secret=text(document, "clientSecret") or None,
        token=text(document, "token") or None,
        expires_at=number(document, "expiresAt"),
        user=text(document, "user") or None,
        stored=True,
    )


def store(path: Path, credentials: Credentials) -> Credentials:
    """Write the credentials, for this user's eyes only, and return them as stored. Raises Failure."""
    members: dict[str, str | int | None] = {
        "url": credentials.url,
        "clientId": credentials.key,
        "clientSecret": credentials.secret,
        "token": credentials.token,
        "expiresAt": credentials.expires_at,
        "user": credentials.user,
    }
    document: JsonObject = {name: value for name, value in members.items() if value is not None}
    write_private(path, json.dumps(document, indent=2) + "\n")
    return replace(credentials, stored=True)


def write_private(path: Path, content: str) -> None:
    """Write a file of mode 0600, whole or not at all. Raises Failure."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from error


def forget(path: Path) -> bool:
    """Remove the stored credentials; tell whether there were any. Raises Failure."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Failure(f"{path} cannot be removed: {error.strerror}") from error
    return True
