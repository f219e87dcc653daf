"""The small pure parts: command lines, steps, backends, workspaces, outputs, diagnostics, provider sources."""

import json
from pathlib import Path

import pytest

from blockyard.modules import literals
from blockyard.modules.module import read
from blockyard.protocol.jsontypes import Json
from blockyard.protocol.masking import Masker
from blockyard.protocol.run import Behavior, InputType, RunBlock
from blockyard.runner.executors.opentofu.engine import argv, diagnostics, plugins
from blockyard.runner.executors.opentofu.engine.conclusions import conclusion
from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product
from blockyard.runner.executors.opentofu.state.backend import choose_backend, state_address
from blockyard.runner.executors.opentofu.state.outputs import of_state, read_outputs
from blockyard.runner.executors.opentofu.state.workspaces import Choice, choose_workspace, workspace_name
from blockyard.runner.executors.opentofu.steps import plan_steps
from blockyard.runner.frame.inputs import PlainInput, secrets
from tests.support.opentofu_runs import a_data_url


def test_the_command_lines_are_the_official_ones_with_a_lock_timeout() -> None:
    assert " ".join(argv.init(upgrade=True)) == "init -no-color -input=false -backend=true -get=true -upgrade=true"
    assert " ".join(argv.plan(Path("/r/plan.tfplan"))) == (
        "plan -no-color -input=false -detailed-exitcode -lock-timeout=120s -out=/r/plan.tfplan "
        "-lock=true -parallelism=10 -refresh=true"
    )
    applied = "apply -no-color -auto-approve -input=false -lock-timeout=120s -lock=true -parallelism=10 -refresh=true"
    assert " ".join(argv.apply()) == applied
    assert " ".join(argv.apply(Path("/r/p"))) == f"{applied} /r/p"
    assert " ".join(argv.destroy()) == applied.replace("apply", "destroy", 1)
    assert " ".join(argv.output()) == "output -no-color -json"


@pytest.mark.parametrize(
    ("behavior", "name", "collects"),
    [
        ("APPLY", "Run Terraform Apply", True),
        ("DESTROY", "Run Terraform Destroy", True),
        ("DETECT", "Run Terraform Plan", False),
    ],
)
def test_the_steps_are_the_official_ones(behavior: str, name: str, collects: bool) -> None:  # noqa: FBT001  a parameter
    steps = {step.id: step.display_name for step in plan_steps(Behavior(behavior), is_async=False)}

    expected = ["sources", "input", "init_tf", "pre_run_script", "execute_tf"]
    assert list(steps) == ([*expected, "output"] if collects else expected)
    assert steps["execute_tf"] == name
    assert [step.id for step in plan_steps(Behavior(behavior), is_async=True)] == ["trigger"]


def test_an_empty_backend_is_configured_beside_its_file_on_a_blockyard_server() -> None:
    address = state_address("https://h.test/", "team", "b-1")
    chosen = choose_backend(read({}), fallback=True, address=address, run_token="t", blockyard=True)

    assert chosen.file_text == 'terraform {\n  backend "http" {}\n}\n'
    assert dict(chosen.environment) == {
        "TF_HTTP_ADDRESS": "https://h.test/api/terraform/state/workspace/team/buildingBlock/b-1",
        "TF_HTTP_LOCK_ADDRESS": address,
        "TF_HTTP_UNLOCK_ADDRESS": address,
        "TF_HTTP_RETRY_MAX": "8",
        "TF_HTTP_RETRY_WAIT_MAX": "4",
        "TF_HTTP_USERNAME": "x",
        "TF_HTTP_PASSWORD": "t",
    }
    assert dict(chosen.credentials) == {"TF_HTTP_USERNAME": "x", "TF_HTTP_PASSWORD": "t"}
    assert "PASSWORD" not in repr(chosen)


