"""What of a run survives its runner."""

from pathlib import Path

import pytest

from blockyard.runner.journal import FileJournal, read_journal


def test_the_last_value_of_a_key_tells_also_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = FileJournal(path)

    journal.set("steps", ["a"])
    journal.set("steps", ["a", "b"])
    journal.set("ended", value=True)

    assert journal.get("steps") == ["a", "b"]
    again = FileJournal(path)
    assert (again.get("steps"), again.get("ended"), again.get("unknown")) == (["a", "b"], True, None)


@pytest.mark.parametrize("left", [b'{"steps": ["a", ', b'{"ended"', b'{"steps": []}'])
def test_a_value_whose_write_was_cut_short_was_never_set(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    FileJournal(path).set("steps", ["a"])
    with path.open("ab") as file:
        file.write(left)

    journal = FileJournal(path)

    assert (journal.get("steps"), journal.get("ended")) == (["a"], None)
    journal.set("said", "x")
    assert read_journal(path) == {"steps": ["a"], "said": "x"}


def test_only_the_runner_itself_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    FileJournal(path).set("key", "value")

    assert path.stat().st_mode & 0o777 == 0o600
