"""The first two stages of a run: module, engine and environment; then files and variables."""

import json
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blockyard.modules.literals import Literal
from blockyard.modules.module import SUFFIXES, Module, read
from blockyard.protocol.jsontypes import JsonObject
from blockyard.protocol.run import Behavior, InputType
from blockyard.runner.executors.opentofu.engine.engines import Engine, Engines
from blockyard.runner.executors.opentofu.engine.plugins import may_share
from blockyard.runner.executors.opentofu.engine.version import EngineVersion, Product
from blockyard.runner.executors.opentofu.given import environment, variables
from blockyard.runner.executors.opentofu.given.files import write_files
from blockyard.runner.executors.opentofu.given.prerun import script_text
from blockyard.runner.executors.opentofu.own_names import (
    DATA_DIR,
    DECLARATION_FILE,
    FETCHING,
    MORE_DECLARATIONS_FILE,
    VARIABLE_FILE,
    belongs_to_run,
)
from blockyard.runner.executors.opentofu.sources.git import Git, git_environment
from blockyard.runner.executors.opentofu.sources.missing import shown
from blockyard.runner.executors.opentofu.sources.module_files import module_files
from blockyard.runner.executors.opentofu.sources.prepared import Family, family
from blockyard.runner.executors.opentofu.sources.repository import Repository, fetch, parse_repository, resolve
from blockyard.runner.executors.opentofu.sources.ssh import SshAccess, prepare_ssh
from blockyard.runner.executors.opentofu.state.backend import is_backend_file
from blockyard.runner.executors.opentofu.work import ModuleWork
from blockyard.runner.frame.executor import HELPER_MARKER
from blockyard.runner.frame.failures import StepFailed
from blockyard.runner.frame.files import remove, write_private
from blockyard.runner.frame.inputs import PlainInput

