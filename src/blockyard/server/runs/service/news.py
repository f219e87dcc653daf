"""Whether a runner that waits for news of its run shall be told something."""

from blockyard.protocol.names import RunStatus
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import RunId
from blockyard.server.runs.store import RunStore


def has_news(tx: Transaction, run_id: RunId) -> bool:
    """Return whether somebody wants a run to stop, or nobody works on it any more; for routes that authorized already."""
    run = RunStore(tx).get(run_id)
    return run.abort_requested_at is not None or run.status is not RunStatus.IN_PROGRESS
