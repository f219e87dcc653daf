"""What is printed on a terminal does not steer it, whatever it is and however it is printed."""

import contextlib
import io
import json
import os
import pty
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML brings no types
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from blockyard.cli.exits import Failure
from blockyard.cli.live import Screen, Step
from blockyard.cli.output import Format, Printer, columns, plain, shown, status_text
from blockyard.protocol.jsontypes import Json

HOSTILE = "a\x9b31mb\x1b[31mc\x1b]0;title\x07d\u202eevil\u2066x\u2028y\x00\x08\x7f\ud800z"
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
END = "<end>"
OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[0-9]*[AK]|\r")
"""What our own colours and the live region of a run send."""


@contextmanager
def terminal() -> Iterator[list[str]]:
    """Make standard output and error a terminal; what it was sent is in the list afterwards."""
    received: list[str] = []
    master, slave = pty.openpty()
    file = open(slave, "w", encoding="utf-8")  # noqa: SIM115, PTH123  a descriptor, closed below
    with contextlib.redirect_stdout(file), contextlib.redirect_stderr(file):
        yield received
    file.write(END)
    file.flush()
    while not "".join(received).endswith(END):
        received.append(os.read(master, 65536).decode(errors="replace"))
    file.close()
    os.close(master)
    received[:] = ["".join(received).removesuffix(END)]


def a_run(printer: Printer) -> None:
    with Screen(printer.out) as screen:
        screen.title(HOSTILE)
        screen.status(HOSTILE)
        screen.step(Step(id="1", name=HOSTILE, status="IN_PROGRESS"))
        screen.log("1", HOSTILE + "\n")
        screen.remark(HOSTILE)
        screen.step(Step(id="1", name=HOSTILE, status="FAILED", user_message=HOSTILE))


WAYS: dict[str, Callable[[Printer], None]] = {
    "json": lambda printer: printer.document({HOSTILE: [HOSTILE]}),
    "raw": lambda printer: printer.raw(HOSTILE),
    "raw list": lambda printer: printer.raw([HOSTILE]),
    "table": lambda printer: printer.table((HOSTILE,), [(HOSTILE,), (Text(plain(HOSTILE)),)], title=HOSTILE),
    "objects": lambda printer: printer.objects(columns("ID", "NAME"), [(HOSTILE, HOSTILE)]),
    "facts": lambda printer: printer.facts([(HOSTILE, HOSTILE), ("status", status_text(HOSTILE))]),
    "shown": lambda printer: printer.facts([("list", shown([HOSTILE]))]),
    "say": lambda printer: printer.say(HOSTILE),
    "note": lambda printer: printer.note(HOSTILE),
    "warn": lambda printer: printer.warn(HOSTILE),
    "fail": lambda printer: printer.fail(Failure(HOSTILE, remedy=HOSTILE, field=HOSTILE, code=HOSTILE)),
    "run": a_run,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", list(Format))
def test_nothing_that_is_printed_steers_the_terminal(way: str, form: Format) -> None:
    with terminal() as received:
        WAYS[way](Printer(form))

    sent = OWN.sub("", received[0])
    assert ("evil" in sent) == (way != "say" or form not in {Format.JSON, Format.YAML})
    assert STEERING.search(sent) is None, repr(sent)


def test_json_says_the_same_with_everything_spelled_out(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Format.JSON).document({"value": "a\x9b\u202e\x7fé"})

    printed = capsys.readouterr().out
    assert r"a\u009b\u202e\u007fé" in printed
    assert json.loads(printed) == {"value": "a\x9b\u202e\x7fé"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@example(
    {
        "yes": [
            "no",
            "1",
            "1e3",
            "0x1f",
            "2026-11-30",
            "~",
            "",
            " a",
            "a: b",
            "# a",
            "- a",
            "\u2028",
            "\ufeff",
            "\ud800é",
            "a\n  b\n",
        ]
    }
)
def test_yaml_says_the_same(document: Json) -> None:
    written = Printer(Format.YAML)._written(document)

    assert yaml.safe_load(written) == document
    assert STEERING.search(written) is None


def test_yaml_is_plain_and_in_the_order_of_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Format.YAML).document({"name": "é", "blocks": [{"size": 3, "on": True}], "text": "a\nb\n"})

    assert capsys.readouterr().out == "name: é\nblocks:\n- size: 3\n  'on': true\ntext: 'a\n\n  b\n\n  '\n"


def test_a_problem_is_yaml_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Format.YAML).fail(Failure("it is gone", remedy="Make another.", code="Gone"))

    told = yaml.safe_load(capsys.readouterr().err)
    assert told == {"error": {"message": "it is gone", "errorCode": "Gone", "remedy": "Make another."}, "exitCode": 1}