_SOURCES = "opentofu.sources"
_INPUTS = "opentofu.inputs"
_DECLARES = "declares"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first stage leaves to the others."""

    engine: Engine
    environment: Mapping[str, str] = field(repr=False)
    """What every process of the run sees."""
    opened: tuple[PlainInput, ...] = field(repr=False)
    """Environment inputs, in clear."""
    commit: str = ""
    is_prepared: bool = False
    """The run directory is a copy that needs no `init`."""
    family: Family | None = None
    """Where such copies come from and go to, if this run may share any."""


def prepare_sources(work: ModuleWork, engines: Engines, own: Mapping[str, str]) -> Prepared:
    """Bring module and engine; open environment inputs. Raises StepFailed, Stopped."""
    settings = work.settings
    opened = work.open_inputs(given for given in work.inputs() if given.is_environment)
    base = environment.base_environment(own, settings.pass_environment, run_dir=work.run_dir, home=work.context.home)
    from_inputs = environment.input_environment(opened)
    repository = parse_repository(work.implementation.repository_url, allow_file=settings.allow_file_repositories)
    if repository.credentials is not None:
        user, password = repository.credentials
        work.reporter.add_secrets([password, b64encode(f"{user}:{password}".encode()).decode()])
    if not work.is_done(_SOURCES):
        _empty(work.run_dir)
    ssh = _ssh(work, own)
    if ssh is not None:
        base["GIT_SSH_COMMAND"] = ssh.command
    if not work.is_done(_SOURCES):
        _note_sources(work, engines, repository, ssh, base=base, own=own)
    return _noted(work, {**base, **from_inputs}, tuple(opened))


def prepare_inputs(work: ModuleWork, prepared: Prepared) -> Module:
    """Write FILE inputs, then variables; return what the module declares, as its author wrote it. Raises StepFailed."""
    opened = [*prepared.opened, *work.open_inputs(given for given in work.inputs() if not given.is_environment)]
    is_done = work.is_done(_INPUTS)
    if not is_done:
        write_files(work.run_dir, opened, work.say)
        _require_module(work)
    texts = module_files(work.run_dir, leave_out=is_backend_file)
    work.provide_identity(texts.values())
    module = read(texts, opentofu=prepared.engine.version.product is Product.OPENTOFU)
    if is_done:
        return module
    for file in module.unread:
        work.say(f"Warning: {file.sentence}. Its variables count as having no type.")
    _tell_of_variable_files(work)
    own = _own_values(work)
    _require_values(module, {*own, *(given.key for given in opened)})
    found = variables.from_inputs(opened, module)
    for warning in found.warnings:
        work.say(warning)
    values = {**found.values, **own}
    text = variables.Variables(values).file_text()
    write_private(work.run_dir / VARIABLE_FILE, text.encode())
    declared = variables.declarations(module.variables)
    has_such_file = (work.run_dir / DECLARATION_FILE).exists()
    if declared is not None:
        name = MORE_DECLARATIONS_FILE if has_such_file else DECLARATION_FILE
        write_private(work.run_dir / name, declared.encode())
    work.done(_INPUTS, {_DECLARES: declared is not None and not has_such_file})
    return module


def _tell_of_variable_files(work: ModuleWork) -> None:
    """Say which variable files of the module go before inputs, and which do not: the engine reads them in their order."""
    names = sorted(path.name for path in work.run_dir.iterdir() if variables.is_variable_file(path.name))
    first = [name for name in names if variables.goes_before_inputs(name)]
    after = [name for name in names if name not in first]
    if first:
        work.say(f"Values in these files of the module replace those of inputs: {shown(first)}")
    if after:
        work.say(f"Values of inputs replace those in these files of the module: {shown(after)}")


def _require_values(module: Module, given: Collection[str]) -> None:
    """Refuse a dry run, or a saved plan, of a module that cannot do without what these lack. Raises StepFailed."""
    for name in (variables.RUN_ID, variables.RUN_JSON):
        declared = module.variables.get(name)
        if declared is not None and declared.default_text is None and name not in given:
            raise StepFailed(
                f"the module needs the variable {name}, which dry runs and saved plans do not have",
                "Let the module declare it with `default = null` and do without its value, or order without a dry run.",
            )


def is_own_file(work: ModuleWork, name: str) -> bool:
    """Tell whether a file in the run directory belongs to the run, not to the module."""
    note = work.context.journal.get(_INPUTS)
    if name == DECLARATION_FILE:
        return isinstance(note, dict) and note.get(_DECLARES) is True
    return belongs_to_run(name) and name != DATA_DIR


def _require_module(work: ModuleWork) -> None:
    """Refuse a folder without configuration: applied, it would remove all the block has. Raises StepFailed."""
    may_come_later = work.behavior is Behavior.DESTROY or script_text(work.implementation.pre_run_script)
    if may_come_later or any(entry.name.endswith(SUFFIXES) for entry in work.run_dir.iterdir()):
        return
    path = work.implementation.repository_path
    raise StepFailed(
        f"the path '{path}' contains no module" if path else "the repository contains no module",
        "There is no .tf or .tofu file. Check repository path and reference of the definition.",
    )


def _empty(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove what an interrupted attempt to fetch left."""
    for entry in folder.iterdir():
        if entry.name not in keep:
            remove(entry)


def _ssh(work: ModuleWork, own: Mapping[str, str]) -> SshAccess | None:
    sealed = work.implementation.ssh_private_key
    if not sealed:
        return None
    if not work.context.opener.has_key and "PRIVATE KEY-----" in sealed:
        key = sealed
        work.reporter.add_secrets([key])
    else:
        places = work.implementation.sealed_for
        key = work.open_member("sshPrivateKey", sealed, "the SSH private key", places)
    settings = work.settings
    return prepare_ssh(
        work.run_dir,
        key,
        work.implementation.known_host,
        own=own,
        known_hosts_file=settings.known_hosts_file,
        insecure=settings.insecure_host_keys,
    )


