"""Applying, planning and destroying with the real engine."""

from collections.abc import Callable

import pytest

from blockyard.protocol.jsontypes import JsonObject
from blockyard.runner.frame.executor import Outcome
from tests.support.opentofu_runs import BLOCK, OpenTofuRun, an_input
from tests.support.pg_backend import workspaces_in
from tests.support.postgres import PostgresServer
from tests.support.state_server import StateServer

NewRun = Callable[..., OpenTofuRun]

MODULE = {
    "main.tf": """
variable "name" { type = string }
resource "terraform_data" "it" { input = var.name }
output "greeting" { value = "hello ${terraform_data.it.output}" }
output "count" { value = 3 }
output "ratio" { value = 1.5 }
output "flag" { value = false }
output "list" { value = ["a<b", { x = 1 }] }
output "nothing" { value = null }
output "secret" {
  value     = "s3cret-${var.name}"
  sensitive = true
}
"""
}


def test_a_module_is_applied_in_two_engine_starts(new_run: NewRun, state: StateServer) -> None:
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")])

    result = run.execute()

    assert result.outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.commands == ["init", "apply"]
    assert set(run.reporter.steps.values()) == {"SUCCEEDED"}
    outputs = {
        name: (output.type.value, output.value, output.is_sensitive) for name, output in run.reporter.outputs.items()
    }
    assert outputs == {
        "greeting": ("STRING", "hello ada", False),
        "count": ("INTEGER", 3, False),
        "ratio": ("INTEGER", 1.5, False),
        "flag": ("BOOLEAN", False, False),
        "list": ("CODE", '[\n  "a\\u003cb",\n  {\n    "x": 1\n  }\n]', False),
        "secret": ("STRING", None, True),
    }
    assert "Creation complete" in run.reporter.text("execute_tf")
    assert "s3cret" not in run.reporter.whole_text()
    assert [request.partition(" ")[0] for request in state.requests][:2] == ["GET", "LOCK"]
    assert not state.locks


def test_a_dry_run_says_whether_something_changes_and_its_plan_can_be_applied(
    new_run: NewRun, state: StateServer
) -> None:
    dry = new_run(files=MODULE, inputs=[an_input("name", "ada")], behavior="DETECT")
    planned = dry.execute()
    assert planned.outcome is Outcome.SUCCEEDED, dry.reporter.whole_text()
    assert planned.changes_detected is True
    assert planned.artifact is not None
    assert "output" not in dry.reporter.steps
    assert "terraform_data.it will be created" in dry.reporter.text("execute_tf")
    assert not state.states

    link: JsonObject = {"planArtifact": {"href": "https://x.test/plan"}}
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")], links=link, artifact=planned.artifact)
    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.commands == ["init", "apply"]
    assert run.reporter.outputs["greeting"].value == "hello ada"

    stale = new_run(files=MODULE, inputs=[an_input("name", "ada")], links=link, artifact=planned.artifact)
    assert stale.execute().outcome is Outcome.FAILED
    assert "stale" in stale.reporter.user_messages["execute_tf"]
    assert "start a new dry-run" in stale.reporter.text("execute_tf")

    again = new_run(files=MODULE, inputs=[an_input("name", "ada")], behavior="DETECT")
    assert again.execute().changes_detected is False


@pytest.mark.parametrize("by_ours", [True, False])
def test_a_plan_can_be_applied_by_the_other_kind_of_runner(
    new_run: NewRun, state: StateServer, *, by_ours: bool
) -> None:
    """The official runner keeps the address in a file, where a Blockyard server tells it the one that our plans lack."""
    dry = new_run(files=MODULE, inputs=[an_input("name", "ada")], behavior="DETECT", blockyard=by_ours)
    address = f"{state.base_url}/api/terraform/state/workspace/team-a/buildingBlock/{BLOCK}"
    told = [an_input("TF_HTTP_ADDRESS", address, environment=True)] if by_ours else []

    run = new_run(
        files=MODULE,
        inputs=[an_input("name", "ada"), *told],
        links={"planArtifact": {"href": "https://x.test/plan"}},
        artifact=dry.execute().artifact,
        blockyard=not by_ours,
    )

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert state.resources() == ["it"]


def test_a_plan_that_cannot_be_had_fails_the_step_that_applies_it(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, links={"planArtifact": {"href": "https://x.test/plan"}})

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.steps["init_tf"] == "SUCCEEDED"
    assert run.reporter.user_messages == {"execute_tf": "the saved plan cannot be had: https://x.test/plan"}


