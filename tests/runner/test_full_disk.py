"""A runner whose disk is full: clear words, nothing half written, and no run is stopped for the sake of its log."""

import errno
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blockyard.protocol.masking import Masker
from blockyard.runner.durable import replace_file
from blockyard.runner.frame.executor import Reporter, Result, RunContext, StepPlan
from blockyard.runner.logs import StepLogs
from blockyard.runner.workdir import ClaimedRun, WorkDir
from tests.support.fake_control_plane import FakeControlPlane, a_run
from tests.support.runners import RunnerProcess, running

FULL = Path("/dev/full")
"""Every write to it fails as on a full disk."""


@contextmanager
def no_room() -> Iterator[None]:
    """Let no file of this process grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_log_bytes_are_dropped_whole_and_later_ones_are_kept(tmp_path: Path) -> None:
    logs = StepLogs(tmp_path / "logs", Masker([]))
    logs.write("init", b"before\n")
    file = tmp_path / "logs" / f"step-{b'init'.hex()}"
    aside = file.rename(tmp_path / "aside")
    file.symlink_to(FULL)

    assert logs.write("init", b"lost\n") == 0

    file.unlink()
    aside.rename(file)
    assert logs.write("init", b"after\n") > 0
    assert logs.message("init") == "before\nafter\n"
    assert StepLogs(tmp_path / "logs", Masker([])).message("init") == "before\nafter\n"


def test_an_index_that_cannot_grow_stays_readable(tmp_path: Path) -> None:
    logs = StepLogs(tmp_path / "logs", Masker([]))
    logs.follow("apply", "apply", b"one\n")
    index = tmp_path / "logs" / "index"
    aside = index.rename(tmp_path / "aside")
    index.symlink_to(FULL)

    logs.follow("apply", "apply", b"two\n")

    index.unlink()
    aside.rename(index)
    again = StepLogs(tmp_path / "logs", Masker([]))
    assert (again.message("apply"), again.followed("apply")) == ("one\n", 4)


def test_a_file_that_cannot_be_written_leaves_no_draft_with_secrets(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    (tmp_path / "report.json.draft").symlink_to(FULL)

    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"secret")

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_claim_that_cannot_be_stored_leaves_no_folder(tmp_path: Path) -> None:
    work_dir = WorkDir(tmp_path / "work")
    work_dir.open()

    with no_room(), pytest.raises(OSError, match="too large"):
        work_dir.create("run-1", ClaimedRun({"secret": "x"}, blockyard=True, claimed_at=time.time()))

    assert work_dir.leftovers() == []
    work_dir.close()


class _OutOfRoom:
    """An executor that finds no room."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Fail as on a full disk."""
        reporter.register([StepPlan("only", "Only")])
        reporter.start("only")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(context.run_dir))


def test_a_run_that_found_no_room_says_so(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=True) as plane:
        run = plane.offer(a_run())
        with running(plane, tmp_path / "work", _OutOfRoom()):
            plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"
    assert "disk of the runner is full" in json.dumps(run.final_updates)


def test_the_room_for_the_end_of_a_command_is_taken_at_its_start(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    command = f"echo ready; until [ -e {gate} ]; do sleep 0.01; done; exit 3"
    with FakeControlPlane(blockyard=True) as plane:
        run = plane.offer(a_run(inputs={"echo_command": command}))
        with RunnerProcess(plane, tmp_path / "work"):
            plane.wait_for(lambda: b"ready\n" in run.log("echo"))
            (reserved,) = (tmp_path / "work" / "runs").glob("*/commands/*/exit.draft")
            assert reserved.stat().st_size > len("-15")
            gate.touch()
            plane.wait_for(lambda: run.final_updates)

    assert "3" in str(run.step("echo"))
