"""The master key encrypts what the server reads again and keys the hashes of what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockyard.server.kit.sealed import MASTER_KEY_BYTES, MasterKey, Undecryptable, same

KEY = MasterKey(b"k" * MASTER_KEY_BYTES)


@given(st.binary(max_size=2000), st.text(max_size=50).filter(lambda text: text.isprintable()))
def test_what_was_encrypted_is_decrypted_in_the_same_context(data: bytes, context: str) -> None:
    sealed = KEY.encrypt(data, context=context)

    assert KEY.decrypt(sealed, context=context) == data
    assert len(data) < 4 or data not in sealed


def test_the_same_data_looks_different_each_time() -> None:
    assert KEY.encrypt(b"x", context="c") != KEY.encrypt(b"x", context="c")


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_changed_data_is_refused(position: int) -> None:
    sealed = bytearray(KEY.encrypt(b"secret", context="state of a"))
    sealed[position] ^= 1

    with pytest.raises(Undecryptable):
        KEY.decrypt(bytes(sealed), context="state of a")


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02" + b"x" * 40, b"plain text"])
def test_what_was_never_encrypted_is_refused(data: bytes) -> None:
    with pytest.raises(Undecryptable):
        KEY.decrypt(data, context="c")


def test_another_context_or_key_is_refused() -> None:
    sealed = KEY.encrypt(b"secret", context="state of a")

    with pytest.raises(Undecryptable):
        KEY.decrypt(sealed, context="state of b")
    with pytest.raises(Undecryptable):
        MasterKey.generate().decrypt(sealed, context="state of a")


def test_digests_are_equal_for_equal_texts_in_one_context_only() -> None:
    digest = KEY.digest("secret", context="a")

    assert len(digest) == 64
    assert same(digest, KEY.digest("secret", context="a"))
    others = [
        KEY.digest("secret2", context="a"),
        KEY.digest("secret", context="b"),
        KEY.digest("\0secret", context="a"),
        MasterKey.generate().digest("secret", context="a"),
    ]
    assert not any(same(digest, other) for other in others)


def test_derived_keys_are_independent_and_stable() -> None:
    assert KEY.derive(b"tokens") == MasterKey(b"k" * 32).derive(b"tokens")
    assert len({KEY.derive(b"tokens"), KEY.derive(b"encryption"), KEY.raw}) == 3


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(b"x" * length)


def test_a_key_is_not_shown() -> None:
    assert "k" * 8 not in repr(KEY)
    assert MasterKey.generate() != MasterKey.generate()
