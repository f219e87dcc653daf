"""A definition proposed from a module's files."""

import re

import pytest

from blockyard.modules.importing import ProposedInput, ProposedOutput, display_name, propose

VARIABLES = """
variable "bucket_name" {
  type        = string
  description = "Name of it."
  validation {
    condition     = can(regex("^[a-z-]{3,20}$", var.bucket_name))
    error_message = "3 to 20 lower case letters"
  }
}
variable "visibility" {
  type    = string
  default = "private"
  validation {
    condition     = contains(["private", "public"], var.visibility)
    error_message = "choose"
  }
}
variable "days" {
  type    = number
  default = 30
}
variable "open" {
  type    = bool
  default = false
}
variable "token" {
  type      = string
  sensitive = true
  default   = "s3cret"
}
variable "rules" {
  type = map(object({ port = number }))
  default = {
    # web
    web = { port = 443 }
  }
}
variable "members" {
  type = list(object({
    meshIdentifier = string
    username       = string
    firstName      = string
    lastName       = string
    email          = string
    euid           = string
    roles          = list(string)
  }))
}
variable "anything" {
  default = null
}
variable "meshstack_building_block_id" { type = string }
"""

OUTPUTS = """
output "summary" { value = "# hi" }
output "console_url" { value = "https://x" }
output "zone-ids" {
  value       = ["a"]
  description = "ids"
}
output "key" {
  value     = "k"
  sensitive = true
}
"""

README = """---
name: "Mailing list"
description: >
  A mailing list
  with an archive.
supportedPlatforms:
  - aws
  - meshstack
requiresBackplane: false
---
# Mailing list

Text with --- inside.
"""


def test_variables_become_inputs() -> None:
    inputs = {proposed.key: proposed for proposed in propose({"variables.tf": VARIABLES}).inputs}

    assert inputs["bucket_name"] == ProposedInput(
        key="bucket_name",
        display_name="Bucket Name",
        type="STRING",
        assignment_type="USER_INPUT",
        description="Name of it.",
        regex="^[a-z-]{3,20}$",
        regex_message="3 to 20 lower case letters",
    )
    assert inputs["visibility"] == ProposedInput(
        key="visibility",
        display_name="Visibility",
        type="SINGLE_SELECT",
        assignment_type="USER_INPUT",
        default="private",
        required=False,
        options=("private", "public"),
    )
    assert (inputs["days"].type, inputs["days"].default) == ("INTEGER", 30)
    assert (inputs["open"].type, inputs["open"].default) == ("BOOLEAN", False)
    assert (inputs["token"].sensitive, inputs["token"].default) == (True, None)
    assert (inputs["rules"].type, inputs["rules"].default) == ("CODE", "{\n    # web\n    web = { port = 443 }\n  }")
    assert (inputs["members"].type, inputs["members"].assignment_type) == ("CODE", "USER_PERMISSIONS")
    assert (inputs["anything"].type, inputs["anything"].default, inputs["anything"].required) == ("CODE", None, False)
    assert "meshstack_building_block_id" not in inputs


def test_outputs_become_outputs() -> None:
    assert propose({"outputs.tf": OUTPUTS}).outputs == (
        ProposedOutput(key="summary", display_name="Summary", assignment_type="SUMMARY"),
        ProposedOutput(key="console_url", display_name="Console URL", assignment_type="RESOURCE_URL"),
        ProposedOutput(key="zone-ids", display_name="Zone Ids", type="CODE", description="ids"),
        ProposedOutput(key="key", display_name="Key", sensitive=True),
    )


def test_the_readme_names_the_definition() -> None:
    proposal = propose({"README.md": README})

    assert (proposal.name, proposal.description) == ("Mailing list", "A mailing list with an archive.")
    assert proposal.readme == "# Mailing list\n\nText with --- inside."
    assert proposal.supported_platforms == ("aws",)


def test_the_readme_for_application_teams_goes_before() -> None:
    assert propose({"README.md": README, "APP_TEAM_README.md": "for you"}).readme == "for you"


def test_meshstack_is_no_platform() -> None:
    text = "---\nname: x # comment\ndescription: 'it''s'\nsupportedPlatforms: [meshstack]\n---\n"
    proposal = propose({"README.md": text})

    assert (proposal.name, proposal.description) == ("x", "it's")
    assert (proposal.supported_platforms, proposal.readme) == ((), None)


def test_a_readme_without_front_matter_is_the_readme() -> None:
    proposal = propose({"README.md": "# Title\n\ntext\n"})

    assert (proposal.name, proposal.readme) == (None, "# Title\n\ntext")


def test_an_own_backend_and_broken_files_are_told() -> None:
    proposal = propose({"a.tf": 'terraform { backend "s3" {} }', "b.tf": "\nvariable {{"})

    assert proposal.has_backend
    assert proposal.warnings == ('the module declares its own backend "s3"; its state is kept there',)
    assert [file.sentence for file in proposal.unread] == ["b.tf line 2 is not valid HCL: a name is missing"]


