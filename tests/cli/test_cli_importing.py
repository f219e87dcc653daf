"""Definitions made of modules and of files that say otherwise."""

from pathlib import Path

import pytest

from blockyard.cli.checkout import Source
from blockyard.cli.documents import member, members, text
from blockyard.cli.exits import Failure
from blockyard.cli.importing import NOTHING, Plan, plan
from blockyard.cli.overrides import Overrides, files_of_inputs, read_overrides, static_value
from blockyard.modules.importing import propose
from blockyard.protocol.jsontypes import Json, JsonObject

SOURCE = Source(url="https://git.example.test/modules.git", path="storage/my-bucket", ref="v1")
MODULE = {
    "main.tf": """
variable "bucket_name" {
  type        = string
  description = "Name of the bucket"
  validation {
    condition     = can(regex("^[a-z-]+$", var.bucket_name))
    error_message = "Lower case only."
  }
}
variable "size" {
  type    = number
  default = 3
}
variable "ratio" {
  type    = number
  default = 0.5
}
variable "tier" {
  type = string
  default = "hot"
  validation {
    condition = contains(["hot", "cold"], var.tier)
    error_message = "hot or cold"
  }
}
variable "token" {
  type      = string
  sensitive = true
}
variable "extra" {
  type    = string
  default = null
}
output "bucket_url" { value = "https://${var.bucket_name}" }
output "password" {
  value     = var.token
  sensitive = true
}
""",
    "README.md": "---\nname: My bucket\ndescription: Keeps things.\nsupportedPlatforms:\n  - meshstack\n---\n# Read me\n",
}


def made(overrides: Overrides | None = None, files: dict[str, str] | None = None, **environ: str) -> Plan:
    proposal = propose(MODULE if files is None else files)
    return plan(proposal, overrides or Overrides(), environ, source=SOURCE, workspace="platform")


def inputs(of: Plan) -> JsonObject:
    return members(of.version, "inputs")


def test_variables_become_inputs_and_outputs_outputs() -> None:
    wanted = made()

    assert list(inputs(wanted)) == ["bucket_name", "size", "ratio", "tier", "token", "extra"]
    assert inputs(wanted)["bucket_name"] == {
        "displayName": "Bucket Name",
        "type": "STRING",
        "assignmentType": "USER_INPUT",
        "isEnvironment": False,
        "isSensitive": False,
        "argument": None,
        "defaultValue": None,
        "updateableByConsumer": True,
        "displayOrder": 0,
        "description": "Name of the bucket",
        "valueValidationRegex": "^[a-z-]+$",
        "validationRegexErrorMessage": "Lower case only.",
    }
    assert member(inputs(wanted), "size", "defaultValue") == 3
    assert member(inputs(wanted), "tier", "selectableValues") == ["hot", "cold"]
    assert member(inputs(wanted), "token", "isSensitive") is True
    assert list(members(wanted.version, "outputs")) == ["bucket_url"]
    assert member(wanted.version, "outputs", "bucket_url", "assignmentType") == "RESOURCE_URL"


def test_a_default_that_is_no_whole_number_makes_code() -> None:
    assert members(inputs(made()), "ratio")["type"] == "CODE"
    assert members(inputs(made()), "ratio")["defaultValue"] == "0.5"


def test_what_is_left_out_is_said() -> None:
    assert [warning.partition(":")[0] for warning in made().warnings] == [
        "output 'password' is left out",
    ]


