"""The table of payment methods."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, String, Table, Uuid

from blockyard.server.kit.columns import JsonText
from blockyard.server.kit.database import Transaction, metadata
from blockyard.server.kit.rows import Rows, Store, index_list, life
from blockyard.server.payment_methods.model import PaymentMethod, PaymentMethodId

_methods = Table(
    "payment_methods",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("workspace", String(64), ForeignKey("workspaces.name"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("expiration_date", Date),
    Column("amount", BigInteger),
    Column("tags", JsonText, nullable=False),
    *life(),
    Index("ix_payment_methods_name", "name"),
)
index_list(_methods, "workspace")
_rows: Rows[PaymentMethod, PaymentMethodId] = Rows(_methods, PaymentMethod, "id", address=("name",))


class PaymentMethodStore(Store[PaymentMethod, PaymentMethodId]):
    """Reads and writes payment methods."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx, _rows)

    def named(self, names: Collection[str]) -> Sequence[PaymentMethod]:
        """Return the payment methods with these names that are not deleted, oldest first."""
        return self.where(_methods.c.name.in_(sorted(names)))
