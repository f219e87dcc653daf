"""Who asks by a key makes no run do more than the key itself may. Source: concepts.md 15.

People have read what a run may do before they order it. A key has read nothing: it orders, changes and runs only blocks whose versions
ask for nothing that it does not have, in the workspace of the block. So at no depth is there more than what somebody once agreed to.
"""

from blockyard.server.blocks.model.block import Block
from blockyard.server.blocks.service.access import operates
from blockyard.server.blocks.service.upgrading import Upgrades
from blockyard.server.blocks.service.views import Reading
from blockyard.server.definitions.model import Version
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction


class Delegation:
    """Compares what keys may do with what they ask for."""

    def __init__(self, *, reading: Reading, upgrades: Upgrades) -> None:
        self._reading = reading
        self._upgrades = upgrades

    def require_apply(self, tx: Transaction, principal: Principal, block: Block, *, field: str | None = None) -> None:
        """Refuse to run a block in the version that it has then, a newer one that it follows too. Raises Denied."""
        if principal.is_key:
            _, own = self._reading(tx).version_of(block)
            require_delegable(principal, block, self._upgrades.due(tx, block) or own, field=field)

    def require_run(self, tx: Transaction, principal: Principal, block: Block) -> None:
        """Refuse to run a block in the version that it has: plans, and work on its state. Raises Denied."""
        if principal.is_key:
            _, own = self._reading(tx).version_of(block)
            require_delegable(principal, block, own)


def require_delegable(principal: Principal, block: Block, version: Version, *, field: str | None = None) -> None:
    """Refuse unless the principal may make a run of `version` for a block. Raises Denied.

    The key of a provider's team changes blocks elsewhere, as the team does: it adds nothing to what those who ordered know. The key of
    a run never does.
    """
    for_provider = principal.block is None and operates(principal, block.provider)
    if for_provider and not principal.belongs_to(block.workspace):
        return
    principal.require_covers(
        version.run_permissions, block.workspace, of=f"version {version.number} of '{block.name}'", field=field
    )
