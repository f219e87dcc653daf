"""From who asked for something once to what they may do now: for work that goes on after their request."""

from dataclasses import dataclass
from uuid import UUID

from blockyard.server.events.model import Author
from blockyard.server.identity.model import ApiKey, ApiKeyId, Principal
from blockyard.server.identity.service.persons import Persons
from blockyard.server.identity.store import KeyStore, UserStore
from blockyard.server.kit.clock import Clock
from blockyard.server.kit.database import Transaction


@dataclass(frozen=True, slots=True)
class Actors:
    """Makes principals of authors. No right is stored with what they asked for: it is looked up when it is used."""

    clock: Clock
    persons: Persons

    def principal(self, tx: Transaction, author: Author) -> Principal | None:
        """Return who an author is now; None for keys that ended, people who are locked, and all others."""
        if author.type == "ApiKey":
            key = _key(tx, author.identifier)
            return key.principal() if key is not None and key.usable(self.clock()) else None
        user = UserStore(tx).by_username(author.identifier) if author.type == "User" else None
        if user is None or user.disabled or user.must_change_password:
            return None
        return self.persons.principal(tx, user, strong=True)  # they had shown what they had to when they asked


def _key(tx: Transaction, identifier: str) -> ApiKey | None:
    try:
        return KeyStore(tx).get(ApiKeyId(UUID(identifier)))
    except ValueError:
        return None
