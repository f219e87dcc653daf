"""Work that is done outside costs no thread for each run, outlives the runner, and ends when it must not go on."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blockyard.runner.frame.executor import Again, Reporter, Result, RunContext
from blockyard.runner.rounds import THREADS, Rounds
from tests.support import outside_runner
from tests.support.fake_control_plane import FakeControlPlane, OfferedRun, a_run
from tests.support.outside import IMPLEMENTATION, JOB, STEP, Outside, OutsideExecutor
from tests.support.runners import RunnerProcess, running

HUNDREDS = 300
TYPES: dict[str, object] = {"implementation_types": ["GITLAB_CICD"], "slots": {"GITLAB_CICD": HUNDREDS}}


@pytest.fixture
def plane() -> Iterator[FakeControlPlane]:
    with FakeControlPlane(blockyard=True) as plane:
        yield plane


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    return Outside(tmp_path / "outside")


def offered(plane: FakeControlPlane, count: int = 1) -> list[OfferedRun]:
    """Offer runs that wait outside."""
    return [plane.offer(a_run(f"run-{n}", implementation=IMPLEMENTATION)) for n in range(1, count + 1)]


def have_begun(outside: Outside, runs: list[OfferedRun]) -> Callable[[], bool]:
    """Tell whether the work of all these runs has begun; what has is not looked for again."""
    left = list(runs)

    def look() -> bool:
        while left and outside.times_begun(left[-1].run_id):
            left.pop()
        return not left

    return look


def process(plane: FakeControlPlane, tmp_path: Path, *, heartbeat_seconds: float = 0.2) -> RunnerProcess:
    """A runner of its own process, whose work is done in the folder `outside`."""
    program = Path(outside_runner.__file__)
    arguments = [str(tmp_path / "outside")]
    return RunnerProcess(
        plane,
        tmp_path / "work",
        program=program,
        arguments=arguments,
        implementation_types=["GITLAB_CICD"],
        slots={"GITLAB_CICD": HUNDREDS},
        heartbeat_seconds=heartbeat_seconds,
    )


def test_hundreds_wait_at_once_on_a_few_threads(plane: FakeControlPlane, tmp_path: Path, outside: Outside) -> None:
    runs = offered(plane, HUNDREDS)
    others = threading.active_count()
    with running(plane, tmp_path / "work", OutsideExecutor(outside, pause_seconds=1), **TYPES, heartbeat_seconds=5):
        plane.wait_for(have_begun(outside, runs), 60)
        own = [thread.name for thread in threading.enumerate() if not thread.name.startswith("Thread-")]
        for run in runs:
            outside.answer(run.run_id)
        plane.wait_for(lambda: all(run.final_updates for run in runs), 60)

    assert len(own) <= others + THREADS + 8, own
    assert {run.status for run in runs} == {"SUCCEEDED"}
    assert {outside.times_begun(run.run_id) for run in runs} == {1}
    assert [runs[-1].step(step.id)["displayName"] for step in (STEP, JOB)] == [STEP.display_name, JOB.display_name]
    assert runs[-1].step(JOB.id)["outputs"] == {"what": {"value": "made", "type": "STRING", "isSensitive": False}}
    assert not list((tmp_path / "work" / "runs").iterdir())


def test_a_killed_runner_is_replaced_amid_a_hundred_runs_and_nothing_begins_twice(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    runs = offered(plane, 100)
    with process(plane, tmp_path, heartbeat_seconds=5) as first:
        plane.wait_for(have_begun(outside, runs), 60)
        first.kill()
    for run in runs[:50]:
        outside.answer(run.run_id, "made" if run is not runs[0] else "no room for it")

    with process(plane, tmp_path, heartbeat_seconds=5):
        plane.wait_for(lambda: all(run.final_updates for run in runs[:50]), 60)
        assert not any(run.final_updates for run in runs[50:])
        for run in runs[50:]:
            outside.answer(run.run_id)
        plane.wait_for(lambda: all(run.final_updates for run in runs), 60)

    assert runs[0].status == "FAILED"
    assert runs[0].step(STEP.id)["userMessage"] == "The work outside failed."
    assert runs[0].step(JOB.id)["userMessage"] == "no room for it"
    assert {run.status for run in runs[1:]} == {"SUCCEEDED"}
    assert {outside.times_begun(run.run_id) for run in runs} == {1}
    assert {len(run.registrations) for run in runs} == {1}


def test_a_runner_that_stops_leaves_what_waits_to_the_next_one(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    (run,) = offered(plane)
    with process(plane, tmp_path) as first:
        plane.wait_for(have_begun(outside, [run]))
        first.terminate()
        assert first.wait() == 0
    assert (run.status, run.released, run.final_updates) == ("IN_PROGRESS", [], [])
    assert not outside.was_cancelled(run.run_id)

    outside.answer(run.run_id)
    with process(plane, tmp_path):
        plane.wait_for(lambda: run.final_updates)

    assert (run.status, outside.times_begun(run.run_id)) == ("SUCCEEDED", 1)


@pytest.mark.parametrize("blockyard", [True, False])
def test_an_abort_cancels_the_work_outside(tmp_path: Path, outside: Outside, *, blockyard: bool) -> None:
    with FakeControlPlane(blockyard=blockyard) as plane:
        (run,) = offered(plane)
        with running(plane, tmp_path / "work", OutsideExecutor(outside, pause_seconds=600), **TYPES):
            plane.wait_for(have_begun(outside, [run]))
            run.aborted = True
            plane.wait_for(lambda: run.final_updates)

    assert outside.was_cancelled(run.run_id)
    assert run.status == "ABORTED"
    assert run.step(STEP.id)["userMessage"] == "The run was aborted."


def test_an_abort_while_no_runner_was_there_cancels_the_work_outside(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    (run,) = offered(plane)
    with process(plane, tmp_path) as first:
        plane.wait_for(have_begun(outside, [run]))
        first.kill()

    run.aborted = True
    with process(plane, tmp_path):
        plane.wait_for(lambda: run.final_updates)

    assert (run.status, outside.was_cancelled(run.run_id)) == ("ABORTED", True)


def test_a_run_that_waits_too_long_is_cancelled_and_says_so(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    (run,) = offered(plane)
    executor = OutsideExecutor(outside, pause_seconds=600)
    with running(plane, tmp_path / "work", executor, **TYPES, run_timeout_minutes=0.01):
        plane.wait_for(lambda: run.final_updates)

    assert (run.status, outside.was_cancelled(run.run_id)) == ("FAILED", True)
    assert run.step(STEP.id)["userMessage"] == "The run exceeded its limit of 0.01 minutes and was stopped."


def test_work_outside_that_does_not_end_when_cancelled_holds_a_run_for_the_grace_only(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    (run,) = offered(plane)
    executor = OutsideExecutor(outside, ends_when_cancelled=False)
    with running(plane, tmp_path / "work", executor, **TYPES, interrupt_grace_seconds=0.3):
        plane.wait_for(have_begun(outside, [run]))
        run.aborted = True
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "ABORTED"
    assert run.step(STEP.id)["status"] == "ABORTED"


def test_a_run_of_another_attempt_is_cancelled_by_the_runner_that_finds_it(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    (run,) = offered(plane)
    with process(plane, tmp_path) as first:
        plane.wait_for(have_begun(outside, [run]))
        first.kill()

    run.token = "of a newer attempt"
    with process(plane, tmp_path):
        plane.wait_for(lambda: outside.was_cancelled(run.run_id))


class _Hanging(OutsideExecutor):
    """Hangs in the second look at one run until it is released."""

    def __init__(self, outside: Outside, run_id: str) -> None:
        super().__init__(outside, pause_seconds=0.05)
        self._run_id = run_id
        self.hangs = threading.Event()
        self.released = threading.Event()

    def poll(self, context: RunContext, reporter: Reporter) -> Result | Again:
        if context.document.metadata.uuid == self._run_id and context.journal.get("begun"):
            self.hangs.set()
            self.released.wait(60)
        return super().poll(context, reporter)


def test_a_service_that_hangs_holds_up_nobody_else(plane: FakeControlPlane, tmp_path: Path, outside: Outside) -> None:
    runs = offered(plane, 5)
    executor = _Hanging(outside, runs[0].run_id)
    with running(plane, tmp_path / "work", executor, **TYPES):
        plane.wait_for(executor.hangs.is_set)
        plane.wait_for(have_begun(outside, runs))
        seen = [run.heartbeats for run in runs[1:]]
        plane.wait_for(lambda: all(run.heartbeats > before for run, before in zip(runs[1:], seen, strict=True)))
        for run in runs:
            outside.answer(run.run_id)
        plane.wait_for(lambda: all(run.final_updates for run in runs[1:]))
        executor.released.set()
        plane.wait_for(lambda: runs[0].final_updates)

    assert {run.status for run in runs} == {"SUCCEEDED"}


class _Broken:
    """Fails in a way nobody thought of, after it has begun."""

    def poll(self, context: RunContext, reporter: Reporter) -> Result | Again:
        if context.journal.get("begun") is None:
            reporter.register([STEP])
            context.journal.set("begun", value=True)
            return Again(0.05)
        raise KeyError("a secret of the service")


def test_an_executor_that_breaks_fails_its_run_with_a_general_message(plane: FakeControlPlane, tmp_path: Path) -> None:
    (run,) = offered(plane)
    with running(plane, tmp_path / "work", _Broken(), **TYPES):
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"
    assert "unexpected error" in str(run.final_updates[0])
    assert "secret of the service" not in str(run.updates)


def test_a_refused_registration_begins_nothing(plane: FakeControlPlane, tmp_path: Path, outside: Outside) -> None:
    plane.fail("POST", "/status/source$", 403)
    (run,) = offered(plane)
    with running(plane, tmp_path / "work", OutsideExecutor(outside), **TYPES):
        plane.wait_for(lambda: run.final_updates)

    assert (run.status, outside.times_begun(run.run_id)) == ("FAILED", 0)


def test_types_with_slots_of_their_own_do_not_take_those_of_others(
    plane: FakeControlPlane, tmp_path: Path, outside: Outside
) -> None:
    waiting = offered(plane, 3)
    manual = [plane.offer(a_run(f"manual-{n}")) for n in range(3)]
    settings: dict[str, object] = {"implementation_types": ["MANUAL", "GITLAB_CICD"], "slots": {"GITLAB_CICD": 2}}
    with running(plane, tmp_path / "work", OutsideExecutor(outside), **settings) as runner:
        plane.wait_for(have_begun(outside, [*waiting[:2], manual[0]]))
        claims = len(plane.of("POST", "/create$"))
        outside.answer(manual[0].run_id)
        plane.wait_for(have_begun(outside, [manual[1]]))
        plane.wait_for(lambda: len(plane.of("POST", "/create$")) > claims)
        assert [run.status for run in (waiting[2], manual[2])] == ["PENDING", "PENDING"]
        metrics = runner.metrics.registry
        active = {
            kind: metrics.get_sample_value("blockyard_runner_active_runs", {"type": kind})
            for kind in ("MANUAL", "GITLAB_CICD")
        }
        slots = {
            types: metrics.get_sample_value("blockyard_runner_slots", {"types": types})
            for types in ("MANUAL", "GITLAB_CICD")
        }
        for run in [*waiting, *manual]:
            outside.answer(run.run_id)
        plane.wait_for(lambda: all(run.final_updates for run in [*waiting, *manual]))

    assert active == slots | {"MANUAL": 1}
    assert slots == {"MANUAL": 1, "GITLAB_CICD": 2}


def test_the_first_line_of_the_log_says_which_slots_there_are(
    plane: FakeControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with process(plane, tmp_path) as runner:
        plane.wait_for(lambda: bool(plane.of("POST", "/create$")))
        runner.terminate()
        runner.wait()

    lines = [json.loads(line) for line in "".join(capfd.readouterr()).splitlines() if '"runner started"' in line]
    assert [line["slots"] for line in lines] == [{"GITLAB_CICD": HUNDREDS}]


def test_a_turn_that_fails_comes_again_and_ended_rounds_give_no_more() -> None:
    rounds = Rounds(after_failure_seconds=0.01)
    taken = threading.Semaphore(0)

    def turn() -> float | None:
        taken.release()
        raise KeyError

    rounds.add(turn)
    for _ in range(3):
        assert taken.acquire(timeout=10)
    rounds.end()
    while taken.acquire(blocking=False):
        pass

    rounds.add(turn)
    assert not taken.acquire(blocking=False)