def test_an_empty_link_to_a_plan_means_a_fresh_apply(new_run: NewRun) -> None:
    run = new_run(files={"main.tf": ""}, links={"planArtifact": {"href": ""}})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()


def test_destroying_empties_the_state(new_run: NewRun, state: StateServer) -> None:
    assert new_run(files=MODULE, inputs=[an_input("name", "ada")]).execute().outcome is Outcome.SUCCEEDED
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")], behavior="DESTROY")

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.commands == ["init", "destroy"]
    assert (state.state()["resources"], state.state()["outputs"], run.reporter.outputs) == ([], {}, {})


def test_an_asynchronous_run_has_one_step_and_is_handed_over(new_run: NewRun) -> None:
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")], implementation={"async": True})
    assert run.execute().outcome is Outcome.HANDED_OVER
    assert (run.reporter.steps, run.reporter.names) == ({"trigger": "SUCCEEDED"}, {"trigger": "Prepare Run"})
    assert run.reporter.outputs["count"].value == 3

    destroyed = new_run(
        files=MODULE, inputs=[an_input("name", "ada")], implementation={"async": True}, behavior="DESTROY"
    )
    assert destroyed.execute().outcome is Outcome.HANDED_OVER
    assert destroyed.commands == ["init", "apply", "destroy"]

    failed = new_run(files=MODULE, implementation={"async": True})
    assert failed.execute().outcome is Outcome.FAILED
    assert failed.reporter.steps == {"trigger": "FAILED"}


def test_an_official_server_gets_the_literal_backend_without_locks(new_run: NewRun, state: StateServer) -> None:
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")], blockyard=False)

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    (file,) = run.run_dir.glob("meshStack_httpbackend-*.tf")
    address = f"{state.base_url}/api/terraform/state/workspace/team-a/buildingBlock/{BLOCK}"
    assert file.read_text() == f'terraform {{\n  backend "http" {{\n    address = "{address}"\n  }}\n}}\n'
    assert not [request for request in state.requests if request.startswith("LOCK")]
    assert state.users == {"x"}
    assert run.reporter.outputs["greeting"].value == "hello ada"


def test_an_existing_backend_is_kept_and_has_a_workspace_per_block(new_run: NewRun, postgres: PostgresServer) -> None:
    database = postgres.url(postgres.create_database())
    backend = f'terraform {{\n  backend "pg" {{\n    conn_str = "{database}&sslmode=disable"\n  }}\n}}'
    files = MODULE | {"backend.tf": backend, "commented.tf": '# terraform { backend "s3" {} }', "data.json": "[1,2,3]"}
    first, second = (new_run(files=files, inputs=[an_input("name", "ada")]) for _ in range(2))
    gone = new_run(files=files, inputs=[an_input("name", "ada")], behavior="DESTROY")

    assert first.execute().outcome is Outcome.SUCCEEDED, first.reporter.whole_text()
    assert "existing backend of the module: pg" in first.reporter.text("init_tf")
    assert workspaces_in(database) == [f"team-a.shop.aws.eu-central:{BLOCK}"]
    assert first.reporter.outputs["greeting"].value == "hello ada"
    assert "s3cret" not in first.reporter.whole_text()

    assert second.execute().outcome is Outcome.SUCCEEDED, second.reporter.whole_text()
    assert "workspace-select" in second.commands
    assert "No changes" in second.reporter.text("execute_tf")

    assert gone.execute().outcome is Outcome.SUCCEEDED, gone.reporter.whole_text()
    assert workspaces_in(database) == []


def test_without_fallback_and_backend_outputs_come_from_the_local_state(new_run: NewRun) -> None:
    run = new_run(files=MODULE, inputs=[an_input("name", "ada")], implementation={"useMeshHttpBackendFallback": False})

    assert run.execute().outcome is Outcome.SUCCEEDED, run.reporter.whole_text()
    assert run.commands == ["init", "workspace-list", "workspace-new", "apply"]
    assert run.reporter.outputs["greeting"].value == "hello ada"


def test_an_empty_run_token_cannot_keep_a_state(new_run: NewRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(files={"main.tf": ""})
    document = run.document()
    document["spec"] = {key: value for key, value in document["spec"].items() if key != "runToken"}  # type: ignore[union-attr]  # a JSON object
    monkeypatch.setattr(run, "document", lambda: document)

    assert run.execute().outcome is Outcome.FAILED
    assert run.reporter.user_messages == {"init_tf": "the backend cannot be configured: the run token is empty"}
