"""Inputs as variables: the golden table of runner.md 3.9, all of it in one run of the real engine."""

import base64
import json
from collections.abc import Callable

import pytest

from blockyard.modules.module import read
from blockyard.protocol.jsontypes import Json
from blockyard.protocol.run import InputType
from blockyard.protocol.sealing import seal
from blockyard.runner.executors.opentofu.given import variables
from blockyard.runner.executors.opentofu.own_names import DECLARATION_FILE, MORE_DECLARATIONS_FILE, belongs_to_run
from blockyard.runner.frame.executor import Outcome
from blockyard.runner.frame.inputs import PlainInput
from tests.support.opentofu_runs import BLOCK, RUN, OpenTofuRun, an_input
from tests.support.runner_keys import a_runner_key
from tests.support.state_server import TOKEN

NewRun = Callable[..., OpenTofuRun]

GOLDEN: list[tuple[str, Json, str | None, Json]] = [
    ("STRING", 'hello "q" \\ back\nnl', "string", 'hello "q" \\ back\nnl'),
    ("STRING", "a ${b} %{c} $${d}", "string", "a ${b} %{c} $${d}"),
    ("STRING", "", "string", ""),
    ("INTEGER", 42, "number", 42),
    ("INTEGER", 1.25, "number", 1.25),
    ("INTEGER", 42, None, 42),
    ("INTEGER", 12345678901234567890, "number", 12345678901234567890),
    ("INTEGER", 7, "string", "7"),
    ("BOOLEAN", True, "string", "true"),
    ("BOOLEAN", False, "bool", False),
    ("CODE", '{"a":[1,2,{"b":null}]}', "any", {"a": [1, 2, {"b": None}]}),
    ("CODE", '{"z":1, "a":[true]}', "string", '{"a":[true],"z":1}'),
    ("CODE", '{"some":"code"}', "map(string)", {"some": "code"}),
    ("CODE", "some: yaml\nother: value\n", "any", "some: yaml\nother: value\n"),
    ("CODE", "some: yaml\nother: value\n", "string", "some: yaml\nother: value\n"),
    ("CODE", '"q"', "any", "q"),
    ("CODE", '"q"', "string", '"q"'),
    ("CODE", "bareword", "any", "bareword"),
    ("CODE", "just text", "string", "just text"),
    ("CODE", "", "any", ""),
    ("CODE", '{"a":"${foo}"}', "any", '{"a":"${foo}"}'),
    ("CODE", "<<E\nhi\nE\n", "any", "hi\n"),
    ("CODE", "null", "any", None),
    ("CODE", '{\n  "a": 1\n}\n', "any", {"a": 1}),
    ("CODE", '{\n  # a comment\n  name = "x"\n  tags = { b = 2 }\n}', "any", {"name": "x", "tags": {"b": 2}}),
    ("CODE", '{"ü":"<&>"}', "string", '{"ü":"<&>"}'),
    ("CODE", "[12345678901234567890, 1.10]", "string", "[12345678901234567890,1.1]"),
    ("LIST", '[{"a":"b"}]', "any", [{"a": "b"}]),
    ("MULTI_SELECT", ["x", "y"], "list(string)", ["x", "y"]),
    ("MULTI_SELECT", ["x", "y"], "string", '["x","y"]'),
    ("MULTI_SELECT", ["a ${b}"], "list(string)", ["a ${b}"]),
    ("MULTI_SELECT", "text", "any", "text"),
    ("SINGLE_SELECT", "a&b", "string", "a&b"),
    ("INTEGER", None, "string", None),
    ("CODE", None, "any", None),
    ("STRING", None, "string", None),
]


def test_the_golden_cases_reach_the_module(new_run: NewRun) -> None:
    names = [f"case_{number:02}" for number in range(len(GOLDEN))]
    module = "".join(
        f'variable "{name}" {{\n  {f"type = {declared}" if declared else ""}\n}}\n'
        f'output "{name}" {{\n  value = jsonencode([var.{name}])\n}}\n'
        for name, (_, _, declared, _) in zip(names, GOLDEN, strict=True)
    )
    module += 'variable "with_default" {\n  default = "d"\n}\noutput "with_default" {\n  value = jsonencode([var.with_default])\n}\n'
    inputs = [an_input(name, value, type_) for name, (type_, value, _, _) in zip(names, GOLDEN, strict=True)]
    run = new_run(files={"main.tf": module}, inputs=[*inputs, an_input("with_default", None), an_input("unknown", "x")])

    result = run.execute()

    assert result.outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    seen = {name: json.loads(str(output.value))[0] for name, output in run.reporter.outputs.items()}
    assert seen == {name: expected for name, (*_, expected) in zip(names, GOLDEN, strict=True)} | {"with_default": None}
    assert "undeclared variable" in run.reporter.text("execute_tf")
    assert run.reporter.text("input").count("is not a literal expression") == 6


