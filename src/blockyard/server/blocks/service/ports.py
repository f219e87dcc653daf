"""What blocks need from a feature above them; the application passes it in."""

from typing import Protocol
from uuid import UUID

from blockyard.server.kit.database import Transaction


class StateRemoval(Protocol):
    """Removes the state of blocks that are gone. Implemented by tofu_state."""

    def remove(self, tx: Transaction, block_id: UUID) -> None:
        """Remove the state of the block, all versions; nothing to do if there is none."""
