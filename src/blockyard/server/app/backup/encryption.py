r"""Encrypts a stream with a passphrase: a key by scrypt, then chunks by AES-256-GCM.

```
blockyard-backup-encrypted 1\n
{"n", "r", "p", "salt", "check"}\n      parameters of scrypt; `check` tells a wrong passphrase from a damaged file
chunks of 64 KiB + 16 bytes             nonce: number of the chunk, and whether it is the last one
```

The salt is new for every file, so no nonce meets its key twice; number and last mark make every cut, swap or addition fail.
Every chunk is bound to the two lines above. Source: Hoang, Reyhanitabar, Rogaway, Vizár: Online authenticated-encryption
(STREAM).
"""

import base64
import json
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from blockyard.server.app.backup.errors import BackupError

MAGIC = b"blockyard-backup-encrypted 1\n"
CHUNK_BYTES = 64 * 1024
MIN_PASSPHRASE_BYTES = 16
"""Whoever has the archive guesses without limit: each guess costs a fifth of a second."""

_MIN_DIFFERENT_BYTES = 6
_TAG_BYTES = 16
_SALT_BYTES = 16
_CHECK_NONCE = b"\xff" * 12
_N, _R, _P = 2**16, 8, 1
"""64 MB and a fifth of a second for each guess. Source: RFC 7914 §2."""

_MAX_N, _MAX_R, _MAX_P = 2**20, 16, 4
"""Never more, so that a foreign file cannot take all memory."""


def read_passphrase(path: Path) -> bytes:
    """Return the passphrase in `path`: its first line. Raises BackupError."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BackupError(f"the passphrase file {path} cannot be read: {error.strerror}") from None
    if not lines or not lines[0]:
        raise BackupError(f"the passphrase file {path} is empty")
    return lines[0]


def require_strong(passphrase: bytes) -> None:
    """Refuse to encrypt with a passphrase that can be guessed. Raises BackupError."""
    if len(passphrase) < MIN_PASSPHRASE_BYTES or len(set(passphrase)) < _MIN_DIFFERENT_BYTES:
        raise BackupError(
            f"the passphrase is too weak: it needs at least {MIN_PASSPHRASE_BYTES} characters; "
            "make one with `openssl rand -base64 24`"
        )


class EncryptingWriter:
    """Encrypts what is written to it into `target`; ends with `finish`."""

    def __init__(self, target: BinaryIO, passphrase: bytes) -> None:
        salt = os.urandom(_SALT_BYTES)
        self._cipher = _cipher(passphrase, salt, _N, _R, _P)
        check = self._cipher.encrypt(_CHECK_NONCE, b"", MAGIC)
        header = {"n": _N, "r": _R, "p": _P, "salt": _text(salt), "check": _text(check)}
        self._bound_to = MAGIC + json.dumps(header).encode() + b"\n"
        self._target = target
        self._number = 0
        self._waiting = bytearray()
        target.write(self._bound_to)

    def write(self, data: bytes, /) -> int:
        """Take `data`; whole chunks are encrypted and passed on, all but the last one."""
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def flush(self) -> None:
        """Keep what is not a whole chunk."""

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(bytes(self._waiting), is_last=True)

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), chunk, self._bound_to))
        self._number += 1


class DecryptingReader:
    """Reads what an EncryptingWriter wrote to `source`, which stands behind MAGIC."""

    def __init__(self, source: BinaryIO, passphrase: bytes) -> None:
        line = source.readline(4096)
        self._bound_to = MAGIC + line
        try:
            header = json.loads(line)
            n, r, p = int(header["n"]), int(header["r"]), int(header["p"])
            salt, check = base64.b64decode(header["salt"]), base64.b64decode(header["check"])
            self._cipher = _cipher(passphrase, salt, min(n, _MAX_N), min(r, _MAX_R), min(p, _MAX_P))
        except (ValueError, KeyError, TypeError):
            raise BackupError("the archive is damaged: its first lines cannot be read") from None
        try:
            self._cipher.decrypt(_CHECK_NONCE, check, MAGIC)
        except (InvalidTag, ValueError):
            raise BackupError("the passphrase is not the one the archive was encrypted with") from None
        self._source = source
        self._number = 0
        self._ahead = source.read(CHUNK_BYTES + _TAG_BYTES)
        self._plain = b""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end. Raises BackupError."""
        if not self._plain and self._ahead:
            self._plain = self._next()
        given, self._plain = self._plain[:size], self._plain[size:]
        return given

    def seekable(self) -> bool:
        """Say no: it is read once, from its begin to its end."""
        return False

    def seek(self, position: int, /) -> int:
        """Refuse."""
        raise OSError(f"cannot go to {position}")

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._source.read(CHUNK_BYTES + _TAG_BYTES)
        nonce = _nonce(self._number, is_last=not self._ahead)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, chunk, self._bound_to)
        except InvalidTag:
            raise BackupError("the archive is damaged or cut off; take another copy of it") from None


def _cipher(passphrase: bytes, salt: bytes, n: int, r: int, p: int) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
