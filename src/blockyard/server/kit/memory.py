"""What a store read in one transaction, so that it need not read it again there."""

from typing import Generic, TypeVar, cast

from blockyard.server.kit.database import Transaction

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Things of one kind by their key, kept while a transaction lasts; a replay begins with none.

    Only for what all statements of one store write: the store forgets or replaces what it writes. What other transactions
    commit meanwhile is not seen, as if everything had been read at the first look; `revision` catches what clashes.
    """

    def of(self, tx: Transaction) -> dict[K, V]:
        """Return what is known in a transaction, to be read and changed."""
        return cast("dict[K, V]", tx.memory.setdefault(self, {}))
