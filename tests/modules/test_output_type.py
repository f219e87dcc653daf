"""The type of an output, guessed from its expression."""

import pytest

from blockyard.modules.importing import propose
from blockyard.modules.output_type import guess

VARIABLES = {"count": "INTEGER", "on": "BOOLEAN", "name": "STRING", "size": "SINGLE_SELECT", "rules": "CODE"}


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("terraform_data.x.output", "STRING"),
        ('"https://${var.name}"', "STRING"),
        ('"${var.count} > 1"', "STRING"),
        ("var.name", "STRING"),
        ("var.size", "STRING"),
        ("var.unknown", "STRING"),
        ("var.count", "INTEGER"),
        ("var.on", "BOOLEAN"),
        ("var.rules", "CODE"),
        ("3", "INTEGER"),
        ("true", "BOOLEAN"),
        ("length(var.name)", "INTEGER"),
        ("length(keys(var.rules))", "INTEGER"),
        ('length("(")', "INTEGER"),
        ("length(var.name) > 3", "BOOLEAN"),
        ("upper(var.name)", "STRING"),
        ("length(var.a) == 1 ? var.b : var.c", "STRING"),
        ("jsonencode({})", "STRING"),
        ("contains(var.rules, 1)", "BOOLEAN"),
        ("!var.on", "BOOLEAN"),
        ("var.count == 3", "BOOLEAN"),
        ("[1, 2]", "CODE"),
        ("{ a = 1 }", "CODE"),
        ("{ for k, v in var.rules : k => v }", "CODE"),
        ("keys(var.rules)", "CODE"),
        ("aws_instance.x[*].id", "CODE"),
        ("aws_instance.x[0].id", "STRING"),
        ("var.count + 1", "INTEGER"),
        ("", "STRING"),
    ],
)
def test_the_expression_shows_the_type(expression: str, type_: str) -> None:
    assert guess(expression, VARIABLES.get) == type_


def test_an_output_that_hands_on_a_variable_has_its_type() -> None:
    module = (
        'variable "count_of" { type = number }\noutput "n" { value = var.count_of }\noutput "m" { value = var.none }\n'
    )

    assert [item.type for item in propose({"main.tf": module}).outputs] == ["INTEGER", "STRING"]
