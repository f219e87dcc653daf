"""Shows a run as it happens: log lines scroll by, the steps with their states and durations stay below them.

Without a terminal only lines are printed: each begin and end of a step, each line of its log.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from blockyard.cli.model import FINAL
from blockyard.cli.output import STATUS_STYLES, plain, status_text

MARKS = {"SUCCEEDED": "✔", "FAILED": "✘", "ABORTED": "■", "PENDING": "·", "IN_PROGRESS": "▸"}
REFRESH_PER_SECOND = 8
_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step as far as it is known. Instants are seconds since 1970."""

    id: str
    name: str
    status: str = "PENDING"
    user_message: str = ""
    started_at: float | None = None
    ended_at: float | None = None

    def seconds(self, now: float) -> float | None:
        """Return how long the step has taken; None if it has not begun."""
        if self.started_at is None:
            return None
        end = self.ended_at if self.ended_at is not None else now
        return max(0.0, end - self.started_at)


def duration(seconds: float | None) -> str:
    """Return a duration as people read it."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"


def instant(text: str) -> float | None:
    """Return an instant of the wire in seconds since 1970; None if there is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


class Screen:
    """Where a run is shown; a context manager, as the terminal must be given back."""

    def __init__(self, console: Console, *, live: bool = True, now: Callable[[], float] = time.time) -> None:
        self._console = console
        self._is_live = live and console.is_terminal
        self._now = now
        self._steps: dict[str, Step] = {}
        self._lines: dict[str, str] = {}
        self._title = ""
        self._status = ""
        self._remarks: set[str] = set()
        self._current = ""
        self._held: dict[str, list[Text]] = {}
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console, get_renderable=self._region, refresh_per_second=REFRESH_PER_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._print_held()
        if self._is_live:
            self._live.stop()

    def title(self, title: str) -> None:
        """Say what is shown from now on: another run begins with no steps."""
        if title == self._title:
            return
        self._flush()
        self._print_held()
        self._title = title
        self._status = ""
        self._steps = {}
        self._remarks = set()
        self._print(Text(plain(title), style="bold"))

    def status(self, status: str) -> None:
        """Say where the run is."""
        if status == self._status:
            return
        self._status = status
        if status in FINAL:
            self._flush()
            self._print_held()
        else:
            self._print(Text.assemble("  ", status_text(status)))

    def remark(self, sentence: str) -> None:
        """Say something about the run, once."""
        if sentence not in self._remarks:
            self._remarks.add(sentence)
            self._print(Text(f"  {plain(sentence)}", style="yellow"))

    def restart(self) -> None:
        """Begin the steps anew: another attempt took over."""
        self._flush()
        self._print_held()
        self._steps = {}
        self._print(Text("  another attempt begins", style="yellow"))

    def step(self, step: Step) -> None:
        """Show a step as it is now; its begin and its end are lines of their own."""
        before = self._steps.get(step.id, replace(step, status="PENDING", user_message=""))
        self._steps[step.id] = step
        begins = step.status == "IN_PROGRESS" and before.status == "PENDING"
        ends = step.status in FINAL and before.status not in FINAL
        if begins:
            self._take_turn(step.id)
            self._say(step.id, self._head(step), first=True)
        if ends:
            self._flush(step.id)
            self._say(step.id, self._head(step))
        if step.user_message and step.user_message != before.user_message:
            style = STATUS_STYLES.get(step.status, "") if step.status != "SUCCEEDED" else ""
            for line in plain(step.user_message).splitlines():
                self._say(step.id, Text(f"    {line}", style=style))
        if ends:
            self._end_turn(step.id)

    def log(self, step_id: str, text: str) -> None:
        """Show more of a step's log; an unfinished line waits for its end, a log out of turn names its step."""
        self._name_late(step_id, text)
        *whole, rest = (self._lines.get(step_id, "") + text).split("\n")
        self._lines[step_id] = rest
        if whole:
            lines = "\n".join(f"    {plain(line)}".rstrip() for line in whole)
            self._say(step_id, Text(lines, style="dim" if self._console.is_terminal else ""))

    def _name_late(self, step_id: str, text: str) -> None:
        """Name the step of a log that comes after its end, or on a terminal between the lines of another step."""
        step = self._steps.get(step_id)
        if not text or step is None or step_id == self._current:
            return
        if self._is_live:
            self._current = step_id
        elif step.status not in FINAL or step_id in self._held:
            return
        self._say(step_id, Text(f"  {plain(step.name)}:", style="dim"))

    def _take_turn(self, step_id: str) -> None:
        if self._is_live or not self._has_turn_taken():
            self._current = step_id

    def _has_turn_taken(self) -> bool:
        current = self._steps.get(self._current)
        return current is not None and current.status not in FINAL

    def _end_turn(self, step_id: str) -> None:
        """Let the next step print what it was told meanwhile, and so on while these have ended, too."""
        if step_id != self._current:
            return
        self._current = ""
        for waiting in list(self._held):
            step = self._steps.get(waiting)
            if step is None or step.status == "PENDING":
                continue
            for line in self._held.pop(waiting):
                self._print(line)
            if step.status not in FINAL:
                self._current = waiting
                return

    def _say(self, step_id: str, line: Text, *, first: bool = False) -> None:
        """Print a line of a step in its turn; without a terminal that is below its heading, after the steps before it."""
        step = self._steps.get(step_id)
        begun = step is not None and step.status != "PENDING"
        out_of_turn = step_id != self._current and (not begun or self._has_turn_taken())
        if not self._is_live and out_of_turn:
            held = self._held.setdefault(step_id, [])
            held.insert(0 if first else len(held), line)
            return
        self._print(line)
        if first:
            for kept in self._held.pop(step_id, []):
                self._print(kept)

    def _print_held(self) -> None:
        held, self._held = self._held, {}
        for lines in held.values():
            for line in lines:
                self._print(line)

    def _flush(self, step_id: str | None = None) -> None:
        for key in [step_id] if step_id is not None else list(self._lines):
            if rest := self._lines.pop(key, ""):
                self._say(key, Text(f"    {plain(rest)}"))

    def _head(self, step: Step) -> Text:
        taken = f"  {duration(step.seconds(self._now()))}" if step.status in FINAL else ""
        mark = Text(f"  {MARKS.get(step.status, ' ')} ", style=STATUS_STYLES.get(step.status, ""))
        return Text.assemble(mark, plain(step.name), (taken, "dim"))

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)

    def _region(self) -> RenderableType:
        """Return what stays below the lines: the steps, and what happens now."""
        if not self._title:
            return Text("")  # nothing is known yet
        now = self._now()
        table = Table.grid(padding=(0, 1))
        for step in list(self._steps.values()):  # the terminal is refreshed by a thread of its own
            mark = MARKS.get(step.status, " ")
            table.add_row(
                Text(f"  {mark}", style=STATUS_STYLES.get(step.status, "")),
                Text(plain(step.name)),
                Text(duration(step.seconds(now)), style="dim"),
            )
        status = status_text(self._status) if self._status else Text("")
        self._spinner.update(text=Text.assemble(plain(self._title), "  ", status))
        return Group(Text(""), self._spinner, table)
