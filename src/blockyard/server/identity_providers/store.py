"""The tables of identity providers and of who is who there."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)

from blockyard.protocol.jsontypes import Json
from blockyard.server.identity.model import UserId
from blockyard.server.identity_providers.model import GroupRule, Identity, Provider
from blockyard.server.kit.columns import Bytes, Instant, Packed
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store


def _pack_rules(rules: Sequence[GroupRule]) -> Json:
    return [[rule.value, rule.group] for rule in rules]


def _unpack_rules(kept: Json) -> tuple[GroupRule, ...]:
    pairs = kept if isinstance(kept, list) else []
    return tuple(GroupRule(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list))


def _pack_texts(texts: Sequence[str]) -> Json:
    return [*texts]


def _unpack_texts(kept: Json) -> tuple[str, ...]:
    return tuple(str(text) for text in kept) if isinstance(kept, list) else ()


_providers = Table(
    "identity_providers",
    metadata,
    Column("alias", String(64), primary_key=True),
    Column("display_name", String(255), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("client_secret", Bytes),
    Column("scopes", Packed(_pack_texts, _unpack_texts), nullable=False),
    Column("username_claim", String(255), nullable=False),
    Column("groups_claim", String(255), nullable=False),
    Column("group_rules", Packed(_pack_rules, _unpack_rules), nullable=False),
    Column("create_accounts", Boolean, nullable=False),
    Column("link_accounts", Boolean, nullable=False),
    Column("trusts_second_factor", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("ix_identity_providers_created_at", "created_at", "alias"),
)
_identities = Table(
    "identities",
    metadata,
    Column("provider", String(64), ForeignKey("identity_providers.alias", ondelete="CASCADE"), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("groups_missing", Boolean, nullable=False),
    Index("ix_identities_user_id", "user_id"),
)
_rows: Rows[Provider, str] = Rows(_providers, Provider, "alias", owner=None)


class ProviderStore(Store[Provider, str]):
    """Reads and writes identity providers."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)


class IdentityStore:
    """Reads and writes who is who at a provider."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, provider: str, subject: str) -> Identity | None:
        """Return who has this subject at a provider."""
        found = select(_identities).where(_identities.c.provider == provider, _identities.c.subject == subject)
        row = self._tx.execute(found).mappings().one_or_none()
        return None if row is None else Identity(**row)

    def of_user(self, user_id: UserId) -> Sequence[Identity]:
        """Return who a person is at all providers, oldest first."""
        found = select(_identities).where(_identities.c.user_id == user_id)
        rows = self._tx.execute(found.order_by(_identities.c.created_at, _identities.c.provider)).mappings()
        return [Identity(**row) for row in rows]

    def counts(self) -> Mapping[str, int]:
        """Return how many people are known by each provider that knows any."""
        found = select(_identities.c.provider, func.count().label("people")).group_by(_identities.c.provider)
        return {row["provider"]: row["people"] for row in self._tx.execute(found).mappings()}

    def add(self, identity: Identity) -> None:
        """Write who somebody is."""
        self._tx.execute(insert(_identities).values(asdict(identity)))

    def note_use(self, identity: Identity) -> None:
        """Write that somebody signed in, and whether their groups were told."""
        of_identity = update(_identities).where(
            _identities.c.provider == identity.provider, _identities.c.subject == identity.subject
        )
        self._tx.execute(of_identity.values(used_at=identity.used_at, groups_missing=identity.groups_missing))

    def remove(self, provider: str, subject: str) -> None:
        """Forget who somebody is."""
        self._tx.execute(
            delete(_identities).where(_identities.c.provider == provider, _identities.c.subject == subject)
        )
