"""The rules of runs and attempts as tables of transitions."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

from blockyard.protocol.names import Behavior, RunStatus
from blockyard.server.events.model import SYSTEM
from blockyard.server.kit.errors import Conflict
from blockyard.server.runs.model import (
    FINAL,
    Attempt,
    AttemptState,
    Claimer,
    Run,
    RunId,
    RunLimits,
    Trigger,
    TriggerReason,
    clean,
)
from tests.support.clock import NOON
from tests.support.run_world import a_target

LIMITS = RunLimits()
MINUTE = timedelta(minutes=1)


def a_run(status: RunStatus = RunStatus.IN_PROGRESS, *, attempt: int = 2) -> Run:
    """Return a run in its second attempt."""
    return Run(
        id=RunId(UUID(int=1)),
        number=1,
        target=a_target(),
        runner_workspace="admin",
        behavior=Behavior.APPLY,
        trigger=Trigger(SYSTEM, TriggerReason.MANUAL_EXECUTION),
        created_at=NOON,
        due_at=NOON,
        status=status,
        attempt=attempt,
    )


def an_attempt(claimer: Claimer = Claimer.BLOCKYARD, lease: timedelta | None = LIMITS.own_lease) -> Attempt:
    """Return a fresh attempt."""
    return Attempt.begin(
        RunId(UUID(int=1)), 1, token_hash="0", claimer=claimer, lease=lease, node_id=None, at=NOON, limits=LIMITS
    )


ENDS = {RunStatus.PENDING: FINAL, RunStatus.IN_PROGRESS: FINAL}


@pytest.mark.parametrize(("before", "after"), list(product(RunStatus, sorted(FINAL))))
def test_only_unfinished_runs_end(before: RunStatus, after: RunStatus) -> None:
    run = a_run(before)
    if after in ENDS.get(before, frozenset()):
        ended = run.ended(after, at=NOON, summary="done")
        assert (ended.status, ended.finished_at, ended.summary) == (after, NOON, "done")
    else:
        with pytest.raises(Conflict):
            run.ended(after, at=NOON)


@pytest.mark.parametrize("status", list(RunStatus))
def test_only_a_claimed_run_is_lost(status: RunStatus) -> None:
    run = a_run(status)
    if status is RunStatus.IN_PROGRESS:
        lost = run.lost(at=NOON, not_before=NOON + MINUTE, why="silence", limits=LIMITS)
        assert (lost.status, lost.losses, lost.due_at, lost.attempt) == (RunStatus.PENDING, 1, NOON + MINUTE, 2)
        assert lost.is_retried
    else:
        with pytest.raises(Conflict):
            run.lost(at=NOON, not_before=None, why="silence", limits=LIMITS)


STOPS = [
    (RunStatus.IN_PROGRESS, 2, True, False, False),
    (RunStatus.IN_PROGRESS, 2, True, True, True),
    (RunStatus.IN_PROGRESS, 2, False, False, True),
    (RunStatus.IN_PROGRESS, 1, True, False, True),
    (RunStatus.PENDING, 2, True, False, False),
    (RunStatus.PENDING, 2, False, False, True),
    (RunStatus.PENDING, 1, True, False, True),
    (RunStatus.SUCCEEDED, 2, False, False, False),
    (RunStatus.FAILED, 2, True, True, False),
    (RunStatus.SUCCEEDED, 1, False, False, True),
    (RunStatus.ABORTED, 2, False, False, True),
    (RunStatus.ABORTED, 1, False, False, True),
]


@pytest.mark.parametrize(("status", "attempt", "may_go_on", "aborting", "stops"), STOPS)
def test_who_is_told_to_stop(*, status: RunStatus, attempt: int, may_go_on: bool, aborting: bool, stops: bool) -> None:
    run = a_run(status)
    if aborting:
        run = run.aborting(at=NOON, limits=LIMITS)

    assert run.must_stop(attempt, may_go_on=may_go_on) is stops


def test_an_abort_is_due_75_seconds_after_it_was_told_but_never_later_than_5_minutes() -> None:
    run = a_run().aborting(at=NOON, limits=LIMITS)
    told = run.abort_told(at=NOON + MINUTE, limits=LIMITS)
    late = run.abort_told(at=NOON + 4 * MINUTE, limits=LIMITS)

    assert run.abort_due_at == NOON + 5 * MINUTE
    assert told.abort_due_at == NOON + MINUTE + timedelta(seconds=75)
    assert told.abort_told(at=NOON + 2 * MINUTE, limits=LIMITS) is told
    assert late.abort_due_at == NOON + 5 * MINUTE
    assert run.aborting(at=NOON + MINUTE, limits=LIMITS) is run
    assert a_run().abort_told(at=NOON, limits=LIMITS).abort_delivered_at is None


@pytest.mark.parametrize(("losses", "minutes"), [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (6, 16), (7, 30), (999, 30)])
def test_pauses_double_up_to_half_an_hour(losses: int, minutes: int) -> None:
    assert LIMITS.pause_after(losses) == minutes * MINUTE


@pytest.mark.parametrize(
    ("claimer", "lease", "seconds"),
    [
        (Claimer.BLOCKYARD, LIMITS.own_lease, 15),
        (Claimer.BLOCKYARD, None, 15),
        (Claimer.OFFICIAL, LIMITS.official_lease, 120),
        (Claimer.OFFICIAL, None, 3 * 3600),
    ],
)
def test_how_long_a_claim_may_stay_silent(claimer: Claimer, lease: timedelta | None, seconds: int) -> None:
    assert an_attempt(claimer, lease).expires_at == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("state", "after", "may_go_on"),
    [
        (AttemptState.LIVE, AttemptState.LIVE, True),
        (AttemptState.LOST, AttemptState.LIVE, True),
        (AttemptState.TIMED_OUT, AttemptState.TIMED_OUT, False),
        (AttemptState.RELEASED, AttemptState.RELEASED, False),
        (AttemptState.ENDED, AttemptState.ENDED, False),
    ],
)
def test_a_sign_of_life_revives_only_a_lost_attempt(
    *, state: AttemptState, after: AttemptState, may_go_on: bool
) -> None:
    attempt = replace(an_attempt(), state=state)
    heard = attempt.heard(NOON + MINUTE, LIMITS)

    assert (heard.state, attempt.may_go_on) == (after, may_go_on)
    assert heard.expires_at == NOON + MINUTE + LIMITS.own_lease


def test_no_sign_of_life_moves_an_attempt_beyond_the_ceiling() -> None:
    heard = an_attempt().heard(NOON + LIMITS.ceiling - timedelta(seconds=1), LIMITS)

    assert heard.expires_at == NOON + LIMITS.ceiling
    assert heard.timed_out(heard.expires_at, LIMITS)


def test_only_the_last_warnings_are_kept() -> None:
    run = a_run()
    for number in range(150):
        run = run.warned(NOON, str(number))

    assert [run.warnings[0].message, run.warnings[-1].message, len(run.warnings)] == ["50", "149", 100]


def test_text_keeps_everything_a_database_can_hold() -> None:
    assert clean("a\0b\ud800c ü\n\t") == "a\N{REPLACEMENT CHARACTER}b?c ü\n\t"


@pytest.mark.parametrize(
    ("lease", "seconds", "is_news"),
    [
        (LIMITS.own_lease, 0.0, False),
        (LIMITS.own_lease, 0.9, False),
        (LIMITS.own_lease, 1.0, True),
        (timedelta(seconds=2), 0.1, False),
        (timedelta(seconds=2), 0.2, True),
        (None, 0.5, False),
        (None, 1.0, True),
    ],
)
def test_signs_of_life_that_follow_each_other_fast_are_one(
    lease: timedelta | None,
    seconds: float,
    is_news: bool,  # noqa: FBT001  a case
) -> None:
    registered = an_attempt(lease=lease).heard(NOON, LIMITS)

    heard = registered.heard(NOON + timedelta(seconds=seconds), LIMITS)

    assert registered.is_news(heard) is is_news


def test_a_first_sign_and_one_that_revives_are_news_at_once() -> None:
    claimed = an_attempt()
    lost = replace(claimed.heard(NOON, LIMITS), state=AttemptState.LOST)

    assert claimed.is_news(claimed.heard(NOON, LIMITS))
    assert lost.is_news(lost.heard(NOON, LIMITS))
