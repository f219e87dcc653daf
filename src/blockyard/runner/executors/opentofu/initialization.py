"""The third stage: backend, `init` and workspace."""

import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockyard.modules import literals
from blockyard.modules.module import Module
from blockyard.protocol.run import Behavior
from blockyard.runner.executors.opentofu.engine import argv, diagnostics, plugins
from blockyard.runner.executors.opentofu.given.environment import engine_environment, init_environment
from blockyard.runner.executors.opentofu.own_names import PLAN_FILE
from blockyard.runner.executors.opentofu.preparation import Prepared, is_own_file
from blockyard.runner.executors.opentofu.state.backend import (
    Backend,
    backend_file,
    choose_backend,
    is_backend_file,
    state_address,
)
from blockyard.runner.executors.opentofu.state.data_folder import remove_settings, store_settings
from blockyard.runner.executors.opentofu.state.outputs import State, is_encrypted
from blockyard.runner.executors.opentofu.state.workspaces import DEFAULT, choose_workspace
from blockyard.runner.executors.opentofu.work import ModuleWork
from blockyard.runner.frame.executor import ArtifactError, ProcessResult
from blockyard.runner.frame.failures import StepFailed, Stopped
from blockyard.runner.frame.files import write_private
from blockyard.runner.frame.made_files import open_made, read_made
from blockyard.runner.frame.work import tail

MAX_LOCAL_STATE_BYTES = 64 * 1024 * 1024
MAX_LOCK_FILE_BYTES = 4 * 1024 * 1024

_INITIALIZED = "opentofu.initialized"
_CONFIGURED = "opentofu.configured"
INIT_ATTEMPTS = 3
_INIT_PAUSES_SECONDS = (1.0, 8.0)
"""Waits between attempts to `init` when the trouble seems to pass by itself."""

_HINT = "Check the provider and backend configuration of the module, and the credentials the definition gives it."

_PROVIDER_HINT = (
    "Check source and version of the provider in the module's required_providers, and that the runner reaches its "
    "registry or has the provider in its mirror (provider_mirror_dir)."
)


@dataclass(frozen=True, slots=True)
class Initialized:
    """What the stages after `init` need."""

    backend: Backend
    address: str
    """Of the state on the control plane."""
    environment: Mapping[str, str] = field(repr=False)
    """What the engine sees."""
    workspace: str | None = None


def initialize(work: ModuleWork, prepared: Prepared, module: Module, own: Mapping[str, str]) -> Initialized:
    """Choose the backend, prepare the folder and be in the right workspace. Raises StepFailed, Stopped."""
    address = _address(work)
    backend = choose_backend(
        module,
        fallback=work.implementation.use_mesh_http_backend_fallback,
        address=address,
        run_token=work.context.document.spec.run_token,
        blockyard=work.context.server.blockyard,
        is_addressed="TF_HTTP_ADDRESS" in prepared.environment,
    )
    _place_backend(work, backend)
    engine_only = engine_environment(own, work.settings.work_dir / f"engine-{work.run_id}.log")
    cli = _configure_cli(work, prepared, own)
    seen = {**engine_only, **prepared.environment, **cli}
    if prepared.is_prepared:
        work.say("This folder was prepared by an earlier run of the same sources: init is not needed.")
    else:
        _init(
            work,
            prepared,
            init_environment(own, {**seen, **backend.environment}),
            upgrade=not _take_lock_file_of_plan(work),
        )
        _keep(work, prepared, backend)
    seen |= _place_settings(work, prepared, backend)
    if backend.injected:
        return Initialized(backend, address, seen)
    return Initialized(backend, address, seen, _enter_workspace(work, prepared, seen))


def fetch_plan(work: ModuleWork, link: str) -> Path:
    """Download the saved plan, once. Raises ArtifactError."""
    path = work.run_dir / PLAN_FILE
    if not path.exists():
        write_private(path, work.context.fetch_artifact(link))
    return path


def initialize_again(work: ModuleWork, prepared: Prepared, initialized: Initialized, own: Mapping[str, str]) -> None:
    """Run the `init` that a prepared folder was to spare. Raises StepFailed, Stopped."""
    work.say("\nThe engine does not accept the prepared folder: it is initialized now.")
    backend = initialized.backend
    _init(work, prepared, init_environment(own, {**initialized.environment, **backend.environment}), upgrade=True)


