"""One attempt from its claim to its final report, also when a restarted runner goes on with it."""

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import httpx2
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import ValidationError

from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.masking import Masker
from blockyard.protocol.run import ImplementationType, RunDocument, RunStatus
from blockyard.protocol.status import StatusUpdate
from blockyard.runner.durable import is_full
from blockyard.runner.frame.executor import (
    AnyExecutor,
    CommandLost,
    Outcome,
    PollingExecutor,
    RegistrationRefused,
    Result,
    RunContext,
    ServerFeatures,
)
from blockyard.runner.frame.identity import NoTokens
from blockyard.runner.frame.inputs import Opener
from blockyard.runner.identity import IdentityFiles
from blockyard.runner.journal import FileJournal
from blockyard.runner.limits import ATTEMPT_REMEDY, run_limit
from blockyard.runner.logs import StepLogs
from blockyard.runner.metrics import Metrics
from blockyard.runner.processes import RunProcesses
from blockyard.runner.publishing import Publisher, live_links
from blockyard.runner.reporting import RunReporter, StopReason
from blockyard.runner.retry import repeat
from blockyard.runner.run_api import RunApi, placed, rebase
from blockyard.runner.settings import RunnerSettings
from blockyard.runner.spool import FinalReport, Spool
from blockyard.runner.supervisors import Supervisors
from blockyard.runner.workdir import ClaimedRun, RunFolder

log = structlog.get_logger()

INTERNAL_ERROR = "The runner met an unexpected error; its operator finds the details in its log."
DISK_FULL = "The disk of the runner is full; its operator must free space there. Then start the run again."
_DELIVER_SECONDS = 10
_UNSTORED_SECONDS = 60
_TOKEN_SECONDS = 20
_HANDED_BACK = "The runner was stopped before the run ended."
_LOST = "A command of the run was lost: it was killed, or nobody noted how it ended."


@dataclass(frozen=True)
class Equipment:
    """What all attempts of one runner share."""

    settings: RunnerSettings
    client: httpx2.Client
    spool: Spool
    executors: Mapping[ImplementationType, AnyExecutor]
    private_key: RSAPrivateKey | None
    metrics: Metrics
    supervisors: Supervisors = field(default_factory=Supervisors)

    def connect(self, run_id: str, token: str) -> RunApi:
        """Return the calls of one attempt."""
        return connect(self.settings, self.client, run_id, token)


def connect(settings: RunnerSettings, client: httpx2.Client, run_id: str, token: str) -> RunApi:
    """Return the calls of one attempt."""
    return RunApi(client, base_url=settings.server_url, runner_uuid=settings.runner_uuid, run_id=run_id, token=token)


