"""The tables of passkeys, apps that show codes, and recovery codes."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Uuid, delete, func, insert, select, update

from blockyard.server.identity.model import UserId
from blockyard.server.identity.model.factors import CodeApp, Passkey, PasskeyId
from blockyard.server.kit.columns import Bytes, Instant
from blockyard.server.kit.database import Transaction, metadata

_passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("credential", String(1400), nullable=False),
    Column("public_key", Bytes, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("uq_passkeys_credential", "credential", unique=True),
    Index("ix_passkeys_user_id", "user_id"),
)
_code_apps = Table(
    "code_apps",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", Bytes, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_step", BigInteger, nullable=False),
)
_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)


class FactorStore:
    """Reads and writes what people prove with who they are."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def passkeys(self, user_id: UserId) -> Sequence[Passkey]:
        """Return the passkeys of a person, oldest first."""
        found = select(_passkeys).where(_passkeys.c.user_id == user_id).order_by(_passkeys.c.created_at, _passkeys.c.id)
        return [Passkey(**row) for row in self._tx.execute(found).mappings()]

    def passkey(self, credential: str) -> Passkey | None:
        """Return the passkey that a device calls so."""
        row = self._tx.execute(select(_passkeys).where(_passkeys.c.credential == credential)).mappings().one_or_none()
        return None if row is None else Passkey(**row)

    def add_passkey(self, passkey: Passkey) -> None:
        """Write a new passkey."""
        self._tx.execute(insert(_passkeys).values(asdict(passkey)))

    def note_use(self, passkey_id: PasskeyId, sign_count: int, used_at: datetime) -> None:
        """Write that a passkey was used."""
        of_passkey = update(_passkeys).where(_passkeys.c.id == passkey_id)
        self._tx.execute(of_passkey.values(sign_count=sign_count, used_at=used_at))

    def rename_passkey(self, user_id: UserId, passkey_id: PasskeyId, name: str) -> bool:
        """Write what a passkey is called; return whether the person has it."""
        of_passkey = update(_passkeys).where(_passkeys.c.id == passkey_id, _passkeys.c.user_id == user_id)
        return self._tx.execute(of_passkey.values(name=name)).rowcount == 1

    def remove_passkey(self, user_id: UserId, passkey_id: PasskeyId) -> bool:
        """Remove a passkey; return whether the person had it."""
        found = delete(_passkeys).where(_passkeys.c.id == passkey_id, _passkeys.c.user_id == user_id)
        return self._tx.execute(found).rowcount == 1

    def code_app(self, user_id: UserId) -> CodeApp | None:
        """Return the app of a person."""
        found = select(_code_apps).where(_code_apps.c.user_id == user_id)
        row = self._tx.execute(found).mappings().one_or_none()
        return None if row is None else CodeApp(**row)

    def add_code_app(self, code_app: CodeApp) -> None:
        """Write the app of a person, in place of the one before."""
        self.remove_code_app(code_app.user_id)
        self._tx.execute(insert(_code_apps).values(asdict(code_app)))

    def take_step(self, user_id: UserId, step: int) -> bool:
        """Write that the code of a step was used; return whether neither it nor a later one was: of two at once, one is first."""
        later = update(_code_apps).where(_code_apps.c.user_id == user_id, _code_apps.c.last_step < step)
        return self._tx.execute(later.values(last_step=step)).rowcount == 1

    def remove_code_app(self, user_id: UserId) -> bool:
        """Remove the app of a person; return whether there was one."""
        return self._tx.execute(delete(_code_apps).where(_code_apps.c.user_id == user_id)).rowcount == 1

    def put_codes(self, user_id: UserId, hashes: Collection[str]) -> None:
        """Write the recovery codes of a person, in place of those before."""
        self._tx.execute(delete(_codes).where(_codes.c.user_id == user_id))
        if hashes:
            self._tx.execute(insert(_codes), [{"user_id": user_id, "code_hash": code} for code in hashes])

    def count_codes(self, user_id: UserId) -> int:
        """Return how many recovery codes a person has left."""
        found = select(func.count()).select_from(_codes).where(_codes.c.user_id == user_id)
        return int(str(self._tx.execute(found).scalar_one()))

    def take_code(self, user_id: UserId, code_hash: str) -> bool:
        """Remove a recovery code; return whether the person had it."""
        found = delete(_codes).where(_codes.c.user_id == user_id, _codes.c.code_hash == code_hash)
        return self._tx.execute(found).rowcount == 1
