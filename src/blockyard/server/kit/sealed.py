"""The master key: encrypts what the server itself must read again, and keys the hashes of what it must not.

Two things are kept apart: `encrypt`/`decrypt` for artifacts of the server (state, plans), and `digest` for secrets that are
only ever compared (API key secrets, run tokens, hashes shown on the API). Secrets for runners never come here: they are
sealed to the runner's public key (`blockyard.protocol.sealing`).
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class Undecryptable(Exception):
    """The data was not encrypted with this master key, or was changed."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """32 random bytes and the keys derived from them."""

    raw: bytes = field(repr=False)
    _encryption: AESGCM = field(init=False, repr=False)
    _digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != MASTER_KEY_BYTES:
            raise ValueError(f"the master key must have {MASTER_KEY_BYTES} bytes, not {len(self.raw)}")
        object.__setattr__(self, "_encryption", AESGCM(self.derive(b"encryption")))
        object.__setattr__(self, "_digest", self.derive(b"digest"))

    @classmethod
    def generate(cls) -> "MasterKey":
        """Return a new random master key."""
        return cls(os.urandom(MASTER_KEY_BYTES))

    def derive(self, purpose: bytes) -> bytes:
        """Return 32 bytes for one `purpose`, independent of those for any other."""
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"blockyard " + purpose).derive(self.raw)

    def encrypt(self, data: bytes, *, context: str) -> bytes:
        """Return `data` encrypted and bound to `context` (what it is, of whom): decrypting needs the same context."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._encryption.encrypt(nonce, data, context.encode())

    def decrypt(self, data: bytes, *, context: str) -> bytes:
        """Return what was encrypted for `context`. Raises Undecryptable."""
        if data[:1] != _VERSION or len(data) <= 1 + _NONCE_BYTES:
            raise Undecryptable(f"unknown format of {context}")
        nonce, body = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        try:
            return self._encryption.decrypt(nonce, body, context.encode())
        except InvalidTag as error:
            raise Undecryptable(f"{context} was not encrypted with this master key") from error

    def digest(self, text: str, *, context: str) -> str:
        """Return a keyed hash of `text` as 64 hex digits; equal texts in one `context` have equal hashes."""
        return hmac.new(self._digest, context.encode() + b"\0" + text.encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
