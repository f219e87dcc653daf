"""The servers this user signed in to: each a context with a name, its credentials and a default workspace; one is current."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from blockyard.cli.documents import members, number, text
from blockyard.cli.exits import Failure, usage
from blockyard.protocol import addresses
from blockyard.protocol.jsontypes import Json, JsonObject

if sys.platform != "win32":
    import fcntl


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A server and how to sign in to it: by key, or by a token alone.

    Attributes:
        expires_at: end of the token's life in seconds since 1970; None if it is not known.
        context: the name they are stored under, so that a new token belongs there; None if they were not stored.
        workspace: the default workspace there.
        refresh: gets new tokens of a sign-in with a browser, once.
        issuer, issuer_client: where that is, and what this client is called there.
        origin: the environment variable they come from; None if they were stored or given otherwise.
    """

    url: str
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    user: str | None = None
    context: str | None = None
    workspace: str | None = None
    refresh: str | None = field(default=None, repr=False)
    issuer: str | None = None
    issuer_client: str | None = None
    origin: str | None = None

    @property
    def renewable(self) -> bool:
        """Whether a new token can be had without asking anybody."""
        return bool(self.key and self.secret) or bool(self.refresh)


@dataclass(frozen=True, slots=True)
class Contexts:
    """All contexts by name, and the name of the current one."""

    by_name: Mapping[str, Credentials] = field(default_factory=dict)
    current: str | None = None

    def named(self, name: str) -> Credentials:
        """Return the context of a name. Raises Failure (usage)."""
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise usage(f"there is no context '{name}'", f"Known contexts: {known}. 'blockyard login' makes one.")
        return self.by_name[name]

    def at(self, url: str) -> Credentials | None:
        """Return the context of a server, the current one if several are."""
        found = [known for known in self.by_name.values() if known.url == url]
        return next((known for known in found if known.context == self.current), found[0] if found else None)

    @property
    def chosen(self) -> Credentials | None:
        """The current context."""
        return self.by_name.get(self.current) if self.current else None

    def holding(self, credentials: Credentials, *, current: bool = False) -> "Contexts":
        """Return these contexts with one more, or with another content of it."""
        name = credentials.context or default_name(credentials.url)
        kept = {**self.by_name, name: replace(credentials, context=name)}
        return Contexts(kept, name if current or self.current is None else self.current)

    def without(self, name: str) -> "Contexts":
        """Return these contexts without one."""
        kept = {known: content for known, content in self.by_name.items() if known != name}
        return Contexts(kept, None if self.current == name else self.current)


def default_name(url: str) -> str:
    """Return what a context of a server is called unless somebody names it."""
    address = addresses.split(url)
    return url if address is None else address.place


def file_path(environ: Mapping[str, str]) -> Path:
    """Return where contexts are kept."""
    configured = environ.get("XDG_CONFIG_HOME")
    folder = Path(configured) if configured else Path(environ.get("HOME") or Path.home()) / ".config"
    return folder / "blockyard" / "credentials.json"


def read(path: Path) -> Contexts:
    """Return the stored contexts; there are none without a file. Raises Failure."""
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Contexts()
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from error
    try:
        document: Json = json.loads(content)
    except ValueError:
        document = None
    if text(document, "url"):  # of a version that knew one server
        return Contexts().holding(_credentials(None, document))
    found = {name: _credentials(name, item) for name, item in members(document, "contexts").items()}
    if not isinstance(document, dict) or not all(known.url for known in found.values()):
        raise Failure(f"{path} is damaged", remedy="Remove it, and sign in again with 'blockyard login'.")
    return Contexts(found, text(document, "current") or None)


@contextmanager
def changing(path: Path) -> Iterator[list[Contexts]]:
    """Yield a list with the stored contexts and store what is in it afterwards, one process at a time. Raises Failure."""
    with _alone(path):
        before = read(path)
        held = [before]
        yield held
        if held[0] != before:
            _write(path, held[0])


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other command changes the file; two that renew their tokens at once would lose one of them."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from error
    try:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, contexts: Contexts) -> None:
    stored: JsonObject = {name: _document(known) for name, known in sorted(contexts.by_name.items())}
    write_private(path, json.dumps({"current": contexts.current, "contexts": stored}, indent=2) + "\n")


def _credentials(name: str | None, document: Json) -> Credentials:
    return Credentials(
        url=text(document, "url"),
        key=text(document, "clientId") or None,
        secret=text(document, "clientSecret") or None,
        token=text(document, "token") or None,
        expires_at=number(document, "expiresAt"),
        user=text(document, "user") or None,
        context=name,
        workspace=text(document, "workspace") or None,
        refresh=text(document, "refreshToken") or None,
        issuer=text(document, "issuer") or None,
        issuer_client=text(document, "issuerClient") or None,
    )


def _document(credentials: Credentials) -> JsonObject:
    found: dict[str, str | int | None] = {
        "url": credentials.url,
        "clientId": credentials.key,
        "clientSecret": credentials.secret,
        "token": credentials.token,
        "expiresAt": credentials.expires_at,
        "user": credentials.user,
        "workspace": credentials.workspace,
        "refreshToken": credentials.refresh,
        "issuer": credentials.issuer,
        "issuerClient": credentials.issuer_client,
    }
    return {name: value for name, value in found.items() if value is not None}


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
