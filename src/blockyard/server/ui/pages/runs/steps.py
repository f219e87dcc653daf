"""Steps of a run as its page shows them: which were skipped, which failed, and where its log says why."""

import codecs
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from markupsafe import Markup

from blockyard.protocol.names import RunStatus, StepStatus
from blockyard.server.runs.model import Run, Step
from blockyard.server.runs.model.amounts import cut
from blockyard.server.runs.model.shown_outputs import EARLIER_FAILURE
from blockyard.server.runs.model.text import ANSI, without_colours
from blockyard.server.ui.frame import words
from blockyard.server.ui.pages.runs.colours import SGR, coloured_text

TAIL_BYTES = 48 * 1024
"""How much of the end of each step's log the first paint carries."""

_NO_COLOUR = re.compile(r"\x1b(?!\[[0-9;]*m)")

_ERROR = re.compile(r"^(?:[│|] ?)?(?:Error|ERROR|error|fatal): .*", re.MULTILINE)
"""How OpenTofu, Terraform, git and most programs begin what went wrong; the engines draw a line on its left."""

_END_OF_ERROR = re.compile(r"^(?:╵.*|[ \t]*)$", re.MULTILINE)
_LONGEST_ERROR = 2000
"""Characters of an error that are marked and quoted."""

_MOST_SAID = 500_000
"""Characters of what all steps say to people; a run may say ten times as much, and its steps share what a page shows."""

_SHORTEST_BAR = 0.02
"""Of the whole line: shorter ones could not be seen."""