def test_a_foreign_backend_never_gets_the_run_token() -> None:
    addressed = read({"a.tf": 'terraform { backend "http" { address = "https://x.example" } }'})
    empty = read({"a.tf": 'terraform { backend "http" {} }'})

    assert not choose_backend(addressed, fallback=True, address="a", run_token="t", blockyard=True).environment
    assert not choose_backend(
        empty, fallback=True, address="a", run_token="t", blockyard=True, is_addressed=True
    ).environment
    assert not choose_backend(read({}), fallback=False, address="a", run_token="t", blockyard=True).environment


def a_block(project: str | None = "shop") -> RunBlock:
    """Return a building block."""
    spec = {
        "workspaceIdentifier": "team-a",
        "projectIdentifier": project,
        "fullPlatformIdentifier": project and "aws.eu",
    }
    return RunBlock.model_validate({"uuid": "b-1", "spec": spec})


def test_workspaces_are_named_officially_and_found_by_their_end() -> None:
    assert workspace_name(a_block()) == "team-a.shop.aws.eu:b-1"
    assert workspace_name(a_block(None)) == "team-a..:b-1"
    assert choose_workspace("* default\n\n", a_block()) == Choice("team-a.shop.aws.eu:b-1")
    listing = "  default\n  old.name.x:b-1\n* other:b-2\n"
    assert choose_workspace(listing, a_block()) == Choice("old.name.x:b-1", exists=True)
    listing = "  old.name.x:b-1\n* new:b-1\n"
    assert choose_workspace(listing, a_block()) == Choice("new:b-1", is_current=True, exists=True)


@pytest.mark.parametrize(
    ("type_", "value", "reported"),
    [
        ("string", "a<b", ("STRING", "a<b")),
        ("number", 12345678901234567890, ("INTEGER", 12345678901234567890)),
        ("bool", False, ("BOOLEAN", False)),
        (["list", "string"], [], ("CODE", "[]")),
        (["map", "string"], {"z": "&", "a": "ü"}, ("CODE", '{\n  "z": "\\u0026",\n  "a": "ü"\n}')),
        ("dynamic", "text", ("CODE", '"text"')),
    ],
)
def test_outputs_are_converted_by_their_type(type_: Json, value: Json, reported: tuple[str, Json]) -> None:
    (found,) = read_outputs({"o": {"type": literals.from_json(type_), "value": literals.from_json(value)}}).values()

    assert (found.type.value, found.value) == reported


def test_sensitive_values_and_null_outputs_are_not_read() -> None:
    document: literals.Literal = {
        "s": {"type": "string", "value": "v", "sensitive": True},
        "n": {"type": "string", "value": None},
    }

    assert {name: (o.value, o.is_sensitive) for name, o in read_outputs(document).items()} == {"s": (None, True)}
    assert of_state(None) == {}


BOXED = """
╷
│ Error: Unsupported argument
│ 
│   on main.tf line 3, in resource "x" "y":
│    3:   a = 1
│ 
│ An argument named "a" is not expected here.
╵
╷
│ Error: creating thing: secret-detail-in-summary-is-masked-elsewhere
│ 
│   with module.m["k"].x.y,
│   on m/main.tf line 9, in resource "x" "y":
│    9: resource "x" "y" {
│ 
│ secret detail
╵
"""  # noqa: W291  the engine prints it so


def test_errors_are_told_with_summary_and_place_only() -> None:
    assert diagnostics.user_message("Apply", 1, BOXED) == (
        "Apply failed (exit status 1): Unsupported argument (main.tf line 3); "
        'creating thing: secret-detail-in-summary-is-masked-elsewhere (module.m["k"].x.y, m/main.tf line 9). '
        "The log has more."
    )
    assert diagnostics.user_message("Apply", -9, "nothing") == (
        "Apply failed (killed by signal 9, perhaps for lack of memory). The log has more."
    )
    assert diagnostics.user_message("Apply", -15, "nothing") == "Apply failed (killed by signal 15). The log has more."
    many = "".join(f"\nError: number {number}\n" for number in range(8))
    assert diagnostics.user_message("Apply", 1, many).endswith("number 4; and 3 more. The log has more.")


