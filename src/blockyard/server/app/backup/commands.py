"""The two commands as people see them: what they print."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from blockyard.server.app.backup.encryption import read_passphrase, require_strong
from blockyard.server.app.backup.restore import restore as restore_archive
from blockyard.server.app.backup.take import backup as take_backup
from blockyard.server.app.settings import RUNNER_KEY, Settings


def backup(settings: Settings, target: Path, passphrase_file: Path | None) -> None:
    """Write an archive and say what it holds."""
    passphrase = read_passphrase(passphrase_file) if passphrase_file else None
    if passphrase is not None:
        require_strong(passphrase)
    summary = take_backup(settings, target, passphrase)
    sys.stdout.write(f"wrote {target}: {summary.rows} rows of {summary.tables} tables, {', '.join(summary.files)}\n")
    for name in summary.foreign:
        sys.stderr.write(f"left out {name}: the one at its place does not belong to this database\n")
    if RUNNER_KEY not in summary.files:
        sys.stderr.write(
            f"{RUNNER_KEY}, which opens the secret inputs, is not here: keep a copy of it from the shared runner's machine\n"
        )
    if passphrase is None:
        sys.stderr.write(
            "The archive is not encrypted: whoever reads it has every key of this installation (--passphrase-file).\n"
        )


def restore(settings: Settings, source: Path, passphrase_file: Path | None, *, force: bool) -> None:
    """Make an installation from an archive and say what came back."""
    passphrase = read_passphrase(passphrase_file) if passphrase_file else None
    done = restore_archive(settings, source, passphrase, force=force)
    manifest = done.manifest
    sys.stdout.write(f"restored {done.rows} rows of {_plain(manifest.created_at)} (Blockyard {manifest.version})\n")
    for path in done.files:
        sys.stdout.write(f"wrote {path}\n")
    if done.aside is not None:
        sys.stdout.write(f"what was there before is in {done.aside}\n")


def _plain(instant: str) -> str:
    """Return an instant as people read it everywhere else."""
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
