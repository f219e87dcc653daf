"""What the holder of a run token may still do: a token ends with its attempt, whatever came after it."""

from datetime import datetime
from enum import Enum

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.identity.model import RunGrant
from blockyard.server.kit.database import Transaction
from blockyard.server.runs.model import Attempt, AttemptState, Run, RunId
from blockyard.server.runs.service.context import RunContext
from blockyard.server.runs.store import AttemptStore, RunStore

_GIVEN_UP = frozenset({AttemptState.RELEASED, AttemptState.TIMED_OUT, AttemptState.FAILED})
"""No sign of life revives these."""


class StateStanding(Enum):
    """What the holder of a run token may do with the state of its block."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    """A newer attempt or run was claimed."""
    OVER = "over"
    """The attempt ended too long ago, or the block is gone."""


def standing_of(context: RunContext, tx: Transaction, grant: RunGrant) -> StateStanding:
    """Return where an attempt stands now. Source: architecture.md 4.

    Its own end is asked first. A token was given to code that may have kept it, so it must not outlive its attempt only because
    others followed.
    """
    run = RunStore(tx).get(RunId(grant.run_id))
    attempts = AttemptStore(tx)
    attempt = attempts.get(run.id, grant.attempt)
    followed_by = None if run.attempt == grant.attempt else attempts.get(run.id, grant.attempt + 1)
    ended_at = _own_end(run, attempt, followed_by)
    if ended_at is not None and context.clock() > ended_at + context.limits.lock_grace:
        return StateStanding.OVER
    latest = run if run.finished_at is None else RunStore(tx).latest(run.block_id) or run
    if latest.behavior is Behavior.DESTROY and latest.status is RunStatus.SUCCEEDED:
        return StateStanding.OVER
    is_followed = run.attempt != grant.attempt or (latest.number > run.number and RunStore(tx).is_followed(run))
    return StateStanding.SUPERSEDED if is_followed else StateStanding.CURRENT


def _own_end(run: Run, attempt: Attempt | None, followed_by: Attempt | None) -> datetime | None:
    """Return when an attempt was over: its run ended, another attempt followed, or it was given up."""
    ends = (
        run.finished_at,
        None if followed_by is None else followed_by.claimed_at,
        attempt.expires_at if attempt is not None and attempt.state in _GIVEN_UP else None,
    )
    return min((end for end in ends if end is not None), default=None)
