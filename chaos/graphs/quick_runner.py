"""A runner program without an engine: it runs the script of a graph's block and computes what the module would give."""

import os
import sys
from pathlib import Path

from blockyard.protocol.names import Behavior, OutputType
from blockyard.protocol.run import ImplementationType
from blockyard.protocol.status import OutputValue
from blockyard.runner.configuration import load_configuration
from blockyard.runner.frame.executor import Outcome, Reporter, Result, RunContext, StepPlan
from blockyard.runner.main import run

STEP = StepPlan("act", "Run the script")


class QuickExecutor:
    """Does what the engine would do with the module of graphs, in a command that outlives the runner as the engine does."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Run the script and give the trail."""
        reporter.register([STEP])
        reporter.start(STEP.id)
        spec = context.document.spec
        given = {entry.key: str(entry.value) for entry in spec.building_block.spec.inputs}
        verb = "destroy" if spec.behavior is Behavior.DESTROY else "apply"
        folder = Path(given["folder"])
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(context.home),
            "MESHSTACK_ENDPOINT": context.server.base_url,
            "TF_HTTP_PASSWORD": str(spec.run_token),
            "INPUT_TOKEN": given.get("INPUT_TOKEN", ""),
            "INPUT_ORDERS": given.get("INPUT_ORDERS", ""),
        }
        result = context.processes.run(
            "act",
            ["sh", str(folder.parents[1] / "graph.sh"), str(folder), verb, given["name"]],
            cwd=context.run_dir,
            env=environment,
            log_step=STEP.id,
            deadline=context.deadline,
        )
        if result.exit_code != 0 or result.interrupted or result.timed_out:
            reporter.fail(STEP.id, user_message=f"The command ended with exit code {result.exit_code}.")
            return Result(Outcome.FAILED)
        taken = ",".join(given[key] for key in ("first", "second") if given.get(key))
        trail = f"{given['name']}({taken})"
        reporter.finish(
            STEP.id, outputs={"trail": OutputValue(value=trail, type=OutputType.STRING, is_sensitive=False)}
        )
        return Result(Outcome.SUCCEEDED)


if __name__ == "__main__":
    executors = dict.fromkeys(ImplementationType, QuickExecutor())
    sys.exit(run(load_configuration(os.environ).runner, executors, parent=0))
