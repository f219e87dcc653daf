"""Commands below their supervisor: exact output, exit codes, signals, adoption."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from blockyard.runner.command import Command
from blockyard.runner.frame.executor import CommandLost, ProcessResult
from blockyard.runner.process_tree import ProcessIdentity
from blockyard.runner.processes import RunProcesses
from blockyard.runner.supervisor import start_time
from blockyard.runner.supervisors import Supervisors


@dataclass
class _Sink:
    taken: bytearray = field(default_factory=bytearray)
    ended: list[str] = field(default_factory=list)

    def follow(self, step_id: str, command: str, data: bytes) -> None:
        del step_id, command
        self.taken += data

    def followed(self, command: str) -> int:
        del command
        return len(self.taken)

    def end_of_output(self, step_id: str, command: str) -> None:
        del step_id
        self.ended.append(command)


class _Run:
    """The commands of one run in a directory."""

    def __init__(self, folder: Path, supervisors: Supervisors) -> None:
        self.folder = folder
        self.sink = _Sink()
        self.stop = threading.Event()
        self._supervisors = supervisors

    def run(
        self, *argv: str, name: str = "command", seconds: float = 20, grace: float = 0.2, stdin: bytes | None = None
    ) -> ProcessResult:
        return self.with_grace(grace).run(
            name,
            argv,
            cwd=self.folder.parent,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GREETING": "hello"},
            log_step="s",
            deadline=time.monotonic() + seconds,
            stdin=stdin,
        )

    @property
    def processes(self) -> RunProcesses:
        return self.with_grace(0.2)

    def with_grace(self, seconds: float) -> RunProcesses:
        return RunProcesses(
            self.folder,
            sink=self.sink,
            stop=self.stop,
            supervisors=self._supervisors,
            interrupt_grace_seconds=seconds,
        )


@pytest.fixture
def supervisors() -> Iterator[Supervisors]:
    supervisors = Supervisors()
    yield supervisors
    supervisors.close()


@pytest.fixture
def run(tmp_path: Path, supervisors: Supervisors) -> _Run:
    return _Run(tmp_path / "commands", supervisors)


def test_output_exit_code_environment_directory_and_input_are_the_commands_own(run: _Run, tmp_path: Path) -> None:
    result = run.run("bash", "-c", "echo $GREETING; pwd >&2; cat; exit 7", stdin=b"from stdin")

    assert (result.exit_code, result.interrupted, result.timed_out) == (7, False, False)
    assert bytes(run.sink.taken) == f"hello\n{tmp_path}\nfrom stdin".encode()
    assert result.output_path.read_bytes() == bytes(run.sink.taken)
    assert run.sink.ended == ["command"]
    run.processes.kill()


def test_a_program_that_does_not_exist_is_told_in_the_log(run: _Run) -> None:
    result = run.run("no-such-program")

    assert result.exit_code == 127
    assert b"cannot start no-such-program" in run.sink.taken
    run.processes.kill()


def test_a_command_ended_by_a_signal_has_its_negative_number(run: _Run) -> None:
    assert run.run("bash", "-c", "kill -TERM $$").exit_code == -15
    run.processes.kill()


def test_a_finished_command_is_not_started_again(run: _Run, tmp_path: Path, supervisors: Supervisors) -> None:
    script = f"echo x >> {tmp_path}/starts; exit 3"
    assert run.run("bash", "-c", script).exit_code == 3
    run.processes.kill()

    again = _Run(run.folder, supervisors)
    assert again.run("bash", "-c", script).exit_code == 3

    assert (tmp_path / "starts").read_text() == "x\n"


def test_commands_of_other_names_are_others(run: _Run) -> None:
    run.run("echo", "one", name="one")
    run.run("echo", "two", name="two")

    outputs = [(run.folder / name / "output").read_text() for name in ("one", "two")]
    assert outputs == ["one\n", "two\n"]
    run.processes.kill()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "UPPER", "-x"])
def test_names_that_could_leave_the_directory_are_refused(run: _Run, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        run.run("true", name=name)


def test_only_the_command_is_interrupted_and_only_once(run: _Run, tmp_path: Path) -> None:
    script = (
        f"trap 'echo parent >> {tmp_path}/signals' INT; echo ready;"
        f"bash -c \"trap 'echo child >> {tmp_path}/signals' INT; for i in 1 2 3 4 5 6; do sleep 0.05; done\" & wait; wait"
    )
    threading.Thread(target=stop_when_ready, args=(run,)).start()

    result = run.run("bash", "-c", script, grace=5)

    assert result.interrupted
    assert (tmp_path / "signals").read_text() == "parent\n"
    run.processes.kill()


def test_nothing_is_started_when_the_run_is_over_already(run: _Run, tmp_path: Path) -> None:
    run.stop.set()
    result = run.run("touch", str(tmp_path / "witness"))

    assert (result.exit_code, result.interrupted) == (-1, True)
    assert result.output_path.read_bytes() == b""
    assert not (tmp_path / "witness").exists()


def test_a_command_beyond_its_deadline_is_stopped(run: _Run) -> None:
    result = run.run("sleep", "60", seconds=0.1)

    assert (result.timed_out, result.interrupted) == (True, False)
    assert result.exit_code == -2
    run.processes.kill()


def test_every_process_is_killed_also_one_in_a_session_of_its_own(run: _Run, tmp_path: Path) -> None:
    script = (
        f"setsid bash -c 'echo $$ > {tmp_path}/pid; trap \"\" INT TERM HUP; while :; do sleep 0.05; done' & sleep 0.2"
    )
    run.run("bash", "-c", script)
    pid = (tmp_path / "pid").read_text().strip()
    assert Path(f"/proc/{pid}").exists()

    run.processes.kill()

    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def stop_when_ready(run: _Run) -> None:
    """Ask the run to stop once its command says that it is ready."""
    end = time.monotonic() + 10
    while b"ready" not in run.sink.taken and time.monotonic() < end:
        time.sleep(0.005)
    run.stop.set()


def test_the_program_of_the_supervisors_is_started_again_when_it_died(run: _Run, supervisors: Supervisors) -> None:
    supervisors.prepare()
    program = supervisors._program
    assert program is not None
    program.kill()
    program.wait()

    assert run.run("echo", "hello").exit_code == 0
    assert bytes(run.sink.taken) == b"hello\n"
    run.processes.kill()


def test_a_large_order_reaches_the_command_whole(run: _Run) -> None:
    argument = "x" * 100_000

    assert run.run("bash", "-c", 'echo "${#1}"', "bash", argument).exit_code == 0
    assert bytes(run.sink.taken) == b"100000\n"
    run.processes.kill()


def test_a_command_is_found_whose_supervisor_died_before_it_wrote_it_down(run: _Run, tmp_path: Path) -> None:
    """The session of the supervisor tells."""
    script = f"set -m; bash -c 'echo ready; until [ -e {tmp_path}/gate ]; do sleep 0.02; done; echo end' & wait"
    folder = run.folder / "command"
    folder.mkdir(parents=True)
    with (folder / "output").open("wb") as output:
        supervisor = subprocess.Popen(["bash", "-c", script], stdout=output, start_new_session=True)
    (folder / "claim").write_text(f"{supervisor.pid} {start_time(supervisor.pid)}")
    while not (folder / "output").read_bytes():
        time.sleep(0.01)
    supervisor.kill()
    supervisor.wait()
    threading.Timer(0.2, (tmp_path / "gate").touch).start()

    with pytest.raises(CommandLost):
        run.run("bash", "-c", "echo started again")

    assert bytes(run.sink.taken) == b"ready\nend\n"


def test_a_supervisor_of_an_earlier_version_is_known_by_what_it_started(run: _Run) -> None:
    """It left its claim empty."""
    folder = run.folder / "command"
    folder.mkdir(parents=True)
    (folder / "claim").touch()
    (folder / "started").write_text("4194301 17 4194302 18")

    assert Command(folder).supervisor == ProcessIdentity(4194301, 17)


def test_an_order_that_was_lost_with_what_starts_supervisors_is_given_again(
    run: _Run, supervisors: Supervisors, tmp_path: Path
) -> None:
    """The program is stopped, so that it takes no order, and killed."""
    supervisors.prepare()
    program = supervisors._program
    assert program is not None
    program.send_signal(signal.SIGSTOP)
    threading.Timer(0.2, program.kill).start()

    assert run.run("bash", "-c", f"echo x >> {tmp_path}/starts").exit_code == 0
    assert (tmp_path / "starts").read_text() == "x\n"
    run.processes.kill()
