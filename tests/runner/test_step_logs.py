"""Step logs survive a crash at any point without losing or repeating a byte."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from blockyard.protocol.masking import Masker
from blockyard.runner.logs import CUT_MARK, LINE_BYTES, MESSAGE_BYTES, StepLogs

SECRET = "hidden-value"


def logs_in(folder: Path) -> StepLogs:
    return StepLogs(folder, Masker([SECRET]))


def test_an_append_without_its_note_is_cut_off_after_a_crash(tmp_path: Path) -> None:
    logs = logs_in(tmp_path / "logs")
    logs.follow("s", "apply", b"one\n")
    with next((tmp_path / "logs").glob("step-*")).open("ab") as file:
        file.write(b"two, not noted")
    with (tmp_path / "logs" / "index").open("ab") as file:
        file.write(b'["s", 9')

    again = logs_in(tmp_path / "logs")
    assert again.followed("apply") == 4
    again.follow("s", "apply", b"two\n")

    assert again.message("s") == "one\ntwo\n"
    assert logs_in(tmp_path / "logs").message("s") == "one\ntwo\n"


@given(cuts=st.lists(st.integers(0, 60), max_size=6), crashes=st.sets(st.integers(0, 6)))
def test_a_followed_output_comes_out_whole_and_masked_whatever_crashes(
    tmp_path_factory: object, cuts: list[int], crashes: set[int]
) -> None:
    output = f"first line\nwith {SECRET} inside\nhidden-vain\n{SECRET}{SECRET} end".encode()
    folder = tmp_path_factory.mktemp("logs") / "logs"  # type: ignore[attr-defined]  # pytest's factory
    logs = logs_in(folder)
    for number, cut in enumerate([*sorted(cuts), len(output)]):
        if number in crashes:
            logs = logs_in(folder)
            data = output[logs.followed("apply") : cut]
            taken = logs.followed("apply") + len(data)
        else:
            taken = max(taken if number else 0, 0)
            data = output[taken:cut]
            taken += len(data)
        logs.follow("s", "apply", data)
    logs.end("s", "apply")

    assert logs.message("s") == "first line\nwith *** inside\nhidden-vain\n****** end"


def test_a_long_line_is_cut_once_also_over_a_crash(tmp_path: Path) -> None:
    logs = logs_in(tmp_path / "logs")
    logs.follow("s", "apply", b"x" * (LINE_BYTES - 1))
    logs.follow("s", "apply", b"yz")
    again = logs_in(tmp_path / "logs")
    again.follow("s", "apply", b"more" * 10)
    again.follow("s", "apply", b"\nnext")

    assert again.read("s", LINE_BYTES - 2, 1000) == b"xy" + CUT_MARK + b"\nnext"


def test_steps_and_commands_do_not_mix(tmp_path: Path) -> None:
    logs = logs_in(tmp_path / "logs")
    logs.write("a/../b", b"one")
    logs.write("c", b"two")

    assert (logs.message("a/../b"), logs.message("c"), logs.message("d")) == ("one", "two", "")
    assert {path.parent for path in (tmp_path / "logs").iterdir()} == {tmp_path / "logs"}


def test_the_message_of_a_long_log_begins_with_a_line_and_says_what_is_left_out(tmp_path: Path) -> None:
    logs = logs_in(tmp_path / "logs")
    lines = [f"line {number} {'x' * 100}\n" for number in range(2 * MESSAGE_BYTES // 100)]
    logs.write("s", "".join(lines).encode())

    note, first, *rest = logs.message("s").splitlines(keepends=True)
    assert note == "[earlier lines are left out here]\n"
    assert [first, *rest] == lines[-len(rest) - 1 :]
    assert MESSAGE_BYTES - 200 < len(logs.message("s")) <= MESSAGE_BYTES


def test_the_message_of_a_log_that_fits_is_the_log(tmp_path: Path) -> None:
    logs = logs_in(tmp_path / "logs")
    line = b"x" * 1023 + b"\n"
    logs.write("s", line * (MESSAGE_BYTES // len(line)))

    assert logs.size("s") == len(logs.message("s")) == MESSAGE_BYTES
    assert logs.message("s").startswith("x")
