"""Live updates of anything: server-sent events, and the long poll for where a proxy breaks them.

Whatever is followed says what happened after a position, and which topics wake whoever is at that position. All the rest is here:
waiting, frames, keep-alives, headers; that a viewer is asked again who it is at each look; and that a stream ends after an hour.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.server.kit.answers import Answer
from blockyard.server.kit.aside import aside
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.http import answers, require_accept
from blockyard.server.kit.json_writer import encoded, is_small

EVENT_STREAM = "text/event-stream"
JSON = "application/json"

ANSWERS = answers(JSON, EVENT_STREAM) | {int(HTTPStatus.NO_CONTENT): {"description": "Nothing will follow."}}
"""What the OpenAPI document says of the answers of a feed."""

KEEP_ALIVE_SECONDS = 15.0
"""A comment is sent after so much silence, so that proxies keep the connection."""

MAX_STREAM_SECONDS = 3600.0
"""A stream ends then; the viewer comes back."""

MAX_WAIT_SECONDS = 30.0
"""A long poll is not held longer."""

SWEEP_SECONDS = 5.0
"""So often a viewer looks without having been woken."""

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Viewer = TypeVar("Viewer")
Viewer_contra = TypeVar("Viewer_contra", contravariant=True)
Position = TypeVar("Position", bound=int | str)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Position]):
    """What a viewer does not know yet.

    Attributes:
        position: where the next look begins.
        more: there is more right now.
        ended: nothing will follow.
    """

    position: Position
    events: Sequence[JsonObject]
    more: bool = False
    ended: bool = False

    def document(self) -> JsonObject:
        """Return the answer to a long poll."""
        events: list[Json] = list(self.events)
        return {"events": events, "position": self.position, "ended": self.ended}


class Followed(Protocol[Viewer_contra, Position]):
    """Something that viewers follow."""

    def look(self, tx: Transaction, viewer: Viewer_contra, after: Position) -> Batch[Position]:
        """Return what happened after a position. Raises a refusal if the viewer may not know it."""

    def topics(self, position: Position) -> Sequence[str]:
        """Return what wakes a viewer who knows everything up to a position."""


class Feed(Generic[Viewer, Position]):
    """Tells one viewer what happens to something; `who` says anew who the viewer is."""

    def __init__(
        self, db: Database, followed: Followed[Viewer, Position], who: Callable[[], Awaitable[Viewer]]
    ) -> None:
        self._db = db
        self._followed = followed
        self._who = who

    async def answer(self, request: Request, viewer: Viewer, after: Position, wait_seconds: float) -> Response:
        """Return a stream of what happens after a position, or the answer to a long poll, as `request` accepts it.

        The first look is that of `viewer`, so that a refusal is answered as such.
        """
        wanted = require_accept(request, [JSON, EVENT_STREAM])
        if wanted != EVENT_STREAM and EVENT_STREAM not in request.headers.get("accept", ""):
            found = await self.wait(viewer, after, min(wait_seconds, MAX_WAIT_SECONDS))
            return Answer(found.document(), headers={"Cache-Control": "no-store"})
        first = await self.look(viewer, after)
        if first.ended and not first.events:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return StreamingResponse(self.stream(first), media_type=EVENT_STREAM, headers=_HEADERS)

    async def look(self, viewer: Viewer, after: Position) -> Batch[Position]:
        """Return what happened after a position."""
        return await self._db.read_consistently(lambda tx: self._followed.look(tx, viewer, after))

    async def wait(self, viewer: Viewer, after: Position, seconds: float) -> Batch[Position]:
        """Return what happened after a position, as soon as something did, or nothing after `seconds`."""
        batch = await self.look(viewer, after)
        if batch.events or batch.ended or seconds <= 0:
            return batch
        async with aclosing(self._after(batch, seconds)) as following:
            async for batch in following:
                if batch.events or batch.ended:
                    break
        return batch

    async def stream(self, first: Batch[Position]) -> AsyncIterator[str]:
        """Yield frames, beginning with `first`, until nothing can follow, the viewer may not know more, or the server stops."""
        clock = asyncio.get_running_loop()
        spoke_at = clock.time()
        if text := await _frames(first):
            yield text
        try:
            async with aclosing(self._after(first, MAX_STREAM_SECONDS)) as following:
                async for batch in following:
                    text = await _frames(batch)
                    if not text and clock.time() - spoke_at >= KEEP_ALIVE_SECONDS:
                        text = ": keep-alive\n\n"
                    if text:
                        spoke_at = clock.time()
                        yield text
        except Refusal:
            return

    async def _after(self, batch: Batch[Position], seconds: float) -> AsyncGenerator[Batch[Position], None]:
        """Yield what follows `batch`, and now and then nothing, until nothing can follow or `seconds` are over."""
        clock = asyncio.get_running_loop()
        end = clock.time() + seconds
        while not batch.ended and clock.time() < end:
            topics = self._followed.topics(batch.position)
            with self._db.signals.subscribe(*topics) as subscription:
                subscription.wake()  # what happened between the last look and the subscription
                while topics == self._followed.topics(batch.position) and clock.time() < end:
                    if not batch.more:
                        await subscription.wait(min(SWEEP_SECONDS, end - clock.time()))
                    batch = await self.look(await self._who(), batch.position)
                    yield batch
                    if batch.ended:
                        return


async def _frames(batch: Batch[Position]) -> str:
    """Return a batch as frames; only the last one has an id, so that a broken batch is sent again as a whole."""
    if not batch.events:
        return ""
    if is_small(list(batch.events)):
        return _framed(batch)
    return await aside(lambda: _framed(batch))


def _framed(batch: Batch[Position]) -> str:
    frames = [f"event: {event['type']}\ndata: {_text(event)}\n" for event in batch.events]
    frames[-1] = f"id: {batch.position}\n{frames[-1]}"
    return "".join(f"{frame}\n" for frame in frames)


def _text(event: JsonObject) -> str:
    """Return an event as JSON in ASCII: to some readers of streams other characters, too, end a line."""
    return b"".join(encoded(event, lambda part: json.dumps(part, separators=(",", ":")).encode())).decode()