def _note_sources(
    work: ModuleWork,
    engines: Engines,
    repository: Repository,
    ssh: SshAccess | None,
    *,
    base: Mapping[str, str],
    own: Mapping[str, str],
) -> None:
    """Choose the engine, bring the module and note both."""
    implementation = work.implementation
    engine = engines.find(implementation.terraform_version, must_stop=work.must_stop, say=work.say)
    work.say(f"Engine: {engine.version}")
    if engine.warning:
        work.say(engine.warning)
    kept = _family(work, engine.path, engine.version)
    inherited = {name: value for name, value in base.items() if name not in {"GIT_SSH_COMMAND", "PWD"}}
    inherited |= environment.outbound_environment(own)
    command = ssh.command if ssh is not None else "ssh -F /dev/null -o BatchMode=yes -o IdentityFile=/dev/null"
    inherited[HELPER_MARKER] = str(work.run_dir)
    git = Git(
        git_environment(inherited, protocols=repository.protocol, home=work.run_dir, ssh_command=command),
        stop=work.reporter.aborted,
        deadline=work.context.deadline,
        limit_minutes=work.settings.clone_timeout_minutes,
    )
    commit = resolve(repository, implementation.ref_name, work.run_dir, git) if kept and kept.has_any else None
    is_prepared = bool(kept and commit and kept.use(commit, work.run_dir))
    if is_prepared:
        work.say(f"Using what an earlier run prepared of {repository.url}, commit {commit}")
    else:
        _empty(work.run_dir, keep=FETCHING)
        ref, path = implementation.ref_name, implementation.repository_path
        commit = fetch(repository, ref, path, work.run_dir, git, work.say, ssh)
    note: JsonObject = {
        "path": str(engine.path),
        "product": engine.version.product.value,
        "version": engine.version.version,
        "programs": str(engine.programs),
        "warning": engine.warning or "",
        "commit": commit,
        "prepared": is_prepared,
    }
    work.done(_SOURCES, note)


def _noted(work: ModuleWork, environment_: Mapping[str, str], opened: tuple[PlainInput, ...]) -> Prepared:
    note = work.context.journal.get(_SOURCES)
    if not isinstance(note, dict):
        raise TypeError("the journal does not tell of the sources")
    version = EngineVersion(Product(str(note["product"])), str(note["version"]))
    path = Path(str(note["path"]))
    return Prepared(
        engine=Engine(path, version, Path(str(note["programs"])), str(note.get("warning") or "") or None),
        environment=environment_,
        opened=opened,
        commit=str(note["commit"]),
        is_prepared=note["prepared"] is True,
        family=_family(work, path, version),
    )


def _family(work: ModuleWork, engine: Path, version: EngineVersion) -> Family | None:
    """Return the runs this one can share prepared folders with; None if its folder depends on more than its sources."""
    root, owner = work.settings.prepared_dir, work.owner_folder
    is_plain = work.implementation.use_mesh_http_backend_fallback and work.plan_link is None
    if root is None or owner is None or not is_plain or not work.context.server.blockyard:
        return None
    inputs = work.block.spec.inputs
    if any(given.type is InputType.FILE or (given.is_environment and not may_share(given.key)) for given in inputs):
        return None
    implementation = work.implementation
    definition = work.context.document.spec.building_block_definition.uuid
    sources = (implementation.repository_url, implementation.repository_path or "")
    return family(root, owner, [definition, *sources, str(engine), str(version)])


def _for_module(work: ModuleWork) -> JsonObject:
    """Return the run as a module gets it: without a usable token, unless it hands the run over and others report with it."""
    document = work.context.raw_document
    spec = document.get("spec")
    if work.implementation.is_async or not isinstance(spec, dict) or "runToken" not in spec:
        return document
    return {**document, "spec": {**spec, "runToken": ""}}


def _own_values(work: ModuleWork) -> Mapping[str, Literal]:
    """Return the variables of every run. A saved plan refuses other values than it was made with."""
    if work.behavior is Behavior.DETECT or work.plan_link is not None:
        return variables.own_values(work.block.uuid, None, None)
    text = json.dumps(_for_module(work), separators=(",", ":"), ensure_ascii=False)
    run_json = b64encode(text.encode("utf-8", "replace")).decode()
    return variables.own_values(work.block.uuid, work.run_id, run_json)