def test_a_variable_that_is_null_without_a_value_is_an_optional_input(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text('[inputs.named]\ndisplay_name = "Name"\n[inputs.needed]\noptional = false\n')
    types = {"plain": "string", "named": "string", "needed": "number", "loud": "bool", "any": "map(string)"}
    module = "".join(f'variable "{key}" {{\n type = {type_}\n default = null\n}}\n' for key, type_ in types.items())

    wanted = made(read_overrides(file), {"main.tf": module})

    assert {key: members(item).get("isOptional") for key, item in inputs(wanted).items()} == {
        "plain": True,
        "named": True,
        "needed": None,
        "any": True,
    }
    assert wanted.warnings[0].startswith("variable 'loud' is left out")


def test_the_definition_is_described_by_the_readme() -> None:
    wanted = made()

    assert wanted.definition == {
        "metadata": {"ownedByWorkspace": "platform", "tags": {}},
        "spec": {
            "displayName": "My bucket",
            "description": "Keeps things.",
            "targetType": "WORKSPACE_LEVEL",
            "runTransparency": False,
            "useInLandingZonesOnly": False,
            "supportedPlatforms": None,
            "readme": "# Read me",
        },
    }


def test_without_a_readme_the_folder_names_the_definition() -> None:
    assert made(files={"main.tf": ""}).name == "My bucket"


def test_the_implementation_names_source_and_engine() -> None:
    assert member(made().version, "implementation", "terraform") == {
        "terraformVersion": "1.11.4",
        "repositoryUrl": "https://git.example.test/modules.git",
        "async": False,
        "useMeshHttpBackendFallback": True,
        "repositoryPath": "storage/my-bucket",
        "refName": "v1",
    }


def test_a_module_with_a_backend_of_its_own_keeps_its_state_there() -> None:
    wanted = made(files={"main.tf": 'terraform {\n  backend "s3" {}\n}\n'})

    assert member(wanted.version, "implementation", "terraform", "useMeshHttpBackendFallback") is False


def test_a_file_says_what_shall_be_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text(
        """
name = "Bucket"
run_transparency = true
permissions = ["TENANT_LIST"]
[tags]
cost = ["free"]
[inputs.token]
assignment_type = "STATIC"
value_env = "THE_TOKEN"
environment = true
[inputs.size]
exclude = true
[inputs.extra]
display_name = "Extra"
[inputs.workspace]
assignment_type = "WORKSPACE_IDENTIFIER"
[outputs.bucket_url]
assignment_type = "NONE"
"""
    )

    wanted = made(read_overrides(file), THE_TOKEN="s3cret")

    assert wanted.name == "Bucket"
    assert member(wanted.definition, "spec", "runTransparency") is True
    assert member(wanted.definition, "metadata", "tags") == {"cost": ["free"]}
    assert wanted.version["permissions"] == ["TENANT_LIST"]
    assert list(inputs(wanted)) == ["bucket_name", "ratio", "tier", "token", "extra", "workspace"]
    assert members(inputs(wanted), "token")["argument"] == {"plaintext": "s3cret"}
    assert members(inputs(wanted), "token")["isEnvironment"] is True
    assert members(inputs(wanted), "workspace")["assignmentType"] == "WORKSPACE_IDENTIFIER"
    assert text(wanted.version, "outputs", "bucket_url", "assignmentType") == "NONE"
    assert "s3cret" not in str(wanted.shown())


def test_a_parent_whose_output_is_taken_becomes_a_dependency(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text(
        """
dependencies = ["5c9e3f6a-0000-4000-8000-000000000001"]
[inputs.a]
assignment_type = "BUILDING_BLOCK_OUTPUT"
value = "5c9e3f6a-0000-4000-8000-000000000002.url"
[inputs.b]
assignment_type = "BUILDING_BLOCK_OUTPUT"
value = "5c9e3f6a-0000-4000-8000-000000000001.url"
[inputs.c]
assignment_type = "STATIC"
value = "x.y"
"""
    )

    assert made(read_overrides(file)).version["dependencyDefinitionRefs"] == [
        {"uuid": f"5c9e3f6a-0000-4000-8000-00000000000{number}", "kind": "meshBuildingBlockDefinition"}
        for number in (1, 2)
    ]


def test_blocks_belong_to_workspaces_unless_somebody_says_otherwise() -> None:
    files = {"main.tf": "", "README.md": "---\nname: x\nsupportedPlatforms: [aws, meshstack]\n---\n"}
    proposal = propose(files)

    by_readme = plan(proposal, Overrides(), {}, source=SOURCE, workspace="w")
    by_option = plan(proposal, Overrides(), {}, source=SOURCE, workspace="w", target="TENANT_LEVEL")
    by_file = plan(proposal, Overrides({"target_type": "TENANT_LEVEL"}), {}, source=SOURCE, workspace="w")

    assert member(by_readme.definition, "spec", "targetType") == "WORKSPACE_LEVEL"
    assert ["the readme names aws" in warning for warning in by_readme.warnings] == [True]
    for wanted in (by_option, by_file):
        assert member(wanted.definition, "spec", "targetType") == "TENANT_LEVEL"
        assert member(wanted.definition, "spec", "supportedPlatforms") == [{"name": "AWS", "kind": "meshPlatformType"}]
        assert wanted.warnings == ()


@pytest.mark.parametrize(
    ("named", "type_"),
    [
        ("aws", "AWS"),
        ("aks", "AZURE_KUBERNETES_SERVICE"),
        ("azure-rg", "AZURE_RESOURCE_GROUP"),
        ("azuredevops", "AZURE-DEVOPS"),
        ("Azure_DevOps", "AZURE-DEVOPS"),
    ],
)
def test_a_platform_of_the_readme_is_the_type_that_the_server_has(named: str, type_: str) -> None:
    files = {"main.tf": "", "README.md": f"---\nname: x\nsupportedPlatforms: [{named}]\n---\n"}
    wanted = plan(propose(files), Overrides(), {}, source=SOURCE, workspace="w", target="TENANT_LEVEL")

    found = wanted.on_platform_types(["AWS", "AZURE_KUBERNETES_SERVICE", "AZURE_RESOURCE_GROUP", "AZURE-DEVOPS"])

    assert member(found.definition, "spec", "supportedPlatforms") == [{"name": type_, "kind": "meshPlatformType"}]


def test_a_platform_that_no_type_means_is_refused_with_the_types_that_there_are() -> None:
    files = {"main.tf": "", "README.md": "---\nname: x\nsupportedPlatforms: [ionos]\n---\n"}
    wanted = plan(propose(files), Overrides(), {}, source=SOURCE, workspace="w", target="TENANT_LEVEL")

    with pytest.raises(Failure, match=r"there is no platform type 'IONOS'; there are AWS, GCP"):
        wanted.on_platform_types(["GCP", "AWS"])


def test_outputs_are_optional_where_the_module_or_the_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text("[outputs.a]\noptional = true\n[outputs.b]\noptional = false\n")
    module = "".join(
        f'output "{key}" {{ value = {value} }}\n'
        for key, value in {"a": "1", "b": "x ? 1 : null", "c": "x ? 1 : null", "d": "1"}.items()
    )

    outputs = members(made(read_overrides(file), {"main.tf": module}).version, "outputs")

    assert {key: members(item).get("isOptional") for key, item in outputs.items()} == {
        "a": True,
        "b": None,
        "c": True,
        "d": None,
    }


def test_a_dry_run_reads_no_secrets(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text(
        "[inputs.token]\nassignment_type = 'STATIC'\nvalue_env = 'NOT_SET'\n"
        "[inputs.extra]\nassignment_type = 'STATIC'\nvalue_file = '/does/not/exist'\n"
    )

    wanted = plan(propose(MODULE), read_overrides(file), None, source=SOURCE, workspace="platform")

    assert members(members(wanted.shown()[1], "inputs"), "token")["argument"] == "(secret)"
    assert members(inputs(wanted), "extra")["argument"] == "(from /does/not/exist)"


def test_an_empty_http_backend_is_ours() -> None:
    for backend, falls_back in (('"http" {}', True), ('"http" {\n address = "http://x"\n}', False), ('"s3" {}', False)):
        files = {"main.tf": f"terraform {{\n  backend {backend}\n}}\n"}
        terraform = member(made(Overrides(), files).version, "implementation", "terraform")
        assert member(terraform, "useMeshHttpBackendFallback") is falls_back


def test_a_manual_definition_is_made_of_its_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text('{"name": "Firewall change", "inputs": {"port": {"type": "INTEGER"}}}')

    wanted = plan(NOTHING, read_overrides(file), {}, source=None, workspace="network")

    assert wanted.version["implementation"] == {"type": "manual", "manual": {}}
    assert wanted.version["deletionMode"] == "PURGE"
    assert list(inputs(wanted)) == ["port"]
    assert wanted.version["outputs"] == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nme = 'x'", "unknown member 'nme'"),
        ("name = 1", "name must be a text"),
        ("[inputs.a]\nsecret = true", "inputs.a: unknown member 'secret'"),
        ("[inputs.a]\nsensitive = 'yes'", "true or false"),
        ("permissions = 'X'", "list of texts"),
        ("inputs = 3", "inputs must be a table"),
        ("= broken", "cannot be read"),
        ("[inputs.a]\nassignment_type = 'STATIC'", "needs a value"),
        ("[inputs.a]\nvalue = '1'\nvalue_env = 'X'", "give only one of value, value_env"),
        ("[inputs.a]\nvalue_env = 'NOT_SET'", "NOT_SET is not set"),
        ("[inputs.zork]", "inputs.zork: the module has no variable 'zork'"),
        ("[inputs.bucket_nam]\ndescription = 'x'", "did you mean 'bucket_name'"),
        ("[outputs.bucket_ur]\noptional = true", "the module has no output 'bucket_ur'; did you mean 'bucket_url'"),
        ("engine_version = '1.9'", "not an engine version"),
    ],
)
def test_mistakes_in_the_file_are_named(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "definition.toml"
    file.write_text(content)

    with pytest.raises(Failure, match=message):
        made(read_overrides(file))


@pytest.mark.parametrize(
    ("content", "warned"),
    [
        ("[inputs.ZORK]\nenvironment = true", False),
        ("[inputs.zork]\ntype = 'FILE'", False),
        ("[inputs.zork]\nexclude = true", False),
        ("pre_run_script = 'true'\n[inputs.zork]", False),
        ("[inputs.zork]\nassignment_type = 'WORKSPACE_IDENTIFIER'", True),
    ],
)
def test_inputs_that_are_not_for_the_module_need_no_variable(tmp_path: Path, content: str, *, warned: bool) -> None:
    file = tmp_path / "definition.toml"
    file.write_text(content)

    wanted = made(read_overrides(file))

    assert any("has no variable 'zork'" in warning for warning in wanted.warnings) is warned


def test_a_file_that_is_not_text_is_refused_in_plain_words(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_bytes(b"\x7fELF\xff\xfe")

    with pytest.raises(Failure, match="is not a text file in UTF-8"):
        read_overrides(file)


def test_the_default_of_a_list_becomes_chosen_options(tmp_path: Path) -> None:
    file = tmp_path / "definition.toml"
    file.write_text("[inputs.tags]\ntype = 'MULTI_SELECT'\noptions = ['a', 'b', 'c']\n")
    module = {"main.tf": 'variable "tags" {\n  type = list(string)\n  default = ["a", "c"]\n}\n'}

    assert member(inputs(made(read_overrides(file), module)), "tags", "defaultValue") == ["a", "c"]
    assert member(inputs(made(files=module)), "tags", "type") == "CODE"


def test_the_version_document_belongs_to_its_definition() -> None:
    document = made().version_document(definition_id="d", version_id="v", number=2, state="DRAFT")

    assert document["metadata"] == {"uuid": "v", "ownedByWorkspace": "platform", "createdOn": ""}
    assert text(document, "spec", "buildingBlockDefinitionRef", "uuid") == "d"
    assert member(document, "spec", "versionNumber") == 2


def test_a_file_is_the_value_of_an_input_that_is_a_file(tmp_path: Path) -> None:
    plain, ready = tmp_path / "some.json", tmp_path / "ready"
    plain.write_bytes(b"\xff{}")
    ready.write_text("data:text/plain;base64,YQ==\n")
    tables: dict[str, dict[str, Json]] = {
        name: {"type": "FILE", "value_file": str(path)} for name, path in (("a", plain), ("b", ready))
    }
    overrides = Overrides(inputs={**tables, "c": {"type": "FILE"}, "d": {"type": "FILE", "exclude": True}})

    assert static_value("a", tables["a"], {}) == "data:application/json;base64,/3t9"
    assert static_value("b", tables["b"], {}) == "data:text/plain;base64,YQ=="
    assert files_of_inputs(overrides, {}) == {"a": b"\xff{}", "b": b"a", "c": b""}
