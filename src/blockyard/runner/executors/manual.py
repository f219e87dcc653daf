"""Manual blocks: people do the work, the run only echoes the inputs. Source: runner.md 4.6."""

from blockyard.protocol.run import RunInput
from blockyard.protocol.status import OUTPUT_TYPES, OutputValue
from blockyard.runner.executors.executor import Outcome, Reporter, Result, RunContext, StepPlan

STEP = StepPlan("manual", "Manual Block Run")


def echo(entry: RunInput) -> OutputValue:
    """Return an input as an output of the same name."""
    return OutputValue(value=entry.value, type=OUTPUT_TYPES[entry.type], is_sensitive=entry.is_sensitive)


class ManualExecutor:
    """Succeeds at once with all inputs as outputs."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Echo the inputs, whatever the behavior."""
        reporter.register([STEP])
        reporter.start(STEP.id)
        inputs = context.document.spec.building_block.spec.inputs
        reporter.finish(STEP.id, outputs={entry.key: echo(entry) for entry in inputs})
        return Result(Outcome.SUCCEEDED)
