"""Follows who belongs to a workspace: blocks that hand the people to their module run again. Source: concepts.md 6.3."""

from blockyard.server.blocks.model.block import WAITING
from blockyard.server.blocks.service.starting import RunStarter
from blockyard.server.blocks.service.views import Reading
from blockyard.server.blocks.store import BlockStore
from blockyard.server.definitions.model import AssignmentType
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import TriggerReason


class PeopleFollower:
    """Implements the port of workspaces; no principal is asked."""

    def __init__(self, *, reading: Reading, starter: RunStarter) -> None:
        self._reading = reading
        self._starter = starter

    def people_changed(self, tx: Transaction, workspace: str) -> None:
        """Run every active block of the workspace again that has an input with its people."""
        reader = self._reading(tx)
        store = BlockStore(tx)
        for block in store.one_by_one(store.active_in(workspace)):
            _, version = reader.version_of(block)
            sources = {spec.assignment_type for spec in version.inputs.values()}
            if AssignmentType.USER_PERMISSIONS in sources and block.status not in WAITING:
                self._starter.rerun(tx, block, TriggerReason.WORKSPACE_PERMISSION_CHANGE)
