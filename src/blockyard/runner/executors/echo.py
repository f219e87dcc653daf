"""For tests and for trying a runner: logs its inputs, runs the shell command of the input `echo_command`, echoes the rest."""

import os

from blockyard.protocol.run import RunInput
from blockyard.runner.frame.executor import Outcome, Reporter, Result, RunContext, StepPlan
from blockyard.runner.frame.inputs import echo

STEP = StepPlan("echo", "Echo the inputs")
COMMAND_INPUT = "echo_command"


class EchoExecutor:
    """Executes any run as an echo. It is never built into a runner by default."""

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Log the inputs, run the command if there is one, and hand the inputs back."""
        reporter.register([STEP])
        reporter.start(STEP.id)
        inputs = context.document.spec.building_block.spec.inputs
        if context.journal.get("greeted") is None:
            for entry in inputs:
                reporter.log(STEP.id, f"{entry.key} = {'(sensitive)' if entry.is_sensitive else entry.value}\n")
            context.journal.set("greeted", value=True)
        command = next((entry for entry in inputs if entry.key == COMMAND_INPUT), None)
        if command is not None and not self._run(context, reporter, command):
            return Result(Outcome.FAILED)
        outputs = {entry.key: echo(entry) for entry in inputs if entry is not command}
        reporter.finish(STEP.id, outputs=outputs)
        return Result(Outcome.SUCCEEDED)

    def _run(self, context: RunContext, reporter: Reporter, command: RunInput) -> bool:
        result = context.processes.run(
            "echo",
            ["bash", "--noprofile", "--norc", "-c", str(command.value)],
            cwd=context.run_dir,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(context.home)},
            log_step=STEP.id,
            deadline=context.deadline,
        )
        if result.exit_code == 0 and not result.interrupted and not result.timed_out:
            return True
        reporter.fail(STEP.id, user_message=f"The command ended with exit code {result.exit_code}.")
        return False
