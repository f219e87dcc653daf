"""A runner and a Blockyard control plane: claims, live logs, aborts, lost answers, handing back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.version import PROTOCOL_VERSION
from tests.support.fake_control_plane import LOSE_ANSWER, FakeControlPlane, a_run
from tests.support.runners import RUNNER_UUID, running

RUN = "/meshbuildingblockruns/run-1"


@pytest.fixture
def plane() -> Iterator[FakeControlPlane]:
    with FakeControlPlane(blockyard=True) as plane:
        yield plane


def test_a_run_is_claimed_registered_executed_and_reported(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"name": "ada", "echo_command": "echo hello; echo world >&2"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "SUCCEEDED"
    assert [r["source"] for r in run.registrations] == [{"id": RUNNER_UUID}]
    assert run.step("echo")["status"] == "SUCCEEDED"
    assert run.step("echo")["systemMessage"] == (
        "name = ada\necho_command = echo hello; echo world >&2\nhello\nworld\n"
    )
    assert run.step("echo")["outputs"] == {"name": {"value": "ada", "type": "STRING", "isSensitive": False}}
    assert run.log("echo").decode() == run.step("echo")["systemMessage"]


def test_claims_wait_and_name_what_is_served_and_never_use_a_run_token(plane: FakeControlPlane, tmp_path: Path) -> None:
    plane.offer(a_run("run-1"))
    second = plane.offer(a_run("run-2"))

    with running(plane, tmp_path, implementation_types=["MANUAL", "GITLAB_CICD"]):
        plane.wait_for(lambda: second.final_updates)
        plane.wait_for(lambda: len(plane.claims) >= 3)

    claims = plane.claims
    assert claims[0].query == [
        ("forRunnerUuid", RUNNER_UUID),
        ("implementationType", "MANUAL"),
        ("implementationType", "GITLAB_PIPELINE"),
    ]
    assert claims[0].headers["prefer"] == "wait=25"
    assert claims[0].headers["blockyard-protocol"] == str(PROTOCOL_VERSION)
    assert claims[0].headers["x-block-runner-node-id"] == f"{RUNNER_UUID}-worker-1"
    assert {claim.headers["authorization"] for claim in claims} == {"Bearer api-token-0"}
    assert len(plane.of("POST", "/api/login")) == 1


def test_output_reaches_the_live_log_while_the_run_works(plane: FakeControlPlane, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    run = plane.offer(
        a_run(inputs={"echo_command": f"echo first; until [ -e {go_on} ]; do sleep 0.01; done; echo last"})
    )

    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: b"first\n" in run.log("echo"))
        assert not run.final_updates
        go_on.touch()
        plane.wait_for(lambda: run.final_updates)

    assert run.log("echo").endswith(b"first\nlast\n")


def test_an_abort_interrupts_the_command_and_is_confirmed(plane: FakeControlPlane, tmp_path: Path) -> None:
    script = "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done"
    run = plane.offer(a_run(inputs={"echo_command": script}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        run.aborted = True
        plane.wait_for(lambda: run.final_updates)

    assert run.final_updates[0]["status"] == "ABORTED"
    assert run.step("echo")["status"] == "ABORTED"
    assert run.step("echo")["userMessage"] == "The run was aborted."
    assert str(run.step("echo")["systemMessage"]).count("interrupted\n") == 1


def test_a_command_that_ignores_the_interrupt_is_killed_after_the_grace(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap '' INT; echo ready; while :; do sleep 0.05; done"}))

    with running(plane, tmp_path, interrupt_grace_seconds=0.2):
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        run.aborted = True
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "ABORTED"


def test_a_run_beyond_its_limit_fails_with_a_message_that_names_it(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo ready; sleep 60"}))

    with running(plane, tmp_path, run_timeout_minutes=0.01, interrupt_grace_seconds=0.1):
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "FAILED"
    assert run.step("echo")["userMessage"] == "The run exceeded its limit of 0.01 minutes and was stopped."


def test_lost_answers_and_server_errors_change_nothing(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "echo one; sleep 0.2; echo two"}))
    plane.fail("POST", "/api/login", 503)
    plane.fail("POST", f"{RUN}/status/source$", 500, LOSE_ANSWER)
    plane.fail("POST", "/runs/run-1/log", LOSE_ANSWER, 503, LOSE_ANSWER)
    plane.fail("PATCH", RUN, 502, LOSE_ANSWER)

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert run.step("echo")["systemMessage"] == "echo_command = echo one; sleep 0.2; echo two\none\ntwo\n"
    assert run.log("echo") in str(run.step("echo")["systemMessage"]).encode()
    assert run.step("echo")["status"] == "SUCCEEDED"


def test_a_refused_registration_executes_nothing_and_fails_once_without_steps(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    run = plane.offer(a_run(inputs={"echo_command": f"touch {witness}"}))
    plane.fail("POST", f"{RUN}/status/source$", 403)

    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.final_updates)

    assert not witness.exists()
    assert [(update["status"], update["steps"]) for update in run.updates] == [("FAILED", None)]
    assert run.updates[0]["summary"] == "registration answered with 403"


def test_a_superseded_attempt_does_not_start(plane: FakeControlPlane, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    run = plane.offer(a_run(inputs={"echo_command": f"touch {witness}"}))
    run.aborted = True

    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.final_updates)

    assert not witness.exists()
    assert run.updates[0]["status"] == "ABORTED"


@pytest.mark.parametrize(
    "broken",
    [
        {"behavior": "PURGE"},
        {"buildingBlockDefinition": {"uuid": "d", "spec": {"implementation": {"type": "COBOL"}}}},
        {"buildingBlock": None},
    ],
)
def test_an_unreadable_run_is_failed_with_the_reason_and_the_next_one_is_executed(
    plane: FakeControlPlane, tmp_path: Path, broken: JsonObject
) -> None:
    document = a_run("run-1")
    spec = document["spec"]
    assert isinstance(spec, dict)
    poison = plane.offer(document | {"spec": spec | broken})
    healthy = plane.offer(a_run("run-2"))

    with running(plane, tmp_path):
        plane.wait_for(lambda: poison.final_updates)
        plane.wait_for(lambda: healthy.status == "SUCCEEDED")

    assert poison.updates[0]["status"] == "FAILED"
    assert str(poison.updates[0]["summary"]).startswith("The runner cannot read this run: spec.")


@pytest.mark.parametrize("answer", [b"", b"not json", b"[]", b"{}", b'{"metadata": {"uuid": ""}}'])
def test_an_answer_that_is_no_run_does_not_end_the_runner(
    plane: FakeControlPlane, tmp_path: Path, answer: bytes
) -> None:
    plane.raw_claims.append(answer)
    run = plane.offer(a_run())

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")


def test_several_slots_execute_several_runs_at_once(plane: FakeControlPlane, tmp_path: Path) -> None:
    meet = f"touch {tmp_path}/$$.here; until [ $(ls {tmp_path}/*.here | wc -l) = 2 ]; do sleep 0.01; done"
    runs = [plane.offer(a_run(f"run-{number}", inputs={"echo_command": meet})) for number in (1, 2)]

    with running(plane, tmp_path / "work", concurrency=2):
        plane.wait_for(lambda: all(run.status == "SUCCEEDED" for run in runs))

    workers = {claim.headers["x-block-runner-node-id"][-1] for claim in plane.claims}
    assert workers == {"1", "2"}


def test_the_run_directory_is_private_and_gone_afterwards(plane: FakeControlPlane, tmp_path: Path) -> None:
    command = "stat -c %a . ; mkdir -p deep/er; touch deep/er/file; chmod 0 deep/er deep; env | cut -d= -f1 | sort"
    run = plane.offer(a_run(inputs={"echo_command": command}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert list((tmp_path / "runs").iterdir()) == []
    assert list((tmp_path / "spool").iterdir()) == []
    lines = str(run.step("echo")["systemMessage"]).splitlines()[1:]
    assert lines == ["700", "HOME", "PATH", "PWD", "SHLVL", "_"]


def test_a_daemon_left_behind_is_killed_and_does_not_hold_the_run(plane: FakeControlPlane, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    command = f"setsid bash -c 'echo $$ > {pid_file}; exec sleep 300' & until [ -s {pid_file} ]; do sleep 0.01; done"
    run = plane.offer(a_run(inputs={"echo_command": command}))

    with running(plane, tmp_path / "work"):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    stat = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_secrets_are_masked_in_messages_and_logs_but_not_in_outputs(plane: FakeControlPlane, tmp_path: Path) -> None:
    command = "printf 'token run-token-'; sleep 0.2; echo of-run-1; echo https://bot:pw@git.example.org/x"
    run = plane.offer(a_run(inputs={"echo_command": command, "out": "run-token-of-run-1"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert b"token ***\nhttps://***@git.example.org/x\n" in run.log("echo")
    assert "run-token-of-run-1" not in str(run.step("echo")["systemMessage"])
    assert run.step("echo")["outputs"] == {
        "out": {"value": "run-token-of-run-1", "type": "STRING", "isSensitive": False}
    }


def test_the_value_of_a_sensitive_output_never_leaves_the_runner(plane: FakeControlPlane, tmp_path: Path) -> None:
    sealed: JsonObject = {
        "key": "s",
        "value": "ZW52ZWxvcGU=",
        "type": "STRING",
        "isSensitive": True,
        "isEnvironment": False,
    }
    run = plane.offer(a_run(inputs={"s": sealed}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert run.step("echo")["outputs"] == {"s": {"value": None, "type": "STRING", "isSensitive": True}}
    assert all(b"ZW52ZWxvcGU" not in request.body for request in plane.requests)


def test_bytes_that_are_no_text_pass(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": r"printf 'a\0b\377c\n'"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED")

    assert run.log("echo").decode(errors="replace").endswith("a\ufffdb\ufffdc\n")
    assert str(run.step("echo")["systemMessage"]).endswith("a\ufffdb\ufffdc\n")


def test_one_line_of_50_megabytes_is_cut(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED", seconds=30)

    line, end = run.log("echo").splitlines()[-2:]
    assert line == b"x" * 65536 + b" [the rest of this line was left out]"
    assert end == b"end"


def test_the_system_message_is_the_end_of_a_long_log(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "seq 1 400000"}))

    with running(plane, tmp_path):
        plane.wait_for(lambda: run.status == "SUCCEEDED", seconds=30)

    message = str(run.step("echo")["systemMessage"])
    note, first, *_ = message.splitlines()
    assert (note, len(first)) == ("[earlier lines are left out here]", len("400000"))
    assert 1024 * 1024 - len(first) <= len(message) <= 1024 * 1024
    assert message.endswith("\n399999\n400000\n")
    assert run.log("echo").endswith(b"\n399999\n400000\n")
    assert b"\n1\n2\n3\n" in run.log("echo")


def test_links_are_followed_at_the_address_the_runner_knows(tmp_path: Path) -> None:
    with FakeControlPlane(blockyard=True) as plane:
        plane.public_url = "https://portal.example.org/blockyard"
        run = plane.offer(a_run(inputs={"echo_command": "echo hello"}))

        with running(plane, tmp_path):
            plane.wait_for(lambda: run.status == "SUCCEEDED")

        assert b"hello\n" in run.log("echo")


def test_an_abort_reaches_a_silent_run_through_the_heartbeat_that_is_held(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 1' INT; echo ready; while :; do sleep 0.05; done"}))

    with running(plane, tmp_path, heartbeat_seconds=600):
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        plane.wait_for(lambda: run.heartbeats)
        run.aborted = True
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "ABORTED"
    assert run.heartbeats == 1


def test_a_drained_runner_hands_its_runs_back(plane: FakeControlPlane, tmp_path: Path) -> None:
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 1' INT; echo ready; while :; do sleep 0.05; done"}))
    before = threading.active_count()

    with running(plane, tmp_path, drain_seconds=0) as runner:
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        assert runner.is_ready()
        runner.drain()
        plane.wait_for(lambda: run.released)
        assert not runner.is_ready()

    assert run.status == "PENDING"
    assert run.final_updates == []
    assert len(run.released) == 1
    assert threading.active_count() < before + 20


def test_a_drained_runner_takes_its_held_claims_back_before_it_hands_its_runs_back(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    plane.hold_seconds = 30
    plane.offers_again = True
    run = plane.offer(a_run(inputs={"echo_command": "trap 'exit 1' INT; echo ready; while :; do sleep 0.05; done"}))

    with running(plane, tmp_path, drain_seconds=0, concurrency=3) as runner:
        plane.wait_for(lambda: b"ready\n" in run.log("echo"))
        plane.wait_for(lambda: len(plane.claims) == 3)
        runner.drain()
        plane.wait_for(lambda: run.released)

    assert run.status == "PENDING"
    assert len(run.released) == 1
    assert len(run.registrations) == 1
    assert len(plane.claims) == 3


def test_a_run_whose_claim_is_answered_after_the_drain_is_handed_back_unstarted(
    plane: FakeControlPlane, tmp_path: Path
) -> None:
    plane.hold_seconds = 30
    plane.answers_the_gone = True

    with running(plane, tmp_path) as runner:
        plane.wait_for(lambda: plane.claims)
        runner.drain()
        run = plane.offer(a_run())
        plane.wait_for(lambda: run.released)

    assert run.status == "PENDING"
    assert run.registrations == []


def test_a_run_without_a_working_directory_is_failed_at_once(plane: FakeControlPlane, tmp_path: Path) -> None:
    with running(plane, tmp_path):
        plane.wait_for(lambda: plane.claims)
        (tmp_path / "runs").rmdir()
        run = plane.offer(a_run())
        plane.wait_for(lambda: run.final_updates)

    assert run.updates[0]["status"] == "FAILED"
    assert run.updates[0]["summary"] == "The runner could not prepare this run."
    assert run.registrations == []


def test_a_report_that_cannot_be_stored_is_sent_all_the_same(plane: FakeControlPlane, tmp_path: Path) -> None:
    with running(plane, tmp_path):
        plane.wait_for(lambda: plane.claims)
        (tmp_path / "spool").rmdir()
        run = plane.offer(a_run())
        plane.fail("PATCH", RUN, 503)
        plane.wait_for(lambda: run.final_updates)

    assert run.status == "SUCCEEDED"
