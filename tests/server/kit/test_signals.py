"""Wake-ups are hints that are never lost while somebody listens."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from blockyard.server.kit.loops import Loop, run_loops
from blockyard.server.kit.signals import Signals, Stopping
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio


async def test_a_wake_up_while_the_waiter_was_busy_is_remembered() -> None:
    signals = Signals()
    with signals.subscribe("a", "b") as subscription:
        signals.wake("b")
        assert await subscription.wait(PATIENCE_SECONDS)
        assert not await subscription.wait(0.01)


async def test_only_listeners_to_the_topic_wake() -> None:
    signals = Signals()
    with signals.subscribe("a") as one, signals.subscribe("b") as other:
        signals.wake("a")
        assert await one.wait(PATIENCE_SECONDS)
        assert not await other.wait(0.01)
        signals.wake_all()
        assert await one.wait(PATIENCE_SECONDS)
        assert await other.wait(PATIENCE_SECONDS)


async def test_a_wake_up_comes_from_any_thread() -> None:
    signals = Signals()
    with signals.subscribe("a") as subscription:
        threading.Thread(target=signals.wake, args=("a",)).start()
        assert await subscription.wait(PATIENCE_SECONDS)


async def test_a_server_that_stops_lets_everybody_go() -> None:
    signals = Signals()
    with signals.subscribe("a") as early:
        waiting = asyncio.create_task(early.wait(60))
        await asyncio.sleep(0)
        signals.stop()
        with pytest.raises(Stopping):
            await waiting
    with signals.subscribe("a") as late, pytest.raises(Stopping):
        await late.wait(60)


async def test_nobody_is_kept_after_listening() -> None:
    signals = Signals()
    with signals.subscribe("a"):
        pass
    signals.wake("a")
    assert not signals._waiting


def test_a_waiter_of_a_loop_that_ended_is_no_trouble() -> None:
    signals = Signals()

    async def listen() -> object:
        with signals.subscribe("a") as subscription:
            return subscription

    subscription = asyncio.run(listen())
    subscription.wake()  # type: ignore[attr-defined]  # a Subscription, returned as object


@contextmanager
def running(loop: Loop, signals: Signals) -> Iterator[asyncio.Task[None]]:
    """Run a loop while the block runs."""
    task = asyncio.create_task(run_loops([loop], signals))
    try:
        yield task
    finally:
        task.cancel()


async def test_a_loop_works_at_once_on_wake_ups_and_after_its_period() -> None:
    signals, rounds = Signals(), asyncio.Semaphore(0)

    async def work() -> None:
        rounds.release()

    with running(Loop("test", work, period_seconds=60, topics=["go"]), signals):
        await asyncio.wait_for(rounds.acquire(), 5)
        await asyncio.sleep(0.01)
        signals.wake("go")
        await asyncio.wait_for(rounds.acquire(), 5)
    with running(Loop("test", work, period_seconds=0.01), signals):
        for _ in range(3):
            await asyncio.wait_for(rounds.acquire(), 5)


async def test_a_loop_survives_a_failing_round() -> None:
    signals, outcomes = Signals(), asyncio.Queue[int]()

    async def work() -> None:
        outcomes.put_nowait(1)
        raise RuntimeError("a defect in one round")

    with running(Loop("test", work, period_seconds=0.01), signals):
        for _ in range(3):
            await asyncio.wait_for(outcomes.get(), 5)
