"""Secrets for runners: sealed to the runner's public key, shown as a keyed hash, never readable by the server.

Source: api.md 2.2, runner.md 2.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.sealing import EnvelopeError, load_public_key, seal
from blockyard.server.kit.errors import Invalid
from blockyard.server.kit.sealed import MasterKey, same

MIN_KEY_BITS = 2048
"""Smaller RSA keys are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret at rest.

    Attributes:
        hash: what the API shows: equal for equal plaintexts in the same place, opaque otherwise.
        sealed: the envelope for the runner; never shown but to the runner.
        key: fingerprint of the public key it was sealed to; another key cannot open it.
    """

    hash: str
    sealed: str = field(repr=False)
    key: str = ""

    def document(self) -> JsonObject:
        """Return the stored form."""
        return {"hash": self.hash, "sealed": self.sealed, "key": self.key}

    def wire(self) -> JsonObject:
        """Return the form the API shows."""
        return {"hash": self.hash}


def stored_secret(document: Json) -> StoredSecret:
    """Return the secret of a stored form. Raises ValueError if `document` is none."""
    if not isinstance(document, dict):
        raise ValueError("not a stored secret")  # noqa: TRY004  bad data, not a wrong call
    return StoredSecret(hash=str(document["hash"]), sealed=str(document["sealed"]), key=str(document.get("key", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretChange:
    """What a client says about a secret: its new plaintext, or the hash of the stored one, which is kept."""

    plaintext: str | None = field(default=None, repr=False)
    hash: str | None = None


class SecretSealer:
    """Turns plaintexts into stored secrets."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def seal(self, public_key_pem: str, plaintext: str, *, context: str) -> StoredSecret:
        """Seal `plaintext` for the holder of the key; `context` names the place, such as a definition and an input."""
        return StoredSecret(
            hash=self.hash(plaintext, context=context),
            sealed=seal(public_key_pem, plaintext),
            key=fingerprint(public_key_pem),
        )

    def changed(
        self,
        change: SecretChange,
        *,
        old: StoredSecret | None,
        public_key_pem: str,
        context: str,
        pointer: str,
        place: str,
    ) -> StoredSecret:
        """Return the secret after `change`: a new one sealed to the key, or `old`, if the holder of the key can open it.

        Raises:
            Invalid: a hash stands for no stored secret, or for one of another key; `pointer` and `place` say where.
        """
        key = fingerprint(public_key_pem)
        if change.plaintext is None:
            return _kept(change, old, key, pointer=pointer, place=place)
        if old is not None and old.key == key and same(old.hash, self.hash(change.plaintext, context=context)):
            return old
        return self.seal(public_key_pem, change.plaintext, context=context)

    def hash(self, plaintext: str, *, context: str) -> str:
        """Return the hash the API shows for `plaintext` in the place `context`."""
        return "sha256:" + self._master_key.digest(plaintext, context=context)


def _kept(change: SecretChange, old: StoredSecret | None, key: str, *, pointer: str, place: str) -> StoredSecret:
    if old is None or not same(old.hash, change.hash or ""):
        raise Invalid(
            f"the hash for {place} stands for no stored secret",
            code="UnknownSecret",
            field=f"{pointer}/hash",
            remedy=f'Send the secret of {place} again as {{"plaintext": …}}.',
        )
    if old.key != key:
        raise Invalid(
            f"the runner cannot open the stored secret of {place}: it was sealed for another key",
            code="SecretOfAnotherKey",
            field=f"{pointer}/hash",
            remedy=f'Send the secret of {place} again as {{"plaintext": …}}.',
        )
    return old


@lru_cache(maxsize=256)
def fingerprint(public_key_pem: str) -> str:
    """Return 32 hex digits that name the key itself: an SPKI block and a certificate of one key have the same.

    Raises:
        EnvelopeError: `public_key_pem` is no RSA public key.
    """
    spki = load_public_key(public_key_pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()[:32]


def check_public_key(pem: str, *, field: str) -> None:
    """Refuse what is no RSA public key or certificate of at least `MIN_KEY_BITS`. Raises Invalid."""
    remedy = "Send the PEM of an RSA public key ('BEGIN PUBLIC KEY') or of a certificate ('BEGIN CERTIFICATE')."
    if "PRIVATE KEY" in pem:
        raise Invalid(
            "this is a private key, which must stay with the runner", code="PrivateKey", field=field, remedy=remedy
        )
    try:
        bits = load_public_key(pem).key_size
    except EnvelopeError as error:
        raise Invalid(
            f"the public key cannot be used: {error}", code="BadPublicKey", field=field, remedy=remedy
        ) from error
    if bits < MIN_KEY_BITS:
        raise Invalid(
            f"the public key has {bits} bits, at least {MIN_KEY_BITS} are needed",
            code="WeakPublicKey",
            field=field,
            remedy="Make a key pair of 4096 bits.",
        )
