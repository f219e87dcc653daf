"""People's passwords: the one rule of what they may be, and hashing. Slow on purpose: call it outside transactions."""

from collections.abc import Sequence

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from blockyard.server.identity.model import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from blockyard.server.kit.errors import Invalid

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Argon2id with 19 MiB and two passes. Source: OWASP password storage cheat sheet."""

_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$XIvPueQdpMjqKwd4yE2e9g$2MxAY9APlf1cbHCY31DoPrdZ38PJEP+429Zn7VSHVeI"
"""Compared when there is no such account, so that the answer takes as long. Made by `_HASHER`, of no account's password."""

_MIN_SCORE = 3
"""Of 0 to 4: more than 10^8 guesses by somebody who knows the common passwords, names, keyboards and dates."""

_ESTIMATED_CHARACTERS = 72
"""How much of a password is estimated: the longest the estimator takes. More of the same text makes it no weaker."""


def check_password(password: str, names: Sequence[str]) -> None:
    """Raise Invalid if `password` is too short, too long, not typeable or easily guessed by who knows `names`."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        problem = f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
    elif not password.isprintable():
        problem = "a password has no control characters and no spaces but the ordinary one"
    elif _score(password, names) < _MIN_SCORE:
        problem = "this password is too easily guessed"
    else:
        return
    raise Invalid(
        problem, code="UnsuitablePassword", field="/password", remedy="Choose another one, such as four random words."
    )


def _score(password: str, names: Sequence[str]) -> int:
    return int(zxcvbn(password[:_ESTIMATED_CHARACTERS], user_inputs=[name for name in names if name])["score"])


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
