"""What commands print: tables and sentences for people, JSON or YAML for programs; problems on standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import yaml  # type: ignore[import-untyped]  # PyYAML brings no types
from rich.console import Console
from rich.table import Table
from rich.text import Text

from blockyard.cli.exits import ExitCode, Failure
from blockyard.cli.problems import in_words
from blockyard.diagnosis.terminal import COLOURS, escaped
from blockyard.protocol.jsontypes import Json, JsonObject

UNBOUND_WIDTH = 1000
"""Columns of a table that goes to a file or a pipe: lines are not wrapped there."""

_ENDLESS = 2**31 - 1
"""Columns of YAML: texts are not folded."""

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

SHORT_ID = 8
"""Characters of an id in a list. They are enough to name the object."""


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list of objects; one that is `wide` is shown with `-o wide` only."""

    name: str
    wide: bool = False

    @property
    def is_id(self) -> bool:
        """Whether it holds ids, which are copied: their beginnings are shown, and never cut or broken."""
        return self.name == "ID" or self.name.endswith(" ID")


def columns(*names: str, wide: Iterable[str] = ()) -> list[Column]:
    """Return the columns of a list; those of `wide` come last."""
    return [*(Column(name) for name in names), *(Column(name, wide=True) for name in wide)]


def plain(value: str) -> str:
    """Return text from elsewhere as it is shown: without colours, and with what else would steer the terminal spelled out.

    Lines and tabs stay.
    """
    return escaped(COLOURS.sub("", value.replace("\r\n", "\n")), keep="\n\t")


def shown(value: Json) -> str:
    """Return a JSON value as people read it: text as it is, everything else as JSON, nothing as a dash."""
    if value is None or value == "":
        return "-"
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


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
    def for_programs(self) -> bool:
        """Whether a program reads the result."""
        return self.form in {Format.JSON, Format.YAML}

    @property
    def progress(self) -> Console:
        """Where progress is told: beside the result, if that is for a program."""
        return self.err if self.for_programs else self.out

    def document(self, document: Json) -> None:
        """Print a document for programs."""
        sys.stdout.write(self._written(document))
        sys.stdout.flush()

    def raw(self, value: Json) -> None:
        """Print a bare value for scripts: a text as it is, character for character, anything else as JSON.

        On a terminal what would steer it is spelled out.
        """
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sys.stdout.write((escaped(text, keep="\n\t") if sys.stdout.isatty() else text) + "\n")
        sys.stdout.flush()

    def objects(self, columns: Sequence[Column], rows: Iterable[Sequence[str | Text]]) -> None:
        """Print a list of objects, one a line whatever its width: long names are cut, ids never.

        `wide` shows more columns, and everything whole.
        """
        wide = self.form is Format.WIDE
        chosen = [index for index, column in enumerate(columns) if wide or not column.wide]
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index in chosen:
            column = columns[index]
            table.add_column(column.name, no_wrap=column.is_id or wide)
        for row in rows:
            table.add_row(*(_one_line(row[index], column=columns[index], wide=wide) for index in chosen))
        if table.row_count:
            self._print(table, unbound=wide)
        else:
            self.note("none")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None) -> None:
        """Print what belongs to one object, whole; without rows only the title and a remark."""
        table = Table(
            box=None,
            pad_edge=False,
            header_style="bold",
            title=plain(title) if title else None,
            title_justify="left",
            title_style="bold",
        )
        for column in columns:
            table.add_column(plain(column), overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
        if table.row_count:
            self._print(table)
        else:
            self.out.print(Text(f"{plain(title)}: none" if title else "none", style="dim"))

    def facts(self, facts: Iterable[tuple[str, str | Text]]) -> None:
        """Print names and values, one a line."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(Text(plain(name)), value if isinstance(value, Text) else Text(plain(value)))
        self._print(table)

    def _print(self, table: Table, *, unbound: bool = False) -> None:
        """Print a table without the blanks that fill up its lines; an unbound one may be wider than the terminal."""
        console = _console(stderr=False, width=UNBOUND_WIDTH) if unbound else self.out
        with console.capture() as captured:
            console.print(table)
        sys.stdout.write("".join(f"{line.rstrip(' ')}\n" for line in captured.get().splitlines()))
        sys.stdout.flush()

    def say(self, sentence: str) -> None:
        """Print a sentence for people; a program does not get it."""
        if not self.for_programs:
            self.out.print(Text(plain(sentence)), soft_wrap=True)

    def result(self, document: Json, sentence: str) -> None:
        """Print what was done: the document for programs, the sentence for people."""
        if self.for_programs:
            self.document(document)
        else:
            self.say(sentence)

    def note(self, sentence: str) -> None:
        """Print a remark that is no result."""
        self.err.print(Text(plain(sentence), style="dim"), soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Print a warning."""
        self.err.print(Text.assemble(("warning: ", "yellow"), plain(sentence)), soft_wrap=True)

    def fail(self, failure: Failure) -> None:
        """Print why the command ends: cause and remedy, or the same as a document."""
        if self.for_programs:
            self._fail_as_document(failure)
            return
        if failure.exit_code is ExitCode.INTERRUPTED:
            self.note(failure.message)
            return
        cause, remedy = in_words(failure)
        self.err.print(Text.assemble(("error: ", "bold red"), plain(cause)), soft_wrap=True)
        if remedy:
            self.err.print(Text(plain(remedy)), soft_wrap=True)

    def _fail_as_document(self, failure: Failure) -> None:
        members = {
            "message": failure.message,
            "errorCode": failure.code,
            "field": failure.field,
            "remedy": failure.remedy,
        }
        error: JsonObject = {name: value for name, value in members.items() if value is not None}
        sys.stderr.write(self._written({"error": error, "exitCode": int(failure.exit_code)}))

    def _written(self, document: Json) -> str:
        """Return a document that no terminal is steered by; programs read the same from it."""
        return _yaml(document) if self.form is Format.YAML else _json(document) + "\n"


def _one_line(cell: str | Text, *, column: Column, wide: bool) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(plain(cell).replace("\n", " ").replace("\t", " "))
    if column.is_id and not wide:
        text.truncate(SHORT_ID)
    text.no_wrap = True
    text.overflow = "ellipsis"
    return text


def _json(document: Json) -> str:
    return escaped(json.dumps(document, indent=2, ensure_ascii=False), keep="\n")


def _yaml(document: Json) -> str:
    """Return a document as YAML; what would steer a terminal is spelled out, and with it all that is not ASCII."""
    raw = json.dumps(document, ensure_ascii=False)
    steers = escaped(raw) != raw
    dumper = (
        yaml.SafeDumper if steers else getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    )  # that in C knows no surrogates
    written: str = yaml.dump(document, Dumper=dumper, allow_unicode=not steers, sort_keys=False, width=_ENDLESS)
    return written.removesuffix("...\n")


def _console(*, stderr: bool, width: int | None = None) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if not stream.isatty():
        width = UNBOUND_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)
