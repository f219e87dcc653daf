"""What tags ask of higher features; the application passes their answers in."""

from collections.abc import Collection
from typing import Protocol

from blockyard.server.kit.database import Transaction


class TagHolder(Protocol):
    """Has things with tags, all of one kind."""

    def remove_tag(self, tx: Transaction, tag: str, ids: Collection[str]) -> int:
        """Take the values of a tag from those of the things with these ids that are not deleted; return from how many."""
        ...
