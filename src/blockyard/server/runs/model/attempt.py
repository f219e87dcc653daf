"""Attempts: who works on a run right now, and how long they may be silent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from blockyard.protocol.names import ImplementationType
from blockyard.server.runs.model.limits import RunLimits
from blockyard.server.runs.model.run import RunId, RunTarget

SIGN_STEP = timedelta(seconds=1)
"""Signs of life that follow each other faster are one."""


KEY_LIFE = timedelta(hours=6)
"""An ephemeral API key ends at the latest then, whatever an installation allows an attempt. Source: concepts.md 15."""


class Claimer(StrEnum):
    """Which protocol the runner of an attempt speaks."""

    BLOCKYARD = "BLOCKYARD"
    OFFICIAL = "OFFICIAL"


class AttemptState(StrEnum):
    """What became of an attempt."""

    LIVE = "LIVE"
    LOST = "LOST"
    """Silent for too long; a sign of life revives it while no newer attempt was claimed."""
    TIMED_OUT = "TIMED_OUT"
    """It reached the ceiling; its runner shall stop."""
    RELEASED = "RELEASED"
    """Handed back by its runner."""
    FAILED = "FAILED"
    """It failed, and the run is tried again."""
    ENDED = "ENDED"
    """Its run is finished."""


def lease_of(claimer: Claimer, target: RunTarget, limits: RunLimits) -> timedelta | None:
    """Return after how much silence an attempt counts as lost; None if silence means nothing. Source: runner.md 1.4."""
    if target.is_async:
        return None
    if claimer is Claimer.BLOCKYARD:
        return limits.own_lease
    is_github = target.implementation is ImplementationType.GITHUB_WORKFLOW
    return limits.github_lease if is_github else limits.official_lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One hand-out of a run to a runner.

    Attributes:
        lease: allowed silence; None where only the ceiling counts.
        last_sign_at: the last claim, registration, report, heartbeat, log chunk or state request.
        expires_at: when the attempt counts as lost unless another sign of life comes.
        key_hash: stands for its ephemeral API key; None if its version asks for no permissions.
    """

    run_id: RunId
    number: int
    token_hash: str
    claimer: Claimer
    lease: timedelta | None
    node_id: str | None
    claimed_at: datetime
    registered_at: datetime | None = None
    last_sign_at: datetime
    expires_at: datetime
    state: AttemptState = AttemptState.LIVE
    key_hash: str | None = None

    @classmethod
    def begin(
        cls,
        run_id: RunId,
        number: int,
        *,
        token_hash: str,
        claimer: Claimer,
        lease: timedelta | None,
        node_id: str | None,
        at: datetime,
        limits: RunLimits,
        key_hash: str | None = None,
    ) -> "Attempt":
        """Return a fresh attempt; ours must register soon."""
        silence = limits.registration if claimer is Claimer.BLOCKYARD else (lease or limits.ceiling)
        return cls(
            run_id=run_id,
            number=number,
            token_hash=token_hash,
            claimer=claimer,
            lease=lease,
            node_id=node_id,
            claimed_at=at,
            last_sign_at=at,
            expires_at=at + min(silence, limits.ceiling),
            key_hash=key_hash,
        )

    def heard(self, at: datetime, limits: RunLimits) -> "Attempt":
        """Return this attempt after a sign of life of its runner: it has received the run. A lost one lives again."""
        end = self.claimed_at + limits.ceiling
        return replace(
            self,
            state=AttemptState.LIVE if self.state is AttemptState.LOST else self.state,
            registered_at=self.registered_at or at,
            last_sign_at=max(at, self.last_sign_at),
            expires_at=end if self.lease is None else min(at + self.lease, end),
        )

    def is_news(self, heard: "Attempt") -> bool:
        """Whether `heard`, this attempt after a sign of life, is worth storing: signs that follow each other fast are one."""
        step = SIGN_STEP if self.lease is None else min(SIGN_STEP, self.lease / 10)
        moments = ((self.last_sign_at, heard.last_sign_at), (self.expires_at, heard.expires_at))
        moved = any(abs(after - before) >= step for before, after in moments)
        return moved or replace(self, last_sign_at=heard.last_sign_at, expires_at=heard.expires_at) != heard

    def timed_out(self, at: datetime, limits: RunLimits) -> bool:
        """Whether the attempt reached the ceiling."""
        return at >= self.claimed_at + limits.ceiling

    @property
    def may_go_on(self) -> bool:
        """Whether the runner of this attempt may still change the run, as long as no newer attempt exists."""
        return self.state in {AttemptState.LIVE, AttemptState.LOST}

    def has_key(self, at: datetime) -> bool:
        """Whether its ephemeral API key, if it has one, is good for something: no claim that nobody received, none that lasts too long."""
        received = self.state is AttemptState.LIVE or (self.may_go_on and self.registered_at is not None)
        return received and at < self.claimed_at + KEY_LIFE
