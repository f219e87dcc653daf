"""The type of an output, guessed from its expression."""

import pytest

from blockyard.modules.importing import propose
from blockyard.modules.output_type import KnownVariable, shown

VARIABLES = {
    name: KnownVariable(type=type_, is_nullable=name == "maybe")
    for name, type_ in {
        "count": "INTEGER",
        "on": "BOOLEAN",
        "name": "STRING",
        "rules": "CODE",
        "maybe": "STRING",
    }.items()
}


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("terraform_data.x.output", None),
        ('"https://${var.name}"', "STRING"),
        ('"${var.count} > 1"', "STRING"),
        ("var.name", "STRING"),
        ("var.unknown", None),
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
        ("length(var.a) == 1 ? var.b : var.c", None),
        ("jsonencode({})", "STRING"),
        ("contains(var.rules, 1)", "BOOLEAN"),
        ("!var.on", "BOOLEAN"),
        ("var.count == 3", "BOOLEAN"),
        ("[1, 2]", "CODE"),
        ("{ a = 1 }", "CODE"),
        ("{ for k, v in var.rules : k => v }", "CODE"),
        ("keys(var.rules)", "CODE"),
        ("aws_instance.x[*].id", "CODE"),
        ("aws_instance.x[0].id", None),
        ("var.count + 1", "INTEGER"),
        ("aws_instance.x.*.id[0]", None),
        ("aws_instance.x.*.id.0", None),
        ('tonumber("3")', "INTEGER"),
        ("max(1, var.count)", "INTEGER"),
        ("jsondecode(var.name)", "CODE"),
        ("one(aws_instance.x[*].id)", None),
        ("var.on ? 1 : null", "INTEGER"),
        ('var.on ? "a" : 1', "STRING"),
        ('var.on ? "a" : [1]', None),
        ("try(length(var.name), 0)", "INTEGER"),
        ("try(length(var.name), true)", None),
        ('coalesce(1, "a")', "STRING"),
        ("var.on ? var.count > 2 : coalesce(var.count > 2, 1.5)", "BOOLEAN"),
        ("var.on ? upper(coalesce(var.on, 1)) : var.count", "INTEGER"),
        ("var.on ? [coalesce(var.on, 1)] : (var.on ? 1 : true)", None),
        ("try(coalesce(var.on, 1), 2)", "INTEGER"),
        ("can(coalesce(var.on, 1))", "BOOLEAN"),
        ('coalesce(var.on, 1, "a")', "STRING"),
        ("coalesce(var.on, 1)", None),
        ("var.on ? 1 : true", None),
        ("try(var.x.y, null)", None),
        ('"${var.count}"', "INTEGER"),
        ("(var.count)", "INTEGER"),
        ("-var.count", "INTEGER"),
        ("var.count > 1 && var.on", "BOOLEAN"),
        ("<<E\nhi ${var.count}\nE\n", "STRING"),
        ("provider::x::y(1)", None),
        ("", None),
    ],
)
def test_the_expression_shows_the_type(expression: str, type_: str | None) -> None:
    assert shown(expression, VARIABLES.get).type == type_


@pytest.mark.parametrize(
    ("expression", "is_nullable"),
    [
        ("var.on ? var.name : null", True),
        ("var.on ? null : var.name", True),
        ("var.on ? var.name : (var.count > 1 ? 1 : null)", True),
        ("one(terraform_data.r[*].id)", True),
        ("try(terraform_data.r[0].id, null)", True),
        ("nonsensitive(var.maybe)", True),
        ("lookup(var.rules, 1, null)", True),
        ("var.maybe", True),
        ('"${var.maybe}"', True),
        ("null", True),
        ('"x-${var.maybe}"', False),
        ("coalesce(var.maybe, null, 1)", False),
        ("var.name == null ? 1 : 2", False),
        ("terraform_data.r.id", False),
        ("[null]", False),
        ("tostring(1)", False),
    ],
)
def test_the_expression_shows_whether_there_may_be_no_value(expression: str, *, is_nullable: bool) -> None:
    assert shown(expression, VARIABLES.get).is_nullable is is_nullable


