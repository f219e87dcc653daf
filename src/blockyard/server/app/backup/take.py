"""`blockyard backup`: writes an archive of an installation while it works."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from blockyard import __version__
from blockyard.protocol.jsontypes import JsonObject
from blockyard.server.app import migrate, tables
from blockyard.server.app.backup.archive import Manifest, StoredFile, is_archive, new_archive
from blockyard.server.app.backup.errors import BackupError
from blockyard.server.app.backup.key_files import FoundKeys, find_keys, key_files
from blockyard.server.app.backup.rows import described, read_rows
from blockyard.server.app.keys import read_master_key
from blockyard.server.app.seeds import WRONG_MASTER_KEY
from blockyard.server.app.settings import Settings
from blockyard.server.app.wiring import wire
from blockyard.server.kit import key_check
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database
from blockyard.server.kit.errors import Refusal

_TOLD = (
    "public_url",
    "admin_workspace",
    "embedded_runner",
    "allow_file_repositories",
    "state_versions",
    "attempt_ceiling_minutes",
)
"""Settings worth knowing when everything else is lost; none holds a secret."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive holds."""

    tables: int
    rows: int
    files: tuple[str, ...]
    foreign: tuple[str, ...]
    """Key files that are where this installation's would be, and are not of its database: left out."""


def backup(settings: Settings, target: Path, passphrase: bytes | None) -> Summary:
    """Write everything the installation needs to live again to `target`; the server may run meanwhile.

    Raises:
        BackupError: the database is missing, or was written with another master key, or the target is something else.
        SchemaError: its tables are not those of this version.
        KeyFileError: the master key cannot be read.
    """
    with _existing(settings) as db:
        require_target(settings, db, target)
        master_key = read_master_key(settings.master_key_file)
        try:
            migrate.require_current(db)
            if not db.read_now(lambda tx: key_check.fits(tx, master_key) is not False):
                raise BackupError(WRONG_MASTER_KEY)
            keys = db.read_now(lambda tx: find_keys(tx, settings, wire(settings, master_key)))
            return _write(settings, db, keys, target, passphrase)
        except Refusal as refusal:
            raise BackupError(refusal.message) from refusal
        except SQLAlchemyError as error:
            raise BackupError(f"the database cannot be read: {type(error).__name__}") from error


def require_target(settings: Settings, db: Database, target: Path) -> None:
    """Refuse to put an archive into the place of anything but an older one. Raises BackupError."""
    if target.is_dir():
        raise BackupError(f"{target} is a directory; name a file in it")
    if not target.exists():
        return
    database = [Path(f"{db.url.database}{suffix}") for suffix in ("", "-wal", "-shm")] if db.is_sqlite else []
    if any(path.exists() and target.samefile(path) for path in [*key_files(settings).values(), *database]):
        raise BackupError(f"{target} belongs to the installation itself; choose another file")
    if not is_archive(target):
        raise BackupError(f"{target} exists and is not a backup of Blockyard; choose another file, or remove it")


def _existing(settings: Settings) -> Database:
    db = Database.open(settings.effective_database_url)
    if db.is_sqlite and not Path(db.url.database or "").is_file():
        db.close()
        raise BackupError(f"there is no database at {db.url.database}; name its folder with --data-dir")
    return db


def _write(settings: Settings, db: Database, keys: FoundKeys, target: Path, passphrase: bytes | None) -> Summary:
    files = [StoredFile(name, path.read_bytes()) for name, path in keys.own.items()]
    rows = 0
    with db.snapshot() as connection:
        revision = migrate.revision_of(connection)
        with new_archive(target, _manifest(settings, db, revision), passphrase) as archive:
            for file in files:
                archive.add_file(file)
            for table in tables.metadata.sorted_tables:
                rows += archive.add_table(described(table), read_rows(connection, table))
    return Summary(len(tables.metadata.sorted_tables), rows, tuple(file.name for file in files), keys.foreign)


def _manifest(settings: Settings, db: Database, revision: str | None) -> Manifest:
    told: JsonObject = settings.model_dump(mode="json", include=set(_TOLD))
    return Manifest(
        created_at=utc_now().isoformat(),
        version=__version__,
        revision=str(revision),
        database="sqlite" if db.is_sqlite else "postgresql",
        settings=told,
    )
