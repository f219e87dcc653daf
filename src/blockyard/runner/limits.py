"""How long a run may take: what the runner allows, and what the server lets an attempt take."""

ATTEMPT_REMEDY = "set BLOCKYARD_ATTEMPT_CEILING_MINUTES of the server higher, or BLOCKYARD_RUNNER_RUN_TIMEOUT_MINUTES of this runner lower"

_SHARE = 0.9
"""Of the server's limit: the rest is for stopping the run and for its last report."""


def exceeds(run_timeout_minutes: float, attempt_minutes: float) -> bool:
    """Whether the server would count attempts as lost that this runner still lets run."""
    return run_timeout_minutes >= attempt_minutes


def run_limit(run_timeout_minutes: float, attempt_minutes: float | None) -> float:
    """Return how many minutes a run gets: it must end before the server counts its attempt as lost and offers the run again."""
    if attempt_minutes is None or not exceeds(run_timeout_minutes, attempt_minutes):
        return run_timeout_minutes
    return attempt_minutes * _SHARE