def test_the_run_tells_the_module_which_block_and_run_it_is(new_run: NewRun) -> None:
    files = {
        "main.tf": 'output "ids" {\n  value = [var.meshstack_building_block_id, var.meshstack_building_block_run_id]\n}\n'
        'output "run" { value = jsondecode(base64decode(var.meshstack_building_block_run_b64)).metadata.uuid }\n'
        'output "token" { value = jsondecode(base64decode(var.meshstack_building_block_run_b64)).spec.runToken }\n'
        'variable "meshstack_building_block_run_id" {\n  default = ""\n}\n'
    }
    run = new_run(files=files)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert json.loads(str(run.reporter.outputs["ids"].value)) == [BLOCK, RUN]
    assert run.reporter.outputs["run"].value == RUN
    assert run.reporter.outputs["token"].value == ""
    declared = (run.run_dir / DECLARATION_FILE).read_text()
    assert [name in declared for name in (variables.BLOCK_ID, variables.RUN_ID)] == [True, False]


TOKEN_OF_RUN = "jsondecode(base64decode(var.meshstack_building_block_run_b64)).spec.runToken"


def test_what_a_handed_over_run_starts_can_report_with_its_token(new_run: NewRun) -> None:
    run = new_run(
        files={"main.tf": f'output "length" {{ value = length({TOKEN_OF_RUN}) }}'}, implementation={"async": True}
    )

    assert run.execute().outcome is Outcome.HANDED_OVER, run.reporter.whole_text()
    assert run.reporter.outputs["length"].value == len(TOKEN)


API_KEY = "bykeyAndWhatElseOneWouldNotGuess"


@pytest.mark.parametrize(("name", "secret"), [("TF_HTTP_PASSWORD", TOKEN), ("MESHSTACK_API_TOKEN", API_KEY)])
def test_no_output_shows_a_token_of_the_run_as_it_is_or_encoded(new_run: NewRun, name: str, secret: str) -> None:
    module = (
        'variable "leak" {}\noutput "plain" { value = "a ${var.leak} b" }\n'
        'output "encoded" { value = base64encode("x${var.leak}") }\noutput "list" { value = [var.leak] }\n'
        'output "other" { value = "https://user@example.test" }\n'
    )
    script = f"""printf 'leak = "%s"' "${name}" > leak.auto.tfvars"""
    key = a_runner_key()
    inputs = [an_input("MESHSTACK_API_TOKEN", seal(key.public_pem, API_KEY), sensitive=True, environment=True)]
    parts = {"inputs": inputs, "private_key": key.private}
    run = new_run(files={"main.tf": module}, implementation={"preRunScript": script}, **parts)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    shown = {name: str(output.value) for name, output in run.reporter.outputs.items()}
    assert (shown["plain"], shown["other"]) == ("a *** b", "https://user@example.test")
    assert "***" in shown["encoded"]
    assert secret not in shown["list"]
    assert secret in str(run.state.state())


def test_a_declaration_file_of_the_module_is_left_alone(new_run: NewRun) -> None:
    text = "".join(f'variable "{name}" {{}}\n' for name in (variables.BLOCK_ID, variables.RUN_ID, variables.RUN_JSON))
    run = new_run(files={DECLARATION_FILE: f"# mine\n{text}"})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert (run.run_dir / DECLARATION_FILE).read_text().startswith("# mine")


def test_what_a_declaration_file_of_the_module_lacks_is_declared_beside_it(new_run: NewRun) -> None:
    text = f'variable "{variables.BLOCK_ID}" {{}}\noutput "id" {{\n  value = var.{variables.BLOCK_ID}\n}}\n'
    run = new_run(files={DECLARATION_FILE: text})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert (run.run_dir / DECLARATION_FILE).read_text() == text
    assert "undeclared" not in run.reporter.whole_text()
    assert belongs_to_run(MORE_DECLARATIONS_FILE)


