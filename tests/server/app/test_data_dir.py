"""Whose the data directory is, and what is made in it."""

import stat
from pathlib import Path

import pytest

from blockyard.server.app.data_dir import DataDirError, is_used, only_user, prepare
from blockyard.server.app.keys import KeyFileError, ensure_master_key, ensure_runner_key, require_runner_key


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_directory_that_is_not_there_is_made_for_its_owner(tmp_path: Path) -> None:
    prepare(tmp_path / "new" / "data")

    assert _mode(tmp_path / "new" / "data") == 0o700


def test_an_empty_directory_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    prepare(tmp_path)

    assert _mode(tmp_path) == 0o700


def test_an_older_data_directory_is_closed_with_its_database_and_keys(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private = ["blockyard.sqlite3", "blockyard.sqlite3-wal", "master.key", "admin-key.json", "runner-key.pem"]
    for name in private:
        (tmp_path / name).touch(mode=0o644)

    prepare(tmp_path)

    assert _mode(tmp_path) == 0o700
    assert {name: _mode(tmp_path / name) for name in private} == dict.fromkeys(private, 0o600)


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_directory_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    (tmp_path / "letter.txt").touch(mode=0o644)

    with pytest.raises(DataDirError, match="choose an empty directory"):
        prepare(tmp_path)

    assert (_mode(tmp_path), _mode(tmp_path / "letter.txt")) == (mode, 0o644)


def test_an_empty_disk_is_an_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()

    prepare(tmp_path)

    assert _mode(tmp_path) == 0o700


def test_a_link_to_a_file_elsewhere_is_not_followed(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir(mode=0o700)
    elsewhere.touch(mode=0o644)
    (data / "master.key").symlink_to(elsewhere)

    prepare(data)

    assert _mode(elsewhere) == 0o644


def test_a_place_that_cannot_be_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataDirError, match="Not a directory; choose another --data-dir"):
        prepare(tmp_path / "file" / "data")
    with pytest.raises(DataDirError, match="is a file, not a directory"):
        prepare(tmp_path / "file")


def test_one_server_uses_a_directory_and_others_can_see_that(tmp_path: Path) -> None:
    assert not is_used(tmp_path)
    with only_user(tmp_path):
        assert is_used(tmp_path)
        with pytest.raises(DataDirError, match="another Blockyard server uses"), only_user(tmp_path):
            raise AssertionError("two at once")
    assert not is_used(tmp_path)


def test_a_missing_master_key_is_never_replaced_beside_a_database(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="put it back from a backup"):
        ensure_master_key(tmp_path / "master.key", is_new=False)

    assert list(tmp_path.iterdir()) == []


def test_another_key_of_the_shared_runner_is_taken_only_where_that_is_said(tmp_path: Path) -> None:
    own, other = ensure_runner_key(tmp_path / "own.pem"), tmp_path / "other.pem"

    assert require_runner_key(tmp_path / "own.pem", own, accept_new=False) == own
    with pytest.raises(
        KeyFileError, match=r"is missing; put it back from a backup, or start once with --new-runner-key"
    ):
        require_runner_key(other, own, accept_new=False)
    assert not other.exists()
    new = require_runner_key(other, own, accept_new=True)
    assert new != own
    with pytest.raises(KeyFileError, match="is not the one that this database's secrets are sealed to"):
        require_runner_key(other, own, accept_new=False)
    other.write_text("damaged")
    with pytest.raises(KeyFileError, match="cannot be read"):
        require_runner_key(other, own, accept_new=False)
