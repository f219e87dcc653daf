"""What runs and blocks ask of states. Nobody is authorized here."""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID

from blockyard.server.blocks.service import StateContents
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runs.model import RunId
from blockyard.server.tofu_state.content import open_state
from blockyard.server.tofu_state.model import Resource, StateVersion
from blockyard.server.tofu_state.resources import resources_in
from blockyard.server.tofu_state.store import ResourceStore, StateStore

MOST_READ = 4 * 1024 * 1024
"""Larger states are not read while others wait for the transaction, only once they are searchable."""


class StateLockbook:
    """Implements the ports `StateLocks` of runs and `BlockStates` of blocks."""

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key = master_key

    def release(self, tx: Transaction, block_id: UUID, run_id: RunId) -> None:
        """Remove the lock that `run_id` holds, if any."""
        StateStore(tx).remove_lock(block_id, run_id)

    def held_by(self, tx: Transaction, run_id: RunId) -> bool:
        """Whether the run holds the lock of its block's state."""
        return StateStore(tx).is_held_by(run_id)

    def remove(self, tx: Transaction, block_id: UUID) -> None:
        """Remove the state of a block with all versions and its lock."""
        ResourceStore(tx).remove_of(block_id)
        StateStore(tx).remove_versions(block_id)
        StateStore(tx).remove_lock(block_id)

    def move(self, tx: Transaction, block_ids: Collection[UUID], project: str) -> None:
        """Let what the states of blocks say exists be in another project."""
        ResourceStore(tx).move(block_ids, project)

    def mark(self, tx: Transaction, block_id: UUID) -> str:
        """Return what stands for the current state of a block."""
        return _mark(StateStore(tx).current(block_id))

    def contents(self, tx: Transaction, block_id: UUID) -> StateContents:
        """Return what the current state of a block says exists."""
        version = StateStore(tx).current(block_id)
        if version is None:
            return StateContents(mark=_mark(None), exists=False, resources=())
        return StateContents(mark=_mark(version), exists=True, resources=self._resources(tx, version))

    def addresses(self, version: StateVersion, sealed: bytes) -> Collection[str] | None:
        """Return what a state holds; None if nobody but its engine knows."""
        found = self.read(version, sealed)
        return None if found is None else {one.address for one in found}

    def _resources(self, tx: Transaction, version: StateVersion) -> Sequence[Resource] | None:
        """Return what a state says exists, from the index if that is as new; None if only its engine can read it, or it is large."""
        states = StateStore(tx)
        if states.is_indexed(version):
            if version.resource_count is None:
                return None
            found = ResourceStore(tx).of_block(version.block_id).values()
            return sorted((one.resource for one in found), key=lambda one: one.address)
        return self.read(version, states.sealed(version)) if version.size_bytes <= MOST_READ else None

    def read(self, version: StateVersion, sealed: bytes) -> Sequence[Resource] | None:
        """Return what a state says exists by its content; None if only its engine can read it, or it is large."""
        if version.size_bytes > MOST_READ:
            return None
        try:
            return resources_in(open_state(self._master_key, version.block_id, sealed))
        except Refusal:  # another master key: then nobody knows
            return None


def _mark(version: StateVersion | None) -> str:
    said = "" if version is None else f"{version.lineage}\n{version.serial}\n{version.md5}"
    return hashlib.sha256(said.encode()).hexdigest()
