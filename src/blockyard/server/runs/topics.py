"""The topics that are woken when something happens to a run: see `kit.signals`.

Blocks use that of theirs, too; here it is since the life of a run is what happens to a block most.
"""

from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Run


def run_topic(run_id: object) -> str:
    """Return the topic that viewers of a run listen to, and its runner while a heartbeat is held."""
    return f"run:{run_id}"


def block_topic(block_id: object) -> str:
    """Return the topic that viewers of a block listen to."""
    return f"block:{block_id}"


def runner_topic(runner_id: object) -> str:
    """Return the topic that waiting claimers listen to."""
    return f"runner:{runner_id}"


def wake_viewers(tx: Transaction, run: Run) -> None:
    """Wake whoever looks at a run or its block."""
    tx.wake(run_topic(run.id))
    tx.wake(block_topic(run.block_id))


def wake_everybody(tx: Transaction, run: Run) -> None:
    """Wake whoever looks at a run or its block, and whoever waits for a run that may be claimed now."""
    wake_viewers(tx, run)
    tx.wake(runner_topic(run.target.runner_id))
