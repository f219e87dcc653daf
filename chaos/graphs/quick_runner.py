"""A runner program without an engine: it runs the script of a graph's block and computes what the module would give.

Its plans are the inputs: whoever applies one gives what these make, whatever the inputs are by then.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

from blockyard.protocol.names import Behavior, OutputType
from blockyard.protocol.run import ImplementationType
from blockyard.protocol.status import OutputValue
from blockyard.runner.configuration import load_configuration
from blockyard.runner.frame.executor import Outcome, Reporter, Result, RunContext, StepPlan
from blockyard.runner.main import run

_VERBS = {Behavior.APPLY: "apply", Behavior.DESTROY: "destroy", Behavior.DETECT: "plan"}
STEP = StepPlan("act", "Run the script")


class QuickExecutor:
    """Does what the engine would do with the module of graphs, in a command that outlives the runner as the engine does."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Run the script and give the trail."""
        reporter.register([STEP])
        reporter.start(STEP.id)
        spec = context.document.spec
        given = {entry.key: str(entry.value) for entry in spec.building_block.spec.inputs}
        verb = _VERBS[spec.behavior]
        plan = None
        if (link := context.document.links.plan_artifact) is not None:
            plan = context.fetch_artifact(link.href)
            given = json.loads(plan)
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
        if spec.behavior is Behavior.DETECT:
            reporter.finish(STEP.id)
            plan = json.dumps(given).encode()
            return Result(Outcome.SUCCEEDED, artifact=plan, changes_detected=True, plan_digest=_digest(plan))
        taken = ",".join(given[key] for key in ("first", "second") if given.get(key))
        trail = f"{given['name']}({taken})"
        reporter.finish(
            STEP.id, outputs={"trail": OutputValue(value=trail, type=OutputType.STRING, is_sensitive=False)}
        )
        return Result(Outcome.SUCCEEDED, plan_digest=None if plan is None else _digest(plan))


def _digest(plan: bytes) -> str:
    return hashlib.sha256(plan).hexdigest()


if __name__ == "__main__":
    executors = dict.fromkeys(ImplementationType, QuickExecutor())
    sys.exit(run(load_configuration(os.environ).runner, executors, parent=0))
