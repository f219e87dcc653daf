"""Numbers keep every digit on the way from the engine to the control plane and to the inputs of other blocks."""

from collections.abc import Callable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from blockyard.modules import literals
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, an_input
from tests.support.state_server import StateServer

PARENT = """
resource "terraform_data" "one" {}
output "pi" { value = 3.14159265358979323846264338327950288 }
output "half" { value = 0.5 }
output "whole" { value = 123456789012345678901234567890 }
output "huge" { value = 1e5000 }
output "pair" { value = { a = 0.1234567890123456789012345, c = [12345678901234567.75, { d = "<" }], e = {}, f = 2.5 } }
"""
CHILD = """
variable "pi" { type = number }
variable "pair" { type = any }
variable "huge" { type = number }
output "pi" { value = var.pi }
output "pair" { value = var.pair }
output "same" { value = var.huge == 1e5000 && var.pair.c[0] == 12345678901234567.75 }
"""
PAIR = """{
  "a": 0.1234567890123456789012345,
  "c": [
    12345678901234567.75,
    {
      "d": "\\u003c"
    }
  ],
  "e": {},
  "f": 2.5
}"""


def test_numbers_are_exact_in_outputs_and_in_what_other_blocks_make_of_them(
    new_run: Callable[..., OpenTofuRun], state: StateServer
) -> None:
    parent = new_run(files={"main.tf": PARENT})
    assert parent.execute().outcome is Outcome.SUCCEEDED
    assert b'"name": "one"' in next(iter(state.states.values()))
    outputs = {name: (output.type.value, output.value) for name, output in parent.reporter.outputs.items()}
    assert outputs == {
        "pi": ("INTEGER", "3.14159265358979323846264338327950288"),
        "half": ("INTEGER", 0.5),
        "whole": ("INTEGER", 123456789012345678901234567890),
        "huge": ("INTEGER", "1" + "0" * 5000),
        "pair": ("CODE", PAIR),
    }
    given_on = [an_input(name, outputs[name][1], outputs[name][0]) for name in ("pi", "pair", "huge")]

    state.states.clear()
    child = new_run(files={"main.tf": CHILD}, inputs=given_on)

    assert child.execute().outcome is Outcome.SUCCEEDED
    assert {name: child.reporter.outputs[name].value for name in ("pi", "pair", "same")} == {
        "pi": "3.14159265358979323846264338327950288",
        "pair": PAIR,
        "same": True,
    }


@given(st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.integers().map(str))
def test_json_numbers_are_read_and_written_without_loss(text: str) -> None:
    value = literals.read_json(f'{{"x": [{text}]}}')

    for written in (literals.pretty(value), literals.dumps(value)):
        shown = written.replace(" ", "").replace("\n", "")
        assert Decimal(shown.removeprefix('{"x":[').removesuffix("]}")) == Decimal(text)
