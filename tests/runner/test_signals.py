"""What a runner does when it is told to stop."""

import signal
import threading
from collections.abc import Iterator

import pytest

from blockyard.runner.main import call_on_signals


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_interrupts_who_holds_a_lock_waits_for_no_lock(number: signal.Signals) -> None:
    lock, drained, told = threading.Lock(), threading.Semaphore(0), threading.Event()

    def drain() -> None:
        with lock:
            drained.release()

    call_on_signals(drain, at_once=told.set)
    with lock:
        signal.raise_signal(number)
        signal.raise_signal(number)
        assert told.is_set()
        assert not drained.acquire(blocking=False)

    assert drained.acquire(timeout=10)
    assert drained.acquire(timeout=10)
