"""Messages of the links only Blockyard servers offer: `blockyard:log`, `blockyard:heartbeat`, `blockyard:release`.

All three carry the run token as bearer, like a status update, and come with a claim that sent
`version.PROTOCOL_HEADER`.

`POST {blockyard:log}?step=<step id>&offset=<n>`, body: the raw bytes (UTF-8 text, already masked) of that step's log
from byte `n` on. Each step's log starts at 0. The server keeps what it has and appends the rest, so a repeated chunk
changes nothing; it answers 200 `LogReply` with the number of bytes it holds of the step's log now. A chunk that begins
behind that end is not stored: the same 200 names the end, and the runner goes on from there. An empty chunk asks for
the end. A server that stops storing (256 MB per run) answers as if it had stored.
Status updates carry the `systemMessage` of a step (the last 1 MB of its log) when the step ends, so a server without
the earlier chunks loses nothing. A step of which no chunk was sent before is told by its message alone. The final update
leaves out steps the server has acknowledged completely.

`POST {blockyard:heartbeat}` without a body is a sign of life; it answers 200 `UpdateReply`. With `Prefer: wait=<seconds>`
(5 at most) the answer is held until the run shall stop or has ended; the sign of life counts from its arrival.

`POST {blockyard:release}` with a `Release` hands the run back to the queue: the attempt ends, the run is PENDING
again. It answers 200 `UpdateReply`; repeating it changes nothing.
"""

from pydantic import Field

from blockyard.protocol.wire import WireModel

HEARTBEAT_SECONDS = 5
"""How often our runner sends a sign of life. Source: architecture.md 4."""

LOG_STEP_PARAMETER = "step"
LOG_OFFSET_PARAMETER = "offset"


class LogReply(WireModel):
    """How much of a step's log the server holds, and whether the runner shall stop."""

    offset: int = Field(ge=0)
    run_aborted: bool = False


class Release(WireModel):
    """Why a runner hands a run back. People read it."""

    reason: str = Field(default="", max_length=1000)
