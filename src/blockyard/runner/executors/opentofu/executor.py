"""Executes one run of an OpenTofu module, stage by stage; see the package for the design."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from blockyard.modules import literals
from blockyard.modules.module import Module
from blockyard.protocol.outputs import MAX_OUTPUTS_BYTES, size_of_outputs
from blockyard.protocol.plan_changes import PlanChanges
from blockyard.protocol.run import Behavior, Link, TerraformImplementation
from blockyard.protocol.status import OutputValue
from blockyard.runner.executors.opentofu.engine import argv, diagnostics
from blockyard.runner.executors.opentofu.engine.conclusions import CHANGES
from blockyard.runner.executors.opentofu.engine.diagnostics import asks_for_init
from blockyard.runner.executors.opentofu.engine.download import Downloader
from blockyard.runner.executors.opentofu.engine.engines import Engines
from blockyard.runner.executors.opentofu.engine.plan_json import plan_changes
from blockyard.runner.executors.opentofu.given import prerun
from blockyard.runner.executors.opentofu.given.environment import API_TOKEN
from blockyard.runner.executors.opentofu.initialization import (
    Initialized,
    fetch_plan,
    initialize,
    initialize_again,
    leave_settings_open,
    read_local_state,
)
from blockyard.runner.executors.opentofu.own_names import OUTPUTS_FILE, PLAN_FILE, PLAN_JSON_FILE
from blockyard.runner.executors.opentofu.preparation import (
    Prepared,
    prepare_inputs,
    prepare_sources,
)
from blockyard.runner.executors.opentofu.rescue import forget_errored_state, rescue_state
from blockyard.runner.executors.opentofu.settings import OpenTofuSettings
from blockyard.runner.executors.opentofu.state.client import StateError, new_http
from blockyard.runner.executors.opentofu.state.outputs import is_encrypted, of_state, read_outputs, without_tokens
from blockyard.runner.executors.opentofu.state.workspaces import DEFAULT
from blockyard.runner.executors.opentofu.steps import EXECUTE_NAMES, Part, plan_parts, step_of
from blockyard.runner.executors.opentofu.trust.stage import try_identity
from blockyard.runner.executors.opentofu.work import ModuleWork
from blockyard.runner.frame.executor import ArtifactError, Outcome, ProcessResult, Reporter, Result, RunContext
from blockyard.runner.frame.failures import StepFailed, Stopped
from blockyard.runner.frame.inputs import run_json, secrets, sensitive_keys
from blockyard.runner.frame.made_files import read_made
from blockyard.runner.frame.stages import Left, Stage, go_through
from blockyard.runner.frame.work import tail

MAX_MADE_BYTES = 64 * 1024 * 1024
"""What a plan or outputs may hold: more than the control plane takes."""

_SCRIPT_RAN = "opentofu.script"


class OpenTofuExecutor:
    """Executes runs of type TERRAFORM. `environ` is the environment of the runner's process."""

    def __init__(self, settings: OpenTofuSettings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = dict(environ)
        self._http = new_http()
        downloader = Downloader(mirror_url=settings.engine_mirror_url, key_file=settings.engine_key_file)
        self._engines = Engines(
            settings.engine_dir,
            cache_dir=settings.work_dir,
            search_path=self._environ.get("PATH", ""),
            fallback=settings.engine_fallback,
            downloader=None if settings.offline else downloader,
        )

    def execute(self, context: RunContext, reporter: Reporter) -> Result:
        """Work on the run to its end."""
        implementation = context.document.spec.building_block_definition.spec.implementation
        if not isinstance(implementation, TerraformImplementation):
            raise TypeError(f"not an OpenTofu run: {implementation.type}")
        work = ModuleWork(context, reporter, implementation=implementation, settings=self._settings, http=self._http)
        return _Execution(work, self._engines, self._environ).run()


class _Execution:
    """The stages of one run."""

    def __init__(self, work: ModuleWork, engines: Engines, own: Mapping[str, str]) -> None:
        self._work = work
        self._engines = engines
        self._own = own
        self._prepared: Prepared | None = None
        self._module: Module | None = None
        self._initialized: Initialized | None = None
        self._result = Result(Outcome.SUCCEEDED)

    def run(self) -> Result:
        work = self._work
        work.begin_registration()
        parts = plan_parts(work.behavior, is_trust_test=work.is_trust_test)
        result = go_through(work, [self._stage(part) for part in parts])
        if result.outcome is not Outcome.SUCCEEDED:
            return result
        if work.implementation.is_async and work.behavior is not Behavior.DETECT:
            return replace(self._result, outcome=Outcome.HANDED_OVER)
        return self._result

    def _stage(self, part: Part) -> Stage:
        do = {
            Part.SOURCES: self._prepare_sources,
            Part.INPUT: self._prepare_inputs,
            Part.INIT: self._initialize,
            Part.PRE_RUN_SCRIPT: self._pre_run_script,
            Part.EXECUTE: self._execute,
            Part.OUTPUT: self._output,
            Part.TRUST_TEST: lambda: try_identity(self._work),
        }[part]
        is_async = self._work.implementation.is_async and part is not Part.TRUST_TEST
        step = step_of(part, is_async=is_async)
        return Stage(part, step, do, collects=part is Part.OUTPUT)

    def _prepare_sources(self) -> Left:
        self._prepared = prepare_sources(self._work, self._engines, self._own)
        return Left(user_message=self._prepared.engine.warning)  # logs are not shown to everybody

    def _prepare_inputs(self) -> None:
        self._work.mask_former()
        self._module = prepare_inputs(self._work, self._ready)

    def _initialize(self) -> None:
        self._initialized = initialize(self._work, self._ready, self._module or Module(), self._own)

    def _execute(self) -> None:
        self._result = self._run_engine()

    @property
    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise RuntimeError("the sources come first")
        return self._prepared

    @property
    def _set_up(self) -> Initialized:
        if self._initialized is None:
            raise RuntimeError("init comes first")
        return self._initialized

    def _pre_run_script(self) -> Left:
        work = self._work
        text = prerun.script_text(work.implementation.pre_run_script)
        if text is None:
            work.say("The definition has no pre-run script.")
            return Left()
        message_file = prerun.message_file(work.run_dir, work.run_id)
        environment = self._script_environment(message_file)
        bash = shutil.which("bash", path=environment["PATH"])
        if bash is None:
            raise StepFailed("the pre-run script cannot be run", "bash is not installed on this runner.")
        script = prerun.write_script(work.run_dir, text)
        opened = (
            work.open_inputs(work.inputs())
            if environment.get(prerun.DECRYPTED_RUN_JSON, "").lower() == "true"
            else None
        )
        stdin = run_json(work.context.raw_document, opened)
        result = work.run("pre-run", prerun.command(bash, script, work.behavior), environment, stdin=stdin)
        if work.was_stopped(result):
            raise Stopped
        if not work.is_done(_SCRIPT_RAN):
            forget_errored_state(work.run_dir)
            work.done(_SCRIPT_RAN)
        work.say(f"The pre-run script ended with exit code {result.exit_code}.")
        message = prerun.take_message(message_file, work.reporter.mask)
        if result.exit_code:
            raise StepFailed(message or prerun.failure(result.exit_code), message)
        if not work.run_dir.is_dir():
            raise StepFailed("the pre-run script deleted the directory of the run", "Let it remove only what it made.")
        return Left(user_message=message)

    def _script_environment(self, message_file: Path) -> dict[str, str]:
        path = self._ready.environment.get("PATH", "")
        return {
            **self._ready.environment,
            **self._set_up.backend.credentials,
            "PATH": f"{self._ready.engine.programs}:{path}" if path else str(self._ready.engine.programs),
            prerun.MESSAGE_VARIABLE: str(message_file),
        }

    def _run_engine(self) -> Result:
        work = self._work
        plan_file = work.run_dir / PLAN_FILE
        maintenance = work.context.document.spec.maintenance
        if maintenance is not None:
            self._engine("maintenance", argv.maintain(maintenance))
            return Result(Outcome.SUCCEEDED)
        if work.behavior is Behavior.DETECT:
            result = self._engine("plan", argv.plan(plan_file), accept=(0, CHANGES))
            return self._planned(has_changes=result.exit_code == CHANGES)
        if work.behavior is Behavior.DESTROY:
            if work.implementation.is_async:
                self._engine("apply", argv.apply())
            self._engine("destroy", argv.destroy())
        elif work.plan_link is not None:
            return Result(Outcome.SUCCEEDED, plan_digest=self._apply_saved_plan(work.plan_link))
        else:
            self._engine("apply", argv.apply())
        return Result(Outcome.SUCCEEDED)

    def _planned(self, *, has_changes: bool) -> Result:
        """Return the plan and, for a server that understands it, what it would change."""
        plan = self._made(PLAN_FILE)
        told = Result(Outcome.SUCCEEDED, artifact=plan, changes_detected=has_changes)
        if not self._work.context.server.blockyard:
            return told
        return replace(told, plan_changes=self._changes(), plan_digest=hashlib.sha256(plan).hexdigest())

    def _changes(self) -> PlanChanges | None:
        """Ask the engine what its plan would change; the answer goes to a file, for it holds secrets. None if that fails."""
        work = self._work
        command = argv.show(work.run_dir / PLAN_FILE)
        shell = ["/bin/sh", "-c", f'exec "$0" "$@" >{PLAN_JSON_FILE}', str(self._ready.engine.path), *command]
        result = work.run("show-plan", shell, self._set_up.environment)
        if work.was_stopped(result):
            raise Stopped
        try:
            plan = None if result.exit_code else json.loads(self._made(PLAN_JSON_FILE))
        except (StepFailed, ValueError, RecursionError):
            plan = None
        if not isinstance(plan, dict):
            work.say("The changes of the plan cannot be listed one by one: they stand in this log only.")
            return None
        secret = sensitive_keys(work.context.raw_document)
        opened = work.open_inputs(given for given in work.inputs() if given.key in secret)
        known = [text for plain in (*opened, *work.mask_former()) for text in secrets(plain)]
        return plan_changes(plan, secrets=[*known, work.run_token], mask=work.reporter.mask)

    def _apply_saved_plan(self, link: Link) -> str:
        """Apply a saved plan and return its digest, of the file that the engine was given. Raises StepFailed, Stopped."""
        work = self._work
        work.say("Applying the saved plan of the dry-run.")
        try:
            path = fetch_plan(work, link.href)
        except ArtifactError as error:
            raise StepFailed(str(error)) from error
        self._require_plan(link)
        try:
            self._engine("apply", argv.apply(path))
        except StepFailed as failure:
            hint = "If the plan no longer fits the state or the providers, start a new dry-run."
            raise StepFailed(failure.user_message, hint) from failure
        return self._require_plan(link)

    def _require_plan(self, link: Link) -> str:
        """Return the digest of the plan that is applied. Raises StepFailed: it is another one than was approved."""
        digest = hashlib.sha256(self._made(PLAN_FILE)).hexdigest()
        if link.sha256 is not None and digest != link.sha256:
            raise StepFailed(
                "The plan is not the one that was approved.",
                "The file that came, or that is there after the pre-run script, has another SHA-256 than the plan of the dry-run.",
            )
        return digest

    def _engine(self, name: str, arguments: tuple[str, ...], accept: tuple[int, ...] = (0,)) -> ProcessResult:
        """Run a command of the engine that works on the state. Raises StepFailed, Stopped."""
        work, initialized = self._work, self._set_up
        has_plan = work.behavior is Behavior.DETECT or work.plan_link is not None
        environment = leave_settings_open(work, initialized) if has_plan else initialized.environment
        command = [str(self._ready.engine.path), *arguments]
        result = work.run(name, command, environment)
        was_refused = result.exit_code not in accept and self._ready.is_prepared and asks_for_init(tail(result))
        if was_refused and not work.was_stopped(result):
            initialize_again(work, self._ready, initialized, self._own)
            result = work.run(f"{name}-again", command, environment)
        if result.exit_code in accept:
            return result
        rescue_state(work, initialized)
        if work.was_stopped(result):
            raise Stopped
        raise StepFailed(diagnostics.user_message(EXECUTE_NAMES[work.behavior], result.exit_code, work.printed(result)))

    def _output(self) -> Left:
        work = self._work
        if work.behavior is Behavior.DESTROY:
            self._remove_workspace()
            return Left()
        outputs = without_tokens(self._outputs(), work.run_token, self._ready.environment.get(API_TOKEN, ""))
        if size_of_outputs(output.value for output in outputs.values()) > MAX_OUTPUTS_BYTES:
            raise StepFailed(
                f"The outputs are larger than {MAX_OUTPUTS_BYTES // 1024**2} MB together. "
                "Keep large content elsewhere and give its address as an output."
            )
        work.say(f"{len(outputs)} outputs collected: {', '.join(sorted(outputs)) or 'none'}")
        if withheld := sorted(name for name, output in outputs.items() if output.is_sensitive):
            work.say(f"Warning: sensitive outputs stay in the state, their values are not sent: {', '.join(withheld)}")
        return Left(outputs=outputs)

    def _outputs(self) -> dict[str, OutputValue]:
        """Return the outputs, from the state if that can be read, else from the engine."""
        initialized, work = self._set_up, self._work
        if not initialized.backend.injected:
            local = read_local_state(work.run_dir, initialized) if initialized.backend.declared is None else None
            return of_state(local) if local is not None else self._outputs_of_engine()
        try:
            state = work.state(initialized.address).read()
        except StateError as error:
            work.say(f"The state could not be read: {error}. The engine is asked instead.")
            return self._outputs_of_engine()
        return self._outputs_of_engine() if is_encrypted(state) else of_state(state)

    def _outputs_of_engine(self) -> dict[str, OutputValue]:
        """Ask the engine; the answer goes to a file, for it holds sensitive values."""
        work = self._work
        shell = ["/bin/sh", "-c", f'exec "$0" "$@" >{OUTPUTS_FILE}', str(self._ready.engine.path), *argv.output()]
        result = work.run("output", shell, self._set_up.environment)
        if work.was_stopped(result):
            raise Stopped
        if result.exit_code:
            raise StepFailed(diagnostics.user_message("collecting the outputs", result.exit_code, work.printed(result)))
        return read_outputs(literals.read_json(self._made(OUTPUTS_FILE)))

    def _made(self, name: str) -> bytes:
        """Return what the engine wrote to a file of the run. Raises StepFailed."""
        try:
            return read_made(self._work.run_dir, name, max_bytes=MAX_MADE_BYTES)
        except OSError as error:
            raise StepFailed(f"{name} cannot be read: {error.strerror or error}") from error

    def _remove_workspace(self) -> None:
        """Delete the workspace of a destroyed block; trouble is only told."""
        name = self._set_up.workspace
        if name is None or name == DEFAULT:
            return
        for command, arguments in (
            ("workspace-default", argv.select_workspace(DEFAULT)),
            ("workspace-delete", argv.delete_workspace(name)),
        ):
            result = self._work.run(command, [str(self._ready.engine.path), *arguments], self._set_up.environment)
            if result.exit_code:
                self._work.say(f"The workspace {name} was not deleted.")
                return
