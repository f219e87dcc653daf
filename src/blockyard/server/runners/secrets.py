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
from blockyard.server.kit.sealed import MasterKey

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

    def hash(self, plaintext: str, *, context: str) -> str:
        """Return the hash the API shows for `plaintext` in the place `context`."""
        return "sha256:" + self._master_key.digest(plaintext, context=context)


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
