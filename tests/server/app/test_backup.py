"""Archives: what goes in comes out, on either database, and nothing else is taken for one."""

import gzip
import hashlib
import json
import os
import stat
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import MetaData, insert, select, text

from blockyard.server.app import migrate, tables
from blockyard.server.app.backup import commands
from blockyard.server.app.backup.encryption import CHUNK_BYTES
from blockyard.server.app.backup.errors import BackupError
from blockyard.server.app.backup.restore import restore
from blockyard.server.app.backup.take import backup
from blockyard.server.app.data_dir import UNFINISHED_RESTORE, DataDirError, only_user, require_whole
from blockyard.server.app.keys import KeyFileError, ensure_master_key
from blockyard.server.app.settings import Settings
from blockyard.server.kit.database import Database
from tests.support.installed import install, other_runner_key, replace_key

NewTarget = Callable[[str], Settings]
PASSPHRASE = b"correct horse battery staple"
Columns = Mapping[str, Collection[str]]
KEYS = ("master.key", "runner-key.pem", "runner-api-key.json", "admin-key.json")
STATES = tables.metadata.tables["state_versions"]


@pytest.fixture
def archive(installed: Settings, tmp_path: Path) -> Path:
    """An archive of an installation with a large, odd row."""
    _store(installed, _state(7, b"\0\xff" * 200_000))
    file = tmp_path / "archive"
    backup(installed, file, None)
    return file


def _store(settings: Settings, row: dict[str, object]) -> None:
    with Database.open(settings.effective_database_url) as db:
        db.write_now(lambda tx: tx.execute(insert(STATES), [row]))


def _state(number: int, data: bytes) -> dict[str, object]:
    samples: dict[type, object] = {
        bytes: data,
        str: 'ünï "quoted"\n',
        int: number,
        bool: True,
        object: datetime(2026, 3, 1, 12, 30, 1, 123456, tzinfo=UTC),  # Instant does not say its type
        UUID: UUID(int=2**127 + number),
    }
    return {column.name: samples[column.type.python_type] for column in STATES.columns}


