"""Health tells what the loop really does."""

from pathlib import Path

import httpx2

from blockyard.runner.health import HealthServer
from blockyard.runner.metrics import Metrics
from tests.support.fake_control_plane import FakeControlPlane, a_run
from tests.support.runners import running


class _Vitals:
    def __init__(self, *, alive: bool, ready: bool) -> None:
        self.alive = alive
        self.ready = ready

    def is_alive(self) -> bool:
        return self.alive

    def is_ready(self) -> bool:
        return self.ready


def test_health_and_readiness_differ() -> None:
    vitals = _Vitals(alive=True, ready=False)
    server = HealthServer("127.0.0.1", 0, vitals=vitals, registry=Metrics().registry)
    server.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        assert (httpx2.get(f"{base}/healthz").status_code, httpx2.get(f"{base}/healthz").text) == (200, "OK")
        ready = httpx2.get(f"{base}/readyz")
        assert (ready.status_code, "the runner is draining" in ready.text) == (503, True)
        vitals.alive, vitals.ready = False, True
        healthy = httpx2.get(f"{base}/healthz")
        assert (healthy.status_code, "claimed within 3 minutes" in healthy.text) == (503, True)
        assert httpx2.get(f"{base}/readyz").status_code == 200
        assert "blockyard_runner_spooled_reports 0.0" in httpx2.get(f"{base}/metrics").text
        assert httpx2.get(f"{base}/else").status_code == 404
    finally:
        server.stop()


def test_a_runner_is_ready_once_a_claim_worked_and_not_while_the_server_refuses(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=True) as plane:
        plane.fail("POST", "/create$", 500)

        with running(plane, tmp_path) as runner:
            plane.wait_for(lambda: plane.of("POST", "/create$"))
            assert not runner.is_ready()
            plane.wait_for(runner.is_ready)
            assert runner.is_alive()


def test_an_unknown_runner_is_not_taken_for_an_empty_queue(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=True) as plane:
        plane.unknown_runner = True

        with running(plane, tmp_path) as runner:
            plane.wait_for(lambda: len(plane.of("POST", "/create$")) >= 2)
            assert not runner.is_ready()
            assert runner.is_alive()


def test_runs_are_counted_by_type_and_outcome(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=True) as plane:
        runs = [plane.offer(a_run("run-1")), plane.offer(a_run("run-2", inputs={"echo_command": "exit 1"}))]

        with running(plane, tmp_path) as runner:
            plane.wait_for(lambda: all(run.final_updates for run in runs))
            metrics = runner.metrics

    counted = {
        outcome: metrics.registry.get_sample_value(
            "blockyard_runner_runs_total", {"type": "MANUAL", "outcome": outcome}
        )
        for outcome in ("SUCCEEDED", "FAILED")
    }
    assert counted == {"SUCCEEDED": 1, "FAILED": 1}
