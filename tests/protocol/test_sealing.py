"""The envelope of runner.md 2, checked with the vectors of its appendix A."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from blockyard.protocol.sealing import (
    BOUND_PREFIX,
    EnvelopeError,
    belongs_to,
    load_private_key,
    load_public_key,
    seal,
    seal_symmetric,
    unseal,
    unseal_symmetric,
)

DATA = Path(__file__).parent.parent / "data" / "sealing"
ENVELOPES = {entry["text"]: entry["envelope"] for entry in json.loads((DATA / "envelopes.json").read_text())}
KEY = load_private_key((DATA / "pkcs8.pem").read_text())
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("key_file", ["pkcs1.pem", "pkcs8.pem"])
@pytest.mark.parametrize("text", ["foobar", "", "grüße €"])
def test_the_vectors_open_with_both_key_formats(key_file: str, text: str) -> None:
    assert unseal(load_private_key((DATA / key_file).read_bytes()), ENVELOPES[text]) == text


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        (
            b"16byteLongSecret",
            "foobar",
            "0000000c6465666768696a6b6c6d6e6fbfa1f7ae3e2dd22aa27f62c9fe33a0fe591e8587b1df",
        ),
        (
            bytes(range(16)),
            "grüße €",
            "0000000c6465666768696a6b6c6d6e6f7d108d19189dddda79bcfb621d41518c4b4a1df1e27ae2c6b5bad1",
        ),
    ],
)
def test_the_symmetric_vectors_hold_in_both_directions(secret: bytes, text: str, expected: str) -> None:
    assert seal_symmetric(secret, text, bytes.fromhex("6465666768696a6b6c6d6e6f")).hex() == expected
    assert unseal_symmetric(secret, bytes.fromhex(expected)) == text


@given(text=st.text(), place=st.binary(min_size=1), other=st.binary(min_size=1))
def test_a_bound_envelope_opens_only_together_with_its_place(text: str, place: bytes, other: bytes) -> None:
    envelope = seal(KEY.public_key(), text, place)

    assert unseal(KEY, envelope, place) == text
    if other != place:
        with pytest.raises(EnvelopeError, match="sealed for another place"):
            unseal(KEY, envelope, other)
    with pytest.raises(EnvelopeError, match="bound to a place that the run does not name"):
        unseal(KEY, envelope)
    with pytest.raises(EnvelopeError, match="was changed"):
        unseal(KEY, envelope.removeprefix(BOUND_PREFIX))


def test_an_envelope_without_a_place_is_not_taken_for_a_bound_one() -> None:
    with pytest.raises(EnvelopeError, match="not bound to the place"):
        unseal(KEY, ENVELOPES["foobar"], b"place")
    with pytest.raises(EnvelopeError, match="sealed for another place"):
        unseal(KEY, BOUND_PREFIX + ENVELOPES["foobar"], b"place")


@pytest.mark.parametrize("public_key", ["spki.pem", "certificate.pem"])
@given(text=st.text())
def test_what_was_sealed_opens_again(public_key: str, text: str) -> None:
    assert unseal(KEY, seal((DATA / public_key).read_text(), text)) == text


def test_an_envelope_has_the_layout_the_official_readers_insist_on() -> None:
    raw = b64decode(seal((DATA / "spki.pem").read_text(), "x"), validate=True)

    assert len(raw) == 256 + 4 + 12 + 1 + 16
    assert raw[256:260] == bytes.fromhex("0000000c")


def flipped(envelope: str, at: int) -> str:
    raw = bytearray(b64decode(envelope))
    raw[at] ^= 1
    return b64encode(raw).decode()


@pytest.mark.parametrize(
    "envelope",
    [
        "",
        "not base64!",
        b64encode(b"short").decode(),
        flipped(ENVELOPES["foobar"], -1),
        flipped(ENVELOPES["foobar"], 0),
        flipped(ENVELOPES["foobar"], 259),
        *(b64encode(b64decode(ENVELOPES["foobar"])[:size]).decode() for size in (256, 258, 260, 270, 275, 293)),
    ],
)
def test_what_is_no_envelope_is_refused(envelope: str) -> None:
    with pytest.raises(EnvelopeError):
        unseal(KEY, envelope)


def test_a_wrong_key_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="another key"):
        unseal(OTHER_KEY, ENVELOPES["foobar"])


def test_an_elliptic_curve_key_is_refused_as_not_rsa() -> None:
    pem = ec.generate_private_key(ec.SECP256R1())
    private = pem.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = pem.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(EnvelopeError, match="not RSA"):
        load_private_key(private)
    with pytest.raises(EnvelopeError, match="not RSA"):
        load_public_key(public)


@pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "ü"])
def test_broken_keys_are_refused(text: str) -> None:
    with pytest.raises(EnvelopeError):
        load_private_key(text)
    with pytest.raises(EnvelopeError):
        load_public_key(text)


def test_a_certificate_of_another_key_is_noticed() -> None:
    certificate_key = load_public_key((DATA / "certificate.pem").read_text())

    assert belongs_to(certificate_key, KEY)
    assert not belongs_to(certificate_key, OTHER_KEY)