def test_keys_become_words() -> None:
    assert [display_name(key) for key in ("bucket_name", "page_url", "camelCase", "a-b.c", "URL", "_")] == [
        "Bucket Name",
        "Page URL",
        "Camel Case",
        "A B C",
        "URL",
        "_",
    ]


@pytest.mark.parametrize(
    ("pattern", "accepted", "refused"),
    [
        ("^[A-Z]", "Welcome", "welcome"),
        ("[0-9]$", "port 1", "1 port"),
        ("cost", "low cost block", "gratis"),
        ("^[a-z]+$", "abc", "abc1"),
        ("^dev|prod$", "my-prod", "prod-my"),
    ],
)
def test_a_pattern_accepts_the_same_values_as_the_modules_own_check(pattern: str, accepted: str, refused: str) -> None:
    source = (
        f'variable "x" {{\n  type = string\n  validation {{\n    condition = can(regex("{pattern}", var.x))\n'
        '    error_message = "No."\n  }\n}\n'
    )

    (proposed,) = propose({"variables.tf": source}).inputs

    assert proposed.regex is not None
    assert re.fullmatch(proposed.regex, accepted)
    assert not re.fullmatch(proposed.regex, refused)


def proposed(source: str, name: str = "main.tf") -> dict[str, ProposedInput]:
    return {item.key: item for item in propose({name: source}).inputs}


def outputs(source: str) -> dict[str, ProposedOutput]:
    return {item.key: item for item in propose({"main.tf": source}).outputs}


@pytest.mark.parametrize(
    "spelling", ["true", '"true"', '"1"', "(true)", "!false", "1 == 1", "null", '"yes"', "local.x"]
)
def test_what_may_be_sensitive_counts_as_sensitive(spelling: str) -> None:
    source = (
        f'variable "token" {{\n  type = string\n  sensitive = {spelling}\n}}\n'
        f'output "o" {{\n  value = 1\n  sensitive = {spelling}\n}}\n'
    )

    proposal = propose({"main.tf": source})

    assert proposal.inputs[0].sensitive
    assert proposal.outputs[0].sensitive
    assert bool(proposal.warnings) is (spelling in {"1 == 1", "null", '"yes"', "local.x"})


@pytest.mark.parametrize("spelling", ["false", '"false"', '"0"', "!true"])
def test_what_is_surely_not_sensitive_is_not(spelling: str) -> None:
    assert not proposed(f'variable "x" {{\n  sensitive = {spelling}\n}}\n')["x"].sensitive


def test_a_text_without_a_type_keeps_its_quotes() -> None:
    found = proposed('variable "flag" {\n  default = "true"\n}\nvariable "name" {\n  default = "a \\"b\\" $${c}"\n}\n')

    assert (found["flag"].type, found["flag"].default) == ("CODE", '"true"')
    assert found["name"].default == '"a \\"b\\" $${c}"'


def test_a_default_is_converted_to_the_declared_type() -> None:
    found = proposed(
        'variable "on" {\n  type = bool\n  default = "true"\n}\n'
        'variable "size" {\n  type = number\n  default = "5"\n}\n'
        'variable "port" {\n  type = string\n  default = 8080\n}\n'
        'variable "share" {\n  type = number\n  default = 0.1234567890123456789\n}\n'
        'variable "huge" {\n  type = number\n  default = 99999999999999999999\n}\n'
        'variable "whole" {\n  type = number\n  default = 5.0\n}\n'
    )

    assert {key: (item.type, item.default) for key, item in found.items()} == {
        "on": ("BOOLEAN", True),
        "size": ("INTEGER", 5),
        "port": ("STRING", "8080"),
        "share": ("CODE", "0.1234567890123456789"),
        "huge": ("CODE", "99999999999999999999"),
        "whole": ("INTEGER", 5),
    }


@pytest.mark.parametrize("type_", ["number", "bool", "list(string)"])
def test_a_secret_that_is_no_text_becomes_code(type_: str) -> None:
    found = proposed(f'variable "pin" {{\n  type = {type_}\n  sensitive = true\n}}\n')["pin"]

    assert (found.type, found.sensitive) == ("CODE", True)


def test_people_and_their_roles_are_no_secret() -> None:
    source = (
        'variable "m" {\n  type = list(object({ username = string, roles = list(string) }))\n  sensitive = true\n}\n'
    )

    assert proposed(source)["m"].assignment_type == "USER_INPUT"


def test_options_that_no_input_can_hold_leave_text() -> None:
    validation = 'validation {\n    condition = contains(["", "a"], var.x)\n    error_message = "No."\n  }\n'

    assert proposed(f'variable "x" {{\n  type = string\n  {validation}}}\n')["x"].type == "STRING"


