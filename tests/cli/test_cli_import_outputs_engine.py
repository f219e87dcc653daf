"""What an import says of an output holds for the value that the engine gives it: type, absence, link."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from blockyard.modules.importing import propose
from blockyard.modules.output_type import KnownVariable, shown
from blockyard.protocol.jsontypes import Json
from blockyard.server.definitions.model import DeclaredType, OutputSpec
from blockyard.server.definitions.model.values import check_output, is_web_address
from blockyard.server.kit.errors import Invalid
from tests.cli.test_cli_import_engine import ENGINE_STARTS, console

VARIABLES = """
variable "n" {
  type    = number
  default = 3
}
variable "s" {
  type    = string
  default = "x.example"
}
variable "b" {
  type    = bool
  default = "true"
}
variable "l" {
  type    = list(string)
  default = ["a"]
}
variable "any" {
  default = 5
}
variable "maybe" {
  type    = string
  default = null
}
"""
KNOWN = {
    "n": KnownVariable(type="INTEGER", is_nullable=False),
    "s": KnownVariable(type="STRING", is_nullable=False),
    "b": KnownVariable(type="BOOLEAN", is_nullable=False),
    "l": KnownVariable(type="CODE", is_nullable=False),
    "any": KnownVariable(type="CODE", is_nullable=False),
    "maybe": KnownVariable(type="STRING", is_nullable=True),
}
LEAVES = st.sampled_from(
    [
        "1",
        "1.5",
        '"x"',
        '""',
        '"https://x.example"',
        '"https://${var.s}/a"',
        '"ssh://${var.s}"',
        "true",
        "null",
        '["a"]',
        "{ a = 1 }",
        "var.n",
        "var.s",
        "var.b",
        "var.l",
        "var.any",
        "var.maybe",
        "[for x in var.l : x]",
        "length(var.l)",
        "var.l[0]",
        "var.l[*]",
        "var.n > 2",
        "var.n + 1",
        "-var.n",
        "!var.b",
        "var.b && true",
        'tonumber("3.5")',
        'jsondecode("7")',
        'jsondecode("{}")',
        'lookup({}, "k", null)',
        "one([])",
    ]
)
FORMS = (
    "({0})",
    "[{0}]",
    '"${{{0}}}"',
    '"a${{{0}}}"',
    "var.b ? {0} : {1}",
    "var.b ? {1} : {0}",
    "try({0}, {1})",
    "coalesce({0}, {1})",
    "one([{0}])",
    "{0} == {1}",
    "jsonencode({0})",
    'format("https://x.example/%s", jsonencode({0}))',
    "max(try(tonumber({0}), 1), 1)",
    "merge({{ a = {0} }}, {{}})",
    "upper(jsonencode({0}))",
)
"""None fails by itself: the engine does not look at the type of a branch that is not taken, if it fails."""


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda form, left, right: form.format(left, right), st.sampled_from(FORMS), inner, inner)


def fits(type_: str, value: Json) -> bool:
    """Tell whether the server takes a value for an output of this type."""
    try:
        check_output(OutputSpec(key="o", display_name="O", type=DeclaredType(type_)), value)
    except Invalid:
        return False
    return True


EXPRESSIONS = st.recursive(LEAVES, composed, max_leaves=4)


def test_a_value_fits_what_was_said_of_its_output(engine: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(VARIABLES)

    @ENGINE_STARTS
    @given(st.lists(EXPRESSIONS, min_size=120, max_size=120, unique=True))
    def check(expressions: list[str]) -> None:
        tried = ", ".join(f'try([{one}], "refused")' for one in expressions)
        values = console(engine, tmp_path, f"[{tried}]")
        assert isinstance(values, list)
        declared = "".join(f'output "o{n}_url" {{\n  value = {one}\n}}\n' for n, one in enumerate(expressions))
        proposal = propose({"main.tf": VARIABLES + declared})
        assert not proposal.unread
        outputs = {item.key: item for item in proposal.outputs}
        for number, (expression, answer) in enumerate(zip(expressions, values, strict=True)):
            if not isinstance(answer, list):
                continue  # the engine refuses it
            item = outputs[f"o{number}_url"]
            value: Json = json.loads(json.dumps(answer[0], default=float))
            if value is None:
                assert item.optional, expression
                continue
            if item.assignment_type == "RESOURCE_URL":
                assert value == "" or is_web_address(value), expression
            if shown(expression, KNOWN.get).type is not None:
                assert fits(item.type, value), (expression, item.type, value)

    check()
