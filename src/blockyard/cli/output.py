"""What commands print: tables and sentences for people, JSON for programs; problems on standard error."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum

from rich.console import Console
from rich.table import Table
from rich.text import Text

from blockyard.cli.exits import ExitCode, Failure
from blockyard.protocol.jsontypes import Json, JsonObject

UNBOUND_WIDTH = 1000
"""Columns of a table that goes to a file or a pipe: lines are not wrapped there."""

STATUS_STYLES = {
    "SUCCEEDED": "green",
    "RELEASED": "green",
    "ACTIVE": "green",
    "FAILED": "red",
    "ABORTED": "yellow",
    "IN_PROGRESS": "cyan",
    "PENDING": "cyan",
    "DRAFT": "yellow",
    "MARKED_FOR_DELETION": "yellow",
    "DELETED": "bright_black",
}
WAITING_STYLE = "magenta"

_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


def plain(value: str) -> str:
    """Return text from elsewhere without what would steer the terminal; lines and tabs stay."""
    return _CONTROL.sub("", value.replace("\r\n", "\n"))


def shown(value: Json) -> str:
    """Return a JSON value as people read it: text as it is, everything else as JSON, nothing as a dash."""
    if value is None or value == "":
        return "-"
    return plain(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def status_text(status: str) -> Text:
    """Return a status in its colour."""
    style = STATUS_STYLES.get(status, WAITING_STYLE if status.startswith("WAITING") else "")
    return Text(plain(status) or "-", style=style)


class Printer:
    """Prints the results of one command in one format."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    @property
    def is_json(self) -> bool:
        """Whether a program reads the result."""
        return self.form is Format.JSON

    @property
    def progress(self) -> Console:
        """Where progress is told: beside the result, if that is JSON."""
        return self.err if self.is_json else self.out

    def json(self, document: Json) -> None:
        """Print a JSON document."""
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def raw(self, value: Json) -> None:
        """Print a bare value for scripts: a text as it is, byte for byte, anything else as JSON."""
        sys.stdout.write(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        sys.stdout.write("\n")
        sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None) -> None:
        """Print a table; without rows only its title and a remark."""
        table = Table(
            box=None, pad_edge=False, header_style="bold", title=title, title_justify="left", title_style="bold"
        )
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
        if table.row_count:
            self._print(table)
        else:
            self.out.print(Text(f"{title}: none" if title else "none", style="dim"))

    def facts(self, facts: Iterable[tuple[str, str | Text]]) -> None:
        """Print names and values, one a line."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(name, value if isinstance(value, Text) else Text(plain(value)))
        self._print(table)

    def _print(self, table: Table) -> None:
        """Print a table without the blanks that fill up its lines."""
        with self.out.capture() as captured:
            self.out.print(table)
        sys.stdout.write("".join(f"{line.rstrip(' ')}\n" for line in captured.get().splitlines()))
        sys.stdout.flush()

    def say(self, sentence: str) -> None:
        """Print a sentence for people; a program does not get it."""
        if not self.is_json:
            self.out.print(Text(plain(sentence)), soft_wrap=True)

    def result(self, document: Json, sentence: str) -> None:
        """Print what was done: the document for programs, the sentence for people."""
        if self.is_json:
            self.json(document)
        else:
            self.say(sentence)

    def note(self, sentence: str) -> None:
        """Print a remark that is no result."""
        self.err.print(Text(plain(sentence), style="dim"), soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Print a warning."""
        self.err.print(Text.assemble(("warning: ", "yellow"), plain(sentence)), soft_wrap=True)

    def fail(self, failure: Failure) -> None:
        """Print why the command ends: cause and remedy, or the same as JSON."""
        if self.is_json:
            self._fail_json(failure)
            return
        if failure.exit_code is ExitCode.INTERRUPTED:
            self.note(failure.message)
            return
        cause = failure.message if failure.field is None else f"{failure.message} ({failure.field})"
        self.err.print(Text.assemble(("error: ", "bold red"), plain(cause)), soft_wrap=True)
        if failure.remedy:
            self.err.print(Text(plain(failure.remedy)), soft_wrap=True)

    def _fail_json(self, failure: Failure) -> None:
        members = {
            "message": failure.message,
            "errorCode": failure.code,
            "field": failure.field,
            "remedy": failure.remedy,
        }
        error: JsonObject = {name: value for name, value in members.items() if value is not None}
        sys.stderr.write(
            json.dumps({"error": error, "exitCode": int(failure.exit_code)}, indent=2, ensure_ascii=False) + "\n"
        )


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUND_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