class RunSession:
    """The work on one attempt: one of `execute`, `resume` and `hand_back`, then `settle`. `stop` may be called from any thread."""

    def __init__(self, equipment: Equipment, folder: RunFolder, claim: ClaimedRun, document: RunDocument) -> None:
        settings = equipment.settings
        self.run_id = document.metadata.uuid
        self._equipment = equipment
        self._folder = folder
        self._claim = claim
        self._document = document
        self._token = document.spec.run_token or ""
        self._log = log.bind(run_id=self.run_id, block_id=document.spec.building_block.uuid)
        self._end: tuple[str, FinalReport]
        limit_minutes = run_limit(settings.run_timeout_minutes, claim.attempt_minutes)
        if limit_minutes < settings.run_timeout_minutes:
            self._log.warning(
                "run gets less time than this runner allows: the server counts its attempt as lost before",
                run_timeout_minutes=settings.run_timeout_minutes,
                attempt_minutes=claim.attempt_minutes,
                limit_minutes=limit_minutes,
                remedy=ATTEMPT_REMEDY,
            )
        left = limit_minutes * 60 - (time.time() - claim.claimed_at)
        self._deadline = time.monotonic() + left
        self._api = equipment.connect(self.run_id, self._token)
        self._place = rebase(document, settings.server_url)
        self._links = live_links(document, self._place, blockyard=claim.blockyard)
        self._journal = FileJournal(folder.journal)
        self._logs = StepLogs(folder.logs, Masker([self._token]))
        self._reporter = RunReporter(
            run_id=self.run_id,
            runner_uuid=settings.runner_uuid,
            run_type=self.type,
            api=self._api,
            logs=self._logs,
            journal=self._journal,
            limit_minutes=limit_minutes,
            deadline=self._deadline,
        )
        self._publisher = Publisher(
            run_id=self.run_id,
            api=self._api,
            reporter=self._reporter,
            logs=self._logs,
            links=self._links,
            deadline=self._deadline,
            interval=settings.update_seconds if self._links is None else settings.heartbeat_seconds,
        )
        self._identity = self._new_identity()
        self._processes = RunProcesses(
            folder.commands,
            sink=self._reporter,
            stop=self._reporter.aborted,
            supervisors=equipment.supervisors,
            interrupt_grace_seconds=settings.interrupt_grace_seconds,
            mounts=lambda: () if self._identity is None else self._identity.mounts(),
        )

    @property
    def type(self) -> ImplementationType:
        """The implementation type of the run."""
        return ImplementationType(self._document.spec.building_block_definition.spec.implementation.type)

    def stop(self, reason: StopReason) -> None:
        """Ask the run to end before its end."""
        self._reporter.stop(reason)

    def add_secrets(self, values: Iterable[str]) -> None:
        """Mask these, which are known before the executor finds them."""
        self._reporter.add_secrets(values)

    def execute(self) -> None:
        """Execute the run."""
        self._log.info("run started", type=self.type, behavior=self._document.spec.behavior)
        self._conclude(self._execute)

    def resume(self) -> None:
        """Go on with a run whose runner ended, or end it where that is impossible."""
        self._log.info("run adopted", type=self.type)
        self._conclude(self._resume)

    def hand_back(self) -> None:
        """Give the run back before anything was done."""
        self._reporter.stop(StopReason.DRAINED)
        self._conclude(lambda: Result(Outcome.ABORTED))

    def _resume(self) -> Result:
        if self._reporter.is_registered and not self._is_still_ours():
            self._reporter.stop(StopReason.ABORTED)
            self._processes.interrupt()
            return Result(Outcome.ABORTED)
        return self._execute()

    def _is_still_ours(self) -> bool:
        try:
            return self._publisher.check_in()
        except (httpx2.HTTPError, ValidationError):
            self._log.warning("control plane unreachable, going on with the adopted run")
            return True

    def _execute(self) -> Result:
        executor = self._equipment.executors.get(self.type)
        if executor is None:
            raise RegistrationRefused(f"this runner executes no {self.type} runs")
        if isinstance(executor, PollingExecutor):
            raise TypeError(f"{self.type} runs are looked at in turns")
        self._publisher.start()
        return executor.execute(self._new_context(), self._reporter)

    def _new_context(self) -> RunContext:
        return RunContext(
            document=self._document,
            raw_document=self._claim.document,
            run_dir=self._folder.work,
            home=self._folder.home,
            opener=Opener.of(
                self._document, self._equipment.private_key, in_clear=self._equipment.settings.run_json_file is not None
            ),
            server=ServerFeatures(base_url=self._equipment.settings.server_url, blockyard=self._claim.blockyard),
            deadline=self._deadline,
            journal=self._journal,
            fetch_artifact=lambda link: self._api.download_artifact(link, self._place),
            processes=self._processes,
            identity=NoTokens() if self._identity is None else self._identity,
        )

    def _new_identity(self) -> IdentityFiles | None:
        """Return what keeps the identity tokens of the run; None if it has none."""
        wanted, link = self._document.spec.workload_identity, placed(self._document.links.identity, self._place)
        if wanted is None or link is None or not self._claim.blockyard:
            return None
        return IdentityFiles(
            self._folder.identity,
            wanted,
            fetch=lambda cloud: repeat(
                lambda: self._api.identity_token(link, cloud), seconds=_TOKEN_SECONDS, stop=self._reporter.aborted
            ),
            journal=self._journal,
            can_mount=self._equipment.supervisors.can_mount,
            secrets=self._reporter,
        )

    def settle(self) -> None:
        """Report the end durably and clean up."""
        outcome, report = self._end
        deliver(self._equipment, report, before=lambda: self._journal.set("ended", value=True))
        self._folder.remove()
        self._log.info("run ended", outcome=outcome, stopped=self._reporter.stop_reason)
        self._equipment.metrics.runs.labels(type=self.type, outcome=outcome).inc()
        self._equipment.metrics.duration.labels(type=self.type).observe(time.time() - self._claim.claimed_at)

    def _conclude(self, work: Callable[[], Result | None]) -> bool:
        """Do the work and end every process, whatever happens; tell whether the run is over."""
        try:
            return self._end_of(work)
        finally:
            if self._identity is not None:
                self._identity.close()

    def _end_of(self, work: Callable[[], Result | None]) -> bool:
        try:
            result = self._work_or_lose(work)
            if result is None:
                return False
            self._processes.kill()
            self._end = result.outcome, self._final_report(result)
        except RegistrationRefused as refused:
            self._end = "REFUSED", self._refusal(str(refused))
        except Exception as error:  # noqa: BLE001  whatever it is, the run ends with a report
            self._log.error("run failed unexpectedly", cause=self._logs.mask(traceback.format_exc()))
            self._processes.kill()
            summary = DISK_FULL if is_full(error) else INTERNAL_ERROR
            self._end = "ERROR", self._final_report(Result(Outcome.FAILED, summary))
        return True

    def _work_or_lose(self, work: Callable[[], Result | None]) -> Result | None:
        """Do the work; a lost command ends the attempt, which then goes back to the queue."""
        try:
            return work()
        except CommandLost as lost:
            self._log.warning("command lost", command=str(lost))
            self._reporter.stop(StopReason.DRAINED)
            return Result(Outcome.FAILED, _LOST)

    def _final_report(self, result: Result) -> FinalReport:
        """Return what to say at the end: hand the run back when the runner ends before it, if the server allows."""
        interrupted = self._reporter.stop_reason is StopReason.DRAINED and result.outcome in {
            Outcome.FAILED,
            Outcome.ABORTED,
        }
        status = self._reporter.close(result)
        self._publisher.close()
        if interrupted and self._links is not None and self._links.release is not None:
            return FinalReport(
                self.run_id,
                self._token,
                release_link=self._links.release,
                release_reason=result.summary or _HANDED_BACK,
            )
        update = self._reporter.conclusion(status, result, is_told=self._publisher.is_told)
        return FinalReport(self.run_id, self._token, update=update.wire())

    def _refusal(self, reason: str) -> FinalReport:
        self._log.warning("run refused", reason=reason)
        self._publisher.close()
        return FinalReport(self.run_id, self._token, update=self._reporter.refusal(reason).wire())