WRAPPED = """
Error: Invalid value for variable

  on aaaaaa_meshstack-e48f8924-a6c0-4ff0-9528-ff3c1f6f94d8.auto.tfvars.json line 3:
   3:   "name": "walnut harbour"
    ├────────────────
    │ var.name is "walnut harbour"

The name of the machine must be shorter than five characters because the
remote registry of names takes no longer ones today.

This was checked by the validation rule at main.tf:3,3-13.
"""


def test_an_authors_message_is_told_whole_and_with_the_name_of_the_variable() -> None:
    assert diagnostics.user_message("Plan", 1, WRAPPED) == (
        "Plan failed (exit status 1): Invalid value for variable: The name of the machine must be shorter than five characters "
        "because the remote registry of names takes no longer ones today (variable 'name'). The log has more."
    )


PRINTED = """
Error: local-exec provisioner error

  with terraform_data.x,
  on main.tf line 14, in resource "terraform_data" "x":
  14:   provisioner "local-exec" {

Error running command 'login': exit status 3. Output: connecting
Error: login as root with hunter2-pw refused

Error: and more of this
Error: which is no concern of consumers

Error: Resource postcondition failed

  on main.tf line 20, in resource "terraform_data" "y":
  20:       condition = false

Too bad.
"""


def test_what_a_command_prints_within_an_error_is_no_error_of_the_engine() -> None:
    assert diagnostics.user_message("Apply", 1, PRINTED) == (
        "Apply failed (exit status 1): local-exec provisioner error (terraform_data.x, main.tf line 14); "
        "Resource postcondition failed: Too bad (main.tf line 20). The log has more."
    )


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        (
            (
                "Error: Failed to query available provider packages\n\nCould not retrieve the list of available versions for\n"
                "provider localhost:5999/acme/widget: could not connect to localhost:5999: connection refused\n"
            ),
            "localhost:5999/acme/widget",
        ),
        (
            (
                "│ Error: Failed to query available provider packages\n│\n│ Could not retrieve the list of available versions for"
                " provider\n│ hashicorp/nothing: provider registry registry.opentofu.org does not have\n"
            ),
            "hashicorp/nothing",
        ),
        ("Error: Failed to install provider\n\nError while installing acme/widget v1.0.0: 404\n", "acme/widget"),
        ("Error: Invalid resource type\n\nThe provider acme/widget does not support it.\n", None),
    ],
)
def test_an_error_about_a_provider_names_it(said: str, provider: str | None) -> None:
    (error,) = diagnostics.read_errors(said)

    assert error.provider == provider


@pytest.mark.parametrize(
    ("text", "transient"),
    [
        ("dial tcp 10.0.0.1:443: i/o timeout", True),
        ("read: connection reset by peer", True),
        ("lookup registry.opentofu.org: no such host", True),
        ("could not query provider registry: 503 Service Unavailable", True),
        ("Failed to get existing workspaces: HTTP remote state endpoint requires auth", False),
        ("Invalid version constraint", False),
    ],
)
def test_trouble_that_passes_is_told_apart(text: str, transient: bool) -> None:  # noqa: FBT001  a parameter
    assert diagnostics.is_transient(text) is transient


@pytest.mark.parametrize(
    ("name", "text", "needs"),
    [
        ("a.tf", 'resource "terraform_data" "x" {}', False),
        ("a.tf", 'resource "random_id" "x" {}', True),
        ("a.tf", 'data "aws_region" "x" {}', True),
        ("a.tf", 'module "x" {\n  source = "./x"\n}', True),
        ("a.tf", "terraform {\n  required_providers {\n  }\n}", True),
        ("a.tf.json", '{"resource": {"random_id": {}}}', True),
        ("a.json", '{"resource": {"random_id": {}}}', False),
    ],
)
def test_modules_without_providers_are_recognised(tmp_path: Path, name: str, text: str, needs: bool) -> None:  # noqa: FBT001  a parameter
    (tmp_path / name).write_text(text)

    assert plugins.needs_providers(tmp_path) is needs


