"""Live updates of a block: changes of the block itself, and the events of its latest run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.blocks.api.rendering import block_summary
from blockyard.server.blocks.service import BlockService
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.streams import Batch
from blockyard.server.runs.api.events import event_documents
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunViews
from blockyard.server.runs.topics import block_topic, run_topic

_CURSOR = re.compile(r"(\d{1,9})(?:-([0-9a-f-]{36})-(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a viewer knows: a revision of the block, and a position in the events of one run."""

    revision: int = -1
    run_id: UUID | None = None
    position: int = 0

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Return the cursor of a text; anything else means that nothing is known."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            return cls()
        try:
            return cls(int(match[1]), UUID(match[2]) if match[2] else None, int(match[3] or 0))
        except ValueError:
            return cls()

    def __str__(self) -> str:
        return str(self.revision) if self.run_id is None else f"{self.revision}-{self.run_id}-{self.position}"


class FollowedBlock:
    """A block as its viewers follow it: positions are cursors."""

    def __init__(self, blocks: BlockService, run_views: RunViews, block_id: UUID) -> None:
        self._blocks = blocks
        self._run_views = run_views
        self._block_id = block_id

    def look(self, tx: Transaction, viewer: Principal, after: str) -> Batch[str]:
        """Return what happened to the block and its latest run after a cursor."""
        cursor = Cursor.read(after)
        block = self._blocks.find(tx, viewer, self._block_id)
        own: list[JsonObject] = []
        if block.revision != cursor.revision:
            own = [{"type": "block", "block": block_summary(self._blocks.view(tx, viewer, block))}]
        run = self._blocks.latest_run(tx, block)
        if run is None:
            return Batch(str(Cursor(block.revision)), own, ended=not block.is_live)
        known = cursor.position if cursor.run_id == run.id else 0
        found = self._run_views.events(tx, viewer, RunId(run.id), known)
        events = event_documents(found)
        return Batch(
            str(Cursor(block.revision, run.id, found.position)),
            [*events, *own] if run.is_final else [*own, *events],
            more=found.more,
            ended=found.ended and not block.is_live,
        )

    def topics(self, position: str) -> Sequence[str]:
        """Return the topic of the block, and that of the run it has at a cursor."""
        run_id = Cursor.read(position).run_id
        return [block_topic(self._block_id), *([] if run_id is None else [run_topic(run_id)])]