def leave_settings_open(work: ModuleWork, initialized: Initialized) -> Mapping[str, str]:
    """Return the environment for an engine that saves or applies a plan, which holds no settings of the run it was made in."""
    if work.behavior is Behavior.DETECT:
        remove_settings(work.run_dir, initialized.backend.settings)
    return {**initialized.environment, **initialized.backend.environment}


def read_local_state(run_dir: Path, initialized: Initialized) -> State | None:
    """Return the state a module without a backend keeps in the run directory; None if only the engine can read it."""
    name = initialized.workspace
    folder = "" if name in {None, DEFAULT} else f"terraform.tfstate.d/{name}/"
    try:
        state = literals.read_json(read_made(run_dir, f"{folder}terraform.tfstate", max_bytes=MAX_LOCAL_STATE_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return state if isinstance(state, dict) and not is_encrypted(state) else None


def _address(work: ModuleWork) -> str:
    """Return where the state is: as this runner reaches a Blockyard server, as an official one says."""
    public = work.context.document.links.meshstack_base_url
    base = public.href if public is not None and not work.context.server.blockyard else work.context.server.base_url
    return state_address(base, work.block.spec.workspace_identifier, work.block.uuid)


def _place_backend(work: ModuleWork, backend: Backend) -> None:
    if backend.file_text is None:
        if backend.declared and work.implementation.use_mesh_http_backend_fallback:
            work.say(f"Using the existing backend of the module: {backend.declared}")
        elif backend.declared in {None, "local"}:
            work.say(
                "Warning: the definition keeps no state on the control plane and the module has no backend that does."
            )
            work.say("The state is gone with this run: the next one creates everything anew.")
        return
    if not any(is_backend_file(path.name) for path in work.run_dir.iterdir()):
        write_private(work.run_dir / backend_file(backend, int(time.time())), backend.file_text.encode())
    why = {
        None: "declares no backend",
        "local": 'declares a backend "local", whose state would be gone with the run',
    }.get(backend.declared, f'declares a backend "{backend.declared}" without an address')
    work.say(f"The module {why}: its state is kept by the control plane.")


def _place_settings(work: ModuleWork, prepared: Prepared, backend: Backend) -> Mapping[str, str]:
    """Put the backend's settings where the engine finds them; return what remains for the environment."""
    is_elsewhere = not backend.settings or "TF_DATA_DIR" in prepared.environment
    if is_elsewhere or not store_settings(work.run_dir, backend.settings):
        return backend.environment
    return backend.credentials


def _configure_cli(work: ModuleWork, prepared: Prepared, own: Mapping[str, str]) -> dict[str, str]:
    """Write the engine's configuration into the run's HOME; return what is needed beside it for another HOME."""
    home, settings = work.context.home, work.settings
    if not work.is_done(_CONFIGURED):
        text = plugins.cli_config(own, settings.provider_mirror_dir, offline=settings.offline)
        for name in plugins.CLI_CONFIG_FILES:
            write_private(home / name, text.encode())
        work.done(_CONFIGURED)
    if prepared.environment.get("HOME") == str(home) or "TF_CLI_CONFIG_FILE" in prepared.environment:
        return {}
    return {"TF_CLI_CONFIG_FILE": str(home / plugins.CLI_CONFIG_FILES[0])}


def _take_lock_file_of_plan(work: ModuleWork) -> bool:
    """Use the provider versions a saved plan was made with; tell whether they are known.

    A plan that cannot be had fails the run later, in the step that applies it.
    """
    link = work.plan_link
    if link is None:
        return False
    try:
        path = fetch_plan(work, link.href)
        with open_made(path.parent, path.name) as file, zipfile.ZipFile(file) as plan:
            content = _lock_file_in(plan)
    except (ArtifactError, KeyError, zipfile.BadZipFile, OSError):
        return False
    write_private(work.run_dir / plugins.LOCK_FILE, content)
    return True


def _lock_file_in(plan: zipfile.ZipFile) -> bytes:
    """Return the lock file of a plan, whatever size the plan says that it has. Raises KeyError."""
    with plan.open(plugins.LOCK_FILE) as packed:
        return packed.read(MAX_LOCK_FILE_BYTES)


def _keep(work: ModuleWork, prepared: Prepared, backend: Backend) -> None:
    """Let later runs start from this folder, once, before anything of this run works in it."""
    if work.is_done(_INITIALIZED):
        return
    if prepared.family is not None and backend.injected:
        prepared.family.keep(prepared.commit, work.run_dir, lambda name: is_own_file(work, name))
    work.done(_INITIALIZED)


def _init(work: ModuleWork, prepared: Prepared, seen: Mapping[str, str], *, upgrade: bool) -> None:
    cache = _cache(work, prepared)
    words, extra = _with_cache(work, prepared, cache)
    command = [*words, str(prepared.engine.path), *argv.init(upgrade=upgrade)]
    deadline = time.monotonic() + work.settings.init_timeout_minutes * 60
    for attempt in range(1, INIT_ATTEMPTS + 1):
        name = "init" if attempt == 1 else f"init-{attempt}"
        result = work.run(name, command, {**seen, **extra}, deadline=deadline)
        if result.exit_code == 0:
            if cache is not None:
                plugins.protect(cache)
            return
        if work.was_stopped(result):
            raise Stopped
        said = work.printed(result)
        if result.timed_out or attempt == INIT_ATTEMPTS or not diagnostics.is_transient(said):
            raise _init_failure(work, prepared, result, said)
        pause = _INIT_PAUSES_SECONDS[attempt - 1]
        work.say(f"\nAttempt {attempt} of {INIT_ATTEMPTS} failed, trying again in {pause:g} s.")
        work.reporter.aborted.wait(pause)
        work.check_stopped()


def _init_failure(work: ModuleWork, prepared: Prepared, result: ProcessResult, said: str) -> StepFailed:
    if result.timed_out:
        limit = work.settings.init_timeout_minutes
        return StepFailed(f"the initialization exceeded its limit of {limit:g} minutes")
    hint = None if work.behavior is Behavior.APPLY else _HINT
    if any(error.provider for error in diagnostics.read_errors(said)):
        hint = _PROVIDER_HINT
    what = f"{prepared.engine.version.product.value} init"
    return StepFailed(diagnostics.user_message(what, result.exit_code, said), hint)


def _cache(work: ModuleWork, prepared: Prepared) -> Path | None:
    """Return the provider cache of the workspace that owns the definition; None if the run has none."""
    caches = work.settings.plugin_cache_dir
    is_alone = any(given.is_environment and not plugins.may_share(given.key) for given in prepared.opened)
    owner = work.owner_folder
    if caches is None or owner is None or is_alone or not plugins.needs_providers(work.run_dir):
        return None
    return caches / owner


def _with_cache(work: ModuleWork, prepared: Prepared, cache: Path | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the words before `init` and the variables for it that make it share the provider cache."""
    if cache is None:
        return (), {}
    locking = plugins.locking_command(cache, prepared.engine.version, prepared.environment.get("PATH", ""))
    if locking is None:
        return (), {}
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    has_lock_file = (work.run_dir / plugins.LOCK_FILE).exists()
    return tuple(locking), plugins.cache_environment(cache, has_lock_file=has_lock_file)


def _enter_workspace(work: ModuleWork, prepared: Prepared, seen: Mapping[str, str]) -> str:
    """Select the workspace of the block, or create it; return its name. Raises StepFailed, Stopped."""
    listing = _workspace_command(work, prepared, seen, "workspace-list", argv.list_workspaces())
    choice = choose_workspace(tail(listing), work.block)
    if choice.is_current:
        return choice.name
    if choice.exists:
        _workspace_command(work, prepared, seen, "workspace-select", argv.select_workspace(choice.name))
    else:
        _workspace_command(work, prepared, seen, "workspace-new", argv.new_workspace(choice.name))
    return choice.name


def _workspace_command(
    work: ModuleWork, prepared: Prepared, seen: Mapping[str, str], name: str, arguments: tuple[str, ...]
) -> ProcessResult:
    result = work.run(name, [str(prepared.engine.path), *arguments], seen)
    if work.was_stopped(result):
        raise Stopped
    if result.exit_code:
        message = diagnostics.user_message("choosing the workspace", result.exit_code, work.printed(result))
        raise StepFailed(message, "The backend of the module must support workspaces.")
    return result