def test_a_bare_value_goes_to_a_program_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Format.TABLE).raw("a\x9b\x1b[31m\u202e")

    assert capsys.readouterr().out == "a\x9b\x1b[31m\u202e\n"


ID = "8d4c5c54-5f11-4a06-ac4b-c8452437efd5"
LIST = columns("NAME", "DEFINITION", "STATUS", "AGE", "ID", wide=["OWNER"])
ROW = ("a rather long name " * 4, "another long name " * 3, "WAITING_FOR_OPERATOR_INPUT", "3 days", ID, "platform")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("form", [Format.TABLE, Format.WIDE])
def test_an_object_of_a_list_is_one_line_and_its_id_is_whole_enough_to_be_copied(
    width: int, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with terminal() as received:
        Printer(form).objects(LIST, [ROW, ROW])

    header, *lines = OWN.sub("", received[0]).splitlines()
    assert len(lines) == 2
    shown_id = ID if form is Format.WIDE else ID[:8]
    assert all(shown_id in line.split() for line in lines)
    assert ("OWNER" in header, "platform" in lines[0]) == (form is Format.WIDE,) * 2
    assert form is Format.WIDE or max(map(len, [header, *lines])) <= width


def test_an_empty_list_prints_nothing_that_a_program_would_count(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Format.TABLE).objects(LIST, [])

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "none\n")


@pytest.mark.parametrize(
    ("message", "field", "remedy", "told"),
    [
        (
            "the value of input 'Title' does not match the required pattern: A title begins with a capital letter.",
            "/spec/inputs/title/value",
            "A title begins with a capital letter.",
            [
                "error: the value of input 'Title' does not match the required pattern: A title begins with a capital letter."
            ],
        ),
        (
            "/spec/expiresAt must be a date such as 2026-12-31",
            "/spec/expiresAt",
            "Correct this member and send the request again.",
            ["error: expires at must be a date such as 2026-12-31"],
        ),
        (
            "is too long",
            "/spec/displayName",
            "Use fewer characters.",
            ["error: display name is too long", "Use fewer characters."],
        ),
        (
            "workspace 'shop' is not a platform builder",
            "/metadata/ownedByWorkspace",
            None,
            ["error: workspace 'shop' is not a platform builder"],
        ),
        ("the identifier 'shop' is taken", "/metadata/name", None, ["error: the identifier 'shop' is taken"]),
        ("the file is empty", "/spec/inputs/logo/value", None, ["error: input 'logo': the file is empty"]),
        ("must be text", "/spec/inputs/a~1b/value", None, ["error: input 'a/b' must be text"]),
        ("nothing to change", None, "Give -i.", ["error: nothing to change", "Give -i."]),
    ],
)
def test_a_refusal_is_told_in_words_and_once(
    message: str, field: str | None, remedy: str | None, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Printer(Format.TABLE).fail(Failure(message, field=field, remedy=remedy))

    assert capsys.readouterr().err.splitlines() == told


def test_nothing_is_shown_of_a_run_before_anything_is_known() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    with Screen(console) as screen:
        console.print("begun")
        before = shown.getvalue()
        screen.title("Run 1")

    assert not any(spinner in before for spinner in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
    assert "-" not in before.replace("\x1b", "")
