"""`blockyard restore`: makes an installation from an archive, whole or not at all.

The archive is read twice: once to see that it is whole, once to fill the database. SQLite is filled in a file beside the
place of the database and renamed last; on PostgreSQL everything is one transaction. What `--force` replaces in the data
directory is moved aside, not removed. Runs that were being executed come back as such: their leases are over, so they are
offered again, and what their old attempts still send is refused (architecture.md 4).
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from blockyard.server.app import migrate, tables
from blockyard.server.app.backup.archive import Manifest, StoredFile, StoredTable, read_archive, sync_folder
from blockyard.server.app.backup.errors import BackupError
from blockyard.server.app.backup.key_files import key_files
from blockyard.server.app.backup.rows import RowWriter
from blockyard.server.app.data_dir import UNFINISHED_RESTORE, only_user, prepare
from blockyard.server.app.keys import parse_master_key, write_private
from blockyard.server.app.settings import MASTER_KEY, Settings
from blockyard.server.kit import key_check
from blockyard.server.kit.clock import utc_now
from blockyard.server.kit.database import Database, Transaction
from blockyard.server.kit.sealed import MasterKey

_VERSIONS = "alembic_version"
_LOCK_WAIT = "SET LOCAL lock_timeout = '10s'"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and where what it replaced is now."""

    manifest: Manifest
    rows: int
    files: tuple[Path, ...]
    aside: Path | None


@dataclass(frozen=True, slots=True)
class _Content:
    """What an archive holds beside its tables, after it was found whole."""

    manifest: Manifest
    files: Mapping[str, bytes]
    master_key: MasterKey


def restore(settings: Settings, source: Path, passphrase: bytes | None, *, force: bool) -> Restored:
    """Make the installation that `settings` describe from the archive `source`; `force` replaces one that is there.

    Raises:
        BackupError: the archive cannot be used, the target is not empty, or servers still use it.
        DataDirError: a server uses the data directory.
    """
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(source.open("rb"))
        except OSError as error:
            raise BackupError(f"{source} cannot be read: {error.strerror}") from None
        content = _verify(archive, passphrase)
        prepare(settings.data_dir)
        stack.enter_context(only_user(settings.data_dir))
        target = _Target(settings, content, force=force)
        target.require_free()
        try:
            rows = target.fill(lambda connection: _load(connection, archive, passphrase, content))
        except SQLAlchemyError as error:
            raise BackupError(f"the database cannot be filled: {_reason(error)}") from error
        return Restored(content.manifest, rows, tuple(target.written), target.aside)


def _reason(error: SQLAlchemyError) -> str:
    """Return what the database said in one line, without the statement and its values."""
    cause = getattr(error, "orig", None)
    return str(cause).strip().splitlines()[0] if cause and str(cause).strip() else type(error).__name__


def _verify(archive: BinaryIO, passphrase: bytes | None) -> _Content:
    manifest: Manifest | None = None
    files: dict[str, bytes] = {}
    for part in read_archive(archive, passphrase):
        match part:
            case Manifest():
                manifest = part
            case StoredFile():
                files[part.name] = part.content
    if manifest is None or MASTER_KEY not in files:
        raise BackupError("the archive has no master key; take another one")
    if not migrate.knows(manifest.revision):
        raise BackupError(
            f"the archive was made by Blockyard {manifest.version} with tables of revision {manifest.revision}, "
            "which this version does not know; restore it with that version or a newer one"
        )
    return _Content(manifest, files, parse_master_key(files[MASTER_KEY].decode("ascii", "replace"), "the archive"))


def _load(connection: Connection, archive: BinaryIO, passphrase: bytes | None, content: _Content) -> int:
    """Make the tables of the archive's revision, fill them, bring them to this version's; return how many rows came."""
    migrate.upgrade_to(connection, content.manifest.revision)
    writer: RowWriter | None = None
    rows = 0
    for part in read_archive(archive, passphrase):
        match part:
            case StoredTable():
                if writer is not None:
                    writer.flush()
                writer = RowWriter(connection, part)
            case list() if writer is not None:
                writer.add(part)
                rows += 1
    if writer is not None:
        writer.flush()
    migrate.upgrade_to(connection, "head")
    if not key_check.remember(Transaction(connection), content.master_key):
        raise BackupError("the archive's master key is not the one of its database; take another archive")
    return rows


