"""The areas that every page leads to, and the way to a page, which stands above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the site in the navigation of every page; pages below its address belong to it."""

    label: str
    href: str
    icon: str


AREAS = (Area("Building blocks", "/blocks", "blocks"),)

Crumb = tuple[str, str | None]
"""A place on the way: what it is called and its address; None for the page itself."""

BLOCKS: Crumb = ("Building blocks", "/blocks")


def within_block(block_id: UUID, name: str, *inside: Crumb) -> Sequence[Crumb]:
    """Return the way to a page of a block."""
    return [BLOCKS, (name, f"/blocks/{block_id}"), *inside]
