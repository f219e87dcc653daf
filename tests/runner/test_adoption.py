"""A runner that is killed loses nothing: the engine goes on, the next runner finds it; reports wait on disk."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blockyard.runner.frame.executor import HELPER_MARKER
from blockyard.runner.process_tree import descendants
from tests.support.fake_control_plane import FakeControlPlane, OfferedRun, a_run
from tests.support.runners import RunnerProcess, running


@pytest.fixture
def plane() -> Iterator[FakeControlPlane]:
    with FakeControlPlane(blockyard=True) as plane:
        yield plane


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file that commands of the tests wait for."""
    return tmp_path / "gate"


def waiting_for(gate: Path) -> str:
    """A command that counts its starts, waits, and says so."""
    return f"echo start >> {gate}.starts; echo before; until [ -e {gate} ]; do sleep 0.01; done; echo after"


def test_a_killed_runner_is_replaced_and_the_engine_never_notices(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": waiting_for(gate)}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        first.kill()

    gate.touch()
    with RunnerProcess(plane, tmp_path / "work") as second:
        plane.wait_for(lambda: run.final_updates)
        second.terminate()
        assert second.wait() == 0

    assert run.status == "SUCCEEDED"
    assert gate.with_suffix(".starts").read_text() == "start\n"
    assert len(run.registrations) == 1
    assert str(run.step("echo")["systemMessage"]).splitlines()[1:] == ["before", "after"]
    assert run.log("echo").decode() == run.step("echo")["systemMessage"]
    assert list((tmp_path / "work" / "runs").iterdir()) == []


def test_an_adopted_run_lends_its_slot_to_what_it_waits_for(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": waiting_for(gate)}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        first.kill()
    seen = len(plane.requests)

    with RunnerProcess(plane, tmp_path / "work") as second:
        plane.wait_for(lambda: any(("heldRun", run.run_id) in request.query for request in plane.requests[seen:]))
        gate.touch()
        plane.wait_for(lambda: run.final_updates)
        second.terminate()
        assert second.wait() == 0

    assert run.status == "SUCCEEDED"


def test_an_adopted_run_that_was_aborted_meanwhile_is_interrupted(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    command = f"trap 'touch {gate}.interrupted; exit 3' INT; echo ready; while :; do sleep 0.02; done"
    run = plane.offer(a_run(inputs={"echo_command": command}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        first.kill()

    run.aborted = True
    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.final_updates)

    assert run.final_updates[0]["status"] == "ABORTED"
    assert gate.with_suffix(".interrupted").exists()


def test_a_run_whose_processes_died_with_the_machine_is_handed_back(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo $PPID $$; sleep 300"}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: run.log("echo").count(b"\n") == 2)
        first.kill()
    for pid in run.log("echo").splitlines()[-1].split():
        os.kill(int(pid), signal.SIGKILL)

    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.released)

    assert "lost" in run.released[0]
    assert run.status == "PENDING"


def test_a_command_whose_supervisor_and_runner_were_killed_is_followed_to_its_end(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": f"echo $PPID; {waiting_for(gate)}"}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        first.kill()
    os.kill(supervisor_of(run), signal.SIGKILL)

    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: plane.of("POST", "/heartbeat$"))
        assert not run.released
        gate.touch()
        plane.wait_for(lambda: run.released)

    assert run.log("echo").endswith(b"before\nafter\n")
    assert "nobody noted how it ended" in run.released[0]


def test_a_command_whose_supervisor_alone_was_killed_is_followed_to_its_end(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": f"echo $PPID; {waiting_for(gate)}"}))
    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        os.kill(supervisor_of(run), signal.SIGKILL)
        gate.touch()
        plane.wait_for(lambda: run.released)

    assert run.log("echo").endswith(b"before\nafter\n")


def test_a_command_without_supervisor_is_interrupted_where_it_must_not_go_on(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    command = f"trap 'touch {gate}.interrupted; exit 3' INT; echo $PPID; echo ready; while :; do sleep 0.02; done"
    run = plane.offer(a_run(inputs={"echo_command": command}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        first.kill()
    os.kill(supervisor_of(run), signal.SIGKILL)

    run.aborted = True
    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.final_updates)

    assert run.final_updates[0]["status"] == "ABORTED"
    assert gate.with_suffix(".interrupted").exists()


@pytest.mark.parametrize("leaves", ["sleep 300", "cd / && setsid sleep 300", "env -i sleep 300"])
def test_what_a_run_left_behind_dies_with_it_even_when_the_supervisor_is_gone(
    plane: FakeControlPlane, tmp_path: Path, leaves: str
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": f"({leaves}) & echo $PPID $$; wait"}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: run.log("echo").count(b"\n") == 2)
        first.kill()
    supervisor, command = (int(pid) for pid in run.log("echo").splitlines()[-1].split())
    left = until_there_are(supervisor, 2)
    for pid in (supervisor, command):
        os.kill(pid, signal.SIGKILL)

    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.released)

    assert [pid for pid in left if is_running(pid)] == []


def test_a_command_killed_while_no_runner_was_there_is_handed_back(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo $$; sleep 300"}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: run.log("echo").count(b"\n") == 2)
        first.kill()
    os.kill(int(run.log("echo").splitlines()[-1]), signal.SIGKILL)

    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.released)

    assert "it was killed" in run.released[0]
    assert run.status == "PENDING"


def test_a_command_killed_before_the_eyes_of_its_runner_fails_the_run(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo $$; sleep 300"}))
    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.log("echo").count(b"\n") == 2)
        os.kill(int(run.log("echo").splitlines()[-1]), signal.SIGKILL)
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"


def supervisor_of(run: OfferedRun) -> int:
    """Return the supervisor whose number the command has printed first."""
    return int(run.log("echo").splitlines()[1])


def until_there_are(root: int, number: int) -> list[int]:
    """Wait until `root` has at least so many processes below it, and return them."""
    end = time.monotonic() + 10
    while len(found := descendants(root)) < number and time.monotonic() < end:
        time.sleep(0.01)
    return found


def test_what_a_killed_runner_had_started_by_itself_ends_before_its_successor_goes_on(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": waiting_for(gate)}))
    with RunnerProcess(plane, tmp_path / "work") as first:
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        first.kill()
    (folder,) = (tmp_path / "work" / "runs").iterdir()
    git = subprocess.Popen(["sleep", "300"], env={HELPER_MARKER: str(folder / "work"), "PATH": os.environ["PATH"]})

    with RunnerProcess(plane, tmp_path / "work"):
        assert git.wait(10) == -signal.SIGKILL
        gate.touch()
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "SUCCEEDED"


def is_running(pid: int) -> bool:
    """Tell whether a process lives, a zombie does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_final_report_waits_on_disk_for_a_server_that_is_away(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo done"}))
    plane.fail("PATCH", "/run-1/status/source/", *[503] * 100)
    with RunnerProcess(plane, tmp_path) as first:
        plane.wait_for(lambda: list((tmp_path / "spool").glob("*.json")))
        first.kill()
    spooled = next((tmp_path / "spool").glob("*.json"))
    assert spooled.stat().st_mode & 0o777 == 0o600
    assert not run.updates

    (tmp_path / "spool" / "half-written.json.draft").write_text('{"update": {"outputs":')
    plane.clear_faults()
    with RunnerProcess(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED" and not list((tmp_path / "spool").iterdir()))

    assert "done\n" in str(run.step("echo")["systemMessage"])


def test_a_terminated_runner_lets_its_run_end_and_takes_no_other(
    plane: FakeControlPlane, tmp_path: Path, gate: Path
) -> None:
    run = plane.offer(a_run("run-1", inputs={"echo_command": waiting_for(gate)}))
    with RunnerProcess(plane, tmp_path / "work") as runner:
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        runner.terminate()
        other = plane.offer(a_run("run-2"))
        gate.touch()
        assert runner.wait() == 0

    assert run.status == "SUCCEEDED"
    assert other.status == "PENDING"


def test_a_second_signal_does_not_wait_for_the_drain(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 3' INT; echo ready; while :; do sleep 0.02; done"}))
    with RunnerProcess(plane, tmp_path, drain_seconds=600) as runner:
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        runner.terminate()
        time.sleep(0.1)
        runner.terminate()
        assert runner.wait() == 0

    assert run.released


def test_a_runner_ends_with_its_parent_and_its_run_goes_on(plane: FakeControlPlane, tmp_path: Path, gate: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": waiting_for(gate)}))
    with (
        subprocess.Popen(["sleep", "300"]) as parent,
        RunnerProcess(plane, tmp_path / "work", parent=parent.pid) as first,
    ):
        plane.wait_for(lambda: b"before\n" in run.log("echo"))
        parent.kill()
        assert first.wait() == 0

    gate.touch()
    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert gate.with_suffix(".starts").read_text() == "start\n"


def test_leftovers_nobody_can_adopt_are_removed(plane: FakeControlPlane, tmp_path: Path) -> None:
    leftover = tmp_path / "runs" / "run-0-abcdef"
    (leftover / "work").mkdir(parents=True)
    (leftover / "claim.json").write_text("")
    run = plane.offer(a_run())

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert not leftover.exists()


def test_a_second_runner_on_the_same_directory_does_not_start(plane: FakeControlPlane, tmp_path: Path) -> None:
    with running(plane, tmp_path), RunnerProcess(plane, tmp_path) as second:
        assert second.wait() == 2


def test_killing_again_and_again_repeats_nothing(plane: FakeControlPlane, tmp_path: Path, gate: Path) -> None:
    command = f"echo start >> {gate}.starts; for i in $(seq 1 150); do echo line $i; sleep 0.01; done"
    run = plane.offer(a_run(inputs={"echo_command": command}))
    for lines in (20, 60, 100):
        with RunnerProcess(plane, tmp_path / "work") as runner:
            plane.wait_for(lambda lines=lines: run.log("echo").count(b"\nline ") >= lines)  # type: ignore[misc]  # bound now
            runner.kill()
    with RunnerProcess(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.final_updates)

    assert gate.with_suffix(".starts").read_text() == "start\n"
    assert run.log("echo").decode().splitlines()[1:] == [f"line {number}" for number in range(1, 151)]
    assert subprocess.run(["pgrep", "-f", str(gate)], check=False).returncode == 1
