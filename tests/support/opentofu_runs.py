"""Runs of the OpenTofu executor with real processes, git and engine; only the control plane's ear is a recorder."""

import base64
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from blockyard.protocol.identity import IdentityToken, RunIdentity, TokenPlace
from blockyard.protocol.jsontypes import Json, JsonObject
from blockyard.protocol.masking import Masker
from blockyard.protocol.names import TOKEN_PATHS, Cloud
from blockyard.protocol.run import RunDocument, StepStatus
from blockyard.protocol.status import OutputValue
from blockyard.runner.executors.opentofu.executor import OpenTofuExecutor
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings
from blockyard.runner.frame.executor import ArtifactError, Result, RunContext, ServerFeatures, StepPlan
from blockyard.runner.frame.inputs import Opener
from blockyard.runner.identity import IdentityFiles
from blockyard.runner.journal import FileJournal
from blockyard.runner.processes import RunProcesses
from blockyard.runner.supervisors import Supervisors
from tests.support.git_repositories import create_repository
from tests.support.state_server import TOKEN, StateServer

BLOCK = "0a4f5f2e-6a6e-4f0b-8c58-1f6f2f1c9a10"
RUN = "5d0b7b5c-2b0c-4a37-9a0e-0d6b5c0f1a11"
VERSION = "1.11.4"


class RecordingReporter:
    """Remembers what an executor says."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.user_messages: dict[str, str] = {}
        self.outputs: dict[str, OutputValue] = {}
        self.secrets: set[str] = set()
        self._logs: dict[str, bytearray] = {}
        self._taken: dict[str, int] = {}
        self._aborted = threading.Event()
        self.logged = threading.Condition()

    @property
    def aborted(self) -> threading.Event:
        """Set by `abort`."""
        return self._aborted

    def register(self, steps: Sequence[StepPlan]) -> None:
        """Remember the steps."""
        self.steps = {step.id: "PENDING" for step in steps}
        self.names = {step.id: step.display_name for step in steps}

    def begin_registration(self, steps: Sequence[StepPlan]) -> None:
        """Remember the steps."""
        self.register(steps)

    def confirm_registration(self) -> None:
        """Have nothing to wait for."""

    def start(self, step_id: str) -> None:
        """Remember the start."""
        self.steps[step_id] = "IN_PROGRESS"

    def log(self, step_id: str, text: bytes | str) -> None:
        """Remember a text."""
        with self.logged:
            self._logs.setdefault(step_id, bytearray()).extend(text.encode() if isinstance(text, str) else text)
            self.logged.notify_all()

    def finish(
        self, step_id: str, *, user_message: str | None = None, outputs: Mapping[str, OutputValue] | None = None
    ) -> None:
        """Remember the success."""
        self._end(step_id, "SUCCEEDED", user_message)
        self.outputs |= outputs or {}

    def fail(self, step_id: str, *, user_message: str, system_message: str | None = None) -> None:
        """Remember the failure."""
        self._end(step_id, "FAILED", user_message)
        self.log(step_id, system_message or "")

    def tell(
        self,
        step: StepPlan,
        status: StepStatus,
        *,
        user_message: str | None = None,
        outputs: Mapping[str, OutputValue] | None = None,
    ) -> None:
        """Remember where a step stands."""
        self._end(step.id, status, user_message)
        self.outputs |= outputs or {}

    def add_secrets(self, values: Iterable[str]) -> None:
        """Remember secrets."""
        self.secrets |= set(values)

    def mask(self, text: str) -> str:
        """Mask what is remembered as a secret."""
        return Masker(self.secrets).mask(text)

    def follow(self, step_id: str, command: str, data: bytes) -> None:
        """Remember output."""
        self._taken[command] = self._taken.get(command, 0) + len(data)
        self.log(step_id, data)

    def followed(self, command: str) -> int:
        """Return how much of a command's output is remembered."""
        return self._taken.get(command, 0)

    def end_of_output(self, step_id: str, command: str) -> None:
        """Nothing is held back."""

    def text(self, step_id: str) -> str:
        """Return the log of a step."""
        return bytes(self._logs.get(step_id, b"")).decode()

    def whole_text(self) -> str:
        """Return everything that was said."""
        return "".join(map(self.text, self._logs)) + "".join(self.user_messages.values())

    def wait_for(self, text: str, seconds: float = 20) -> None:
        """Wait until `text` was logged."""
        with self.logged:
            assert self.logged.wait_for(lambda: text in self.whole_text(), seconds), self.whole_text()

    def _end(self, step_id: str, status: str, user_message: str | None) -> None:
        self.steps[step_id] = status
        if user_message:
            self.user_messages[step_id] = user_message


