"""What a module made is opened only as the regular file it has to be, and never in whole if it has no end."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from blockyard.runner.frame.made_files import (
    TooLarge,
    is_made,
    open_made,
    read_beginning,
    read_end,
    read_made,
    replace_made,
)

NAME = "made"


def _link(folder: Path) -> None:
    (folder / NAME).symlink_to(folder.parent / "secret")


def _link_on_the_way(folder: Path) -> None:
    (folder / NAME).symlink_to(folder.parent)


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / NAME)


def _folder(folder: Path) -> None:
    (folder / NAME).mkdir()


def _socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / NAME))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a module; beside it lies what it must not reach."""
    (tmp_path / "secret").write_text("secret")
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.mark.parametrize("trick", [_link, _fifo, _folder, _socket])
def test_what_is_no_regular_file_is_not_opened(
    tmp_path: Path, folder: Path, trick: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trick(Path("work") if trick is _socket else folder)

    with pytest.raises(OSError):  # noqa: PT011  the kernel says it in several ways
        open_made(folder, NAME)
    assert not is_made(folder, NAME)
    assert read_end(folder / NAME, max_bytes=10) == b""


@pytest.mark.parametrize("name", ["made/secret", "../secret", "/etc/hostname", ""])
def test_no_part_of_the_way_leads_elsewhere(folder: Path, name: str) -> None:
    _link_on_the_way(folder)

    with pytest.raises(OSError):  # noqa: PT011  the same
        open_made(folder, name)
    with pytest.raises(OSError):  # noqa: PT011  the same
        replace_made(folder, name, b"changed")
    assert (folder.parent / "secret").read_text() == "secret"


def test_the_folder_itself_may_be_no_link(folder: Path) -> None:
    (folder / NAME).write_text("content")
    (folder.parent / "other").symlink_to(folder)

    assert read_made(folder, NAME, max_bytes=7) == b"content"
    with pytest.raises(NotADirectoryError):
        read_made(folder.parent / "other", NAME, max_bytes=7)


def test_more_than_the_limit_is_refused_or_left(folder: Path) -> None:
    with (folder / NAME).open("wb") as file:
        file.write(b"begin")
        file.truncate(1 << 40)

    with pytest.raises(TooLarge):
        read_made(folder, NAME, max_bytes=1000)
    assert read_beginning(folder, NAME, max_bytes=5) == b"begin"
    assert read_end(folder / NAME, max_bytes=3) == b"\0\0\0"


def test_a_file_is_replaced_and_a_link_in_its_place_too(folder: Path) -> None:
    _link(folder)
    replace_made(folder, NAME, b"new")

    assert (folder / NAME).read_bytes() == b"new"
    assert not (folder / NAME).is_symlink()
    assert (folder.parent / "secret").read_text() == "secret"
    assert [path.name for path in folder.iterdir()] == [NAME]
