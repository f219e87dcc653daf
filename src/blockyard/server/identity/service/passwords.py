"""Hashing people's passwords. Slow on purpose: call it outside transactions where strangers can trigger it."""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Argon2id with 19 MiB and two passes. Source: OWASP password storage cheat sheet."""

_NOBODY = _HASHER.hash("the password of nobody")
"""Compared when there is no such account, so that the answer takes as long."""


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one whose hash is `stored`; takes the same time when nothing is stored."""
    try:
        _HASHER.verify(_NOBODY if stored is None else stored, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
