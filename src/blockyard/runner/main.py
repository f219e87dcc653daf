"""Starts a runner: builds everything by hand and passes it down."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import ValidationError

from blockyard.diagnosis.logging import configure
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import ImplementationType, RunDocument
from blockyard.protocol.sealing import EnvelopeError, load_private_key
from blockyard.runner.api import ControlPlane, new_client
from blockyard.runner.frame.executor import AnyExecutor
from blockyard.runner.health import HealthServer
from blockyard.runner.loop import Runner
from blockyard.runner.metrics import Metrics
from blockyard.runner.process_tree import ProcessIdentity, wait_for_exit
from blockyard.runner.session import Equipment, connect
from blockyard.runner.settings import RunnerSettings
from blockyard.runner.slots import slots_of
from blockyard.runner.spool import Spool
from blockyard.runner.supervisor import start_time
from blockyard.runner.waiting import new_session
from blockyard.runner.workdir import ClaimedRun, WorkDir, WorkDirError

log = structlog.get_logger()

CANNOT_START = 2
_PARENT_CHECK_SECONDS = 60.0


def run(
    settings: RunnerSettings,
    executors: Mapping[ImplementationType, AnyExecutor],
    *,
    parent: int = 0,
) -> int:
    """Run until SIGTERM or SIGINT, or, in single-run mode, to the end of the one run; return the exit code.

    When the process `parent` ends, the runner ends at once and leaves its runs to the next runner of the directory.
    """
    configure(settings.log_level, settings.log_format)
    if parent:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    work_dir = WorkDir(settings.work_dir)
    try:
        private_key = _read_private_key(settings.private_key_file)
        work_dir.open()
    except (OSError, EnvelopeError, WorkDirError) as error:
        log.error("runner cannot start", error=str(error))  # noqa: TRY400  the sentence says it all
        return CANNOT_START
    try:
        with new_client(settings) as client:
            return _run(settings, executors, client, work_dir, private_key)
    finally:
        work_dir.close()


def call_on_signals(drain: Callable[[], None], *, at_once: Callable[[], None]) -> None:
    """Call `drain` at each SIGTERM and SIGINT, from a thread: a handler may interrupt what holds the lock it needs.

    What is done `at_once` takes no lock.
    """
    asked: SimpleQueue[int] = SimpleQueue()  # its `put` needs no lock that can be held up

    def wait() -> None:
        while asked.get():
            drain()

    def handle(number: int, _frame: FrameType | None) -> None:
        at_once()
        asked.put(number)

    threading.Thread(target=wait, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _run(
    settings: RunnerSettings,
    executors: Mapping[ImplementationType, AnyExecutor],
    client: httpx2.Client,
    work_dir: WorkDir,
    private_key: RSAPrivateKey | None,
) -> int:
    equipment = Equipment(
        settings=settings,
        client=client,
        spool=Spool(work_dir.spool, lambda run_id, token: connect(settings, client, run_id, token)),
        executors=executors,
        private_key=None if settings.run_json_file else private_key,
        metrics=Metrics(),
    )
    try:
        if settings.run_json_file is not None:
            return _run_single(equipment, work_dir, settings.run_json_file)
        with new_client(settings) as claims:
            return _run_until_drained(equipment, ControlPlane(settings, claims), work_dir)
    finally:
        equipment.supervisors.close()


def _run_until_drained(equipment: Equipment, control_plane: ControlPlane, work_dir: WorkDir) -> int:
    settings = equipment.settings
    runner = Runner(equipment, control_plane, work_dir)
    call_on_signals(runner.drain, at_once=runner.claim_no_more)
    slots = {slots.name: slots.number for slots in slots_of(settings)}
    log.info("runner started", runner=settings.runner_uuid, server=settings.server_url, slots=slots)
    if settings.health_port == 0:
        return runner.run()
    health = HealthServer(
        settings.health_host, settings.health_port, vitals=runner, registry=equipment.metrics.registry
    )
    health.start()
    try:
        return runner.run()
    finally:
        health.stop()


def _run_single(equipment: Equipment, work_dir: WorkDir, path: Path) -> int:
    """Execute the run of a file, whose secrets are plain already. A failed run is no failure of the runner."""
    try:
        raw: JsonObject = json.loads(path.read_bytes())
        document = RunDocument.model_validate(raw)
    except (OSError, ValueError) as error:
        problem = "not a run document" if isinstance(error, ValidationError) else type(error).__name__
        log.error("run file unusable", error=problem)  # noqa: TRY400  its content may be secret
        return CANNOT_START
    blockyard = document.links.heartbeat is not None
    claim = ClaimedRun(raw, blockyard=blockyard, claimed_at=time.time())
    session = new_session(equipment, work_dir.create(document.metadata.uuid, claim), claim, document)
    inputs = document.spec.building_block.spec.inputs
    session.add_secrets(str(entry.value) for entry in inputs if entry.is_sensitive)
    session.execute()
    session.settle()
    return 0


def _end_with(parent: int) -> None:
    process = ProcessIdentity(parent, start_time(parent))
    while process.started and not wait_for_exit(process, _PARENT_CHECK_SECONDS):
        pass
    log.warning("parent ended, runs are left to the next runner")
    os._exit(0)


def _read_private_key(path: Path | None) -> RSAPrivateKey | None:
    return None if path is None else load_private_key(path.read_bytes())