_SAYS_SKIPPED = {0, len(EARLIER_FAILURE), len(EARLIER_FAILURE) + 1}
"""Lengths of the log of a step that never ran: runners write this one line, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The end of a step's log, cut into what comes before its first error, the error, and what follows; colours are kept."""

    before: str = field(default="", repr=False)
    error: str = field(default="", repr=False)
    after: str = field(default="", repr=False)

    @property
    def parts(self) -> tuple[Markup, Markup, Markup]:
        """The same as HTML."""
        return coloured_text(self.before), coloured_text(self.error), coloured_text(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step as the page shows it.

    Attributes:
        skipped: why it never ran; None if it did.
        bar: where on a line of 1000 the step begins, and how long it is there; the line is all of the run.
    """

    id: str
    source: str
    name: str
    attempt: int
    label: str
    badge: words.Badge
    status: StepStatus
    message: str | None
    skipped: str | None
    took: timedelta | None
    runs_since: datetime | None
    is_open: bool
    log: Log = field(repr=False)
    log_bytes: int
    is_cut: bool
    log_query: str
    bar: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a run failed.

    Attributes:
        step: what the step that failed is called.
        text: what it said.
        error: what its log says, where that is more.
        anchor: the element of the error in the log, or of the step.
    """

    step: str | None
    text: str
    error: str = field(default="", repr=False)
    anchor: str | None = None


def rows_of(run: Run, steps: Sequence[Step], logs: Sequence[Log], now: datetime) -> list[StepRow]:
    """Return the steps in order, each with its log."""
    rows: list[StepRow] = []
    has_failed = False
    room = _MOST_SAID // max(len(steps), 1)
    for step, log in zip(steps, logs, strict=True):
        skipped = _skipped(run, step, has_failed=has_failed)
        rows.append(_row(run, step, log, now, skipped=skipped, room=room))
        has_failed = has_failed or (skipped is None and step.status in {StepStatus.FAILED, StepStatus.ABORTED})
    return _with_one_open(_on_a_line(rows, steps, now), run)


def _on_a_line(rows: Sequence[StepRow], steps: Sequence[Step], now: datetime) -> list[StepRow]:
    """Return the steps with their places on the line of the run, if that has any length."""
    begins = [step.started_at for step in steps if step.started_at is not None]
    ends = [step.ended_at or now for step in steps if step.started_at is not None]
    whole = (max(ends) - min(begins)).total_seconds() if begins else 0.0
    if whole <= 0:
        return list(rows)

    def bar(row: StepRow, step: Step) -> tuple[int, int] | None:
        if step.started_at is None or row.skipped or row.took is None:
            return None
        begin = (step.started_at - min(begins)).total_seconds() / whole
        length = max(row.took.total_seconds() / whole, _SHORTEST_BAR)
        return round(min(begin, 1 - _SHORTEST_BAR) * 1000), round(min(length, 1) * 1000)

    return [replace(row, bar=bar(row, step)) for row, step in zip(rows, steps, strict=True)]


def cause_of(run: Run, rows: Sequence[StepRow]) -> Cause | None:
    """Return why a run failed: the first step that did, else its summary; None if it did not."""
    if run.status is not RunStatus.FAILED:
        return None
    row = next((row for row in rows if row.status is StepStatus.FAILED and row.skipped is None), None)
    if row is None:
        return Cause(step=None, text=run.summary or "The run ended without saying why.")
    error = _without_frame(without_colours(row.log.error))
    text = row.message or error or run.summary or "The step ended without saying why; its log may tell more."
    return Cause(
        step=row.label,
        text=text,
        error=error if error and error.splitlines()[0] not in text else "",
        anchor=f"{row.id}-error" if row.log.error else row.id,
    )


def log_of(data: bytes, log_bytes: int) -> Log:
    """Return the end of a log, of which there are `log_bytes` in all."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    if log_bytes > TAIL_BYTES:
        text = text.partition("\n")[2] or text
    text = plain(text, colours=True)
    bare = without_colours(text)
    found = _ERROR.search(bare)
    if found is None:
        return Log(before=text)
    end = _END_OF_ERROR.search(bare, found.end() + 1)
    stop = _place(text, min(end.start() if end else len(bare), found.start() + _LONGEST_ERROR))
    start = _place(text, found.start())
    return Log(before=text[:start], error=text[start:stop], after=text[stop:])


def _place(text: str, at: int) -> int:
    """Return where in `text` the character is that has `at` others before it, colours not counted."""
    for colour in SGR.finditer(text):
        if colour.start() >= at:
            break
        at += len(colour[0])
    return at


def plain(text: str, *, colours: bool = False) -> str:
    """Return a log without cursor movements and other control characters; with its colours only if these are wanted."""
    kept = "\n\t"
    if colours and "\x1b" in text:
        text = _NO_COLOUR.sub("", ANSI.sub(lambda found: found[0] if SGR.fullmatch(found[0]) else "", text))
        kept += "\x1b"
    else:
        text = without_colours(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in text if character >= " " or character in kept)


def took(begin: datetime | None, end: datetime | None) -> timedelta | None:
    """Return how long something took, as far as that is known."""
    return None if begin is None or end is None else end - begin


def _without_frame(error: str) -> str:
    return "\n".join(re.sub(r"^[│|] ?", "", line) for line in error.splitlines()).strip()


def _skipped(run: Run, step: Step, *, has_failed: bool) -> str | None:
    """Return why a step never ran. Runners report steps behind a failed one as failed, too."""
    if not run.is_final or step.status is StepStatus.SUCCEEDED:
        return None
    says_nothing = step.user_message in {None, "", EARLIER_FAILURE} and step.log_bytes in _SAYS_SKIPPED
    if run.status is RunStatus.FAILED and has_failed and says_nothing:
        return "Skipped: an earlier step failed"
    if run.status is RunStatus.ABORTED and says_nothing and (has_failed or step.started_at is None):
        return "Skipped: the run was aborted"
    return None


def _with_one_open(rows: Sequence[StepRow], run: Run) -> list[StepRow]:
    """Return the steps with one open where none is: of a finished run, the one that said most."""
    if not rows or not run.is_final or any(row.is_open for row in rows):
        return list(rows)
    wordiest = max(rows, key=lambda row: row.log_bytes)
    return [replace(row, is_open=row is wordiest) for row in rows]


def _row(run: Run, step: Step, log: Log, now: datetime, *, skipped: str | None, room: int) -> StepRow:
    runs_on = step.status is StepStatus.IN_PROGRESS and not run.is_final
    return StepRow(
        id=element_id(step),
        source=step.id.source,
        name=step.id.name,
        attempt=step.attempt,
        label=step.display_name,
        badge=words.SKIPPED if skipped else words.status_badge(step.status),
        status=step.status,
        message=None if skipped or step.user_message is None else cut(step.user_message, room),
        skipped=skipped,
        took=None if skipped else took(step.started_at, step.ended_at or (now if runs_on else None)),
        runs_since=step.started_at if runs_on else None,
        is_open=skipped is None and step.status in {StepStatus.IN_PROGRESS, StepStatus.FAILED},
        log=Log() if skipped else log,
        log_bytes=0 if skipped else step.log_bytes,
        is_cut=step.log_bytes > TAIL_BYTES,
        log_query=urlencode({"source": step.id.source, "step": step.id.name}),
    )


def element_id(step: Step) -> str:
    """Return the id of a step's element on the page of its run."""
    name = f"{step.attempt}\0{step.id.source}\0{step.id.name}".encode()
    return f"step-{hashlib.sha256(name).hexdigest()[:16]}"
