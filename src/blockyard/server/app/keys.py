"""The secrets an installation keeps in files: made once, mode 0600, written whole or not at all."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from blockyard.protocol.sealing import load_public_key
from blockyard.server.kit.ids import new_secret
from blockyard.server.kit.sealed import MASTER_KEY_BYTES, MasterKey

_ID_LENGTH = 16
RSA_BITS = 3072
"""Size of the embedded runner's key."""


class KeyFileError(Exception):
    """A key file is missing or cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An API key as its owner holds it."""

    client_id: str
    client_secret: str = field(repr=False)


def write_private(path: Path, content: bytes) -> None:
    """Write `content` to `path` with mode 0600, atomically and durably."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_master_key(path: Path) -> MasterKey:
    """Return the master key of `path`. Raises KeyFileError."""
    try:
        return parse_master_key(path.read_text(), str(path))
    except FileNotFoundError:
        raise KeyFileError(
            f"the master key file {path} does not exist; put it back from a backup "
            "(for a new installation of `serve` only, make one with `openssl rand -hex 32 > FILE`, mode 0600, and keep a copy)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"the master key file {path} cannot be read: {type(error).__name__}") from None


def parse_master_key(digits: str, place: str) -> MasterKey:
    """Return the master key of 64 hex digits that were found in `place`. Raises KeyFileError."""
    try:
        raw = bytes.fromhex(digits.strip())
    except ValueError:
        raise KeyFileError(f"the master key in {place} is not written in hex digits") from None
    if len(raw) != MASTER_KEY_BYTES:
        raise KeyFileError(f"the master key in {place} has {len(raw)} bytes instead of {MASTER_KEY_BYTES}")
    return MasterKey(raw)


def installation_id(master_key: MasterKey) -> str:
    """Return what tells this installation from others; it says nothing about the key."""
    return master_key.digest("installation", context="installation id")[:_ID_LENGTH]


def ensure_master_key(path: Path, *, is_new: bool) -> MasterKey:
    """Return the master key of `path`; of a new installation it is made now if there is none.

    Raises:
        KeyFileError: it is missing or unusable. Beside a database that was written with it no other one will do.
    """
    if not path.exists():
        if not is_new:
            raise KeyFileError(
                f"the master key file {path} is missing, and the database was written with it; "
                "put it back from a backup (a new key cannot read what the old one encrypted)"
            )
        write_private(path, (secrets.token_hex(MASTER_KEY_BYTES) + "\n").encode())
    return read_master_key(path)


def read_key_pair(path: Path) -> KeyPair:
    """Return the API key of a JSON file `{"clientId", "clientSecret"}`. Raises KeyFileError."""
    try:
        document = json.loads(path.read_text())
        return KeyPair(str(document["clientId"]), str(document["clientSecret"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyFileError(f"the key file {path} cannot be read: {type(error).__name__}") from None


def ensure_key_pair(path: Path) -> KeyPair:
    """Return the API key of `path`, made now if there is none."""
    if not path.exists():
        pair = KeyPair(str(uuid4()), new_secret(40))
        document = {"clientId": pair.client_id, "clientSecret": pair.client_secret}
        write_private(path, (json.dumps(document, indent=2) + "\n").encode())
    return read_key_pair(path)


def ensure_runner_key(path: Path) -> str:
    """Return the PEM of the public key that belongs to the private key in `path`, made now if there is none."""
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, pem)
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyFileError(f"the private key in {path} cannot be read; put it back from a backup") from error
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


def require_runner_key(path: Path, registered: str, *, accept_new: bool) -> str:
    """Return the public key of the shared runner of an installation that has one: only its own private key opens its secrets.

    Raises:
        KeyFileError: the private key is missing or another one, and `accept_new` does not say that this is meant.
    """
    public = ensure_runner_key(path) if accept_new or path.exists() else None
    if public is not None and load_public_key(public).public_numbers() == load_public_key(registered).public_numbers():
        return registered
    if public is not None and accept_new:
        return public
    wrong = "is missing" if public is None else "is not the one that this database's secrets are sealed to"
    raise KeyFileError(
        f"the shared runner's key {path} {wrong}; put it back from a backup, or start once with --new-runner-key "
        "(all secret inputs have to be entered again then)"
    )