def test_other_variable_files_of_the_module_go_before(new_run: NewRun) -> None:
    files = {
        "main.tf": 'variable "a" {}\nvariable "b" {}\noutput "ab" { value = "${var.a}${var.b}" }',
        "own.auto.tfvars": 'a = "module"',
        "terraform.tfvars": 'b = "module"',
    }
    run = new_run(files=files, inputs=[an_input("a", "input"), an_input("b", "input")])

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.reporter.outputs["ab"].value == "moduleinput"


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], {"x": "env"}),
        ([PlainInput("x", "own", InputType.STRING)], {"x": "own"}),
        ([PlainInput("x", "data:,", InputType.FILE)], {}),
        ([PlainInput("x", "own", InputType.STRING, is_environment=True)], {}),
    ],
)
def test_environment_inputs_for_variables_give_way_to_any_input_of_that_name(
    others: list[PlainInput], expected: dict[str, str]
) -> None:
    given = [PlainInput("TF_VAR_x", "env", InputType.STRING, is_environment=True), *others]

    assert variables.from_inputs(given, read({})).values == expected


@pytest.mark.parametrize("type_", [InputType.CODE, InputType.INTEGER])
def test_a_variable_of_text_gets_the_same_in_both_syntaxes(type_: InputType) -> None:
    given = [PlainInput("x", '{"a": [1, 2]}' if type_ is InputType.CODE else 7, type_)]
    native = read({"a.tf": 'variable "x" {\n  type = string\n}\n'})
    in_json = read({"a.tf.json": '{"variable": {"x": {"type": "string"}}}'})

    values = variables.from_inputs(given, in_json).values
    assert values == variables.from_inputs(given, native).values
    assert values == {"x": '{"a":[1,2]}' if type_ is InputType.CODE else "7"}


def test_code_nested_too_deeply_is_text() -> None:
    text = "[" * 900 + "]" * 900
    found = variables.from_inputs([PlainInput("x", text, InputType.CODE)], read({}))

    assert found.file_text()
    assert variables.from_inputs([PlainInput("x", "[" * 9999, InputType.CODE)], read({})).values == {"x": "[" * 9999}


def test_the_variable_file_is_ascii_in_byte_order() -> None:
    found = variables.Variables({"b": 12345678901234567890, "ä": "ü\ud800", "a": {"k": None}})

    assert (
        found.file_text() == '{\n  "a": {"k":null},\n  "b": 12345678901234567890,\n  "\\u00e4": "\\u00fc\\ud800"\n}\n'
    )


def test_values_of_saved_plans_leave_out_the_run() -> None:
    assert variables.own_values("block", None, None) == {variables.BLOCK_ID: "block"}
    assert variables.own_values("block", "run", base64.b64encode(b"{}").decode()).keys() == {
        variables.BLOCK_ID,
        variables.RUN_ID,
        variables.RUN_JSON,
    }
    assert variables.declarations({variables.BLOCK_ID, variables.RUN_ID, variables.RUN_JSON}) is None


def test_variable_files_of_the_module_win_or_lose_as_the_log_says(new_run: NewRun) -> None:
    names = {"a": "terraform.tfvars", "b": "00.auto.tfvars", "c": "ZZ.auto.tfvars.json", "d": "zz.auto.tfvars"}
    files = {
        file: f'{{"{name}": "file"}}' if file.endswith("json") else f'{name} = "file"\n' for name, file in names.items()
    }
    main = "".join(
        f'variable "{name}" {{ type = string }}\noutput "{name}" {{ value = var.{name} }}\n' for name in names
    )
    run = new_run(files={"main.tf": main, **files}, inputs=[an_input(name, "input") for name in names])

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert [run.reporter.outputs[name].value for name in "abcd"] == ["input", "input", "input", "file"]
    said = run.reporter.whole_text()
    assert "Values in these files of the module replace those of inputs: zz.auto.tfvars\n" in said
    assert "these files of the module: 00.auto.tfvars, ZZ.auto.tfvars.json, terraform.tfvars\n" in said


def test_a_dry_run_of_a_module_that_needs_what_it_lacks_says_so(new_run: NewRun) -> None:
    module = f'variable "{variables.RUN_JSON}" {{\n  type = string\n}}\n'
    run = new_run(files={"main.tf": module}, behavior="DETECT")

    assert run.execute().outcome is Outcome.FAILED
    assert "which dry runs and saved plans do not have" in run.reporter.user_messages["input"]
    assert new_run(files={"main.tf": module}).execute().outcome is Outcome.SUCCEEDED
    optional = new_run(files={"main.tf": module.replace("string", "string\n  default = null")}, behavior="DETECT")
    assert optional.execute().outcome is Outcome.SUCCEEDED