def test_a_provider_mirror_serves_what_it_has_and_nothing_else_does(tmp_path: Path) -> None:
    (tmp_path / "registry.opentofu.org" / "hashicorp" / "aws" / "5.0.0").mkdir(parents=True)
    (tmp_path / "note" / "hashicorp" / "aws").mkdir(parents=True)
    listed = json.dumps(["registry.opentofu.org/hashicorp/aws"])

    assert plugins.cli_config({}, tmp_path, offline=False) == (
        f'provider_installation {{\n  filesystem_mirror {{\n    path    = "{tmp_path}"\n    include = {listed}\n  }}\n'
        f"  direct {{\n    exclude = {listed}\n  }}\n}}\n"
    )
    assert "direct" not in plugins.cli_config({}, tmp_path, offline=True)


def test_the_operators_configuration_of_the_engine_counts_but_for_its_cache(tmp_path: Path) -> None:
    """Its cache would be one for all workspaces; without it too the engine is told every place of providers."""
    direct = "provider_installation {\n  direct {}\n}\n"
    assert plugins.cli_config({}, None, offline=False) == direct
    assert plugins.cli_config({"HOME": str(tmp_path)}, None, offline=False) == direct

    credentials = 'credentials "registry.test" {\n  token = "t"\n}\n'
    (tmp_path / ".terraformrc").write_text(f'plugin_cache_dir = "/var/cache"\n{credentials}')
    assert plugins.cli_config({"HOME": str(tmp_path)}, None, offline=False) == f"{credentials}\n{direct}"

    own = 'provider_installation {\n  network_mirror { url = "https://mirror.test/" }\n}\n'
    (tmp_path / "own.tfrc").write_text(own)
    named = {"HOME": str(tmp_path), "TF_CLI_CONFIG_FILE": str(tmp_path / "own.tfrc")}
    assert plugins.cli_config(named, None, offline=False) == own


@pytest.mark.parametrize(
    ("name", "may"),
    [
        *((name, True) for name in ("AWS_ROLE_ARN", "ARM_USE_OIDC", "TF_VAR_name", "HCLOUD_TOKEN", "DD_API_KEY")),
        *(
            (name, False)
            for name in ("HTTPS_PROXY", "XDG_DATA_HOME", "HOME", "PATH", "LD_PRELOAD", "TF_PLUGIN_CACHE_DIR")
        ),
        *(
            (name, False)
            for name in ("TF_CLI_CONFIG_FILE", "GIT_SSH_COMMAND", "BASH_ENV", "TF_TOKEN_registry_test", "ODD")
        ),
    ],
)
def test_only_environment_inputs_known_to_be_harmless_let_a_run_share(name: str, may: bool) -> None:  # noqa: FBT001  a parameter
    assert plugins.may_share(name) is may


