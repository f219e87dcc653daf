"""The tables of blocks; all their SQL."""

from blockyard.server.blocks.store.blocks import BlockStore
from blockyard.server.blocks.store.payments import PaymentUseStore

__all__ = ["BlockStore", "PaymentUseStore"]
