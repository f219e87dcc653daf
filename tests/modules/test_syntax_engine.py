"""What is valid HCL is decided as the engine decides it: all cases are given to the engine too, in one start."""

import contextlib
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockyard.modules.parser import parse
from blockyard.modules.syntax import UnreadableError, read_native
from blockyard.modules.tokens import SyntaxProblem

EXPRESSIONS = [
    "1 + 2 * 3 - -4 / 5 % 6",
    "!true && false || 1 < 2 == true",
    "a ? b : c ? d : e",
    "(\n1 +\n2\n)",
    "[\n  1,\n  2,\n]",
    "[for x in y : x if x != null]",
    "[for k, v in y :\n  k\n]",
    "{ for k, v in y : k => v... if v }",
    "{ a = 1, b : 2\n c = 3 }",
    '{ (var.a) = 1, "b${c}" = 2, 3 = 4 }',
    "{\n\n  a = 1\n\n}",
    "f()",
    "f(1, 2,)",
    "f(\n  1,\n  x...\n)",
    "provider::x::f(1)",
    "a.b[0].c[*].d.*.e",
    "a.0.b",
    'a["x"].y',
    "[1][0]",
    '"a${b}c"',
    '"a ${~ var.m ~} b"',
    '"${"${"x"}"}"',
    '"${\n  b\n}"',
    '"%{ if a }x%{ else }y%{ endif }"',
    '"%{ for a, b in c ~}x%{~ endfor }"',
    '"$${a} %%{b} $ % $$"',
    '"\\u00e4 \\U0001F600 \\" \\\\"',
    "<<E\nhi ${a}\n  E\n",
    "<<-E\n  %{ if a }\n  x\n  %{ endif }\nE\n",
    "f(<<E\nhi\nE\n)",
    "[<<A\nx\nA\n, <<B\ny\nB\n]",
    "a /* in between */ + b",
    "a # at the end",
    "a // at the end",
    "-a.b",
    "ünï-1_x",
    "1e3 + 1.5E-3",
    "true ? [] : {}",
    "a ==b",
    "a\n",
]

BROKEN = [
    "",
    "1 +",
    "a b",
    "a ? b",
    "a ? b :",
    "(1",
    "[1",
    "[1 2]",
    "{ a = 1 b = 2 }",
    "{ a }",
    "{ a = 1, , }",
    "f(1",
    "f(1 2)",
    "f(x..., 1)",
    "a.",
    "a[",
    '"open',
    '"line\nbreak"',
    '"\\q"',
    '"${a"',
    '"${}"',
    '"%{ if a }x"',
    '"%{ endif }"',
    '"%{ foo }"',
    "<<E\nhi\n",
    "a +\nb",
    "a\n+ b",
    "'single'",
    "a; b",
    "a = b",
    "/* open",
    "[for x : y]",
    "[for x in y]",
    "{ for x in y : x }",
    "[for x in y : x => x]",
    "var.x ~} b",
    "&a",
    "x::y",
]

FILES = {
    "empty": "",
    "bom": "\ufeffa = 1\n",
    "windows": "a = 1\r\nb {\r\n  c = <<E\r\nx\r\nE\r\n}\r\n",
    "blocks": 'a "b" c {\n  d = 1\n\n  e {\n  }\n  f {}\n}\n',
    "one_line": 'variable "x" { type = string }\n',
    "comments": "# a\n// b\n/* c\n*/ a = 1 /* d */ # e\n",
    "no_line_end": "a = 1",
    "quoted_braces": 'a = "}"\nb = "{"\n',
}

BROKEN_FILES = {
    "no_end": "a {\n",
    "too_many_ends": "a {\n}\n}\n",
    "no_name": "= 1\n",
    "no_value": "a =\n",
    "twice": "a = 1\na = 2\n",
    "same_line": "a = 1 b = 2\n",
    "label_computed": 'a "${b}" {\n}\n',
    "after_block": "a {\n} b = 1\n",
    "braces": "variable {{\n",
    "word": "hello\n",
    "half": 'variable "x" { type = \n\n',
}


def refused_by(engine: Path, files: dict[str, str], folder: Path) -> set[str]:
    """Return the names of the files that the engine cannot read."""
    for name, text in files.items():
        (folder / f"{name}.tf").write_bytes(text.encode())
    command = [str(engine), "fmt", "-check", "-list=false", "-no-color", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return set(re.findall(r"on (\w+)\.tf line", done.stderr))


def refused_by_us(files: dict[str, str]) -> set[str]:
    refused = set()
    for name, text in files.items():
        try:
            read_native(text)
        except UnreadableError:
            refused.add(name)
    return refused


def test_the_engine_and_we_agree_what_can_be_read(engine: Path, tmp_path: Path) -> None:
    valid = {f"valid{number:02}": f"locals {{\n  x = {text}\n}}\n" for number, text in enumerate(EXPRESSIONS)} | FILES
    broken = {
        f"broken{number:02}": f"locals {{\n  x = {text}\n}}\n" for number, text in enumerate(BROKEN)
    } | BROKEN_FILES

    assert refused_by(engine, valid | broken, tmp_path) == set(broken)
    assert refused_by_us(valid | broken) == set(broken)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('variable "x" { type = \n\n', "line 1: a value is missing"),
        ('variable "x" {\n  type = string\n', "line 3: a block has no end"),
        ('a = 1\nb = "x\n', "line 2: a string has no end"),
        ("a = [1,\n2 3]\n", "line 2: ',' or ']' is missing in a list"),
        ("a = 'x'\n", 'line 1: "\'" is not expected here'),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableError, match=re.escape(sentence)):
        read_native(text)


@given(st.text(alphabet='{}[]()"=:,\n $%<-Ea1.#/*\\?!&|~>', max_size=60))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(UnreadableError):
        read_native(text)
    with contextlib.suppress(SyntaxProblem):
        parse(text)
