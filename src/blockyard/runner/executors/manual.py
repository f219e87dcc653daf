"""Manual blocks: people do the work, the run only echoes the inputs. Source: runner.md 4.6."""

from blockyard.runner.frame.executor import Outcome, Reporter, Result, RunContext, StepPlan
from blockyard.runner.frame.inputs import echo

STEP = StepPlan("manual", "Manual Block Run")


class ManualExecutor:
    """Succeeds at once with all inputs as outputs."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Echo the inputs, whatever the behavior."""
        reporter.register([STEP])
        reporter.start(STEP.id)
        inputs = context.document.spec.building_block.spec.inputs
        reporter.finish(STEP.id, outputs={entry.key: echo(entry) for entry in inputs})
        return Result(Outcome.SUCCEEDED)