def deliver(equipment: Equipment, report: FinalReport, *, before: Callable[[], None] = lambda: None) -> None:
    """Store a final report, do what comes before sending it, and send it; what cannot be sent now is sent later."""
    try:
        path = equipment.spool.put(report)
        before()
    except OSError as error:
        log.error("final report not stored, sending it only", run_id=report.run_id, error=error.strerror)  # noqa: TRY400  expected on a full disk
        try:
            repeat(lambda: report.send(equipment.connect(report.run_id, report.token)), seconds=_UNSTORED_SECONDS)
        except (httpx2.HTTPError, ValidationError):
            log.exception("final report lost", run_id=report.run_id)
        return
    equipment.spool.deliver(path, seconds=_DELIVER_SECONDS)


def report_unstartable(equipment: Equipment, document: RunDocument, error: OSError) -> None:
    """Report a run as FAILED for which there is no working directory. Source: runner.md 3.4."""
    log.error("no working directory", run_id=document.metadata.uuid, error=error.strerror)
    summary = DISK_FULL if is_full(error) else "The runner could not prepare this run."
    _fail_without_steps(equipment, document.metadata.uuid, document.spec.run_token or "", summary)


def report_unreadable(equipment: Equipment, document: JsonObject, error: ValidationError) -> None:
    """Report a run document nobody can execute as FAILED, as far as it says where to."""
    problems = "; ".join(f"{_path(problem['loc'])}: {problem['msg']}" for problem in error.errors())
    run_id = _text(document.get("metadata"), "uuid")
    token = _text(document.get("spec"), "runToken")
    log.error("run document unreadable", run_id=run_id, problems=problems)
    if not run_id or not token:
        return
    _fail_without_steps(equipment, run_id, token, f"The runner cannot read this run: {problems}")


def _fail_without_steps(equipment: Equipment, run_id: str, token: str, summary: str) -> None:
    update = StatusUpdate(
        status=RunStatus.FAILED, summary=summary, block_run_id=run_id, source=equipment.settings.runner_uuid
    )
    deliver(equipment, FinalReport(run_id, token, update=update.wire()))


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _text(value: Json, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
