"""Live updates of a block: changes of the block itself, and the events of its latest run."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.blocks.api.rendering import block_summary
from blockyard.server.blocks.service import BlockService
from blockyard.server.identity.api import Who
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.streams import SWEEP_SECONDS, follow
from blockyard.server.runs.api.events import event_documents
from blockyard.server.runs.model import RunId
from blockyard.server.runs.service import RunViews

MAX_WAIT_SECONDS = 30.0
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


@dataclass(frozen=True, slots=True)
class BlockEvents:
    """What a viewer does not know yet.

    Attributes:
        cursor: what it knows afterwards.
        more: there is more right now.
        ended: the block is gone, nothing will follow.
    """

    cursor: Cursor
    events: Sequence[JsonObject]
    more: bool = False
    ended: bool = False


class BlockFeed:
    """Follows blocks for viewers."""

    def __init__(self, db: Database, blocks: BlockService, run_views: RunViews) -> None:
        self._db = db
        self._blocks = blocks
        self._run_views = run_views

    async def look(self, principal: Principal, block_id: UUID, cursor: Cursor) -> BlockEvents:
        """Return what happened after `cursor`."""
        return await self._db.read_consistently(lambda tx: self._changes(tx, principal, block_id, cursor))

    async def wait(self, principal: Principal, block_id: UUID, cursor: Cursor, seconds: float) -> BlockEvents:
        """Return what happened after `cursor`, as soon as something did, or nothing after `seconds`."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + seconds
        watched = cursor.run_id
        while True:
            with self._db.signals.subscribe(*_topics(block_id, watched)) as subscription:
                found = await self.look(principal, block_id, cursor)
                left = deadline - clock.time()
                if found.events or found.ended or left <= 0:
                    return found
                if found.cursor.run_id == watched:
                    await subscription.wait(min(left, SWEEP_SECONDS))
                watched = found.cursor.run_id

    def stream(self, who: Who, block_id: UUID, first: BlockEvents) -> AsyncIterator[str]:
        """Yield server-sent events, beginning with `first`, until the block is gone or the viewer may not see it any more."""

        async def look(found: BlockEvents) -> BlockEvents:
            return await self.look(await who(), block_id, found.cursor)

        def topics(found: BlockEvents) -> list[str]:
            return _topics(block_id, found.cursor.run_id)

        return follow(self._db.signals, first, look=look, topics=topics, frames=_frames)

    def _changes(self, tx: Transaction, principal: Principal, block_id: UUID, cursor: Cursor) -> BlockEvents:
        block = self._blocks.find(tx, principal, block_id)
        own: list[JsonObject] = []
        if block.revision != cursor.revision:
            own = [{"type": "block", "block": block_summary(self._blocks.view(tx, principal, block))}]
        run = self._blocks.latest_run(tx, block)
        if run is None:
            return BlockEvents(Cursor(block.revision), own, ended=not block.is_live)
        after = cursor.position if cursor.run_id == run.id else 0
        found = self._run_views.events(tx, principal, RunId(run.id), after)
        events = event_documents(found)
        over = found.ended and not block.is_live
        return BlockEvents(
            Cursor(block.revision, run.id, found.position),
            [*events, *own] if run.is_final else [*own, *events],
            more=found.more,
            ended=over,
        )


def batch(found: BlockEvents) -> JsonObject:
    """Return the answer to a long poll."""
    events: list[Json] = list(found.events)
    return {"events": events, "position": str(found.cursor), "ended": found.ended}


def _topics(block_id: UUID, run_id: UUID | None) -> list[str]:
    return [f"block:{block_id}"] if run_id is None else [f"block:{block_id}", f"run:{run_id}"]


def _frames(found: BlockEvents) -> str:
    """Return events as frames; only the last one has an id, so that a broken batch is sent again as a whole."""
    if not found.events:
        return ""
    frames = [f"event: {event['type']}\ndata: {json.dumps(event, separators=(',', ':'))}\n" for event in found.events]
    frames[-1] = f"id: {found.cursor}\n{frames[-1]}"
    return "".join(f"{frame}\n" for frame in frames)
