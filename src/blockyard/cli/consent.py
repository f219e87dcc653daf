"""Asks before anything is destroyed: one rule for every command that destroys.

The question goes to the terminal itself, so that it is seen and answered also where input and output are redirected. Where
there is no terminal nobody is asked and nothing is assumed: `--yes` has to be given.
"""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, TextIO

import typer

from blockyard.cli.exits import usage
from blockyard.cli.output import plain

YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask. Required where there is no terminal to ask on.")
]

TERMINAL = "/dev/tty"
"""The terminal of this process, whatever its input and output are."""


def require_consent(question: str, *, yes: bool) -> None:
    """Return if `yes` was given or somebody at the terminal agrees.

    Raises:
        Failure: there is no terminal to ask on (usage).
        typer.Abort: the answer was no.
    """
    if yes:
        return
    with ExitStack() as stack:
        ends = _terminal(stack)
        if ends is None:
            raise usage("cannot ask whether to go on: there is no terminal", "Pass --yes to go on without a question.")
        reader, writer = ends
        writer.write(f"{plain(question)} [y/N]: ")
        writer.flush()
        try:
            answer = reader.readline()
        except KeyboardInterrupt:
            writer.write("\n")
            raise typer.Abort from None
    if answer.strip().lower() not in {"y", "yes"}:
        raise typer.Abort


def can_ask() -> bool:
    """Tell whether there is a terminal to ask on."""
    with ExitStack() as stack:
        return _terminal(stack) is not None


def _terminal(stack: ExitStack) -> tuple[TextIO, TextIO] | None:
    """Return the two ends of the terminal; None without one."""
    path = Path(TERMINAL)
    try:
        reader = stack.enter_context(path.open(encoding="utf-8", errors="replace"))
        return reader, stack.enter_context(path.open("w", encoding="utf-8"))
    except OSError:
        return (sys.stdin, sys.stderr) if sys.stdin.isatty() else None
