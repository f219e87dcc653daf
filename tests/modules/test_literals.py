"""Literals mean to us what they mean to the engine: every case is also given to the engine itself, in one start."""

import contextlib
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockyard.modules import literals
from blockyard.protocol.jsontypes import Json

VALUES = [
    '{"a":[1,2,{"b":null}]}',
    '{\n  "a": 1,\n  "b": [\n    true,\n    false\n  ]\n}\n',
    '"q"',
    "null",
    "true",
    "42",
    "-42",
    "- 7",
    "1.50",
    "1e3",
    "1.5E-3",
    "007",
    "12345678901234567890123",
    '["x", "y",]',
    "[\n  1, # one\n  2, // two\n  /* three */ 3\n]",
    "[]",
    "{}",
    "{\n}",
    "[\n]",
    "{ a = 1, b: 2 }",
    '{\n  name = "x"\n  size = 3\n\n  # a comment\n  tags = { "a b" = true }\n}',
    "{ a = 1,\n b = 2,\n}",
    "{ a = 1 # comment\n  b = 2 }",
    "{ true = 1, null = 2, 3 = 4, 1.50 = 5 }",
    "{ a = 1, a = 2 }",
    "{ a-b = 1, _c = 2, ä = 3 }",
    "{ a = [\n1\n,\n2\n] }",
    "{a=1}",
    '{"a"="b"}',
    "{ a = 1, for = 2 }",
    "  \n 5 \n\n",
    "# leading\n5",
    "5 # trailing",
    "/* a */ 5",
    r'"a\tb\n\"c\" \\ \u00e4 \U0001F600"',
    '"tab\there"',
    '"$${a} %%{b} $ % $$ %% $a {} $"',
    '"costs 5$"',
    '"a$$b %%c"',
    "<<E\nhi\nE\n",
    '<<E\n  hi \\n "q"\n   $${x} $5 100%\n  E\n',
    "<<-E\n    a\n      b\n\n    c\n  E\n",
    "<<-E\n  a\n b\n  E\n",
    "<<-E\n\ta\n\tb\nE\n",
    "<<-E\n    a\n  \n      b\nE\n",
    "<<-E\n    a\n        \n      b\nE\n",
    "<<-E\n\n  a\nE\n",
    "<<-E\n    a\n  $${x}\nE\n",
    "<<E\nE\n",
    "<<E\nEE\nxE\nE\n",
    "{ a = <<E\nhi\nE\n  b = 2 }",
    "{ a = <<E\nhi\nE\n}",
    "[<<E\nhi\nE\n, 2]",
    "{\r\n  a = 1\r\n  b = 2\r\n}\r\n",
    '{"a": {"b": {"c": ["d", {"e": 1.25}]}}}',
    '"ünï ☃ 😀"',
    "{ a = -1 }",
    '{ "x" : 1 ,\n "y" : 2 }',
]

TEXTS = [
    "some: yaml\nother: value\n",
    "bareword",
    "just text",
    "",
    "   ",
    '{"a":"${foo}"}',
    '"a" "b"',
    "5 6",
    "{ a = 1 b = 2 }",
    "{ a }",
    "{ a = }",
    "{ a =\n1 }",
    "{ a\n= 1 }",
    "{ a = 1\n, b = 2 }",
    "{,}",
    "{ a = 1,, b = 2 }",
    "[1,,2]",
    "[1 2]",
    "[,]",
    "[1",
    '{"a":1',
    '"open',
    '"line\nbreak"',
    r'"\q"',
    r'"\u12"',
    "<<E\nhi\n",
    "<<E\nhi\nE",
    "<<E\n${x}\nE\n",
    "var.x",
    "1.",
    ".5",
    "1e",
    "- ",
    "a = 1",
    "---",
    "1.2.3",
    "2026-11-22x",
    "{ a == 1 }",
    "{ a.b = 1 }",
    "True",
    "NaN",
    "Infinity",
    "'single'",
    "]",
    "[1]]",
    "[1] # ok\nno",
    "/* open",
]

