"""Examines an installation of the server: directory, keys, database, address, shared runner. Changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blockyard.diagnosis.files import folder, private_file
from blockyard.diagnosis.finding import Finding, Outcome, failed, ok, warning
from blockyard.diagnosis.network import clock, server
from blockyard.server.app import migrate
from blockyard.server.app.backup.key_files import find_keys, key_files
from blockyard.server.app.data_dir import DataDirError, is_ours, is_used, read_url, require_whole
from blockyard.server.app.embedded_runner import runner_environment
from blockyard.server.app.keys import KeyFileError, KeyPair, installation_id, read_master_key
from blockyard.server.app.seeds import SHARED_RUNNER_UUID, WRONG_MASTER_KEY
from blockyard.server.app.settings import MASTER_KEY, RUNNER_KEY, RUNNER_PUBLIC_KEY, Settings
from blockyard.server.app.wiring import wire
from blockyard.server.kit import key_check
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.errors import Refusal
from blockyard.server.kit.sealed import MasterKey
from blockyard.server.runners.model import RunnerId
from blockyard.server.services import Services

_SILENT_AFTER = timedelta(minutes=2)
"""A runner that waits for work claims every 25 s."""

_SHOWN_FILES = 3
_SHOWN_VERSIONS = 10
_NO_DATABASE = "start `blockyard up` once, restore a backup, or name another --data-dir"


def examine(settings: Settings) -> list[Finding]:
    """Examine the installation that `settings` describe."""
    if not settings.database_url and not is_ours(settings.data_dir):
        return [failed("data directory", f"there is no Blockyard in {settings.data_dir}", _NO_DATABASE)]
    master_key, findings = _keys(settings)
    directory = _data_dir(settings)
    return [*directory, *findings, *_database(settings, master_key), *_server(settings, master_key)]


def _server(settings: Settings, master_key: MasterKey | None) -> list[Finding]:
    """Ask this installation's server, wherever it listens; another one's answer counts for nothing."""
    if not settings.database_url and not is_used(settings.data_dir):
        start = f"start it: `blockyard up --data-dir {settings.data_dir}`"
        return [failed("server", f"no server runs on {settings.data_dir}", start)]
    url = settings.public_url.rstrip("/") or read_url(settings.data_dir) or settings.effective_public_url
    return server(url, None if master_key is None else installation_id(master_key))


def _unsaved_states(settings: Settings) -> list[Finding]:
    """Tell of states that could not be stored: the next run would not know what exists."""
    folder = settings.data_dir / "runner" / "errored-states"
    files = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    if not files:
        return []
    return [
        warning(
            "errored states",
            f"{len(files)} in {folder}: {', '.join(files[:_SHOWN_FILES])}{' …' if len(files) > _SHOWN_FILES else ''}",
            "push each by hand before the next run of its block (docs/operating.md, Files and backup), then remove it",
        )
    ]


def embedded_runner_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str] | None:
    """Return the environment of the embedded runner, without its secret; None if this installation has none."""
    key = settings.data_dir / RUNNER_KEY
    if not settings.embedded_runner or not key.exists():
        return None
    pair = KeyPair("doctor", "doctor")
    return runner_environment(settings, environment, runner_uuid=str(SHARED_RUNNER_UUID), pair=pair, private_key=key)


def _data_dir(settings: Settings) -> list[Finding]:
    is_used = not settings.database_url or settings.data_dir in settings.master_key_file.parents
    if not is_used and not settings.data_dir.exists():
        return []
    try:
        require_whole(settings.data_dir)
    except DataDirError as error:
        return [failed("data directory", str(error), "run the restore again, with --force")]
    return [*folder("data directory", settings.data_dir), *_unsaved_states(settings)]


def _keys(settings: Settings) -> tuple[MasterKey | None, list[Finding]]:
    places = dict(key_files(settings))
    findings = [
        private_file(name, path) for name, path in places.items() if path.exists() and name != RUNNER_PUBLIC_KEY
    ]
    try:
        return read_master_key(places[MASTER_KEY]), findings
    except KeyFileError as error:
        others = [finding for finding in findings if finding.name != MASTER_KEY]
        remedy = "put it back from a backup; a new one will not do for an old database"
        return None, [failed(MASTER_KEY, str(error).partition(";")[0], remedy), *others]


def _database(settings: Settings, master_key: MasterKey | None) -> list[Finding]:
    findings: list[Finding] = []
    with Database.open(settings.effective_database_url) as db:
        if db.is_sqlite and not Path(db.url.database or "").is_file():
            return [failed("database", f"there is none at {db.url.database}", _NO_DATABASE)]
        with _telling(findings, "database"):
            findings.append(_reached(db))
            findings.append(_revision(db))
            findings.append(db.read_now(_integrity))
            if not db.is_sqlite:
                findings.append(db.read_now(_database_clock))
        if all(finding.outcome is not Outcome.FAILED for finding in findings) and master_key is not None:
            key = master_key
            with _telling(findings, "master key"):
                findings.append(db.read_now(lambda tx: _right_key(tx, key)))
            with _telling(findings, "shared runner"):
                services = wire(settings, key)
                findings.extend(db.read_now(lambda tx: _own_keys(tx, settings, services)))
                runner = db.read_now(lambda tx: services.runners.get_by_id(tx, RunnerId(SHARED_RUNNER_UUID)))
                silent = None if runner.last_seen_at is None else utc_now() - runner.last_seen_at
                findings.append(_shared_runner(silent))
            with _telling(findings, "repository addresses"):
                findings.append(_addresses(db.read_now(services.definitions.with_credentials_in_address)))
    return findings


@contextmanager
def _telling(findings: list[Finding], name: str) -> Iterator[None]:
    """Turn what the database refuses into a finding."""
    try:
        yield
    except Refusal as refusal:
        findings.append(failed(name, refusal.message, "see that it runs, and that BLOCKYARD_DATABASE_URL is right"))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0]
        findings.append(
            failed(name, f"it cannot be read: {cause}", "see that it runs, and restore a backup if it is damaged")
        )


def _reached(db: Database) -> Finding:
    version = db.read_now(
        lambda tx: tx.execute(
            text("SELECT sqlite_version()" if tx.dialect == "sqlite" else "SHOW server_version")
        ).scalar()
    )
    return ok("database", f"{'SQLite' if db.is_sqlite else 'PostgreSQL'} {version}")


def _revision(db: Database) -> Finding:
    found, wanted = migrate.current(db), migrate.head()
    if found == wanted:
        return ok("tables", f"at revision {found}")
    if found is None:
        return failed("tables", "the database is empty", "run `blockyard migrate`")
    if not migrate.knows(found):
        return failed(
            "tables", f"at revision {found}, which this version does not know", "install the version that made them"
        )
    return failed("tables", f"at revision {found}, this version needs {wanted}", "run `blockyard migrate`")


def _integrity(tx: Transaction) -> Finding:
    if tx.dialect == "sqlite":
        answer = str(tx.execute(text("PRAGMA quick_check(1)")).scalar())
        if answer == "ok":
            return ok("integrity", "the database file is whole")
        return failed("integrity", f"the database file is damaged: {answer.splitlines()[0]}", "restore a backup")
    if str(tx.execute(text("SHOW data_checksums")).scalar()) == "on":
        return ok("integrity", "PostgreSQL checks its pages")
    return warning(
        "integrity", "PostgreSQL does not check its pages", "switch data checksums on: `pg_checksums --enable`"
    )


def _database_clock(tx: Transaction) -> Finding:
    theirs = tx.execute(text("SELECT extract(epoch FROM clock_timestamp())::float")).scalar()
    return clock("clock of the database", datetime.fromtimestamp(float(str(theirs)), UTC))


def _right_key(tx: Transaction, master_key: MasterKey) -> Finding:
    fits = key_check.fits(tx, master_key)
    if fits is None:
        return warning("master key", "no server has started on this database yet", "start one")
    if not fits:
        return failed("master key", WRONG_MASTER_KEY, "set BLOCKYARD_MASTER_KEY_FILE to the right one")
    return ok("master key", "matches this database")


def _addresses(odd: Sequence[str]) -> Finding:
    if not odd:
        return ok("repository addresses", "none holds credentials")
    more = f" and {len(odd) - _SHOWN_VERSIONS} more" if len(odd) > _SHOWN_VERSIONS else ""
    return warning(
        "repository addresses",
        f"in clear for readers of versions and runs: credentials or a query in {', '.join(odd[:_SHOWN_VERSIONS])}{more}",
        "withdraw these credentials, and release versions with an SSH address and sshPrivateKey",
    )


def _own_keys(tx: Transaction, settings: Settings, services: Services) -> Iterator[Finding]:
    """Tell of key files that are another installation's, and of the shared runner's where it belongs here and is missing."""
    found = find_keys(tx, settings, services)
    remedy = "put the right one back from a backup"
    findings = [
        failed(name, f"{key_files(settings)[name]} does not belong to this database", remedy) for name in found.foreign
    ]
    is_embedded = settings.embedded_runner and not settings.database_url
    if is_embedded and RUNNER_KEY not in {*found.own, *found.foreign}:
        text = f"{key_files(settings)[RUNNER_KEY]} is missing: nothing else opens the secret inputs"
        findings.append(failed(RUNNER_KEY, text, "put it back from a backup"))
    return iter(findings)


def _shared_runner(silent: timedelta | None) -> Finding:
    if silent is None:
        return warning("shared runner", "it has never asked for work", "start it; its log says why it cannot sign in")
    seen = f"seen {max(0, round(silent.total_seconds()))} s ago"
    if silent > _SILENT_AFTER:
        return warning("shared runner", seen, "start it, or see in its log why it does not claim")
    return ok("shared runner", seen)