@pytest.mark.parametrize(
    ("expression", "is_link"),
    [
        ('"https://x.example"', True),
        ('"HTTP://${var.name}/x"', True),
        ('var.on ? "https://x.example" : ""', True),
        ('var.on ? "https://x.example" : null', True),
        ('format("https://%s", var.name)', True),
        ('try("https://${var.x.y}", null)', True),
        ('"gs://logs"', False),
        ('"ssh://git@${var.name}"', False),
        ('"${var.name}/x"', False),
        ('var.on ? "https://x.example" : "none"', False),
        ("github_repository.x.html_url", False),
        ("jsondecode(var.name)", False),
        ('"see https://x.example"', False),
        ("null", False),
        ('"https_//"', False),
    ],
)
def test_the_expression_shows_whether_it_is_the_address_of_a_page(expression: str, *, is_link: bool) -> None:
    assert shown(expression, VARIABLES.get).is_link is is_link


def test_an_output_that_hands_on_a_variable_has_its_type() -> None:
    module = (
        'variable "count_of" { type = number }\noutput "n" { value = var.count_of }\noutput "m" { value = var.none }\n'
    )

    assert [item.type for item in propose({"main.tf": module}).outputs] == ["INTEGER", "STRING"]


RESOURCES = """
variable "amount" { type = number }
variable "on" { type = bool }
locals {
  sum   = var.amount + 1
  maybe = var.on ? local.sum : null
  site  = "https://${x_y.z.id}.example"
  loop  = local.loop
  tags  = { "a" = [1], count = local.sum, (var.on) = 2 }
}
resource "x_y" "z" {
  for_each = {}
  flag     = var.on
  spec     = { amount = var.amount, deep = { name = "a" } }
  block { inner = 1 }
}
"""


@pytest.mark.parametrize(
    ("expression", "type_", "is_optional"),
    [
        ("x_y.z.spec.amount", "INTEGER", False),
        ('x_y.z["a"].spec.amount', "INTEGER", False),
        ("x_y.z[0].flag", "BOOLEAN", False),
        ("x_y.z.spec.deep", "CODE", False),
        ("x_y.z.spec.deep.name", "STRING", False),
        ("local.sum", "INTEGER", False),
        ("local.maybe", "INTEGER", True),
        ("local.tags.count", "INTEGER", False),
        ("local.tags.a", "CODE", False),
        ("local.tags.none", "STRING", False),
        ("local.loop", "STRING", False),
        ("x_y.z.block", "STRING", False),
        ("x_y.z.id", "STRING", False),
        ("x_y.none.id", "STRING", False),
        ("local", "STRING", False),
    ],
)
@pytest.mark.parametrize("name", ["main.tf", "variables.tf"])
def test_an_output_that_hands_on_a_local_or_an_argument_of_a_resource_has_its_type(
    expression: str, type_: str, *, is_optional: bool, name: str
) -> None:
    variables, _, rest = RESOURCES.partition("locals")
    output = f'output "o" {{ value = {expression} }}\n'
    files = {"variables.tf": variables + output} | ({"main.tf": "locals" + rest} if name == "main.tf" else {})
    if name == "variables.tf":
        files["variables.tf"] += "locals" + rest

    [found] = propose(files).outputs

    assert (found.type, found.optional) == (type_, is_optional)


def test_a_local_may_be_the_address_of_a_page() -> None:
    [found] = propose({"main.tf": RESOURCES + 'output "site_url" { value = local.site }\n'}).outputs

    assert found.assignment_type == "RESOURCE_URL"


def test_a_file_of_resources_alone_need_not_be_readable() -> None:
    [found] = propose(
        {"main.tf": 'resource "x" "y" {\n  a = \n', "outputs.tf": 'output "o" { value = x.y.a }\n'}
    ).outputs

    assert found.type == "STRING"
