"""How long and how large things of a run may be."""

from dataclasses import dataclass
from datetime import timedelta

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """Times and sizes. Source: architecture.md 4, 8; concepts.md 11.5; runner.md 1.4."""

    ceiling: timedelta = timedelta(hours=3)
    """No attempt lasts longer."""
    registration: timedelta = timedelta(seconds=15)
    """A claim of our runner that is not registered by then is offered again."""
    own_lease: timedelta = timedelta(seconds=30)
    """Silence after which our runner counts as lost; it sends a sign of life every 5 s."""
    official_lease: timedelta = timedelta(minutes=2)
    """Silence after which an official OpenTofu or Azure DevOps runner counts as lost."""
    github_lease: timedelta = timedelta(minutes=35)
    """Silence after which an official GitHub runner counts as lost: it says nothing while one long job runs."""
    lock_grace: timedelta = timedelta(minutes=2)
    """The engine of a lost attempt that holds the state lock may go on writing for so long after its last sign of life."""
    abort_confirmation: timedelta = timedelta(seconds=75)
    """How long a runner has to confirm an abort it was told of; the official ones never do."""
    abort_ceiling: timedelta = timedelta(minutes=5)
    """An abort takes effect by then, told or not."""
    late_steps: timedelta = timedelta(minutes=2)
    """How long after the end of a run its other sources may complete their steps."""
    first_pause: timedelta = timedelta(minutes=1)
    """Before the third attempt; it doubles with each further one."""
    longest_pause: timedelta = timedelta(minutes=30)
    losses: int = 0
    """So many attempts of a run may be lost, then it fails; 0 = it is offered again without end."""
    retries: int = 3
    """So often a run is tried again after a failure that may pass by itself."""
    breaker_failures: int = 5
    """So many failures of one cause open the breaker of a definition, if they come within `breaker_window`."""
    breaker_window: timedelta = timedelta(minutes=10)
    breaker_pause: timedelta = timedelta(minutes=2)
    """Between two probes while a breaker is open; it doubles with each that fails, up to `longest_pause`."""
    log_bytes: int = 256 * MEGABYTE
    """How much log is kept per run."""
    message_bytes: int = MEGABYTE
    """How much of the end of a step's log its system message shows."""
    artifact_lifetime: timedelta = timedelta(days=7)
    """How long a saved plan is kept."""

    def pause_after(self, losses: int) -> timedelta:
        """Return how long a run rests after its `losses`-th lost attempt: not at all, then 1, 2, 4 … 30 minutes."""
        if losses <= 1:
            return timedelta()
        doublings: int = 1 << min(losses - 2, 16)
        return min(self.first_pause * doublings, self.longest_pause)

    def pause_before_retry(self, retry: int) -> timedelta:
        """Return how long a run rests before it is tried again for the `retry`-th time: 1, 2, 4 … 30 minutes."""
        return self.pause_after(retry + 1)
