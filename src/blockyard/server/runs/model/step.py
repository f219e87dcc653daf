"""Steps and the sources that report on them."""

from dataclasses import dataclass
from datetime import datetime

from blockyard.protocol.names import StepStatus
from blockyard.server.runs.model.run import RunId

OPEN_STEPS = frozenset({StepStatus.PENDING, StepStatus.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class StepId:
    """Which step: sources name theirs independently of each other."""

    source: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who reports in one attempt: the runner by its UUID, a pipeline by a name of its own."""

    run_id: RunId
    attempt: int
    id: str
    position: int
    external_run_id: str | None = None
    external_run_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of one attempt.

    Attributes:
        position: among the steps of its source, as registered, then as they appeared.
        log_bytes: length of the log received so far; the next chunk begins there.
        log_digest: SHA-256 of the log if it came as whole messages, so that a longer message is known to continue it.
        changed: sequence number of the last change, see `store.logs`.
    """

    run_id: RunId
    attempt: int
    id: StepId
    position: int
    display_name: str
    status: StepStatus = StepStatus.PENDING
    user_message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    log_bytes: int = 0
    log_carry: bytes = b""
    log_digest: str | None = None
    changed: int = 0
