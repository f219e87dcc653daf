"""Encryption of a value for one runner: RSA-OAEP wraps a fresh AES-128-GCM key. Source: runner.md 2.

A bound envelope is ours: it begins with `BOUND_PREFIX` and carries additional data (`binding.py`), so that it opens only where it
belongs. Who does not know it finds no base64, and says so.
"""

import binascii
import os
from base64 import b64decode, b64encode

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 16
IV_BYTES = 12
"""Always; the official Go reader accepts nothing else."""
_IV_READABLE = range(IV_BYTES, 16)
_TAG_BYTES = 16
BOUND_PREFIX = "2."
"""How bound envelopes begin; base64 has no such character."""

_LENGTH_BYTES = 4
_OAEP = padding.OAEP(
    mgf=padding.MGF1(hashes.SHA1()),  # noqa: S303  the scheme is given; OAEP does not need collision resistance
    algorithm=hashes.SHA1(),  # noqa: S303  same
    label=None,
)


class EnvelopeError(ValueError):
    """An envelope cannot be opened, or a key cannot be used. The message never holds key or value."""


def load_private_key(pem: bytes | str) -> RSAPrivateKey:
    """Return the RSA key of a PEM in PKCS#1 or PKCS#8 without passphrase. Raises EnvelopeError."""
    try:
        key = serialization.load_pem_private_key(_encoded(pem), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EnvelopeError("not a private key in PEM without passphrase") from error
    if not isinstance(key, RSAPrivateKey):
        raise EnvelopeError("the private key is not RSA")
    return key


def load_public_key(pem: bytes | str) -> RSAPublicKey:
    """Return the RSA key of a PEM: `PUBLIC KEY`, or a `CERTIFICATE` (the first of a chain). Raises EnvelopeError."""
    data = _encoded(pem)
    is_certificate = b"BEGIN CERTIFICATE" in data
    try:
        key: object = (
            x509.load_pem_x509_certificates(data)[0].public_key()
            if is_certificate
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EnvelopeError("not a public key or certificate in PEM") from error
    if not isinstance(key, RSAPublicKey):
        raise EnvelopeError("the public key is not RSA")
    return key


def belongs_to(public_key: RSAPublicKey, private_key: RSAPrivateKey) -> bool:
    """Tell whether the two keys are a pair."""
    return public_key.public_numbers() == private_key.public_key().public_numbers()


def seal(public_key_pem: bytes | str | RSAPublicKey, text: str, bound_to: bytes | None = None) -> str:
    """Return an envelope of `text`, also of an empty one, that only the private key opens.

    With `bound_to` it opens only together with the same bytes.

    Raises:
        EnvelopeError: the key cannot be used.
    """
    key = public_key_pem if isinstance(public_key_pem, RSAPublicKey) else load_public_key(public_key_pem)
    secret = os.urandom(KEY_BYTES)
    envelope = b64encode(key.encrypt(secret, _OAEP) + seal_symmetric(secret, text, bound_to=bound_to)).decode("ascii")
    return envelope if bound_to is None else BOUND_PREFIX + envelope


def unseal(private_key: RSAPrivateKey, envelope: str, bound_to: bytes | None = None) -> str:
    """Return the text of an envelope. Raises EnvelopeError on anything that is none for this key and this place."""
    if envelope.startswith(BOUND_PREFIX) is not (bound_to is not None):
        raise EnvelopeError(
            "the envelope is bound to a place that the run does not name"
            if bound_to is None
            else "the envelope is not bound to the place that the run names"
        )
    try:
        raw = b64decode(envelope.removeprefix(BOUND_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EnvelopeError("the envelope is not base64") from error
    wrapped_bytes = (private_key.key_size + 7) // 8
    if len(raw) < wrapped_bytes:
        raise EnvelopeError("the envelope is too short for this key")
    try:
        secret = private_key.decrypt(raw[:wrapped_bytes], _OAEP)
    except ValueError as error:
        raise EnvelopeError("the envelope was sealed for another key") from error
    if len(secret) != KEY_BYTES:
        raise EnvelopeError("the envelope holds a key of the wrong size")
    return unseal_symmetric(secret, raw[wrapped_bytes:], bound_to=bound_to)


def seal_symmetric(secret: bytes, text: str, iv: bytes | None = None, *, bound_to: bytes | None = None) -> bytes:
    """Return `len(iv) || iv || ciphertext || tag`, the inner layer of an envelope. Source: runner.md 2.2."""
    nonce = os.urandom(IV_BYTES) if iv is None else iv
    return len(nonce).to_bytes(_LENGTH_BYTES, "big") + nonce + AESGCM(secret).encrypt(nonce, text.encode(), bound_to)


def unseal_symmetric(secret: bytes, data: bytes, *, bound_to: bytes | None = None) -> str:
    """Return the text of the inner layer. Raises EnvelopeError."""
    iv_bytes = int.from_bytes(data[:_LENGTH_BYTES], "big")
    body_at = _LENGTH_BYTES + iv_bytes
    if iv_bytes not in _IV_READABLE or len(data) < body_at + _TAG_BYTES:
        raise EnvelopeError("the envelope is truncated or malformed")
    try:
        return AESGCM(secret).decrypt(data[_LENGTH_BYTES:body_at], data[body_at:], bound_to).decode()
    except InvalidTag as error:
        where = "" if bound_to is None else ", or sealed for another place"
        raise EnvelopeError(f"the envelope was changed{where}") from error
    except UnicodeDecodeError as error:
        raise EnvelopeError("the envelope holds no text") from error


def _encoded(pem: bytes | str) -> bytes:
    return pem if isinstance(pem, bytes) else pem.encode()
