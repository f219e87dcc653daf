"""The keys that tokens are signed with: in the database, so that all replicas agree; encrypted with the master key."""

import json
from collections.abc import Sequence
from datetime import datetime

from joserfc.jwk import RSAKey

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.issuer.model import SigningKey, key_due, outlived, signing
from blockyard.server.issuer.store import SigningKeyStore
from blockyard.server.kit.aside import aside
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Unavailable
from blockyard.server.kit.sealed import MasterKey

ALGORITHM = "RS256"
"""What every client of OpenID Connect has to know."""

_BITS = 2048


class SigningKeys:
    """Makes keys when they are due, signs with them, shows them."""

    def __init__(self, *, master_key: MasterKey, clock: Clock) -> None:
        self._master_key = master_key
        self._clock = clock
        self._private: dict[str, RSAKey] = {}
        self._public: dict[str, RSAKey] = {}

    async def provide(self, db: Database) -> None:
        """See to it that there is a key to sign with, and that none is too old; a key is made outside transactions."""
        if await db.read(self.are_due):
            made = await aside(lambda: RSAKey.generate_key(_BITS, {"alg": ALGORITHM, "use": "sig"}, auto_kid=True))
            await db.write(lambda tx: self.change(tx, made))

    def are_due(self, tx: Transaction) -> bool:
        """Whether a key has to be made, or removed."""
        keys, now = SigningKeyStore(tx).where(), self._clock()
        return key_due(keys, now) or bool(outlived(keys, now))

    def change(self, tx: Transaction, made: RSAKey) -> None:
        """Add a new key unless another replica did, and remove those that nobody needs any more."""
        store, now = SigningKeyStore(tx), self._clock()
        keys = store.where()
        for key in outlived(keys, now):
            store.remove(key)
        if key_due(keys, now):
            store.add(self._sealed(made, now))

    def signing(self, tx: Transaction) -> RSAKey:
        """Return the key to sign with now. Raises Unavailable: there is none yet."""
        chosen = signing(SigningKeyStore(tx).where(), self._clock())
        if chosen is None:
            raise Unavailable("there is no key to sign with yet", remedy="Try again in a few seconds.")
        if chosen.id not in self._private:
            opened: Json = json.loads(self._master_key.decrypt(chosen.private, context=_context(chosen.id)))
            self._private[chosen.id] = _imported(opened)
        return self._private[chosen.id]

    def public(self, tx: Transaction, key_id: str) -> RSAKey | None:
        """Return the public key of this id; keys that are gone verify nothing."""
        found = SigningKeyStore(tx).get(key_id)
        if found is None:
            return None
        if key_id not in self._public:
            self._public[key_id] = _imported(json.loads(found.public))
        return self._public[key_id]

    def shown(self, tx: Transaction) -> Sequence[JsonObject]:
        """Return what everybody may know of the keys, also of the one that signs next."""
        return [_object(json.loads(key.public)) for key in SigningKeyStore(tx).where()]

    def _sealed(self, made: RSAKey, now: datetime) -> SigningKey:
        key_id = str(made.kid)
        private = json.dumps(made.as_dict(private=True)).encode()
        return SigningKey(
            id=key_id,
            private=self._master_key.encrypt(private, context=_context(key_id)),
            public=json.dumps(made.as_dict(private=False)),
            created_at=now,
        )


def _context(key_id: str) -> str:
    return f"signing key {key_id}"


def _imported(document: Json) -> RSAKey:
    return RSAKey.import_key({name: str(value) for name, value in _object(document).items()})


def _object(document: Json) -> JsonObject:
    if not isinstance(document, dict):
        raise TypeError("a key is kept as an object")
    return document
