"""The keys that tokens are signed with: in the database, so that all replicas agree; encrypted with the master key."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import structlog
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.events.basics import Basics
from blockyard.server.events.model import EventType
from blockyard.server.identity.model import Principal
from blockyard.server.issuer.model import (
    KEY_AHEAD,
    Algorithm,
    KeyUse,
    SigningKey,
    has_next,
    key_due,
    outlived,
    signing,
    use_of,
)
from blockyard.server.issuer.store import SigningKeyStore
from blockyard.server.kit.aside import aside
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Conflict, NotFound, Unavailable
from blockyard.server.kit.sealed import MasterKey

log = structlog.get_logger(__name__)

ALGORITHM = Algorithm.RS256
"""What tokens for people's programs are signed with."""

LIST, SAVE, DELETE = "APIKEY_LIST", "APIKEY_SAVE", "APIKEY_DELETE"

_BITS = 2048
Key: TypeAlias = RSAKey | ECKey


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key as administrators see it; `changes_at` is when it begins to sign, or is gone."""

    key: SigningKey
    use: KeyUse
    changes_at: datetime | None


class SigningKeys:
    """Makes keys when they are due, signs with them, shows them; `more` are algorithms besides the usual one."""

    def __init__(self, basics: Basics, *, master_key: MasterKey, more: Collection[Algorithm] = ()) -> None:
        self._master_key = master_key
        self._clock = basics.clock
        self._event_log = basics.event_log
        self.wanted = tuple(one for one in Algorithm if one is ALGORITHM or one in more)
        self._private: dict[str, Key] = {}
        self._public: dict[str, Key] = {}

    async def provide(self, db: Database) -> None:
        """See to it that there are keys to sign with, and that none is too old; a key is made outside transactions."""
        if await db.read(self.are_due):
            made = await aside(self.make)
            await db.write(lambda tx: self.change(tx, made))

    def make(self) -> Mapping[Algorithm, Key]:
        """Return a new key for each algorithm; takes a while."""
        return {algorithm: _new(algorithm) for algorithm in self.wanted}

    def are_due(self, tx: Transaction) -> bool:
        """Whether a key has to be made, or removed."""
        keys, now = SigningKeyStore(tx).where(), self._clock()
        return any(key_due(keys, now, one) for one in self.wanted) or bool(outlived(keys, now, self.wanted))

    def change(self, tx: Transaction, made: Mapping[Algorithm, Key]) -> None:
        """Add new keys unless another replica did, and remove those that nobody needs any more."""
        store, now = SigningKeyStore(tx), self._clock()
        keys = store.where()
        for gone in outlived(keys, now, self.wanted):
            store.remove(gone)
        for algorithm, key in made.items():
            if key_due(keys, now, algorithm):
                store.add(self._sealed(algorithm, key, now))

    # For administrators

    def page(self, tx: Transaction, principal: Principal) -> Sequence[ShownKey]:
        """Return all keys, oldest first. Raises Denied."""
        principal.require(LIST, workspace=None)
        keys, now = SigningKeyStore(tx).where(), self._clock()
        return [self._shown(key, keys, now) for key in sorted(keys, key=lambda one: (one.created_at, one.id))]

    def require_rotatable(self, tx: Transaction, principal: Principal) -> None:
        """Refuse a rotation before a key is made for it. Raises Denied, Conflict: keys follow already."""
        principal.require(SAVE, workspace=None)
        keys, now = SigningKeyStore(tx).where(), self._clock()
        if any(has_next(keys, now, algorithm) for algorithm in self.wanted):
            raise Conflict(
                "a new key is shown already, and signs a day after it was made",
                code="KeyRotating",
                remedy="Wait until it signs, or withdraw the key that is not to be used any more.",
            )

    def rotate(self, tx: Transaction, principal: Principal, made: Mapping[Algorithm, Key]) -> Sequence[ShownKey]:
        """Let new keys follow those that sign now; return all. Raises Denied, Conflict: some follow already."""
        self.require_rotatable(tx, principal)
        store, now = SigningKeyStore(tx), self._clock()
        for algorithm, key in made.items():
            added = store.add(self._sealed(algorithm, key, now))
            self._tell(tx, principal, "Signing Key Added", EventType.CREATED, added)
        return self.page(tx, principal)

    def withdraw(self, tx: Transaction, principal: Principal, key_id: str) -> None:
        """Remove a key that somebody else may have: at once nothing is good that it signed.

        Raises Denied, NotFound, Conflict: nothing else is there to sign with.
        """
        principal.enter(DELETE, _unknown(key_id))
        store = SigningKeyStore(tx)
        key = store.get(key_id)
        if key is None:
            raise _unknown(key_id)
        if not any(one.algorithm is key.algorithm and one.id != key.id for one in store.where()):
            raise Conflict(
                "there is no other key to sign with",
                code="LastSigningKey",
                remedy="Rotate first: that makes one.",
            )
        store.remove(key)
        self._tell(tx, principal, "Signing Key Withdrawn", EventType.DELETED, key)

    # For tokens

    def signed(self, tx: Transaction, claims: Mapping[str, Json], type_: str, algorithm: Algorithm = ALGORITHM) -> str:
        """Return a token that says this, signed with the key of now. Raises Unavailable: there is none yet."""
        key = self.signing(tx, algorithm)
        header = {"alg": algorithm.value, "kid": str(key.kid), "typ": type_}
        return jwt.encode(header, dict(claims), key, algorithms=[algorithm.value])

    def signing(self, tx: Transaction, algorithm: Algorithm = ALGORITHM) -> Key:
        """Return the key to sign with now. Raises Unavailable: there is none yet."""
        chosen = signing(SigningKeyStore(tx).where(), self._clock(), algorithm)
        if chosen is None:
            raise Unavailable("there is no key to sign with yet", remedy="Try again in a few seconds.")
        if chosen.id not in self._private:
            opened: Json = json.loads(self._master_key.decrypt(chosen.private, context=_context(chosen.id)))
            self._private[chosen.id] = _imported(algorithm, opened)
        return self._private[chosen.id]

    def public(self, tx: Transaction, key_id: str) -> Key | None:
        """Return the public key of this id for tokens of people's programs; keys that are gone verify nothing."""
        found = SigningKeyStore(tx).get(key_id)
        if found is None or found.algorithm is not ALGORITHM:
            return None
        if key_id not in self._public:
            self._public[key_id] = _imported(found.algorithm, json.loads(found.public))
        return self._public[key_id]

    def shown(self, tx: Transaction) -> Sequence[JsonObject]:
        """Return what everybody may know of the keys, also of those that sign next."""
        return [_object(json.loads(key.public)) for key in SigningKeyStore(tx).where()]

    def _sealed(self, algorithm: Algorithm, made: Key, now: datetime) -> SigningKey:
        key_id = str(made.kid)
        private = json.dumps(made.as_dict(private=True)).encode()
        return SigningKey(
            id=key_id,
            private=self._master_key.encrypt(private, context=_context(key_id)),
            public=json.dumps(made.as_dict(private=False)),
            algorithm=algorithm,
            created_at=now,
        )

    @staticmethod
    def _shown(key: SigningKey, keys: Collection[SigningKey], now: datetime) -> ShownKey:
        use = use_of(key, keys, now)
        if use is KeyUse.NEXT:
            return ShownKey(key, use, key.created_at + KEY_AHEAD)
        used = signing(keys, now, key.algorithm)
        gone_at = None if use is KeyUse.SIGNING or used is None else used.created_at + 2 * KEY_AHEAD
        return ShownKey(key, use, gone_at)

    def _tell(self, tx: Transaction, principal: Principal, title: str, type_: EventType, key: SigningKey) -> None:
        log.info("signing keys changed", key_id=key.id, algorithm=key.algorithm.value, event_type=type_.value)
        self._event_log.append(
            tx,
            principal.author,
            title,
            type_,
            workspace=None,
            subject_kind="signingKey",
            subject_id=key.id,
            content={"algorithm": key.algorithm.value},
        )


def _new(algorithm: Algorithm) -> Key:
    if algorithm is Algorithm.ES256:
        return ECKey.generate_key("P-256", {"alg": algorithm.value, "use": "sig"}, auto_kid=True)
    return RSAKey.generate_key(_BITS, {"alg": algorithm.value, "use": "sig"}, auto_kid=True)


def _context(key_id: str) -> str:
    return f"signing key {key_id}"


def _imported(algorithm: Algorithm, document: Json) -> Key:
    members: dict[str, str | list[str]] = {name: str(value) for name, value in _object(document).items()}
    return ECKey.import_key(members) if algorithm is Algorithm.ES256 else RSAKey.import_key(members)


def _object(document: Json) -> JsonObject:
    if not isinstance(document, dict):
        raise TypeError("a key is kept as an object")
    return document


def _unknown(key_id: str) -> NotFound:
    return NotFound(f"there is no signing key '{key_id}'", code="UnknownSigningKey")