class _Target:
    """Where an archive is restored to."""

    def __init__(self, settings: Settings, content: _Content, *, force: bool) -> None:
        self._data = settings.data_dir
        self._url = settings.effective_database_url
        self._content = content
        self._force = force
        places = key_files(settings)
        self._files = {places[name]: stored for name, stored in content.files.items() if name in places}
        self.written: list[Path] = []
        self.aside: Path | None = None

    def require_free(self) -> None:
        """Refuse to replace anything unless that was asked for. Raises BackupError."""
        if self._force:
            return
        present = [path for path, stored in self._files.items() if path.exists() and path.read_bytes() != stored]
        with Database.open(self._url) as db:
            if db.is_sqlite:
                present += [path for path in _sqlite_files(_file_of(db)) if path.exists()]
        if present:
            names = ", ".join(map(str, present))
            raise BackupError(f"{names} would be replaced; choose an empty directory, or pass --force")

    def fill(self, load: Callable[[Connection], int]) -> int:
        """Fill the database by `load` and put the key files beside it; return what `load` returned."""
        with Database.open(self._url) as db:
            return self._fill_sqlite(_file_of(db), load) if db.is_sqlite else self._fill_postgres(db, load)

    def _fill_sqlite(self, file: Path, load: Callable[[Connection], int]) -> int:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with Database.open(f"sqlite:///{draft}") as db:
                with db.engine.begin() as connection:
                    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
                    rows = load(connection)
                _require_sound(db)
            _sync(draft)
            with self._installing():
                self._write_files()
                self._move_aside(_sqlite_files(file))
                draft.replace(file)
                sync_folder(file.parent)
        finally:
            for path in _sqlite_files(draft):
                path.unlink(missing_ok=True)
        return rows

    def _fill_postgres(self, db: Database, load: Callable[[Connection], int]) -> int:
        with self._installing(), db.engine.begin() as connection:
            _require_alone(connection)
            connection.execute(text(_LOCK_WAIT))
            present = set(inspect(connection).get_table_names()) & {*tables.metadata.tables, _VERSIONS}
            if present and not self._force:
                raise BackupError(
                    "the database has tables of Blockyard; make an empty one, or pass --force to replace them"
                )
            old = MetaData()
            old.reflect(connection, only=sorted(present))
            old.drop_all(connection)
            rows = load(connection)
            self._write_files()
        return rows

    @contextmanager
    def _installing(self) -> Iterator[None]:
        """Leave a mark while files are put in place, so that no server starts on a half of them."""
        mark = self._data / UNFINISHED_RESTORE
        write_private(mark, b"")
        try:
            yield
        except BaseException:
            if not self.written and self.aside is None:
                mark.unlink(missing_ok=True)
            raise
        mark.unlink()
        sync_folder(self._data)

    def _write_files(self) -> None:
        changed = {path: stored for path, stored in self._files.items() if not _holds(path, stored)}
        for path, stored in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists():
                write_private(self._folder_aside() / path.name, path.read_bytes())
            write_private(path, stored)
            self.written.append(path)

    def _move_aside(self, paths: list[Path]) -> None:
        for path in paths:
            if path.exists():
                shutil.move(path, self._folder_aside() / path.name)

    def _folder_aside(self) -> Path:
        if self.aside is None:
            self.aside = self._data / f"before-restore-{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
            self.aside.mkdir(mode=0o700)
        return self.aside


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _file_of(db: Database) -> Path:
    return Path(db.url.database or "")


def _sqlite_files(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}{suffix}") for suffix in ("", "-wal", "-shm")]


def _require_sound(db: Database) -> None:
    with db.engine.connect() as connection:
        orphans = connection.execute(text("PRAGMA foreign_key_check")).first()
        answer = connection.execute(text("PRAGMA quick_check")).scalar()
    if orphans is not None or answer != "ok":
        raise BackupError("the restored database is not sound; take another archive")


def _require_alone(connection: Connection) -> None:
    others = connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND application_name LIKE 'blockyard%'"
        )
    ).scalar()
    if others:
        raise BackupError(f"servers are connected to the database ({others} connections); stop them first")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
