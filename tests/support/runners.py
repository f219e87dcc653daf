"""Real runners for tests: in a thread, or as a process of their own that can be killed."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from blockyard.protocol.run import ImplementationType
from blockyard.runner.api import ControlPlane, new_client
from blockyard.runner.executors.echo import EchoExecutor
from blockyard.runner.frame.executor import AnyExecutor
from blockyard.runner.loop import Runner
from blockyard.runner.metrics import Metrics
from blockyard.runner.session import Equipment, connect
from blockyard.runner.settings import RunnerSettings
from blockyard.runner.spool import Spool
from blockyard.runner.workdir import WorkDir
from tests.support import forked
from tests.support.fake_control_plane import CLIENT_ID, CLIENT_SECRET, FakeControlPlane

RUNNER_UUID = "7909f3d2-2d4b-4b0c-8e4a-000000000001"
_ECHO_PROGRAM = Path(__file__).with_name("echo_runner.py")


def runner_settings(plane: FakeControlPlane, work_dir: Path, **changes: object) -> RunnerSettings:
    """Settings for a runner of this control plane."""
    values: dict[str, object] = {
        "server_url": plane.url,
        "runner_uuid": RUNNER_UUID,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "work_dir": work_dir,
        "poll_seconds": 0.1,
        "heartbeat_seconds": 0.2,
        "update_seconds": 0.2,
        "interrupt_grace_seconds": 1,
        "drain_seconds": 10,
    }
    return RunnerSettings.model_validate(values | changes)


@contextmanager
def running(
    plane: FakeControlPlane, work_dir: Path, executor: AnyExecutor | None = None, **changes: object
) -> Iterator[Runner]:
    """A runner that executes every run with one executor, by default the echo."""
    settings = runner_settings(plane, work_dir, **changes)
    directory = WorkDir(settings.work_dir)
    directory.open()
    with new_client(settings) as client, new_client(settings) as claims:
        executors = dict.fromkeys(ImplementationType, executor or EchoExecutor())
        spool = Spool(directory.spool, lambda run_id, token: connect(settings, client, run_id, token))
        equipment = Equipment(settings, client, spool, executors, None, Metrics())
        runner = Runner(equipment, ControlPlane(settings, claims), directory)
        thread = threading.Thread(target=runner.run)
        thread.start()
        try:
            yield runner
        finally:
            runner.drain()
            runner.drain()
            thread.join()
            runner.join(5)
            equipment.supervisors.close()
            directory.close()


class RunnerProcess:
    """A runner process, by default with the echo executor."""

    def __init__(
        self,
        plane: FakeControlPlane,
        work_dir: Path,
        *,
        parent: int = 0,
        program: Path = _ECHO_PROGRAM,
        arguments: Sequence[str] = (),
        **changes: object,
    ) -> None:
        settings = runner_settings(plane, work_dir, **changes)
        given = settings.model_dump(mode="json", exclude_unset=True) | {"client_secret": CLIENT_SECRET}
        environment = {f"BLOCKYARD_RUNNER_{name.upper()}": _as_variable(value) for name, value in given.items()}
        self._process = forked.start(
            [str(parent), *arguments], env={**environment, "PATH": os.environ["PATH"]}, program=program
        )

    def kill(self) -> None:
        """End it as a power switch would."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """Ask it to drain."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 20) -> int:
        """Wait for its end and return the exit code."""
        return self._process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()


def _as_variable(value: object) -> str:
    """Return a setting as the environment spells it."""
    if isinstance(value, dict):
        return ",".join(f"{name}={each}" for name, each in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