@dataclass
class OpenTofuRun:
    """One run to execute; change its parts before `execute`."""

    folder: Path
    state: StateServer
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)
    owner: str = "platform"
    """The workspace that owns the definition."""
    behavior: str = "APPLY"
    inputs: list[JsonObject] = field(default_factory=list)
    former: list[JsonObject] = field(default_factory=list)
    """Sensitive inputs of the run before."""
    implementation: JsonObject = field(default_factory=dict)
    links: JsonObject = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    private_key: RSAPrivateKey | None = None
    blockyard: bool = True
    artifact: bytes | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Identity tokens by cloud."""
    can_mount: bool | None = None
    """Whether commands can see files of their own at fixed paths; None: as the machine allows."""
    trust_test: bool = False
    seconds: float = 120
    reporter: RecordingReporter = field(default_factory=RecordingReporter)

    @property
    def run_dir(self) -> Path:
        """The executor's directory."""
        return self.folder / "run" / "work"

    @property
    def home(self) -> Path:
        """The HOME of the run's processes."""
        return self.folder / "run" / "home"

    @property
    def commands(self) -> list[str]:
        """Names of the commands that were started, in order."""
        folder = self.folder / "run" / "commands"
        found = folder.iterdir() if folder.exists() else iter(())
        return [path.name for path in sorted(found, key=lambda path: (path / "command.json").stat().st_mtime_ns)]

    def execute(self) -> Result:
        """Execute the run to its end."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(mode=0o700, exist_ok=True)
        raw = self.document()
        document = RunDocument.model_validate(raw)
        supervisors = Supervisors()
        journal = FileJournal(self.folder / "run" / "journal.jsonl")
        identity = self._identity(journal, supervisors)
        processes = RunProcesses(
            self.folder / "run" / "commands",
            sink=self.reporter,
            stop=self.reporter.aborted,
            supervisors=supervisors,
            interrupt_grace_seconds=10,
            mounts=identity.mounts,
        )
        context = RunContext(
            document=document,
            raw_document=raw,
            run_dir=self.run_dir,
            home=self.home,
            opener=Opener.of(document, self.private_key, in_clear=False),
            server=ServerFeatures(base_url=self.state.base_url, blockyard=self.blockyard),
            deadline=time.monotonic() + self.seconds,
            journal=journal,
            fetch_artifact=self._fetch_artifact,
            processes=processes,
            identity=identity,
        )
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environ}
        settings = self.opentofu_settings()
        versions = settings.work_dir / "engine-versions.json"
        _know(versions)
        try:
            return OpenTofuExecutor(settings, environ).execute(context, self.reporter)
        finally:
            processes.kill()
            identity.close()
            supervisors.close()
            _learn(versions)

    def _identity(self, journal: FileJournal, supervisors: Supervisors) -> IdentityFiles:
        places = {cloud: TokenPlace(token_path=TOKEN_PATHS[Cloud(cloud)]) for cloud in self.tokens}

        def fetch(cloud: str) -> IdentityToken:
            return IdentityToken(token=self.tokens[cloud], audience="a", life_seconds=7200, renew_after_seconds=3600)

        can_mount = self.can_mount
        return IdentityFiles(
            self.folder / "run" / "identity",
            RunIdentity(clouds=places),
            fetch=fetch,
            journal=journal,
            can_mount=supervisors.can_mount if can_mount is None else lambda: can_mount,
            secrets=self.reporter,
        )

    def opentofu_settings(self) -> OpenTofuSettings:
        """Return the settings: offline, whatever engine is on PATH, file repositories allowed."""
        values: dict[str, object] = {
            "work_dir": self.folder / "runner",
            "engine_fallback": "warn",
            "offline": True,
            "allow_file_repositories": True,
            **self.settings,
        }
        return OpenTofuSettings.model_validate(values)

    def document(self) -> JsonObject:
        """Return the run as a claim answers it."""
        repository = self.folder / "module.git"
        if not repository.exists() and "repositoryUrl" not in self.implementation:
            create_repository(repository, self.files)
        implementation: JsonObject = {
            "type": "TERRAFORM",
            "terraformVersion": VERSION,
            "repositoryUrl": f"file://{repository}",
            "async": False,
            "useMeshHttpBackendFallback": True,
            **self.implementation,
        }
        inputs: list[Json] = [*self.inputs]
        former: list[Json] = [*self.former]
        block: JsonObject = {
            "displayName": "block",
            "workspaceIdentifier": "team-a",
            "projectIdentifier": "shop",
            "fullPlatformIdentifier": "aws.eu-central",
            "inputs": inputs,
            "parentBuildingBlocks": [],
        }
        return {
            "kind": "meshBuildingBlockRun",
            "apiVersion": "v1",
            "metadata": {"uuid": RUN},
            "spec": {
                "runNumber": 1,
                "behavior": self.behavior,
                "runToken": TOKEN,
                "formerInputs": former,
                "trustTest": self.trust_test,
                "buildingBlock": {"uuid": BLOCK, "spec": block},
                "buildingBlockDefinition": {
                    "uuid": "definition",
                    "spec": {"workspaceIdentifier": self.owner, "version": 1, "implementation": implementation},
                },
            },
            "status": "IN_PROGRESS",
            "_links": {"meshstackBaseUrl": {"href": self.state.base_url}, **self.links},
        }

    def _fetch_artifact(self, link: str) -> bytes:
        if self.artifact is None:
            raise ArtifactError(f"the saved plan cannot be had: {link}")
        return self.artifact


_KNOWN_VERSIONS: dict[str, bytes] = {}
"""What engines said of themselves, by the name of the file that runners note it in: no run has to start one to ask."""


def _know(file: Path) -> None:
    if file.name in _KNOWN_VERSIONS and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_KNOWN_VERSIONS[file.name])


def _learn(file: Path) -> None:
    if file.exists():
        _KNOWN_VERSIONS[file.name] = file.read_bytes()


def an_input(key: str, value: Json, type_: str = "STRING", **flags: bool) -> JsonObject:
    """Return an input; flags are `sensitive` and `environment`."""
    return {
        "key": key,
        "value": value,
        "type": type_,
        "isSensitive": flags.get("sensitive", False),
        "isEnvironment": flags.get("environment", False),
    }


def a_data_url(content: bytes) -> str:
    """Return content as a FILE value."""
    return f"data:text/plain;base64,{base64.b64encode(content).decode()}"