def test_the_provider_cache_is_locked_where_the_engine_does_not_do_it(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    flock = folder / "flock"
    flock.touch(0o755)
    terraform, tofu = EngineVersion(Product.TERRAFORM, "1.11.4"), EngineVersion(Product.OPENTOFU, "1.10.0")

    assert plugins.locking_command(tmp_path, tofu, "") == ()
    assert plugins.locking_command(tmp_path, terraform, "") is None
    command = plugins.locking_command(tmp_path, terraform, str(folder))
    assert command == (str(flock), "--no-fork", "--exclusive", str(tmp_path / ".blockyard-lock"))


def test_parts_of_secrets_are_masked_too() -> None:
    pem = "-----BEGIN KEY-----\nabcdefghijkl\n-----END KEY-----\n"
    code = PlainInput("c", '{"password": "pass-word", "n": ["deep-text", "x"]}', InputType.CODE, is_sensitive=True)
    file = PlainInput("f", a_data_url(pem.encode()), InputType.FILE, is_sensitive=True)

    masker = Masker([*secrets(code), *secrets(file)])

    assert masker.mask("pass-word, deep-text") == "***, ***"
    assert masker.mask("  abcdefghijkl\n") == "  ***\n"
    assert pem.strip() not in masker.mask(f"<{pem}>")
    assert list(secrets(PlainInput("p", "plain-text", InputType.STRING))) == []
    assert list(secrets(PlainInput("f", "data:;base64,?", InputType.FILE, is_sensitive=True)))


def test_the_texts_and_numbers_of_a_literal_are_masked_by_themselves() -> None:
    text = """{ # by hand
      password = "HclPassw0rdA", list = ["x1234567", ], pin = -1234567, count = 12345
      lines = <<-END
        first heredoc line
        second heredoc line
      END
    }"""
    masker = Masker(secrets(PlainInput("c", text, InputType.CODE, is_sensitive=True)))

    assert masker.mask("HclPassw0rdA x1234567 1234567 12345") == "*** *** *** 12345"
    assert masker.mask("> first heredoc line\n> second heredoc line") == "> ***\n> ***"
    short = Masker(secrets(PlainInput("c", '[ "pass", 12, ]', InputType.LIST, is_sensitive=True)))
    assert short.mask('<["pass",12]>, pass') == "<***>, pass"


def test_the_numbers_in_a_sensitive_json_are_masked_by_themselves() -> None:
    code = PlainInput("c", '{"pin": 1234567, "rate": 0.123456, "few": 12345}', InputType.CODE, is_sensitive=True)

    assert Masker(secrets(code)).mask("1234567 0.123456 12345") == "*** *** 12345"


APPLIED = (
    "terraform_data.a (local-exec): Error: not ours\n\nApply complete! Resources: 1 added, 0 changed, 0 destroyed.\n"
)


@pytest.mark.parametrize(
    ("words", "said", "exit_code"),
    [
        (("terraform", "apply", "-no-color"), APPLIED, 0),
        (("terraform", "apply", "-no-color"), "No changes. Your infrastructure matches the configuration.\n", None),
        (("terraform", "apply"), "\nError: local-exec provisioner error\n\nApply complete! Resources: 9 added\n", 1),
        (("terraform", "apply"), "│ Error: Unsupported argument\n", 1),
        (("terraform", "apply"), "terraform_data.a: Creating...\n", None),
        (("terraform", "apply"), "terraform_data.a (local-exec): Apply complete! Resources: 1 added\n", None),
        (("terraform", "destroy"), "Destroy complete! Resources: 3 destroyed.\n", 0),
        (("terraform", "destroy"), APPLIED, None),
        (("terraform", "plan"), "Plan: 1 to add\n\nSaved the plan to: plan.tfplan\n", 2),
        (("terraform", "plan"), "No changes. Your infrastructure matches the configuration.\n", 0),
        (("flock", "--exclusive", "lock", "tofu", "init"), "OpenTofu has been successfully initialized!\n", 0),
        (("bash", "pre-run.sh", "APPLY"), APPLIED, None),
        (("tofu", "workspace", "list"), "* default\n", None),
    ],
)
def test_the_end_of_an_engine_that_nobody_noted_is_concluded_from_its_last_words(
    tmp_path: Path, words: tuple[str, ...], said: str, exit_code: int | None
) -> None:
    output = tmp_path / "output"
    assert conclusion(words)(output) is None
    output.write_text(said)

    assert conclusion(words)(output) == exit_code


@pytest.mark.parametrize("text", ["Error: is what this output says", "Error: as well\n" * 30_000])
def test_an_apply_that_succeeded_is_concluded_whatever_its_outputs_look_like(tmp_path: Path, text: str) -> None:
    output = tmp_path / "output"
    output.write_text(f"{APPLIED}\nOutputs:\n\nlong = <<EOT\n{text}\nEOT\n")

    assert conclusion(("terraform", "apply"))(output) == 0


def test_words_within_a_long_line_are_not_taken_for_the_last_words_of_the_engine(tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.write_text("x" * 64 * 1024 + "Error: not at the beginning\n" + APPLIED)

    assert conclusion(("terraform", "apply"))(output) == 0
