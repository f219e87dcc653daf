"""The way to a page, which stands above it."""

from collections.abc import Sequence
from uuid import UUID

Crumb = tuple[str, str | None]
"""A place on the way: what it is called and its address; None for the page itself."""

BLOCKS: Crumb = ("Building blocks", "/blocks")


def within_block(block_id: UUID, name: str, *inside: Crumb) -> Sequence[Crumb]:
    """Return the way to a page of a block."""
    return [BLOCKS, (name, f"/blocks/{block_id}"), *inside]
