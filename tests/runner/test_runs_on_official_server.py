"""A runner and a server that knows nothing of our additions: the wire is the official one. Source: runner.md 1, 3.14."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blockyard.runner.frame.executor import ArtifactError, Outcome, Reporter, Result, RunContext, StepPlan
from tests.support.fake_control_plane import FakeControlPlane, a_run
from tests.support.runners import RUNNER_UUID, running

RUN_MEDIA_TYPE = "application/vnd.meshcloud.api.meshBuildingBlockRun.v1.hal+json"


@pytest.fixture
def plane() -> Iterator[FakeControlPlane]:
    with FakeControlPlane(blockyard=False) as plane:
        yield plane


def test_a_short_run_is_exactly_two_calls(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo hello"}))

    with running(plane, tmp_path, update_seconds=10):
        plane.wait_for(lambda: run.final_updates)

    reports = [request for request in plane.requests if "/run-1/" in request.path]
    assert [(r.method, r.path.rpartition("/run-1/")[2]) for r in reports] == [
        ("POST", "status/source"),
        ("PATCH", f"status/source/{RUNNER_UUID}"),
    ]
    assert reports[0].json == {
        "source": {"id": RUNNER_UUID},
        "steps": [{"id": "echo", "displayName": "Echo the inputs", "status": None}],
    }
    final = reports[1].json
    assert (final["blockRunId"], final["source"], final["type"], final["status"], final["summary"]) == (
        "run-1",
        RUNNER_UUID,
        "MANUAL",
        "SUCCEEDED",
        None,
    )
    for request in reports:
        assert request.headers["authorization"] == f"Bearer {run.token}"
        assert request.headers["accept"] == request.headers["content-type"] == RUN_MEDIA_TYPE
        assert request.headers["x-block-runner-node-id"] == RUNNER_UUID


def test_a_long_run_reports_everything_again_and_again(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo one; sleep 0.7; echo two"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.final_updates)

    assert len(run.updates) >= 3
    assert {update["status"] for update in run.updates[:-1]} == {"IN_PROGRESS"}
    for update in run.updates:
        steps = update["steps"]
        assert isinstance(steps, list)
        assert "one" in str(steps)
    assert not plane.of("POST", "/(log|heartbeat|release)$")


def test_an_abort_in_the_answer_to_an_update_is_followed_and_confirmed(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 3' INT; while :; do sleep 0.02; done"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.updates)
        run.aborted = True
        plane.wait_for(lambda: run.final_updates)

    assert run.final_updates[0]["status"] == "ABORTED"


def test_a_drained_runner_fails_its_runs_because_it_cannot_hand_them_back(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 3' INT; while :; do sleep 0.02; done"}))

    with running(plane, tmp_path, drain_seconds=0) as runner:
        plane.wait_for(lambda: run.updates)
        runner.drain()
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"
    assert "interrupted because its runner shuts down" in str(run.step("echo")["userMessage"])


def test_an_empty_queue_is_asked_again_after_a_pause(plane: FakeControlPlane, tmp_path: Path) -> None:
    with running(plane, tmp_path, poll_seconds=0.1) as runner:
        plane.wait_for(lambda: len(plane.of("POST", "/create$")) >= 3)
        assert runner.is_ready()

    first, second = plane.of("POST", "/create$")[:2]
    assert second.at - first.at >= 0.1


def test_a_conflict_on_registration_counts_as_registered(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run())
    plane.fail("POST", "/status/source$", 409)

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")


def test_an_expired_login_is_renewed(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run())
    plane.fail("POST", "/create$", 401)

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert len(plane.of("POST", "/api/login")) == 2


class _Replays:
    """Downloads the saved plan and says what came."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        reporter.register([StepPlan("a", "A"), StepPlan("b", "B")])
        reporter.start("a")
        link = context.document.links.plan_artifact
        assert link is not None
        try:
            plan = context.fetch_artifact(link.href)
        except ArtifactError as error:
            reporter.fail("a", user_message=str(error), system_message="no plan")
            return Result(Outcome.FAILED)
        reporter.finish("a")
        reporter.finish("b")
        return Result(Outcome.SUCCEEDED, artifact=plan[::-1], changes_detected=False)


def test_a_saved_plan_is_downloaded_and_a_new_one_uploaded(plane: FakeControlPlane, tmp_path: Path) -> None:
    plane.artifact = b"\0plan"
    href = f"{plane.url}/api/meshobjects/meshbuildingblockruns/run-1/artifact"
    run = plane.offer(a_run(links={"planArtifact": {"href": href}}))

    with running(plane, tmp_path, _Replays()):
        plane.wait_for(lambda: run.final_updates)

    download = plane.of("GET", "/artifact$")[0]
    assert download.headers["accept"] == "application/octet-stream"
    assert "content-type" not in download.headers
    assert run.final_updates[0]["artifact"] == "bmFscAA="
    assert run.final_updates[0]["changesDetected"] is False


def test_a_saved_plan_of_another_origin_is_not_downloaded(plane: FakeControlPlane, tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=False) as stranger:
        run = plane.offer(a_run(links={"planArtifact": {"href": f"{stranger.url}/artifact"}}))

        with running(plane, tmp_path, _Replays()):
            plane.wait_for(lambda: run.final_updates)

        assert stranger.requests == []

    assert run.status == "FAILED"
    assert "another origin" in str(run.step("a")["userMessage"])
    assert run.step("a")["systemMessage"] == "no plan\n"
    assert run.step("b")["status"] == "FAILED"
    assert run.step("b")["systemMessage"] == "Aborted due to failure in an earlier step"
    assert "userMessage" not in run.step("b")


class _Breaks:
    """Fails as no executor should."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        reporter.register([StepPlan("a", "A")])
        reporter.start("a")
        raise RuntimeError(f"boom {context.document.spec.run_token}")


def test_a_broken_executor_fails_the_run_and_tells_nothing_secret(
    plane: FakeControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = plane.offer(a_run())

    with running(plane, tmp_path, _Breaks()):
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"
    assert "unexpected error" in str(run.step("a")["userMessage"])
    shown = "".join(capsys.readouterr())
    assert "boom ***" in shown
    assert run.token not in shown


class _HandsOver:
    """Starts something external."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        del context
        reporter.register([StepPlan("trigger", "Prepare Run")])
        reporter.start("trigger")
        reporter.finish("trigger")
        return Result(Outcome.HANDED_OVER)


def test_a_run_that_was_handed_over_stays_in_progress(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run())

    with running(plane, tmp_path, _HandsOver()):
        plane.wait_for(lambda: run.step("trigger").get("status") == "SUCCEEDED")

    assert run.updates[-1]["status"] == "IN_PROGRESS"
    assert run.final_updates == []
