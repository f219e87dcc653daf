"""A runner is examined, broken in one way at a time."""

from pathlib import Path

import pytest

from blockyard.diagnosis.finding import Finding, Outcome
from blockyard.runner.configuration import Configuration, load_configuration
from blockyard.runner.doctor import compare_time, examine, examine_programs
from blockyard.runner.limits import run_limit

AWAY = "http://127.0.0.1:9"


def _settings(tmp_path: Path, **chosen: object) -> Configuration:
    (tmp_path / "work").mkdir(mode=0o700, exist_ok=True)
    given = {"server_url": AWAY, "runner_uuid": "a", "client_id": "b", "client_secret": "s3cret"}
    values = {**given, "work_dir": tmp_path / "work", **chosen}
    return load_configuration({f"BLOCKYARD_RUNNER_{name.upper()}": str(value) for name, value in values.items()})


def _by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_a_server_that_is_away_is_told_once(tmp_path: Path) -> None:
    findings = examine(_settings(tmp_path))

    assert [finding.name for finding in findings if finding.outcome is Outcome.FAILED] == ["server"]
    assert "s3cret" not in str(findings)


def test_missing_programs_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    findings = _by_name(examine_programs(_settings(tmp_path, offline=True)))

    outcomes = {name: finding.outcome for name, finding in findings.items()}
    assert outcomes == {
        "git": Outcome.FAILED,
        "bash": Outcome.FAILED,
        "ssh": Outcome.WARNING,
        "flock": Outcome.WARNING,
        "engine": Outcome.FAILED,
    }


def test_an_engine_that_an_operator_placed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "engines" / "1.9.9" / "tofu"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho OpenTofu v1.9.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = _by_name(examine_programs(_settings(tmp_path, engine_dir=tmp_path / "engines")))["engine"]

    assert (found.outcome, found.text) == (Outcome.OK, f"OpenTofu 1.9.9 ({program})")


def test_a_private_key_that_is_none_is_told_without_its_content(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("hush")
    key.chmod(0o600)

    found = _by_name(examine(_settings(tmp_path, private_key_file=key)))["private key"]

    assert found.outcome is Outcome.FAILED
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("runner", "server", "outcome", "limit"),
    [(60, 180, Outcome.OK, 60), (180, 180, Outcome.FAILED, 162), (90, 60, Outcome.FAILED, 54), (90, None, None, 90)],
)
def test_runs_end_before_the_server_counts_their_attempts_as_lost(
    runner: float, server: float | None, outcome: Outcome | None, limit: float
) -> None:
    assert run_limit(runner, server) == limit
    if server is not None:
        found = compare_time(runner, server)
        assert found.outcome is outcome
        assert "BLOCKYARD_ATTEMPT_CEILING_MINUTES" in (found.remedy or "") or outcome is Outcome.OK


def test_a_secret_file_that_is_missing_is_told(tmp_path: Path) -> None:
    found = _by_name(examine(_settings(tmp_path, client_secret_file=tmp_path / "missing")))["sign-in"]

    assert found.outcome is Outcome.FAILED


def test_a_work_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    found = _by_name(examine(_settings(tmp_path, work_dir=Path("/proc/self/task"))))["work directory"]

    assert (found.outcome, "cannot be written" in found.text) == (Outcome.FAILED, True)