def _everything(settings: Settings, columns: Columns | None = None) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows by table; with `columns` of these tables and columns only."""
    with Database.open(settings.effective_database_url) as db, db.snapshot() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(*chosen))), key=repr)
            for name, table in tables.metadata.tables.items()
            if (
                chosen := [
                    column for column in table.columns if columns is None or column.name in columns.get(name, ())
                ]
            )
        }


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
def test_an_installation_comes_back_as_it_was(
    installed: Settings, archive: Path, new_target: NewTarget, database_kind: str, passphrase: bytes | None
) -> None:
    backup(installed, archive, passphrase)
    target = new_target(database_kind)

    restored = restore(target, archive, passphrase, force=False)

    assert _everything(target) == _everything(installed)
    assert restored.rows == sum(map(len, _everything(target).values()))
    for name in KEYS:
        assert (target.data_dir / name).read_bytes() == (installed.data_dir / name).read_bytes()
        assert stat.S_IMODE((target.data_dir / name).stat().st_mode) == 0o600
    require_whole(target.data_dir)


@pytest.mark.postgres
@pytest.mark.parametrize(("old", "new"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_an_archive_of_one_database_fills_the_other(old: str, new: str, new_target: NewTarget, tmp_path: Path) -> None:
    source, target = new_target(old), new_target(new)
    install(source)
    _store(source, _state(7, b"\0\xff"))
    backup(source, tmp_path / "archive", None)

    restore(target, tmp_path / "archive", None, force=False)

    assert _everything(target) == _everything(source)


@pytest.mark.one_database
def test_the_archive_is_private_and_replaces_the_one_before(installed: Settings, archive: Path) -> None:
    archive.chmod(0o644)

    backup(installed, archive, None)

    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [file.name for file in archive.parent.iterdir() if file.name.startswith(".archive")] == []


@pytest.mark.one_database
def test_an_encrypted_archive_shows_nothing(installed: Settings, archive: Path) -> None:
    backup(installed, archive, PASSPHRASE)

    stored = archive.read_bytes()

    assert (installed.data_dir / "master.key").read_bytes().strip() not in stored
    assert b"blockyardBackup" not in stored
    assert b"\x1f\x8b\x08\x00" not in stored
    assert PASSPHRASE not in stored


@pytest.mark.one_database
def test_a_wrong_or_missing_passphrase_is_told(installed: Settings, archive: Path, new_target: NewTarget) -> None:
    backup(installed, archive, PASSPHRASE)
    target = new_target("sqlite")

    with pytest.raises(BackupError, match="the passphrase is not the one"):
        restore(target, archive, b"wrong", force=False)
    with pytest.raises(BackupError, match="is encrypted: give its passphrase with --passphrase-file"):
        restore(target, archive, None, force=False)
    assert list(target.data_dir.iterdir()) == []


@pytest.mark.one_database
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
def test_a_truncated_archive_is_refused_wherever_it_ends(
    installed: Settings, archive: Path, new_target: NewTarget, passphrase: bytes | None
) -> None:
    backup(installed, archive, passphrase)
    whole = archive.read_bytes()
    for share in (0.02, 0.5, 0.9, 0.9999):
        archive.write_bytes(whole[: int(len(whole) * share)])
        target = new_target("sqlite")

        with pytest.raises(BackupError, match=r"damaged|cut off"):
            restore(target, archive, passphrase, force=False)
        assert list(target.data_dir.iterdir()) == []


@pytest.mark.one_database
def test_chunks_cannot_be_left_out(installed: Settings, archive: Path, new_target: NewTarget) -> None:
    _store(installed, _state(8, os.urandom(3 * CHUNK_BYTES)))
    backup(installed, archive, PASSPHRASE)
    whole = archive.read_bytes()
    begin = whole.index(b"}\n") + 2
    size = CHUNK_BYTES + 16

    for changed in (whole[: begin + size], whole[:begin] + whole[begin + size :]):
        archive.write_bytes(changed)
        with pytest.raises(BackupError, match="damaged or cut off"):
            restore(new_target("sqlite"), archive, PASSPHRASE, force=False)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", gzip.compress(b"hello"), gzip.compress(b'{"a": 1}\n'), gzip.compress(b"[1]\n"), b"\x1f\x8b\x08\0"],
    ids=["empty", "text", "compressed-text", "another-object", "a-list", "cut-off"],
)
def test_a_foreign_file_is_refused(content: bytes, new_target: NewTarget, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(content)

    with pytest.raises(BackupError, match=r"not a backup of Blockyard|cut off"):
        restore(new_target("sqlite"), foreign, None, force=False)


@pytest.mark.one_database
def test_a_changed_row_is_found_by_its_checksum(archive: Path, new_target: NewTarget) -> None:
    lines = gzip.decompress(archive.read_bytes())
    archive.write_bytes(gzip.compress(lines.replace(b"administrator", b"xdministrator")))

    with pytest.raises(BackupError, match="a checksum is wrong"):
        restore(new_target("sqlite"), archive, None, force=False)


def test_an_archive_of_an_older_revision_is_migrated(
    archive: Path, installed: Settings, new_target: NewTarget, database_kind: str, tmp_path: Path
) -> None:
    old = _columns_at("0001", tmp_path)
    _rewrite(archive, revision="0001", columns=old)
    target = new_target(database_kind)

    restore(target, archive, None, force=False)

    with Database.open(target.effective_database_url) as db:
        migrate.require_current(db)
    assert _everything(target, old) == _everything(installed, old)
    assert len(_everything(target)["master_key_check"]) == 1


def test_an_archive_of_a_newer_version_is_refused(archive: Path, new_target: NewTarget) -> None:
    _rewrite(archive, revision="9999")

    with pytest.raises(BackupError, match="revision 9999, which this version does not know"):
        restore(new_target("sqlite"), archive, None, force=False)


def _columns_at(revision: str, folder: Path) -> Columns:
    """Return the columns of each table that a database of an older version has."""
    with Database.open(f"sqlite:///{folder / 'old.sqlite3'}") as db, db.engine.begin() as connection:
        migrate.upgrade_to(connection, revision)
        reflected = MetaData()
        reflected.reflect(connection)
        return {name: set(table.columns.keys()) for name, table in reflected.tables.items()}


def _rewrite(archive: Path, *, revision: str, columns: Columns | None = None) -> None:
    """Make the archive one of another revision, with its tables and columns only, with right checksums."""
    lines = [json.loads(line) for line in gzip.decompress(archive.read_bytes()).splitlines()]
    lines[0]["revision"] = revision
    end, kept = lines.pop(), []
    table, places = "", list[int]()
    digests = {name: hashlib.sha256() for name in end["end"]["tables"]}
    for line in lines:
        if isinstance(line, dict) and "table" in line:
            table = line["table"]
            places = [
                at for at, (name, _) in enumerate(line["columns"]) if columns is None or name in columns.get(table, ())
            ]
            line["columns"] = [line["columns"][at] for at in places]
        if table and not places:
            continue
        row = [line[at] for at in places] if isinstance(line, list) else line
        text = (json.dumps(row, separators=(",", ":")) + "\n").encode()
        if isinstance(line, list):
            digests[table].update(text)
        kept.append(text)
    end["end"]["tables"] = {
        name: {**told, "sha256": digests[name].hexdigest()}
        for name, told in end["end"]["tables"].items()
        if columns is None or name in columns
    }
    kept.append((json.dumps(end, separators=(",", ":")) + "\n").encode())
    archive.write_bytes(gzip.compress(b"".join(kept)))


def test_a_target_that_is_in_use_is_left_alone(archive: Path, installed: Settings) -> None:
    before = _everything(installed)

    with pytest.raises(BackupError, match=r"would be replaced|has tables of Blockyard"):
        restore(installed, archive, None, force=False)

    assert _everything(installed) == before
    require_whole(installed.data_dir)


def test_force_replaces_and_keeps_what_was_there(
    archive: Path, new_target: NewTarget, database_kind: str, installed: Settings
) -> None:
    target = new_target(database_kind)
    install(target)
    old_key = (target.data_dir / "master.key").read_bytes()

    restored = restore(target, archive, None, force=True)

    assert _everything(target) == _everything(installed)
    assert restored.aside is not None
    assert (restored.aside / "master.key").read_bytes() == old_key
    assert (restored.aside / "blockyard.sqlite3").exists() == (database_kind == "sqlite")


def test_a_running_server_keeps_its_data_directory(archive: Path, installed: Settings) -> None:
    with only_user(installed.data_dir), pytest.raises(DataDirError, match="another Blockyard server uses"):
        restore(installed, archive, None, force=True)


@pytest.mark.postgres
def test_servers_on_the_database_must_stop_first(new_target: NewTarget, tmp_path: Path) -> None:
    source = new_target("postgres")
    install(source)
    backup(source, tmp_path / "archive", None)

    with Database.open(source.effective_database_url) as db:
        db.read_now(lambda tx: tx.execute(text("SELECT 1")))
        with pytest.raises(BackupError, match="servers are connected"):
            restore(source, tmp_path / "archive", None, force=True)


def test_a_server_does_not_start_on_half_a_restore(installed: Settings) -> None:
    (installed.data_dir / UNFINISHED_RESTORE).touch()

    with pytest.raises(DataDirError, match="did not end"):
        require_whole(installed.data_dir)


def test_a_restore_that_failed_half_way_is_done_again(
    archive: Path, new_target: NewTarget, database_kind: str, installed: Settings
) -> None:
    target = new_target(database_kind)
    unwritable = target.model_copy(update={"admin_key_file": Path("/proc/self/task/admin-key.json")})

    with pytest.raises(OSError, match="admin-key"):
        restore(unwritable, archive, None, force=False)
    with pytest.raises(DataDirError, match="did not end"):
        require_whole(target.data_dir)
    restore(target, archive, None, force=False)

    require_whole(target.data_dir)
    assert _everything(target) == _everything(installed)


def test_a_key_that_is_not_of_the_database_is_no_backup(installed: Settings, tmp_path: Path) -> None:
    installed.master_key_file.unlink()
    ensure_master_key(installed.master_key_file, is_new=True)

    with pytest.raises(BackupError, match="another master key"):
        backup(installed, tmp_path / "archive", None)
    with pytest.raises(KeyFileError, match="another master key"):
        install(installed)


def test_keys_of_another_installation_are_left_out(installed: Settings, new_target: NewTarget, tmp_path: Path) -> None:
    other = new_target("sqlite")
    install(other)
    replace_key(other, other_runner_key())
    mixed = installed.model_copy(
        update={
            "data_dir": other.data_dir,
            "admin_key_file": installed.data_dir / "admin-key.json",
            "database_url": installed.effective_database_url,
        }
    )

    summary = backup(mixed, tmp_path / "archive", None)

    assert summary.foreign == ("runner-api-key.json", "runner-key.pem")
    assert summary.files == ("master.key", "admin-key.json")


@pytest.mark.one_database
def test_a_key_that_cannot_be_read_as_one_is_left_out(installed: Settings, tmp_path: Path) -> None:
    (installed.data_dir / "runner-key.pem").write_text("not a key")

    assert backup(installed, tmp_path / "archive", None).foreign == ("runner-key.pem",)


@pytest.mark.one_database
def test_people_are_told_which_keys_an_archive_lacks(
    installed: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (installed.data_dir / "runner-key.pem").unlink()

    commands.backup(installed, tmp_path / "archive", None)

    assert "runner-key.pem, which opens the secret inputs, is not here: keep a copy" in capsys.readouterr().err


@pytest.mark.one_database
@pytest.mark.parametrize("passphrase", ["x", "fifteen letters", "aaaaaaaaaaaaaaaaaaaaaaaa"])
def test_a_passphrase_that_can_be_guessed_is_refused(installed: Settings, tmp_path: Path, passphrase: str) -> None:
    file = tmp_path / "passphrase"
    file.write_text(passphrase + "\n")

    with pytest.raises(BackupError, match="too weak"):
        commands.backup(installed, tmp_path / "archive", file)

    assert not (tmp_path / "archive").exists()


@pytest.mark.one_database
def test_a_place_that_cannot_be_written_is_named(installed: Settings) -> None:
    with pytest.raises(BackupError, match=r"^/nonexistent/archive cannot be written: No such file or directory$"):
        backup(installed, Path("/nonexistent/archive"), None)


@pytest.mark.parametrize("name", ["master.key", "runner-key.pem", "blockyard.sqlite3"])
def test_an_archive_never_takes_the_place_of_the_installations_own_files(new_target: NewTarget, name: str) -> None:
    settings = new_target("sqlite")
    install(settings)
    before = (settings.data_dir / name).read_bytes()

    with pytest.raises(BackupError, match="belongs to the installation itself"):
        backup(settings, settings.data_dir / name, None)

    assert (settings.data_dir / name).read_bytes() == before


@pytest.mark.one_database
def test_an_archive_takes_the_place_of_an_older_one_only(installed: Settings, archive: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter"
    letter.write_text("Dear Ann")

    with pytest.raises(BackupError, match="is not a backup of Blockyard"):
        backup(installed, letter, None)
    with pytest.raises(BackupError, match="is a directory"):
        backup(installed, tmp_path, None)
    backup(installed, archive, PASSPHRASE)
    backup(installed, archive, None)

    assert letter.read_text() == "Dear Ann"


def test_there_is_nothing_to_back_up(new_target: NewTarget, tmp_path: Path) -> None:
    settings = new_target("sqlite")
    ensure_master_key(settings.master_key_file, is_new=True)

    with pytest.raises(BackupError, match="there is no database at"):
        backup(settings, tmp_path / "archive", None)


def test_a_backup_sees_one_moment_and_keeps_no_writer_waiting(installed: Settings) -> None:
    with Database.open(installed.effective_database_url) as db, db.snapshot() as connection:
        before = connection.execute(select(STATES)).all()
        db.write_now(lambda tx: tx.execute(insert(STATES), [_state(7, b"later")]))

        assert connection.execute(select(STATES)).all() == before
