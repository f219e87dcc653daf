"""`blockyard up` as a process: it ends with all it started, however it is told to, and every start lets somebody in."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from blockyard.protocol import kinds
from blockyard.protocol.version import PROTOCOL_HEADER, PROTOCOL_VERSION
from tests.support.forked import Process
from tests.support.installation import SHARED_RUNNER, start

SECONDS = 60
CLAIMS = "/api/meshobjects/meshbuildingblockruns/create"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the server writes."""
    return tmp_path / "up.log"


@pytest.fixture
def server(tmp_path: Path, log: Path) -> Iterator[Process]:
    """A server that answers, with its runner."""
    process = start(tmp_path / "data", log, {"BLOCKYARD_RUNNER_DRAIN_SECONDS": "1"})
    try:
        _until(lambda: bool(_children(process.pid)) and _url(log) is not None and _answers(str(_url(log))))
        yield process
    finally:
        process.kill()
        process.wait()


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=5).is_success
    except httpx2.TransportError:
        return False


def _url(log: Path) -> str | None:
    found = re.search(r"^Blockyard is at (\S+)$", log.read_text(), re.MULTILINE)
    return found[1] if found else None


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")  # each thread has its own
    return [int(child) for children in lists for child in children.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)  # SIGTERM: below
def test_each_signal_that_ends_a_program_ends_server_and_runner(server: Process, number: signal.Signals) -> None:
    children = _children(server.pid)

    server.send_signal(number)

    assert_over(server, children, number)


def assert_over(server: Process, children: list[int], number: signal.Signals) -> None:
    """Fail unless the server ends as one that got a signal, and its children have ended with it."""
    assert server.wait(SECONDS) in {0, -number, 128 + number}
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def test_whoever_waits_for_an_answer_gets_one_before_the_server_ends(
    server: Process, tmp_path: Path, log: Path
) -> None:
    """A second claim of the runner is held for 25 s; so are long polls and live streams."""
    url, children = str(_url(log)), _children(server.pid)
    key = json.loads((tmp_path / "data" / "runner-api-key.json").read_text())
    token = httpx2.post(f"{url}/api/login", json=key).json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": kinds.RUN.media,
        "Content-Type": kinds.RUN.media,
        PROTOCOL_HEADER: str(PROTOCOL_VERSION),
        "Prefer": "wait=25",
    }
    with ThreadPoolExecutor(1) as aside:
        place = f"{url}{CLAIMS}?forRunnerUuid={SHARED_RUNNER}"
        waiting = aside.submit(lambda: httpx2.post(place, headers=headers, json={}, timeout=SECONDS))
        time.sleep(1)
        server.terminate()
        answer = waiting.result(SECONDS)

    assert_over(server, children, signal.SIGTERM)
    assert (answer.status_code, answer.json()["errorCode"]) == (503, "ServerStopping")
    assert "Traceback" not in log.read_text()
    assert "shutdown exceeded" not in log.read_text()


def test_below_nohup_a_closed_terminal_ends_nothing(tmp_path: Path, log: Path) -> None:
    command = [sys.executable, "-m", "blockyard", "up", "--data-dir", str(tmp_path / "data"), "--port", "0"]
    with log.open("ab") as file:
        process = subprocess.Popen(
            ["nohup", *command],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        _until(lambda: _url(log) is not None and _answers(str(_url(log))))
        process.send_signal(signal.SIGHUP)

        assert _answers(str(_url(log)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()


def test_a_server_that_was_started_for_another_process_ends_with_it(tmp_path: Path, log: Path) -> None:
    script = (
        "import os, subprocess, sys, time\n"
        f"words = [sys.executable, '-m', 'blockyard', 'up', '--data-dir', {str(tmp_path / 'data')!r}, '--port', '0']\n"
        "server = subprocess.Popen([*words, '--parent', str(os.getpid())], start_new_session=True)\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BLOCKYARD_RUNNER_DRAIN_SECONDS": "1"}
    with log.open("ab") as file:
        parent = subprocess.Popen(
            [sys.executable, "-c", script], env=environment, stdout=file, stderr=file, start_new_session=True
        )
    _until(lambda: _url(log) is not None and _answers(str(_url(log))))
    server = Path(f"/proc/{log.read_text().split()[0]}")

    parent.kill()
    parent.wait()

    _until(lambda: not server.exists() or "State:\tZ" in (server / "status").read_text())


def test_every_start_prints_a_link_that_signs_in_once(server: Process, tmp_path: Path, log: Path) -> None:
    links = [re.search(r"^  sign in +(\S+)", log.read_text(), re.MULTILINE)]
    server.terminate()
    server.wait(SECONDS)
    log.write_text("")
    again = start(tmp_path / "data", log, {"BLOCKYARD_RUNNER_DRAIN_SECONDS": "1"})
    try:
        _until(lambda: _url(log) is not None and _answers(str(_url(log))))
        links.append(re.search(r"^  sign in +(\S+)", log.read_text(), re.MULTILINE))
        first, second = (str(link[1]) for link in links if link is not None)
        token = second.partition("token=")[2]
        with httpx2.Client(base_url=str(_url(log))) as browser:
            sent = browser.post("/sign-in/link", data={"token": token})
            used = browser.post("/sign-in/link", data={"token": token})
            blocks = browser.get("/blocks")

        assert first != second
        assert (sent.status_code, used.status_code, blocks.status_code) == (303, 401, 200)
        assert token not in log.read_text().partition("\n")[2].partition("\n")[2], "the token is in no log line"
    finally:
        again.terminate()
        again.wait(SECONDS)
