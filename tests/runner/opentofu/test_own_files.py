"""A file of a repository is never taken for one of the run's own."""

import json
from collections.abc import Callable

from blockyard.runner.executors.opentofu.engine.plugins import LOCK_FILE
from blockyard.runner.executors.opentofu.own_names import DECLARATION_FILE, belongs_to_run
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, a_data_url, an_input
from tests.support.state_server import StateServer

MODULE = """
variable "size" { type = number }
resource "terraform_data" "disk" {
  input = var.size
  lifecycle {
    precondition {
      condition     = var.size < 10
      error_message = "Too large."
    }
  }
}
output "size" { value = var.size }
"""
FOREIGN = json.dumps(
    {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "11111111-1111-1111-1111-111111111111",
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": "terraform_data",
                "name": "foreign",
                "provider": 'provider["terraform.io/builtin/terraform"]',
                "instances": [
                    {
                        "schema_version": 0,
                        "attributes": {"id": "f", "input": None, "output": None, "triggers_replace": None},
                    }
                ],
            }
        ],
    }
)
ELSEWHERE = 'terraform {\n  backend "http" {\n    address = "http://127.0.0.1:9/elsewhere"\n  }\n}\n'
PLANTED = {
    "errored.tfstate": FOREIGN,
    "terraform.tfstate": FOREIGN,
    "terraform.tfstate.backup": FOREIGN,
    ".terraform/terraform.tfstate": '{"version": 3, "backend": {"type": "s3", "config": {}}}',
    ".terraform/modules/modules.json": "broken",
    "meshStack_httpbackend-1700000000.tf": ELSEWHERE,
    "zzzzzz_meshStack_httpbackend_override.tf": ELSEWHERE,
    "meshStack_outputs.json": '{"size": {"value": "foreign", "type": "string"}}',
    "meshstack-pre-run.sh": "exit 9",
    "meshstack-user-message-5d0b7b5c.txt": "a foreign message",
    "plan.tfplan": "no plan",
    "aaaaaa_meshstack-e48f8924-a6c0-4ff0-9528-ff3c1f6f94d8.auto.tfvars": "size = 77",
    "aaaaaa_meshstack-e48f8924-a6c0-4ff0-9528-ff3c1f6f94d8.auto.tfvars.json": '{"size": 78}',
    "ssh_cert": "x",
    "known_hosts_tmp": "x",
    "tmp-git-credentials": "x",
    "tmp-clone-meshstack/main.tf": "broken {",
}


def test_a_module_with_every_name_of_a_run_is_applied_as_if_it_had_none(
    new_run: Callable[..., OpenTofuRun], state: StateServer
) -> None:
    refused = new_run(files={"main.tf": MODULE, **PLANTED}, inputs=[an_input("size", 99, "INTEGER")])

    assert refused.execute().outcome is Outcome.FAILED
    assert not state.states
    assert "runner has stored it" not in refused.reporter.whole_text()

    applied = new_run(
        files={"main.tf": MODULE, **PLANTED},
        inputs=[an_input("size", 5, "INTEGER")],
        implementation={"preRunScript": "true"},
    )

    assert applied.execute().outcome is Outcome.SUCCEEDED
    assert "foreign" not in str(state.states)
    assert "foreign" not in applied.reporter.whole_text()
    assert "is kept by the control plane" in applied.reporter.whole_text()
    assert applied.reporter.outputs["size"].value == 5


def test_every_name_in_the_directory_of_a_run_is_known_to_belong_to_the_run(
    new_run: Callable[..., OpenTofuRun],
) -> None:
    script = 'echo told > "$MESHSTACK_USER_MESSAGE"; ls -A > seen.txt'
    for behavior in ("APPLY", "DETECT", "DESTROY"):
        run = new_run(
            files={"main.tf": MODULE},
            behavior=behavior,
            inputs=[an_input("size", 5, "INTEGER")],
            implementation={"preRunScript": script},
        )
        assert run.execute().outcome is Outcome.SUCCEEDED

        names = {path.name for path in run.run_dir.iterdir()} | set((run.run_dir / "seen.txt").read_text().split())
        names -= {"main.tf", "seen.txt", ".git"}
        assert {name for name in names if not belongs_to_run(name)} == {LOCK_FILE, DECLARATION_FILE} & names


def test_a_script_cannot_leave_a_state_for_the_block(new_run: Callable[..., OpenTofuRun], state: StateServer) -> None:
    script = f"cat > errored.tfstate <<'END'\n{FOREIGN}\nEND\n"
    run = new_run(
        files={"main.tf": MODULE}, inputs=[an_input("size", 99, "INTEGER")], implementation={"preRunScript": script}
    )

    assert run.execute().outcome is Outcome.FAILED
    assert not state.states


def test_a_file_input_cannot_have_a_name_of_the_run(new_run: Callable[..., OpenTofuRun]) -> None:
    run = new_run(files={"main.tf": MODULE}, inputs=[an_input("terraform.tfstate", a_data_url(b"{}"), "FILE")])

    assert run.execute().outcome is Outcome.FAILED
    assert "The runner keeps a file of its own under this name." in run.reporter.whole_text()
