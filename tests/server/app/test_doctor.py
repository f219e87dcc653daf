"""An installation is examined, broken in one way at a time."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import text

from blockyard.diagnosis.finding import Finding, Outcome, as_json, as_lines
from blockyard.diagnosis.network import server
from blockyard.server.app.data_dir import UNFINISHED_RESTORE, only_user, read_url, write_url
from blockyard.server.app.doctor import examine
from blockyard.server.app.keys import ensure_master_key, installation_id, read_master_key
from blockyard.server.app.settings import Settings
from blockyard.server.kit.database import Database
from tests.support import forked
from tests.support.installed import other_runner_key, replace_key
from tests.support.loopback import loopback_server

UNWRITABLE = Path("/proc/self/task")
"""A folder in which nobody can make a file, not even root."""


@pytest.fixture
def healthy(installed: Settings) -> Settings:
    """An installation whose server cannot be reached: nothing listens on its port."""
    return installed.model_copy(update={"public_url": "http://127.0.0.1:9"})


def _found(settings: Settings) -> dict[str, Finding]:
    findings = {finding.name: finding for finding in examine(settings)}
    assert all(bool(finding.remedy) == (finding.outcome is not Outcome.OK) for finding in findings.values())
    return findings


def test_a_stopped_installation_lacks_only_its_server_and_runner(healthy: Settings) -> None:
    findings = _found(healthy)

    wrong = {name for name, finding in findings.items() if finding.outcome is Outcome.FAILED}
    assert wrong == {"server"}
    expected = "127.0.0.1:9 cannot be reached" if healthy.database_url else "no server runs on"
    assert expected in findings["server"].text
    assert findings["shared runner"].text == "it has never asked for work"
    assert findings["master key"].text == "matches this database"
    assert findings["tables"].outcome is Outcome.OK
    assert findings["data directory"].outcome is Outcome.OK


def test_a_missing_master_key_is_told(healthy: Settings) -> None:
    healthy.master_key_file.unlink()

    finding = _found(healthy)["master.key"]

    assert (finding.outcome, "does not exist" in finding.text) == (Outcome.FAILED, True)


def test_a_wrong_master_key_is_told(healthy: Settings) -> None:
    healthy.master_key_file.unlink()
    ensure_master_key(healthy.master_key_file, is_new=True)

    finding = _found(healthy)["master key"]

    assert (finding.outcome, "another master key" in finding.text) == (Outcome.FAILED, True)


def test_an_unreadable_master_key_is_told_without_its_content(healthy: Settings) -> None:
    healthy.master_key_file.write_text("no hex digits")

    finding = _found(healthy)["master.key"]

    assert finding.outcome is Outcome.FAILED
    assert "no hex digits" not in str(finding)


@pytest.mark.parametrize(("mode", "outcome"), [(0o640, Outcome.WARNING), (0o604, Outcome.FAILED)])
def test_a_key_that_others_can_read_is_told(healthy: Settings, mode: int, outcome: Outcome) -> None:
    key = healthy.data_dir / "runner-key.pem"
    key.chmod(mode)

    finding = _found(healthy)["runner-key.pem"]

    assert (finding.outcome, finding.remedy) == (outcome, f"chmod 600 {key}")


def test_an_open_data_directory_is_told(healthy: Settings) -> None:
    healthy.data_dir.chmod(0o755)

    assert _found(healthy)["data directory"].outcome is Outcome.WARNING


def test_a_data_directory_that_cannot_be_written_is_told(healthy: Settings) -> None:
    elsewhere = {"data_dir": UNWRITABLE, "database_url": healthy.effective_database_url}
    finding = _found(healthy.model_copy(update=elsewhere))["data directory"]

    assert (finding.outcome, "cannot be written" in finding.text) == (Outcome.FAILED, True)


def test_half_a_restore_is_told(healthy: Settings) -> None:
    (healthy.data_dir / UNFINISHED_RESTORE).touch()

    assert "did not end" in _found(healthy)["data directory"].text


@pytest.mark.parametrize(
    ("revision", "remedy"), [("0001", "run `blockyard migrate`"), ("9999", "install the version that made them")]
)
def test_tables_of_another_revision_are_told(healthy: Settings, revision: str, remedy: str) -> None:
    with Database.open(healthy.effective_database_url) as db:
        change = text("UPDATE alembic_version SET version_num = :revision").bindparams(revision=revision)
        db.write_now(lambda tx: tx.execute(change))

    finding = _found(healthy)["tables"]

    assert (finding.outcome, finding.remedy) == (Outcome.FAILED, remedy)


def test_a_missing_database_is_told(new_target: Callable[[str], Settings]) -> None:
    settings = new_target("sqlite")
    assert "there is no Blockyard in" in _found(settings)["data directory"].text

    (settings.data_dir / "lock").touch()
    assert "there is none at" in _found(settings)["database"].text


@pytest.mark.postgres
def test_a_database_that_cannot_be_reached_is_told(healthy: Settings) -> None:
    away = healthy.model_copy(update={"database_url": "postgresql://blockyard:s3cret@127.0.0.1:9/blockyard"})

    finding = _found(away)["database"]

    assert finding.outcome is Outcome.FAILED
    assert "s3cret" not in str(finding)


def test_a_damaged_database_is_told(new_target: Callable[[str], Settings]) -> None:
    settings = new_target("sqlite")
    (settings.data_dir / "blockyard.sqlite3").write_bytes(b"this is no database" * 1000)

    assert _found(settings)["database"].outcome is Outcome.FAILED


class _Answering(BaseHTTPRequestHandler):
    """Answers as a server of another time or state does."""

    status = 200
    clock_behind = timedelta()

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        del timestamp
        return super().date_time_string((datetime.now(UTC) - self.clock_behind).timestamp())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name is the library's
        """Say nothing."""


@pytest.fixture
def answering() -> Iterator[tuple[str, type[_Answering]]]:
    """The URL of a server, and how it answers."""
    handler = type("Handler", (_Answering,), {})
    with loopback_server(handler) as url:
        yield url, handler


@pytest.mark.parametrize(
    ("status", "behind", "expected"),
    [
        (200, 0, [Outcome.OK, Outcome.OK]),
        (200, 20, [Outcome.OK, Outcome.WARNING]),
        (200, 600, [Outcome.OK, Outcome.FAILED]),
        (503, 0, [Outcome.FAILED, Outcome.OK]),
        (404, 0, [Outcome.FAILED, Outcome.OK]),
    ],
)
def test_state_and_clock_of_a_server_are_told(
    answering: tuple[str, type[_Answering]], status: int, behind: int, expected: list[Outcome]
) -> None:
    url, handler = answering
    handler.status, handler.clock_behind = status, timedelta(seconds=behind)

    assert [finding.outcome for finding in server(url)] == expected


class _Ready(_Answering):
    """Answers as a server of an installation does."""

    installation = ""

    def do_GET(self) -> None:
        body = json.dumps({"status": "ok", "installation": self.installation}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def other_server() -> Iterator[tuple[str, type[_Ready]]]:
    """The URL of a server of some installation."""
    handler = type("Handler", (_Ready,), {})
    with loopback_server(handler) as url:
        yield url, handler


def test_the_answer_of_another_installations_server_counts_for_nothing(
    healthy: Settings, other_server: tuple[str, type[_Ready]]
) -> None:
    url, handler = other_server
    own = installation_id(read_master_key(healthy.master_key_file))
    settings = healthy.model_copy(update={"public_url": url})

    with only_user(healthy.data_dir):
        handler.installation = "0" * len(own)
        foreign = _found(settings)["server"]
        handler.installation = own
        right = _found(settings)["server"]

    assert (foreign.outcome, "not a server of this installation" in foreign.text) == (Outcome.FAILED, True)
    assert right.outcome is Outcome.OK


def test_a_server_is_looked_for_where_it_says_it_listens(
    healthy: Settings, other_server: tuple[str, type[_Ready]]
) -> None:
    url, handler = other_server
    handler.installation = installation_id(read_master_key(healthy.master_key_file))

    with only_user(healthy.data_dir):
        write_url(healthy.data_dir, url)
        finding = _found(healthy.model_copy(update={"public_url": ""}))["server"]

    assert (finding.outcome, finding.text) == (Outcome.OK, f"{url} answers")
    assert read_url(healthy.data_dir) is None, "the note goes with the server"


def test_states_that_could_not_be_stored_are_told(healthy: Settings) -> None:
    folder = healthy.data_dir / "runner" / "errored-states"
    folder.mkdir(parents=True)
    (folder / "run-7.tfstate").touch()

    finding = _found(healthy)["errored states"]

    assert (finding.outcome, "run-7.tfstate" in finding.text) == (Outcome.WARNING, True)


def test_a_directory_that_does_not_exist_is_no_installation(new_target: Callable[[str], Settings]) -> None:
    settings = new_target("sqlite").model_copy(update={"data_dir": Path("/nonexistent/blockyard")})

    assert [finding.outcome for finding in examine(settings)] == [Outcome.FAILED]


def test_the_key_of_another_installation_and_a_missing_one_are_told(healthy: Settings) -> None:
    replace_key(healthy, other_runner_key())
    foreign = _found(healthy)["runner-key.pem"]
    (healthy.data_dir / "runner-key.pem").unlink()
    missing = _found(healthy).get("runner-key.pem")

    assert (foreign.outcome, "does not belong to this database" in foreign.text) == (Outcome.FAILED, True)
    if healthy.database_url:  # the shared runner of `serve` is on another machine
        assert missing is None
    else:
        assert missing is not None
        assert (missing.outcome, "is missing" in missing.text) == (Outcome.FAILED, True)


def test_findings_are_told_in_lines_and_in_json() -> None:
    findings = [Finding("database", Outcome.OK, "SQLite"), Finding("server", Outcome.FAILED, "is away", "start it")]

    assert as_lines(findings).splitlines() == [
        "ok       database  SQLite",
        "failed   server    is away",
        "                   -> start it",
    ]
    assert json.loads(as_json(findings)) == {
        "outcome": "failed",
        "findings": [
            {"name": "database", "outcome": "ok", "text": "SQLite", "remedy": ""},
            {"name": "server", "outcome": "failed", "text": "is away", "remedy": "start it"},
        ],
    }


def test_unusable_settings_are_a_finding(tmp_path: Path) -> None:
    done = _doctor("--data-dir", str(tmp_path), "-o", "json", BLOCKYARD_PORT="many")

    assert done.returncode == 1, done.stderr
    assert [finding["name"] for finding in json.loads(done.stdout)["findings"]] == ["settings"]


def _doctor(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return forked.run(["doctor", *words], env={"PATH": os.environ["PATH"], **settings})
