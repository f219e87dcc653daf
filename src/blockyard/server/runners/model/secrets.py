"""Secrets for runners: sealed to the runner's public key, shown as a keyed hash, never readable by the server.

Source: api.md 2.2, runner.md 2.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blockyard.protocol.binding import SealedFor, sealed_for
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.sealing import EnvelopeError, load_public_key
from blockyard.server.kit.errors import Invalid
from blockyard.server.runners.model.runner import Runner

MIN_KEY_BITS = 2048
"""Smaller RSA keys are refused."""


UNREADABLE = "runner or key, or bound to its place, which only Blockyard's own runner understands"
"""Why a runner cannot open a secret; goes on from "it was entered for another"."""

SEALED_FOR = "sealedFor"
IS_RENAMED = "isRenamed"
HASH = "hash"
HASHES = "hashes"
"""Members of run documents as they are kept. A runner gets the place of each bound envelope and no hash, everybody else the hash
in place of the envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret at rest.

    Attributes:
        hash: what the API shows: equal for equal plaintexts in the same place, opaque otherwise.
        sealed: the envelope for the runner; never shown but to the runner.
        key: fingerprint of the public key it was sealed to; another key cannot open it.
        place: what a bound envelope is bound to; it stays so wherever the secret is copied to. None of unbound ones.
        is_renamed: whether the input that a bound one was entered for has another name now.
    """

    hash: str
    sealed: str = field(repr=False)
    key: str = ""
    place: SealedFor | None = None
    is_renamed: bool = False

    def document(self) -> JsonObject:
        """Return the stored form."""
        stored: JsonObject = {"hash": self.hash, "sealed": self.sealed, "key": self.key}
        if self.place is None:
            return stored
        renamed: JsonObject = {IS_RENAMED: True} if self.is_renamed else {}
        return {**stored, SEALED_FOR: self.place.document(), **renamed}

    def renamed(self) -> "StoredSecret":
        """Return the secret as that of an input with another name."""
        return self if self.place is None else replace(self, is_renamed=True)

    def wire(self) -> JsonObject:
        """Return the form the API shows."""
        return {"hash": self.hash}


def stored_secret(document: Json) -> StoredSecret:
    """Return the secret of a stored form. Raises ValueError if `document` is none."""
    if not isinstance(document, dict):
        raise ValueError("not a stored secret")  # noqa: TRY004  bad data, not a wrong call
    place = document.get(SEALED_FOR)
    return StoredSecret(
        hash=str(document["hash"]),
        sealed=str(document["sealed"]),
        key=str(document.get("key", "")),
        place=None if place is None else sealed_for(place),
        is_renamed=document.get(IS_RENAMED) is True,
    )


def delivered(secrets: Mapping[str, StoredSecret]) -> JsonObject:
    """Return secret members of an implementation as run documents are kept: envelopes, their places, their hashes."""
    if not secrets:
        return {}
    envelopes: JsonObject = {name: secret.sealed for name, secret in secrets.items()}
    places: JsonObject = {name: secret.place.document() for name, secret in secrets.items() if secret.place is not None}
    hashes: JsonObject = {name: secret.hash for name, secret in secrets.items()}
    return {**envelopes, **({SEALED_FOR: places} if places else {}), HASHES: hashes}


def merged(members: JsonObject, secrets: JsonObject) -> JsonObject:
    """Return the members of an implementation with more secret ones."""
    together = {**members, **secrets}
    for name in (SEALED_FOR, HASHES):
        before, after = members.get(name), secrets.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            together[name] = {**before, **after}
    return together


@dataclass(frozen=True, slots=True)
class SealingKey:
    """How secrets are sealed for a runner now, and which sealed ones it opens.

    Attributes:
        takes_bound: whether the runner opens bound envelopes.
        takes_renamed: whether it opens those of inputs that had another name.
    """

    pem: str
    takes_bound: bool = False
    takes_renamed: bool = False

    @classmethod
    def of(cls, runner: Runner) -> "SealingKey":
        """Return the key of a runner."""
        return cls(runner.public_key, runner.takes_bound, runner.takes_renamed)

    def opens(self, secret: StoredSecret) -> bool:
        """Whether the runner can open `secret`."""
        understands = secret.place is None or (self.takes_renamed if secret.is_renamed else self.takes_bound)
        return secret.key == fingerprint(self.pem) and understands


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretChange:
    """What a client says about a secret: its new plaintext, or the hash of the stored one, which is kept."""

    plaintext: str | None = field(default=None, repr=False)
    hash: str | None = None


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
