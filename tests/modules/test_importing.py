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
        ProposedOutput(key="console_url", display_name="Console Url", assignment_type="RESOURCE_URL"),
        ProposedOutput(key="zone-ids", display_name="Zone Ids", type="CODE", description="ids"),
        ProposedOutput(key="key", display_name="Key", sensitive=True),
    )


def test_the_readme_names_the_definition() -> None:
    proposal = propose({"README.md": README})

    assert (proposal.name, proposal.description) == ("Mailing list", "A mailing list with an archive.")
    assert proposal.readme == "# Mailing list\n\nText with --- inside."
    assert (proposal.supported_platforms, proposal.target_type) == (("aws",), "TENANT_LEVEL")


def test_the_readme_for_application_teams_goes_before() -> None:
    assert propose({"README.md": README, "APP_TEAM_README.md": "for you"}).readme == "for you"


def test_meshstack_alone_means_the_workspace_level() -> None:
    text = "---\nname: x # comment\ndescription: 'it''s'\nsupportedPlatforms: [meshstack]\n---\n"
    proposal = propose({"README.md": text})

    assert (proposal.name, proposal.description) == ("x", "it's")
    assert (proposal.supported_platforms, proposal.target_type, proposal.readme) == ((), "WORKSPACE_LEVEL", None)


def test_a_readme_without_front_matter_is_the_readme() -> None:
    proposal = propose({"README.md": "# Title\n\ntext\n"})

    assert (proposal.name, proposal.readme) == (None, "# Title\n\ntext")


def test_an_own_backend_and_broken_files_are_told() -> None:
    proposal = propose({"a.tf": 'terraform { backend "s3" {} }', "b.tf": "variable {{"})

    assert proposal.has_backend
    assert len(proposal.warnings) == 2


def test_keys_become_words() -> None:
    assert [display_name(key) for key in ("bucket_name", "camelCase", "a-b.c", "URL", "_")] == [
        "Bucket Name",
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
