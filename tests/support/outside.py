"""An executor whose work is done outside: in a folder, where tests give the answers."""

from pathlib import Path

from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import OutputType, StepStatus
from blockyard.protocol.status import OutputValue
from blockyard.runner.frame.executor import Again, Outcome, Reporter, Result, RunContext, StepPlan
from blockyard.runner.frame.failures import StepFailed, Stopped
from blockyard.runner.frame.stages import end_in_words
from blockyard.runner.frame.work import Work

STEP = StepPlan("trigger", "Begin the work outside")
JOB = StepPlan("job-1", "Job: make it")
IMPLEMENTATION: JsonObject = {
    "type": "GITLAB_CICD",
    "gitlabBaseUrl": "https://gitlab.test",
    "projectId": "1",
    "refName": "main",
    "pipelineTriggerToken": "sealed",
}
"""What makes a run one that waits outside, in these tests."""


class Outside:
    """The place where the work is done. It knows how often what was begun, and what was cancelled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def begin(self, run_id: str) -> None:
        """Begin the work of a run."""
        with (self._folder / f"{run_id}.begun").open("a") as file:
            file.write("begun\n")

    def answer(self, run_id: str, text: str = "made") -> None:
        """Say how the work of a run ended."""
        whole = self._folder / f"{run_id}.answering"
        whole.write_text(text)
        whole.rename(self._folder / f"{run_id}.answer")  # who looks meanwhile sees no half of it

    def cancel(self, run_id: str) -> None:
        """Cancel the work of a run."""
        (self._folder / f"{run_id}.cancelled").touch()

    def times_begun(self, run_id: str) -> int:
        """How often the work of a run was begun."""
        path = self._folder / f"{run_id}.begun"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def was_cancelled(self, run_id: str) -> bool:
        """Whether the work of a run was cancelled."""
        return (self._folder / f"{run_id}.cancelled").exists()

    def answer_to(self, run_id: str) -> str | None:
        """How the work of a run ended, if it has."""
        path = self._folder / f"{run_id}.answer"
        return path.read_text() if path.exists() else None


class OutsideExecutor:
    """Begins the work of a run outside and looks until there is an answer: `made`, or why not."""

    def __init__(self, outside: Outside, *, pause_seconds: float = 0.1, ends_when_cancelled: bool = True) -> None:
        self._outside = outside
        self._pause = Again(pause_seconds)
        self._ends_when_cancelled = ends_when_cancelled

    def poll(self, context: RunContext, reporter: Reporter) -> Result | Again:
        """Do what is next."""
        work = Work(context, reporter)
        reporter.register([STEP])
        work.enter("outside", STEP.id)
        return end_in_words(work, lambda: self._turn(work))

    def _turn(self, work: Work) -> Result | Again:
        if work.must_stop():
            self._outside.cancel(work.run_id)
            if self._ends_when_cancelled:
                raise Stopped
            return self._pause
        if not work.is_done("begun"):
            self._outside.begin(work.run_id)
            work.done("begun")
            work.say("It is at work outside.")
            return self._pause
        answer = self._outside.answer_to(work.run_id)
        if answer is None:
            work.reporter.tell(JOB, StepStatus.IN_PROGRESS, user_message="The job is at work.")
            return self._pause
        if answer != "made":
            work.reporter.tell(JOB, StepStatus.FAILED, user_message=answer)
            raise StepFailed("The work outside failed.")
        outputs = {"what": OutputValue(value=answer, type=OutputType.STRING)}
        work.reporter.tell(JOB, StepStatus.SUCCEEDED, outputs=outputs)
        work.reporter.finish(STEP.id)
        return Result(Outcome.SUCCEEDED)
