"""Runs the command on a pseudo terminal, or where there is none at all."""

import os
import pty
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support import forked

ENTER = "\r"
CTRL_C = "\x03"


def on_terminal(
    environment: Mapping[str, str],
    arguments: Sequence[str],
    answers: Sequence[tuple[str, str]] = (),
    *,
    errors: Path | None = None,
    columns: int = 80,
) -> tuple[int, str]:
    """Run a command; type each answer once its question was printed. Return its exit code and all that was shown.

    `errors` is where its standard error goes instead of the terminal.
    """
    terminal, inside = pty.openpty()
    erring = inside if errors is None else os.open(errors, os.O_WRONLY | os.O_CREAT)
    variables = {**environment, "TERM": "xterm", "COLUMNS": str(columns)}
    program = forked.start(arguments, env=variables, stdin=inside, stdout=inside, stderr=erring, terminal=True)
    for file in {inside, erring}:
        os.close(file)
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
            typed = waiting.pop(0)[1]
            os.write(terminal, (typed if typed == CTRL_C else typed + ENTER).encode())
            shown += "\0"
    else:
        program.kill()
    os.close(terminal)
    return program.wait(60), shown.replace("\0", "")


def without_terminal(environment: Mapping[str, str], arguments: Sequence[str]) -> tuple[int, str]:
    """Run a command as cron would; return its exit code and all that it printed."""
    ended = forked.run(arguments, env=environment, together=True, start_new_session=True)
    return ended.returncode, ended.stdout
