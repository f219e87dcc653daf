"""The command line on a terminal: it asks for what is missing and shows a run as it happens."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cli.conftest import Cli

ENTER = "\r"
FORM = """
name = "Form"
[inputs.size]
type = "INTEGER"
regex = "[0-9]"
regex_message = "one digit only"
[inputs.colour]
type = "SINGLE_SELECT"
options = ["red", "green"]
[inputs.pin]
sensitive = true
"""


def on_terminal(cli: Cli, arguments: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
    """Run a command on a pseudo terminal; type each answer once its question was printed."""
    child, terminal = pty.fork()
    if child == 0:
        environment = cli.environment | {"TERM": "xterm"}
        os.execve(sys.executable, [sys.executable, "-m", "blockyard", *arguments], environment)  # noqa: S606  no shell
    shown = ""
    waiting = list(answers)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break  # the other end is closed
        if waiting and waiting[0][0] in shown.rpartition("\0")[2]:
            time.sleep(0.3)  # the question is printed before the echo is switched off
            os.write(terminal, (waiting.pop(0)[1] + ENTER).encode())
            shown += "\0"
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.replace("\0", "")


def test_missing_inputs_are_asked_for_until_the_answer_fits(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "form.toml"
    file.write_text(FORM)
    cli.does("definitions", "import", "--manual", "-f", str(file), "-w", "shop", "--release")

    code, shown = on_terminal(
        cli,
        ["blocks", "order", "Form", "-w", "shop", "--name", "filled in"],
        [("Value:", "big"), ("Value:", "77"), ("Value:", "7"), ("option:", "2"), ("Value:", "12345-pin")],
    )

    assert code == 0, shown
    assert "one digit only" in shown
    assert "2  green" in shown
    assert "12345-pin" not in shown
    assert cli.does("blocks", "outputs", "filled in", "colour").out == "green\n"
    assert cli.does("blocks", "outputs", "filled in", "size").out == "7\n"


def test_a_deletion_is_confirmed_first(cli: Cli) -> None:
    code, shown = on_terminal(cli, ["blocks", "delete", "filled in"], [("[y/N]:", "n")])

    assert code == 1
    assert "Delete 'filled in'" in shown
    cli.does("blocks", "delete", "filled in")