def test_several_lists_leave_what_all_allow() -> None:
    rule = 'validation {{\n    condition = contains({}, var.x)\n    error_message = "No."\n  }}\n  '
    rules = rule.format('["a", "b", "c"]') + rule.format('["c", "b", "d"]')

    assert proposed(f'variable "x" {{\n  type = string\n  {rules}}}\n')["x"].options == ("b", "c")


@pytest.mark.parametrize(
    "pattern", ["^\\\\Qa.b\\\\E$", "(?U)a+", "\\\\C", "^(?m)a$", "a**", "a{,3}", "/a/", "a{1001}", "a" * 1001]
)
def test_a_pattern_of_another_language_is_left_out_with_a_word(pattern: str) -> None:
    source = (
        f'variable "x" {{\n  type = string\n  validation {{\n    condition = can(regex("{pattern}", var.x))\n'
        '    error_message = "No."\n  }\n}\n'
    )

    proposal = propose({"main.tf": source})

    assert (proposal.inputs[0].regex, proposal.inputs[0].regex_message) == (None, None)
    assert "the pattern of variable 'x' is left out" in proposal.warnings[0]


def test_only_what_begins_as_the_address_of_a_page_becomes_a_link() -> None:
    found = outputs(
        'output "bucket_url" { value = "gs://logs" }\n'
        'output "database_url" { value = aws_db_instance.x.endpoint }\n'
        'output "endpoint_link" { value = var.on ? "https://x.example" : "" }\n'
        'output "page" { value = "https://x.example" }\n'
    )

    assert {key: item.assignment_type for key, item in found.items()} == {
        "bucket_url": "NONE",
        "database_url": "NONE",
        "endpoint_link": "RESOURCE_URL",
        "page": "NONE",
    }


def test_an_output_that_can_be_null_is_optional() -> None:
    found = outputs(
        'variable "maybe" {\n  type = string\n  default = null\n}\n'
        'output "replica_id" { value = one(terraform_data.r[*].id) }\n'
        'output "url" { value = var.on ? "https://x" : null }\n'
        'output "maybe" { value = var.maybe }\n'
        'output "always" { value = terraform_data.r.id }\n'
    )

    assert [key for key, item in found.items() if item.optional] == ["replica_id", "url", "maybe"]


def test_an_override_of_an_output_keeps_what_it_does_not_say() -> None:
    proposal = propose(
        {
            "main.tf": 'variable "n" { type = number }\noutput "n" { value = var.n }\noutput "s" {\n  value = 1\n  sensitive = true\n}\n',
            "zz_override.tf": 'output "n" { description = "How many." }\noutput "s" { description = "Secret." }\n',
        }
    )

    assert [(item.type, item.description, item.sensitive) for item in proposal.outputs] == [
        ("INTEGER", "How many.", False),
        ("INTEGER", "Secret.", True),
    ]


@pytest.mark.parametrize(
    ("backend", "is_own"),
    [
        ('backend "s3" {}', True),
        ("cloud {\n}", True),
        ('backend "http" {\n    address = "http://x"\n  }', True),
        ('backend "http" {}', False),
        ('backend "local" {\n    path = "state/my.tfstate"\n  }', False),
        ('backend "local" {}', False),
    ],
)
def test_a_backend_that_keeps_nothing_is_no_backend(backend: str, is_own: bool) -> None:  # noqa: FBT001  a case
    proposal = propose({"main.tf": f"terraform {{\n  {backend}\n}}\n"})

    assert proposal.has_backend is is_own
    assert ("its state is kept there" if is_own else "the server keeps its state in its stead") in proposal.warnings[0]


def test_the_last_backend_counts() -> None:
    files = {
        "main.tf": 'terraform {\n  backend "local" {}\n}\n',
        "x_override.tf": 'terraform {\n  backend "s3" {}\n}\n',
    }

    assert propose(files).has_backend


def test_a_module_outside_of_the_folder_is_told() -> None:
    source = 'module "s" { source = "../shared" }\nmodule "t" { source = "./a/../../b" }\nmodule "u" { source = "./inner" }\n'

    warnings = propose({"main.tf": source}).warnings

    assert [warning.split("'")[1] for warning in warnings] == ["../shared", "./a/../../b"]


def test_strip_markers_are_read() -> None:
    source = 'variable "m" { type = string }\nlocals {\n  x = "a ${~ var.m ~} b"\n}\n'

    assert list(proposed(source)) == ["m"]


def test_json_syntax_means_the_same_as_native_syntax() -> None:
    native = proposed(
        'variable "policy" {\n  type = string\n  default = "$${x}"\n  sensitive = "false"\n'
        '  validation {\n    condition = contains(["$${x}", "b"], var.policy)\n    error_message = "No."\n  }\n}\n'
    )
    in_json = proposed(
        '{"variable": {"policy": {"type": "string", "default": "${x}", "sensitive": "false", "validation":'
        ' {"condition": "${contains([\\"$${x}\\", \\"b\\"], var.policy)}", "error_message": "No."}}}}',
        "main.tf.json",
    )

    assert in_json == native
    assert in_json["policy"].options == ("${x}", "b")
