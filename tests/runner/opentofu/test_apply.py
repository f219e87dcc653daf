"""Applying, planning and destroying with the real engine."""

from collections.abc import Callable

from blockyard.runner.executors.executor import Outcome
from tests.support.opentofu_runs import OpenTofuRun, an_input
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
