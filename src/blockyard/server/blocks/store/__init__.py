"""The tables of blocks; all their SQL."""

from blockyard.server.blocks.store.blocks import BlockStore

__all__ = ["BlockStore"]
