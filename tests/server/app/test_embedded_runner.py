"""When the embedded runner is started again."""

import signal

import pytest

from blockyard.server.app.embedded_runner import pause_after


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_runner_that_somebody_kills_is_soon_back_however_often(number: signal.Signals) -> None:
    pause = 1.0
    for _ in range(10):
        pause = pause_after(pause, -number, lived_seconds=0.5)

    assert pause == 1.0


def test_a_runner_that_fails_by_itself_is_started_less_and_less_often() -> None:
    pauses = [1.0]
    for code in (1, 2, -signal.SIGSEGV, 1, 1, 1):
        pauses.append(pause_after(pauses[-1], code, lived_seconds=0.5))

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert pause_after(30.0, 1, lived_seconds=61) == 1.0
