"""The keys that tokens are signed with: when another one is made, which one signs, and when an old one is gone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Algorithm(StrEnum):
    """How tokens are signed; each algorithm has keys of its own."""

    RS256 = "RS256"
    """What every client of OpenID Connect, and every cloud, verifies."""
    ES256 = "ES256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that tokens are signed with.

    Attributes:
        private: the private key, encrypted.
        public: what everybody may know of it, as JSON.
    """

    id: str
    private: bytes = field(repr=False)
    public: str
    algorithm: Algorithm = Algorithm.RS256
    created_at: datetime
    revision: int = 0


class KeyUse(StrEnum):
    """What a key is for now."""

    NEXT = "NEXT"
    """It is shown, and will sign."""
    SIGNING = "SIGNING"
    LAST = "LAST"
    """It signs no more, but tokens it signed may still be good."""


KEY_LIFE = timedelta(days=90)
"""After so long another key is made."""

KEY_AHEAD = timedelta(days=1)
"""So long a new key is shown before it signs, and an old one after it signed last: whoever keeps the list of keys has both."""

_UNWANTED_AFTER = KEY_LIFE + 2 * KEY_AHEAD
"""A key of an algorithm that is not wanted any more signed nothing after this age that is still good."""


def signing(keys: Collection[SigningKey], at: datetime, algorithm: Algorithm = Algorithm.RS256) -> SigningKey | None:
    """Return the key to sign with: the newest that was shown long enough, or the oldest if none was."""
    ordered = _ordered(keys, algorithm)
    shown = [key for key in ordered if at - key.created_at >= KEY_AHEAD]
    return shown[-1] if shown else next(iter(ordered), None)


def key_due(keys: Collection[SigningKey], at: datetime, algorithm: Algorithm = Algorithm.RS256) -> bool:
    """Whether another key has to be made."""
    return all(at - key.created_at >= KEY_LIFE for key in _ordered(keys, algorithm))


def outlived(
    keys: Collection[SigningKey], at: datetime, wanted: Collection[Algorithm] = (Algorithm.RS256,)
) -> Sequence[SigningKey]:
    """Return the keys that nothing is signed with any more that is still good."""
    found: list[SigningKey] = []
    for algorithm in Algorithm:
        used = signing(keys, at, algorithm)
        if used is not None and at - used.created_at >= 2 * KEY_AHEAD:
            ordered = _ordered(keys, algorithm)
            found.extend(ordered[: ordered.index(used)])
    gone = (key for key in keys if key.algorithm not in wanted and at - key.created_at >= _UNWANTED_AFTER)
    return [*found, *(key for key in gone if key not in found)]


def use_of(key: SigningKey, keys: Collection[SigningKey], at: datetime) -> KeyUse:
    """Return what one of the keys is for now."""
    used = signing(keys, at, key.algorithm)
    if used is None or key.id == used.id:
        return KeyUse.SIGNING
    return KeyUse.NEXT if (key.created_at, key.id) > (used.created_at, used.id) else KeyUse.LAST


def has_next(keys: Collection[SigningKey], at: datetime, algorithm: Algorithm) -> bool:
    """Whether a key is shown that does not sign yet, though another one does."""
    return any(use_of(key, keys, at) is KeyUse.NEXT for key in _ordered(keys, algorithm))


def _ordered(keys: Collection[SigningKey], algorithm: Algorithm) -> list[SigningKey]:
    return sorted((key for key in keys if key.algorithm is algorithm), key=lambda key: (key.created_at, key.id))
