"""Runs under threads and at random: what always holds, whatever happens in which order."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import pytest

from blockyard.protocol.names import Behavior, RunStatus, StepStatus
from blockyard.protocol.status import SourceRegistration, StatusUpdate
from blockyard.server.events.model import SYSTEM
from blockyard.server.identity.model import Principal
from blockyard.server.kit.database import Transaction
from blockyard.server.kit.errors import Conflict, Stale
from blockyard.server.runners.model import SHARED_RUNNER
from blockyard.server.runs.model import FINAL, Claimer, RunId, TriggerReason
from blockyard.server.runs.service import Claim, Claimed
from blockyard.server.runs.store import LogStore, StepStore
from tests.support.principals import ADMINISTRATOR
from tests.support.run_world import ADA, RunWorld, a_target

T = TypeVar("T")


def claim(world: RunWorld) -> Principal | None:
    """Claim a run as our runner; return the holder of its token."""
    asked = Claim(runner_id=SHARED_RUNNER, claimer=Claimer.BLOCKYARD)
    claimed = world.db.write_now(lambda tx: world.claims.claim(tx, ADMINISTRATOR, asked))
    return None if claimed.document is None else holder(world, claimed)


def holder(world: RunWorld, claimed: Claimed) -> Principal:
    """Return the holder of the token of a claim."""
    assert claimed.document is not None
    spec = claimed.document["spec"]
    assert isinstance(spec, dict)
    grant = world.db.read_now(partial(world.runs.grant_of, token=str(spec["runToken"])))
    assert grant is not None
    return Principal(author=SYSTEM, run=grant)


def run_of(principal: Principal) -> RunId:
    """Return which run a token is for."""
    assert principal.run is not None
    return RunId(principal.run.run_id)


def report(world: RunWorld, principal: Principal, status: str) -> bool:
    """Report a run status; return whether the runner shall stop."""
    update = StatusUpdate.model_validate({"status": status})
    run_id = run_of(principal)
    return world.db.write_now(lambda tx: world.reports.report(tx, principal, run_id, "runner", update)).run_aborted


def at_once(*works: Callable[[], object]) -> None:
    """Do all of these in threads that start together; errors fail the test."""
    begin = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def work(one: Callable[[], object]) -> None:
        begin.wait()
        try:
            one()
        except BaseException as error:  # noqa: BLE001  told to the test below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_of_many_final_reports_at_once_one_wins_and_the_listener_hears_of_one(world: RunWorld) -> None:
    for _ in range(5):
        world.listener.finished.clear()
        world.request()
        runner = claim(world)
        assert runner is not None

        at_once(*(partial(report, world, runner, status) for status in ("SUCCEEDED", "FAILED", "ABORTED", "SUCCEEDED")))

        run = world.run(run_of(runner))
        assert run.status in FINAL
        with world.db.engine.connect() as connection:
            ends = connection.exec_driver_sql(
                f"SELECT count(*) FROM events WHERE title = 'Building Block Run Finished' AND subject_id = '{run.id}'"  # noqa: S608  made here
            ).scalar_one()
        assert ends == 1


def test_a_loss_and_a_sign_of_life_at_once_leave_one_owner(world: RunWorld) -> None:
    for _ in range(8):
        run = world.request()
        runner = claim(world)
        assert runner is not None
        world.clock.advance(16)

        at_once(
            partial(world.db.write_now, partial(world.sweeper.settle, run_id=run.id)),
            partial(report, world, runner, "IN_PROGRESS"),
            partial(claim, world),
        )

        after = world.run(run.id)
        assert after.attempt in {1, 2}
        assert report(world, runner, "IN_PROGRESS") is (after.attempt == 2)
        world.db.write_now(partial(world.runs.forget, block_ids=[after.block_id]))


def test_chunks_of_one_log_sent_at_once_are_stored_once_and_in_order(world: RunWorld) -> None:
    world.request()
    runner = claim(world)
    assert runner is not None
    run_id = run_of(runner)
    log = bytes(range(97, 123)) * 8

    def send(offset: int) -> None:
        data = log[offset : offset + 26]
        append = partial(
            world.reports.append_log, principal=runner, run_id=run_id, step="work", offset=offset, data=data
        )
        while world.db.write_now(append).offset < offset + len(data):
            pass

    at_once(*(partial(send, offset) for offset in (*range(0, len(log), 26), *range(0, len(log), 26))))

    (step,) = world.db.read_now(lambda tx: StepStore(tx).steps(run_id, 1))
    assert world.db.read_now(lambda tx: LogStore(tx).read(step)) == log


def test_registrations_at_once_make_one_source_with_every_step_once(world: RunWorld) -> None:
    world.request()
    runner = claim(world)
    assert runner is not None
    run_id = run_of(runner)
    body = {"source": {"id": "runner"}, "steps": [{"id": "one"}, {"id": "two"}]}
    registration = SourceRegistration.model_validate(body)

    at_once(
        *[
            lambda: world.db.write_now(lambda tx: world.reports.register(tx, runner, run_id, registration))
            for _ in range(5)
        ]
    )

    steps = world.db.read_now(lambda tx: StepStore(tx).steps(run_id, 1))
    assert [(step.id.name, step.status) for step in steps] == [("one", StepStatus.PENDING), ("two", StepStatus.PENDING)]


def replayed(world: RunWorld, use_case: Callable[[Transaction], T]) -> T:
    """Do a use case twice, the first time in a transaction that is rolled back at its end."""
    tries: list[int] = []

    def twice(tx: Transaction) -> T:
        result = use_case(tx)
        tries.append(1)
        if len(tries) == 1:
            raise Stale("somebody was faster")
        return result

    return world.db.write_now(twice)


def test_use_cases_may_be_replayed(world: RunWorld) -> None:
    target = a_target()
    asked = Claim(runner_id=SHARED_RUNNER, claimer=Claimer.BLOCKYARD)
    run = replayed(
        world,
        lambda tx: world.runs.request(
            tx, ADA, block=target, behavior=Behavior.APPLY, reason=TriggerReason.MANUAL_EXECUTION
        ),
    )
    first = replayed(world, lambda tx: world.claims.claim(tx, ADMINISTRATOR, asked))
    runner = holder(world, first)
    replayed(world, lambda tx: world.reports.release(tx, runner, run.id, "replayed"))
    second = holder(world, replayed(world, lambda tx: world.claims.claim(tx, ADMINISTRATOR, asked)))
    reply = replayed(
        world, lambda tx: world.reports.append_log(tx, second, run.id, step="work", offset=0, data=b"hello")
    )
    done = StatusUpdate.model_validate({"status": "SUCCEEDED", "steps": [{"id": "work", "status": "SUCCEEDED"}]})
    replayed(world, lambda tx: world.reports.report(tx, second, run.id, str(SHARED_RUNNER), done))

    ended = world.run(run.id)
    assert (ended.status, ended.number, ended.attempt, reply.offset) == (RunStatus.SUCCEEDED, 1, 2, 5)
    assert [warning.attempt for warning in ended.warnings] == [1]
    (step,) = world.db.read_now(lambda tx: StepStore(tx).steps(run.id, 2))
    assert world.db.read_now(lambda tx: LogStore(tx).read(step)) == b"hello"


class Chaos:
    """Does something at random and checks what must hold after it."""

    def __init__(self, world: RunWorld, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311  a reproducible choice
        self.targets = [a_target() for _ in range(3)]
        self.tokens: list[Principal] = []
        self.ended: dict[RunId, RunStatus] = {}
        self.attempts: dict[RunId, int] = {}

    def step(self) -> None:
        """Do one thing."""
        deeds = [
            self.request,
            self.take,
            self.take,
            self.tell,
            self.tell,
            self.tell,
            self.release,
            self.abort,
            self.wait,
        ]
        self.chance.choice(deeds)()
        for run_id, attempt in list(self.attempts.items()):
            self.check(run_id, attempt)

    def request(self) -> None:
        with suppress(Conflict):
            self.attempts[self.world.request(self.chance.choice(self.targets)).id] = 0

    def take(self) -> None:
        taken = claim(self.world)
        if taken is not None:
            self.tokens.append(taken)

    def tell(self) -> None:
        if not self.tokens:
            return
        token = self.chance.choice(self.tokens)
        stops = report(
            self.world, token, self.chance.choice(["IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED", "FAILED", "ABORTED"])
        )
        run = self.world.run(run_of(token))
        assert token.run is not None
        assert stops or token.run.attempt == run.attempt
        assert stops or run.status is not RunStatus.ABORTED

    def release(self) -> None:
        if self.tokens:
            token = self.chance.choice(self.tokens)
            give_back = partial(self.world.reports.release, principal=token, run_id=run_of(token), reason="why not")
            self.world.db.write_now(give_back)

    def abort(self) -> None:
        if self.attempts:
            run = self.world.run(self.chance.choice(list(self.attempts)))
            if not run.is_final:
                self.world.db.write_now(partial(self.world.runs.abort_for, author=ADA, run=run))

    def wait(self) -> None:
        self.world.clock.advance(self.chance.choice([1, 16, 31, 80, 301, 1800]))
        self.world.sweep()

    def check(self, run_id: RunId, attempt: int) -> None:
        """Check one run against what it was before."""
        run = self.world.run(run_id)
        assert run.status is self.ended.get(run_id, run.status), "a final status changed"
        assert run.attempt >= attempt, "an attempt number went back"
        assert run.is_final is (run.finished_at is not None)
        self.attempts[run_id] = run.attempt
        if run.is_final:
            self.ended[run_id] = run.status


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_whichever_order_the_rules_hold(world: RunWorld, seed: int) -> None:
    chaos = Chaos(world, seed)

    for _ in range(80):
        chaos.step()

    world.clock.advance(4 * 3600)
    world.sweep()
    assert chaos.ended
    assert world.db.read_now(world.sweeper.due) == []