COMPUTED = [
    "1 + 1",
    "(1)",
    "[for x in [1] : x]",
    '"${1}"',
    '"%{ if true }x%{ endif }"',
    "2026-11-22",
    "true ? 1 : 2",
    "[1][0]",
    "!true",
    "--1",
]
"""What the engine computes and we take for text: documented in `literals`."""


def engine_answers(engine: Path, cases: list[str], folder: Path) -> tuple[dict[str, Json], set[str]]:
    """Return what the engine makes of each case that it accepts, and the cases it refuses."""
    accepted = list(cases)
    refused: set[str] = set()
    for _attempt in range(2):
        names = {f"v{number:03}": case for number, case in enumerate(accepted)}
        (folder / "main.tf").write_text(
            "".join(
                f'variable "{name}" {{ type = any }}\noutput "{name}" {{ value = jsonencode([var.{name}]) }}\n'
                for name in names
            )
        )
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
        environment |= {f"TF_VAR_{name}": case for name, case in names.items()}
        command = [str(engine), "apply", "-auto-approve", "-input=false", "-json"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode == 0:
            outputs = [message["outputs"] for message in messages if message["type"] == "outputs"][-1]
            values = {
                names[name]: json.loads(output["value"], parse_float=Decimal)[0] for name, output in outputs.items()
            }
            return values, refused
        problems = [message["diagnostic"] for message in messages if message["type"] == "diagnostic"]
        texts = [problem["summary"] + problem["detail"] + json.dumps(problem.get("range", {})) for problem in problems]
        refused = {case for name, case in names.items() if any(name in text for text in texts)}
        assert refused, done.stdout
        accepted = [case for case in accepted if case not in refused]
    pytest.fail("the engine refuses other cases the second time")


def test_the_engine_and_we_agree_what_is_a_value_and_what_is_text(engine: Path, tmp_path: Path) -> None:
    values, texts = engine_answers(engine, VALUES + TEXTS + COMPUTED, tmp_path)

    assert texts == set(TEXTS)
    assert {case: json.loads(literals.dumps(literals.parse(case)), parse_float=Decimal) for case in VALUES} == {
        case: value for case, value in values.items() if case not in COMPUTED
    }


@pytest.mark.parametrize("text", TEXTS + COMPUTED)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(literals.NotLiteralError):
        literals.parse(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
@settings(max_examples=200, deadline=None)
def test_json_text_of_a_value_is_read_back_as_the_value(value: literals.Literal) -> None:
    text = literals.dumps(value)

    assert json.loads(text, parse_float=Decimal) == value
    if "${" not in text and "%{" not in text:
        assert literals.parse(text) == value


@given(st.text(alphabet='{}[]"=:,\n $%<-Ea1.#/*\\', max_size=40))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(literals.NotLiteralError):
        literals.dumps(literals.parse(text))


def test_text_nested_too_deeply_is_no_literal() -> None:
    with pytest.raises(literals.NotLiteralError):
        literals.parse("[" * 100_000)


def test_a_number_too_long_to_convert_is_no_literal() -> None:
    with pytest.raises(literals.NotLiteralError):
        literals.parse("9" * 100_000)


def test_json_escapes_that_hcl_lacks_are_understood() -> None:
    assert literals.parse(r'["\/", "\b", "\ud83d\ude00"]') == ["/", "\b", "😀"]


def test_keys_are_sorted_on_demand_and_digits_are_kept() -> None:
    value = literals.parse('{"z":1, "a":[true, 12345678901234567890.10], "m":{"y":0,"b":null}}')

    assert literals.dumps(value, sort_keys=True) == '{"a":[true,12345678901234567890.1],"m":{"b":null,"y":0},"z":1}'
    assert literals.to_json(literals.parse("[1.5, 2.0]")) == [1.5, 2]
