"""Ephemeral API keys: what code of a run may do here. Source: concepts.md 15."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.server.events.model import Author
from blockyard.server.identity.model.principal import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """What an ephemeral API key stands for: one attempt of a run, and the permissions that its version asked for.

    Attributes:
        workspace: that of the block, the only one in which the permissions are held.
    """

    run_id: UUID
    block_id: UUID
    block_name: str
    workspace: str
    permissions: Sequence[str]

    def principal(self) -> Principal:
        """Return who acts with this key: the building block, in the service of its run."""
        return Principal(
            author=Author.of_block(self.block_id, self.block_name, run_id=self.run_id),
            grants={self.workspace: frozenset(self.permissions)},
            block=self.block_id,
        )
